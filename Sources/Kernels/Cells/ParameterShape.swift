/// One block of a flat parameter buffer: its name, its shape and what it is for.
public struct ParameterShape: Hashable, Sendable {
  /// PyTorch's name for it, such as `weight_ih` or `bias_hh`.
  public var name: String
  /// Rows; for a vector its length.
  public var rows: Int
  /// Columns; 1 for a vector.
  public var columns: Int
  /// What the numbers do, which decides how they are initialised.
  public var role: ParameterRole
  /// The gate blocks that are stacked along the rows, in order; none where the rows are one block.
  public var gates: [Gate]

  /// A block named `name` of `rows × columns` numbers.
  package init(_ name: String, rows: Int, columns: Int, role: ParameterRole, gates: [Gate] = []) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.role = role
    self.gates = gates
  }

  /// Number of numbers.
  package var count: Int { end(from: 0) }

  /// Where this block ends if it begins at `offset`. Stops the program where that is no number.
  package func end(from offset: Int) -> Int {
    let (count, isTooLarge) = rows.multipliedReportingOverflow(by: columns)
    let (end, isTooFar) = offset.addingReportingOverflow(count)
    require(rows >= 0 && columns >= 0, "\(name) cannot be \(rows) × \(columns)")
    require(!isTooLarge && !isTooFar, "\(name) of \(rows) × \(columns) numbers does not fit the address space")
    return end
  }

  /// The rows of the block of `gate`; `nil` where there is none.
  package func rows(of gate: Gate) -> Range<Int>? {
    guard let index = gates.firstIndex(of: gate) else { return nil }
    let size = rows / gates.count
    return index * size..<(index + 1) * size
  }

  /// Number of blocks along the rows, at least 1.
  package var blockCount: Int { max(1, gates.count) }
  /// Whether it is stored with one dimension rather than two.
  package var isVector: Bool { role.isVector }
}

/// What a block of parameters does.
public enum ParameterRole: String, Sendable {
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
  package var isVector: Bool { self == .inputBias || self == .recurrentBias }
}
