/// How much of a forward pass a tape keeps for the backward pass.
public enum TapeStorage: Sendable {
  /// All gates and cell states.
  case everything
  /// On the fused path the cell states before every √T-th step alone (Chen et al. 2016, "Training deep nets with sublinear
  /// memory cost"). The backward pass recomputes the gates, √T steps at a time: the same gradients to the bit, for a
  /// third more time. The other paths always keep everything.
  case recomputed
}

/// What one direction of one layer remembers of a forward pass for its backward pass, and the memory both work in.
///
/// Allocated at the first pass and kept: a pass over no more rows of as many sequences allocates nothing. For `N` rows an
/// LSTM records 4·H·N numbers of gates and H·N of cell states on the fused path, which reads hidden states among the
/// outputs; a GRU 4·H·N, a vanilla cell nothing. The BLAS path also keeps R·N numbers of hidden states and the gradients
/// of all gates.
public struct CellTape<Scalar: BLASScalar>: Sendable {
  /// Gates of every row after their activation, `[N × G·H]`. Until a step has run, its rows hold the input products.
  var gates = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Hidden state that each row started from, `[N × R]`.
  var previousHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The same after the mask of recurrent dropout, `[N × R]`; empty without one.
  var maskedHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Cell state that each row started from, `[N × H]`.
  var previousCell = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Hidden units before the projection of a projected LSTM, `[N × H]`.
  var unprojected = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// W_hn h + b_hn of a GRU that resets after the product, `[N × H]`.
  var candidateProducts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// r ⊙ h of a GRU that resets before the product, `[N × H]`.
  var resetHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// The recurrent weights transposed, `[R × G·H]`; empty in short passes.
  var transposedWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Recurrent products of one step, `[B × G·H]`.
  var stepProducts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for the gates before their activation, `[N × G·H]`.
  var dGates = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for Wh h + b_h of a GRU that resets after the product, `[N × G·H]`.
  var dRecurrentProducts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for the projected hidden state, `[N × R]`.
  var dProjected = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for what the recurrent weights multiplied in one step, `[B × R]`.
  var dRecurrentInput = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for the hidden units in one step, `[B × H]`.
  var dUnits = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// What the fused path records into and works in.
  var fused = FusedBuffers<Scalar>()
  /// The path that recorded last, and the rows of the batch; `nil` after an inference.
  var recording: (path: ComputePath, rows: Int)?

  /// How much it keeps.
  package var storage: TapeStorage

  /// A tape that has not recorded anything.
  public init(storage: TapeStorage = .everything) { self.storage = storage }

  /// Bytes of memory held.
  package var byteCount: Int {
    ([
      gates, previousHidden, maskedHidden, previousCell, unprojected, candidateProducts, resetHidden, transposedWeights,
      stepProducts, dGates, dRecurrentProducts, dProjected, dRecurrentInput, dUnits,
    ] + fused.matrices).reduce(0) { $0 + $1.capacity * MemoryLayout<Scalar>.stride }
  }
}

extension RecurrentCell {
  /// Numbers that a tape keeps of every row on the fused path where it keeps everything: gates and cell states.
  package var recordedNumbers: Int {
    switch kind {
    case .vanilla: 0
    case .lstm: 5 * hiddenSize
    case .gru: 4 * hiddenSize
    }
  }
}

extension CellTape {
  /// The path that `pass` takes, which this tape keeps if it records.
  mutating func begin(_ pass: ForwardPass<Scalar>, of cell: RecurrentCell) -> ComputePath {
    let path = cell.path(of: pass)
    recording = pass.isRecording ? (path, pass.layout.rowCount) : nil
    return path
  }

  /// The path that recorded what `pass` goes back through.
  func recordedPath(for pass: BackwardPass<Scalar>) -> ComputePath {
    guard let recording, recording.rows == pass.layout.rowCount else {
      fatalError("the tape holds no recording of this batch")
    }
    return recording.path
  }
}
