/// Cells are written to files as what their initialisers take. A file is not trusted: sizes outside
/// `1 ... largestSize` are an error, so that nothing derived from them overflows.
extension VanillaCell {
  private enum CodingKeys: String, CodingKey { case inputSize, hiddenSize, activation, hasBias }

  /// Reads a cell.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      inputSize: try values.decodeSize(forKey: .inputSize), hiddenSize: try values.decodeSize(forKey: .hiddenSize),
      activation: try values.decode(Activation.self, forKey: .activation),
      hasBias: try values.decode(Bool.self, forKey: .hasBias))
  }

  /// Writes the cell.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(activation, forKey: .activation)
    try values.encode(shape.hasBias, forKey: .hasBias)
  }
}

extension LSTMCell {
  private enum CodingKeys: String, CodingKey { case inputSize, hiddenSize, projectionSize, hasPeepholes, hasBias }

  /// Reads a cell.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      inputSize: try values.decodeSize(forKey: .inputSize), hiddenSize: try values.decodeSize(forKey: .hiddenSize),
      projectionSize: values.contains(.projectionSize) ? try values.decodeSize(forKey: .projectionSize) : nil,
      hasPeepholes: try values.decode(Bool.self, forKey: .hasPeepholes),
      hasBias: try values.decode(Bool.self, forKey: .hasBias))
  }

  /// Writes the cell.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encodeIfPresent(projectionSize, forKey: .projectionSize)
    try values.encode(shape.hasPeepholes, forKey: .hasPeepholes)
    try values.encode(shape.hasBias, forKey: .hasBias)
  }
}

extension GRUCell {
  private enum CodingKeys: String, CodingKey { case inputSize, hiddenSize, reset, hasBias }

  /// Reads a cell.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      inputSize: try values.decodeSize(forKey: .inputSize), hiddenSize: try values.decodeSize(forKey: .hiddenSize),
      reset: try values.decode(ResetConvention.self, forKey: .reset),
      hasBias: try values.decode(Bool.self, forKey: .hasBias))
  }

  /// Writes the cell.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(reset, forKey: .reset)
    try values.encode(shape.hasBias, forKey: .hasBias)
  }
}

extension AnyRecurrentCell {
  private enum CodingKeys: String, CodingKey { case kind }

  /// Reads the kind and then a cell of it.
  public init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
    case .vanilla: self = .vanilla(try VanillaCell(from: decoder))
    case .lstm: self = .lstm(try LSTMCell(from: decoder))
    case .gru: self = .gru(try GRUCell(from: decoder))
    }
  }

  /// Writes the kind beside the cell's own settings.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kind, forKey: .kind)
    switch self {
    case .vanilla(let cell): try cell.encode(to: encoder)
    case .lstm(let cell): try cell.encode(to: encoder)
    case .gru(let cell): try cell.encode(to: encoder)
    }
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
