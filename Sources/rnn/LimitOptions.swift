#if Tools
import ArgumentParser
import Interchange

/// What running a model from a file may take.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The memory that running an ONNX model, or any on vectors, may take, such as 500M or 4G (default: 64M and 16 "
        + "times the model and the vectors).", valueName: "size"))
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

/// Bytes as written on a command line: `1000`, or with K, M, G or T for powers of 1024.
struct ByteCount: ExpressibleByArgument, Hashable {
  let bytes: Int

  init?(argument: String) {
    let units = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = units[argument.suffix(1).uppercased()]
    guard let number = Int(shift == nil ? argument[...] : argument.dropLast()), number > 0,
      case let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0)), !overflow
    else { return nil }
    self.bytes = bytes
  }
}
#endif
