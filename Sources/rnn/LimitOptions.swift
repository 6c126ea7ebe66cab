#if Tools
import ArgumentParser
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

/// The bytes of the file at `path`; 0 where it cannot be looked at.
func fileSize(_ path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}
#endif
