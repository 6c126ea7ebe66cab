#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange

/// What running a model from a file may take.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The memory that running an ONNX model, or any on vectors, may take, such as 500MB or 4GB (default: 64 MiB "
        + "and 16 times the model and the vectors).", valueName: "size"))
  var memoryLimit: ByteCount?

  @Option(
    help: ArgumentHelp(
      "The elementary operations that this may take (default: by the sizes of the model and the vectors).",
      valueName: "number"))
  var operationLimit: Int?

  /// As the models take them.
  var limits: RunLimits { RunLimits(memory: memoryLimit?.bytes, operations: operationLimit) }

  func validate() throws {
    if let operationLimit, operationLimit < 1 {
      throw ValidationError("--operation-limit takes a number from 1 up, not \(operationLimit)")
    }
  }
}
extension RunLimits {
  /// These, with those that are left open as the bytes of both files justify them: what vectors unpack to may be a thousand
  /// times as much. A model may multiply each row of the vectors with all of its weights, and what it does beside that takes
  /// some seconds at most.
  func justified(modelBytes: Int, vectorBytes: Int, tensors: [String: Tensor]) -> RunLimits {
    let rows = tensors.values.map { $0.count / max(1, $0.shape.last ?? 1) }.max() ?? 0
    let (products, overflows) = (2 * modelBytes).multipliedReportingOverflow(by: rows)
    return RunLimits(
      memory: memory ?? 1 << 26 + 16 * (modelBytes + vectorBytes),
      operations: operations ?? (overflows ? Int.max : max(1 << 33, products)))
  }
}

/// The bytes of the file at `path`; 0 where it cannot be looked at.
func fileSize(_ path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}
#endif
