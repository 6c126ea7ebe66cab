/// Cells are written to files as their kind and what its factory takes. A file is not trusted: sizes outside
/// ``FileNumbers/sizes`` are an error.
extension RecurrentCell: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, inputSize, hiddenSize, activation, projectionSize, hasPeepholes, reset, hasBias
  }

  /// Reads a cell.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let equations: Equations =
      switch try values.decode(Kind.self, forKey: .kind) {
      case .vanilla: .vanilla(try values.decode(Activation.self, forKey: .activation))
      case .lstm:
        .lstm(
          hasPeepholes: try values.decode(Bool.self, forKey: .hasPeepholes),
          projectionSize: values.contains(.projectionSize) ? try values.decodeSize(forKey: .projectionSize) : nil)
      case .gru: .gru(try values.decode(ResetConvention.self, forKey: .reset))
      }
    self.init(
      equations, inputSize: try values.decodeSize(forKey: .inputSize),
      hiddenSize: try values.decodeSize(forKey: .hiddenSize), hasBias: try values.decode(Bool.self, forKey: .hasBias))
  }

  /// Writes the cell.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kind, forKey: .kind)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    switch equations {
    case .vanilla(let activation): try values.encode(activation, forKey: .activation)
    case .lstm(let hasPeepholes, let projectionSize):
      try values.encodeIfPresent(projectionSize, forKey: .projectionSize)
      try values.encode(hasPeepholes, forKey: .hasPeepholes)
    case .gru(let reset): try values.encode(reset, forKey: .reset)
    }
    try values.encode(hasBias, forKey: .hasBias)
  }
}
