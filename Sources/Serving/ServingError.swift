internal import Models

/// A request that is not served: the status of the answer, and what is wrong, which the client gets as
/// `{"error": "…"}`.
package struct ServingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The HTTP status, from 400 up.
  package let status: Int
  /// What is wrong, in a line.
  package let message: String

  package var description: String { message }

  static func badRequest(_ message: String) -> ServingError { ServingError(status: 400, message: message) }
  static func notFound(_ message: String) -> ServingError { ServingError(status: 404, message: message) }
  /// The session is in use by another request.
  static func conflict(_ message: String) -> ServingError { ServingError(status: 409, message: message) }
  static func tooLarge(_ message: String) -> ServingError { ServingError(status: 413, message: message) }
  /// A limit is reached that may not be reached a moment later.
  static func unavailable(_ message: String) -> ServingError { ServingError(status: 503, message: message) }

  /// The error that a client gets for an error of the engine.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as ServingError: error
      case let error as SessionError: .badRequest(error.description)
      case SchedulerError.inUse: .conflict(SchedulerError.inUse.description)
      case let error as SchedulerError: .unavailable(error.description)
      case is CancellationError: .unavailable("the request was cancelled")
      default: ServingError(status: 500, message: "\(error)")
      }
  }

  init(status: Int, message: String) {
    self.status = status
    self.message = message
  }
}

/// `text` for a message: cut, and without control characters, as it may come from anybody.
func quoted(_ text: some StringProtocol) -> String {
  let scalars = text.unicodeScalars
  var shown = ""
  for scalar in scalars.prefix(80) {
    shown.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
  }
  return "\"\(shown)\(scalars.dropFirst(80).isEmpty ? "" : "…")\""
}
