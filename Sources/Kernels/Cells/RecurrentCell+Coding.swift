/// Cells are written to files as their kind and what its factory takes. A file is not trusted: sizes outside
/// `1 ... largestSize` are an error, so that nothing derived from them overflows.
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

/// The largest size that a file may name: with it, and 1024 layers, no count of parameters overflows.
private let largestSize = 1 << 22

extension KeyedDecodingContainer {
  /// A size from a file that is not trusted.
  package func decodeSize(forKey key: Key) throws -> Int {
    let size = try decode(Int.self, forKey: key)
    guard 1...largestSize ~= size else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "\(key.stringValue) is \(size); wanted 1 to \(largestSize)")
    }
    return size
  }
}
