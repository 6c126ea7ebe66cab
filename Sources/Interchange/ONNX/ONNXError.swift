#if ONNX
internal import DataIO
internal import Kernels

/// What is wrong with an ONNX model, or with what it was given to compute: which file, where in it, what was found and
/// what was wanted.
///
/// Its description is always one line of printable text, whatever the file held.
public struct ONNXError: Error, Hashable, Sendable {
  /// The kind of problem.
  public enum Problem: String, CaseIterable, Sendable {
    /// The file cannot be read, or is larger than the limit.
    case cannotRead
    /// The file is no ONNX model, or contradicts itself or the format.
    case malformed
    /// The model may be right, but has something that is not computed here.
    case unsupported
    /// The model was given inputs that do not fit it, or that lead to something that cannot be computed.
    case input
  }

  /// The path of the file, or what the caller called the bytes.
  public let file: String
  /// The node, tensor or input that is meant, such as `node “x” (GRU)`; `nil` where the whole file is meant.
  public let place: String?
  /// The kind of problem.
  public let problem: Problem
  /// What was found, and what was wanted.
  public let reason: String
}

extension ONNXError: CustomStringConvertible {
  /// All of it in a line.
  public var description: String {
    let place = place.map { ", " + printable($0, limit: 200) } ?? ""
    return "\(printable(file, limit: 4096))\(place): \(printable(reason, limit: 4096))"
  }
}

/// A problem whose place the caller knows.
struct ONNXRefusal: Error, Equatable {
  let problem: ONNXError.Problem
  let reason: String
  /// Whether the only problem is that a limit would be exceeded.
  var isTooLarge = false

  static func malformed(_ reason: String) -> ONNXRefusal { ONNXRefusal(problem: .malformed, reason: reason) }
  static func unsupported(_ reason: String) -> ONNXRefusal { ONNXRefusal(problem: .unsupported, reason: reason) }
  static func input(_ reason: String) -> ONNXRefusal { ONNXRefusal(problem: .input, reason: reason) }

  static func excess(_ excess: RunExcess) -> ONNXRefusal {
    ONNXRefusal(problem: .input, reason: "\(excess.found), wanted \(excess.wanted)", isTooLarge: true)
  }

  func at(_ place: String?, in file: String) -> ONNXError {
    ONNXError(file: file, place: place, problem: problem, reason: reason)
  }
}

/// Calls `body`, whose problems are in `place` of `file`.
func locating<Result>(
  _ place: String?, in file: String, _ body: () throws(ONNXRefusal) -> Result
) throws(ONNXError) -> Result {
  do { return try body() } catch { throw error.at(place, in: file) }
}
#endif
