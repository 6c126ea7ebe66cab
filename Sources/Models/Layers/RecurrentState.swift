public import Kernels

/// The state of a recurrent network between two steps of `B` sequences: a value that can be copied, forked, stored and
/// reset per sequence. Sequences are in the caller's order.
public struct RecurrentState<Scalar: BLASScalar>: Sendable {
  /// Hidden state of each layer and direction, `[L · D]` matrices of `[B × R]`: layer 0 forward, layer 0 backward,
  /// layer 1 forward, and so on.
  public var hidden: [Matrix<Scalar>]
  /// Cell state of each layer and direction of an LSTM, `[L · D]` matrices of `[B × H]`; empty for other cells.
  public var cell: [Matrix<Scalar>]

  /// Memory that steps from this state work in, so that they allocate nothing after the first. No part of the value.
  var workspace = RecurrentTape<Scalar>()
  /// What steps work with. No part of the value.
  var stepper: SequenceStepper<Scalar>?

  /// A state from its matrices.
  public init(hidden: [Matrix<Scalar>], cell: [Matrix<Scalar>] = []) {
    self.hidden = hidden
    self.cell = cell
  }

  /// Number of sequences, `B`.
  public var batch: Int { hidden.first?.rows ?? 0 }

  /// Puts sequence `sequence` back to the zero state, the others staying as they are.
  public mutating func reset(sequence: Int) {
    require(0..<batch ~= sequence, "sequence \(sequence) is outside a state of \(batch)")
    func reset(_ matrices: inout [Matrix<Scalar>]) {
      for i in matrices.indices {
        matrices[i].withMutableView { $0.rows(sequence..<sequence + 1).fill(0) }
      }
    }
    reset(&hidden)
    reset(&cell)
  }

  /// The state of the sequences `indices` alone, in that order; an index may occur more than once, which forks it.
  public func selecting(_ indices: [Int]) -> RecurrentState {
    func select(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> {
      var result = Matrix<Scalar>(uninitializedRows: indices.count, columns: matrix.columns)
      result.withMutableView { target in
        matrix.withView { source in
          for (i, index) in indices.enumerated() {
            require(0..<source.rows ~= index, "sequence \(index) is outside a state of \(source.rows)")
            target.row(i).update(from: source.row(index), count: source.columns)
          }
        }
      }
      return result
    }
    var selected = RecurrentState(hidden: hidden.map(select), cell: cell.map(select))
    // The first step of the selected ones finds the weights there.
    selected.stepper = stepper
    return selected
  }

  /// Whether it is a state of `batch` sequences in `stack`.
  func fits(_ stack: RecurrentStack, batch: Int) -> Bool {
    let (cell, count) = (stack.cells[0], stack.layers * stack.directions)
    return Self.are(hidden, count, rows: batch, columns: cell.outputSize)
      && Self.are(self.cell, cell.cellStateSize == 0 ? 0 : count, rows: batch, columns: cell.cellStateSize)
  }

  /// Stops a caller whose state does not fit.
  func check(fits stack: RecurrentStack, batch: Int) {
    let (cell, count) = (stack.cells[0], stack.layers * stack.directions)
    require(
      fits(stack, batch: batch),
      "the hidden state must be \(count) matrices of \(batch) × \(cell.outputSize)"
        + (cell.cellStateSize == 0 ? "" : ", the cell state as many of \(batch) × \(cell.cellStateSize)")
        + "; this is the state of another network or batch")
  }

  /// A loop, because `allSatisfy` over a generic element allocates, and every step comes here.
  private static func are(_ matrices: [Matrix<Scalar>], _ count: Int, rows: Int, columns: Int) -> Bool {
    for i in matrices.indices where matrices[i].rows != rows || matrices[i].columns != columns { return false }
    return matrices.count == count
  }
}

extension RecurrentState: Equatable {
  /// Whether the numbers are equal.
  public static func == (a: Self, b: Self) -> Bool { a.hidden == b.hidden && a.cell == b.cell }
}
