/// A step that cannot be taken. The sessions, and what was to receive its outputs, are then as they were.
public enum SessionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The session is one of another model.
  case otherModel(found: ModelIdentity, wanted: ModelIdentity)
  /// Inputs, outputs or sessions are not as many as the step needs.
  case count(of: String, found: Int, wanted: Int)
  /// The model reads tokens and was given features, or the other way round.
  case inputs(found: String, wanted: String)
  /// A token that the model does not know.
  case token(Int32, vocabularySize: Int)
  /// One session is to take two steps at once.
  case sessionTwice(index: Int)
  /// There is no session of this number.
  case noSession(index: Int, count: Int)
  /// The model reads sequences from both ends, so it knows no step and has no sessions.
  case bidirectional
  /// A stream of this model begins in another way.
  case start(found: String, wanted: String)
  /// Predictions of a model of numbers are no probabilities.
  case noProbabilities(loss: String)

  /// What is wrong, in a line.
  public var description: String {
    switch self {
    case .otherModel(let found, let wanted):
      found == wanted
        ? "a session whose sizes are not those of its model \(wanted)"
        : "a session of the model \(found), wanted one of \(wanted)"
    case .count(let what, let found, let wanted): "\(found) \(what), wanted \(wanted)"
    case .inputs(let found, let wanted): "\(found), but the model reads \(wanted)"
    case .token(let token, let size): "token \(token) is outside a vocabulary of \(size)"
    case .sessionTwice(let index): "session \(index) is to take two steps at once"
    case .noSession(let index, let count): "there is no session \(index) among \(count)"
    case .bidirectional: "a bidirectional model cannot step: it needs the future"
    case .start(let found, let wanted): "a stream of this model does not begin with \(found), but with \(wanted)"
    case .noProbabilities(let loss): "the loss \(loss) has no probabilities"
    }
  }
}
