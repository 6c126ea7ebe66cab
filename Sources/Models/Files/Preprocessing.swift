/// What was done to data on its way into a model, and must be done to further data, kept in the model's file.
public struct Preprocessing: Hashable, Codable, Sendable {
  /// How the features of inputs were scaled; `nil` where they were not.
  public var inputScaling: FeatureScaling?
  /// How targets were scaled, and predictions are to be restored; `nil` where they were not.
  public var targetScaling: FeatureScaling?
  /// The token of each row of the embedding that inputs go through; `nil` where inputs are no tokens.
  public var inputVocabulary: [String]?
  /// The name of each class that is predicted, of a model that writes the tokens; `nil` where none is, or they have no
  /// names.
  public var classNames: [String]?
  /// Anything else, by names that the caller chooses.
  public var notes: [String: String]

  /// Nothing was done, but for what is given.
  public init(
    inputScaling: FeatureScaling? = nil, targetScaling: FeatureScaling? = nil, inputVocabulary: [String]? = nil,
    classNames: [String]? = nil, notes: [String: String] = [:]
  ) {
    self.inputScaling = inputScaling
    self.targetScaling = targetScaling
    self.inputVocabulary = inputVocabulary
    self.classNames = classNames
    self.notes = notes
  }

  /// Throws where this cannot belong to a model of `architecture`.
  func check(fits architecture: some StoredArchitecture) throws(ConfigurationError) {
    func check(
      _ name: String, _ found: Int?, _ wanted: Int?, whereNone reason: String = ""
    ) throws(ConfigurationError) {
      guard let found else { return }
      let wantedText = wanted.map { "\($0), as the model has" } ?? "none: \(reason)"
      try ConfigurationError.require(found == wanted, name, "\(found) entries", wanted: wantedText)
    }
    let (tokens, features): (Int?, Int?) =
      switch architecture.input {
      case .tokens(let count): (count, nil)
      case .features(let count): (nil, count)
      }
    try check("inputVocabulary", inputVocabulary?.count, tokens, whereNone: "the model reads features")
    try check("inputScaling", inputScaling?.features, features, whereNone: "the model reads tokens")
    try check("targetScaling", targetScaling?.features, architecture.outputSize)
    try check("classNames", classNames?.count, architecture.outputSize)
  }
}
