/// The part of a ``CellTape`` that the fused path records into and works in. Panels are `[block][row][vector][lanes]`.
struct FusedBuffers<Scalar: BLASScalar>: Sendable {
  /// Gates of every row after their activation, panels of ``FusedCell/vectors``; the input products of every row where those
  /// are computed ahead.
  var gates = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Cell state after every row, panels.
  var cells = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The hidden state before the first step, `[B × R]`.
  var initialHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The same times the mask of recurrent dropout.
  var maskedInitialHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The hidden state after every row times the mask, `[N × R]`; of two steps in turn, `[2·B × R]`, in inference.
  var maskedHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Cell states of the step that runs, where not those of all rows are kept; panels of `B` rows.
  var runningCells = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Cell states before the first step, panels of `B` rows.
  var initialCells = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Cell states before each window of ``schedule``, where gates are to be recomputed; panels of `B` rows.
  var checkpoints = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Hidden states of a recomputation, `[B × R]`.
  var recomputedHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Weights as the forward loops read them.
  var forwardWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Recurrent weights as gate gradients are multiplied with them.
  var backwardWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Input weights as gate gradients are multiplied with them.
  var inputWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gate gradients of the steps of one window, panels of ``FusedCell/vectors``; behind them, in each panel, those
  /// of the step that follows the window.
  var dGates = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for the cell state, panels of `B` rows.
  var dCells = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gradient for the hidden state that does not come through the recurrent weights, panels of `B` rows.
  var dHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Gate gradients added up over the rows, `[block][vector][lanes]`.
  var gradientSums = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// See ``BackwardSchedule``.
  var schedule = BackwardSchedule()

  var matrices: [Matrix<Scalar>] {
    [
      gates, cells, initialHidden, maskedInitialHidden, maskedHidden, runningCells, initialCells, checkpoints,
      recomputedHidden, forwardWeights, backwardWeights, inputWeights, dGates, dCells, dHidden, gradientSums,
    ]
  }
}
