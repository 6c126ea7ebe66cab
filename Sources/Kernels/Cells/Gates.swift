/// Order of the gate blocks in packed LSTM weights: PyTorch's `i f g o`.
///
/// The guide that speaks of a "store gate" means the input gate.
public enum LSTMGate: Int, CaseIterable, Sendable {
  case input, forget, candidate, output
}

/// Order of the rows of an LSTM's peephole weights.
public enum LSTMPeephole: Int, CaseIterable, Sendable {
  case input, forget, output
}

/// Order of the gate blocks in packed GRU weights: PyTorch's `r z n`.
public enum GRUGate: Int, CaseIterable, Sendable {
  case reset, update, candidate
}

/// One row of gates, `[G·H]`, from which a block is picked by name.
struct GateRow<Gate: RawRepresentable<Int>, Scalar: BLASScalar> {
  let start: UnsafeMutablePointer<Scalar>
  let hiddenSize: Int

  subscript(gate: Gate) -> UnsafeMutablePointer<Scalar> { start + gate.rawValue * hiddenSize }
}

extension MutableMatrixView {
  /// Row `index` of a `[N × G·H]` buffer.
  func gates<Gate>(_ index: Int, _: Gate.Type, hiddenSize: Int) -> GateRow<Gate, Scalar> {
    GateRow(start: row(index), hiddenSize: hiddenSize)
  }
}
