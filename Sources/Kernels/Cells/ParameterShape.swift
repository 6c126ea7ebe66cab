/// One block of a flat parameter buffer: its name, its shape and what it is for.
public struct ParameterShape: Hashable, Codable, Sendable {
  /// PyTorch's name for it, such as `weight_ih` or `bias_hh`.
  public var name: String
  /// Rows; for a vector its length.
  public var rows: Int
  /// Columns; 1 for a vector.
  public var columns: Int
  /// What the numbers do, which decides how they are initialised.
  public var role: ParameterRole
  /// How many gate blocks are stacked along the rows, in the cell's gate order; 1 outside recurrent cells.
  public var gates: Int

  /// A block named `name` of `rows × columns` numbers.
  public init(_ name: String, rows: Int, columns: Int, role: ParameterRole, gates: Int = 1) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.role = role
    self.gates = gates
  }

  /// Number of numbers.
  public var count: Int { rows * columns }
  /// Whether it is stored with one dimension rather than two.
  public var isVector: Bool { role.isVector }
}

/// What a block of parameters does.
public enum ParameterRole: String, Codable, Sendable {
  /// Multiplies what comes into a layer.
  case inputWeights
  /// Multiplies the previous hidden state.
  case recurrentWeights
  /// Added to the input product.
  case inputBias
  /// Added to the recurrent product.
  case recurrentBias
  /// Multiplies the cell state on its way into the gates, element by element, `[3 × H]`.
  case peephole
  /// Narrows the hidden state of a projected LSTM.
  case projection
  /// One row a token.
  case embedding

  /// Whether such a block has one dimension.
  public var isVector: Bool { self == .inputBias || self == .recurrentBias }
}
