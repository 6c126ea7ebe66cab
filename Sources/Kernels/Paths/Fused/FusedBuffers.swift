internal import CFusedKernels

/// The part of a ``CellTape`` that the fused path records into and works in. Panels are `[block][row][vector][lanes]`.
struct FusedBuffers<Scalar: BLASScalar>: Sendable {
  /// Gates of every row after their activation, panels of ``FusedCell/recordedVectors``; the input products of every row
  /// where those are computed ahead.
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
  /// Hidden states that were computed again, `[B × R]`.
  var recomputedHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Weights as the forward loops read them.
  var forwardWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Recurrent weights as gate gradients meet them.
  var backwardWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Input weights as gate gradients meet them.
  var inputWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gate gradients of the steps of one window, panels of ``FusedCell/gradientVectors``; behind them, in each panel, those
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

extension PackedLayout {
  /// How many of the sequences that run at step `t` of a walk ran at the step before it; the others start here. Both are
  /// ranges of ranks: the first `count`, and those from there on.
  func countGoingOn(at t: Int, _ direction: TimeDirection) -> Int {
    switch direction {
    case .forward: t == 0 ? 0 : batchSizes[t]
    case .backward: t + 1 == steps ? 0 : batchSizes[t + 1]
    }
  }

  /// How many of the sequences that run at step `t` of a walk run at the step after it; the others end here.
  func countNotEnding(at t: Int, _ direction: TimeDirection) -> Int {
    countGoingOn(at: t, direction.opposite)
  }
}

/// The part of a backward pass that follows from the layout alone: how the steps are cut into windows, and which rows of
/// the gate gradients meet which rows of the hidden states in the gradient of the recurrent weights.
///
/// Gate gradients of all rows would take as much memory as the recording itself. So they are kept for one window of
/// steps at a time, after which they are multiplied into the weight gradients while they are still in the cache. Rows are
/// added up in the order of backpropagation, so that the bits of a gradient do not depend on where windows are cut.
struct BackwardSchedule: Sendable {
  /// Neighbouring rows of gate gradients and the rows of previous hidden states beside them, both in the order of
  /// backpropagation.
  struct Run: Sendable {
    /// The row of gate gradients that comes first, counted from the lowest of the window.
    var gradientRow: Int
    /// The row of hidden states that comes first: of the outputs, or a rank where `isInitial`.
    var hiddenRow: Int
    var count: Int
    var isInitial: Bool
  }

  struct Window: Sendable {
    var steps: Range<Int>
    var rows: Range<Int>
    var runs: Range<Int>

    /// The step to which a walk comes first.
    func firstStep(_ direction: TimeDirection) -> Int {
      direction == .forward ? steps.lowerBound : steps.upperBound - 1
    }
  }

  /// In the order of backpropagation.
  private(set) var windows: [Window] = []
  /// Of all windows.
  private(set) var runs: [Run] = []
  /// Rows of the largest window.
  private(set) var mostRows = 0

  private var layout: PackedLayout?
  private var direction = TimeDirection.forward
  /// What takes backpropagation from one row to the next.
  var increment: Int { direction.opposite.increment }
  private var storage = TapeStorage.everything

  /// Rows of a window: at least one step. Where everything is recorded, a tenth of all but from 128 to 512: a product over
  /// few rows spends its time on loading and storing its result. Where gates are recomputed, √T steps of the whole batch:
  /// then there are as many windows as a window has steps, and the memory for both is smallest together.
  static func rowLimit(of layout: PackedLayout, _ storage: TapeStorage) -> Int {
    let batch = layout.batchSizes.first ?? 0
    return switch storage {
    case .everything: max(batch, min(512, max(128, layout.rowCount / 10)))
    case .recomputed: batch * Int(Double(layout.steps).squareRoot().rounded(.up))
    }
  }

  /// Cuts `layout`, unless it did so last time.
  mutating func cut(_ layout: PackedLayout, _ direction: TimeDirection, _ storage: TapeStorage) {
    guard self.layout != layout || self.direction != direction || self.storage != storage else { return }
    self.layout = layout
    self.direction = direction
    self.storage = storage
    windows.removeAll(keepingCapacity: true)
    runs.removeAll(keepingCapacity: true)
    mostRows = 0
    let limit = Self.rowLimit(of: layout, storage)
    var open: Range<Int>?
    for t in direction.backpropagationOrder(of: layout.steps) {
      let grown = open.map { min($0.lowerBound, t)..<max($0.upperBound, t + 1) } ?? t..<t + 1
      if let steps = open, rows(of: grown, layout).count > limit {
        close(steps, layout)
        open = t..<t + 1
      } else {
        open = grown
      }
    }
    if let open { close(open, layout) }
  }

  private func rows(of steps: Range<Int>, _ layout: PackedLayout) -> Range<Int> {
    layout.offsets[steps.lowerBound]..<layout.offsets[steps.upperBound]
  }

  private mutating func close(_ steps: Range<Int>, _ layout: PackedLayout) {
    let rows = rows(of: steps, layout)
    let firstRun = runs.count
    for t in direction.backpropagationOrder(of: steps) {
      let (goingOn, running) = (layout.countGoingOn(at: t, direction), layout.batchSizes[t])
      let row = layout.offsets[t] - rows.lowerBound
      func append(_ ranks: Range<Int>, hiddenRow: Int, isInitial: Bool) {
        guard let first = increment > 0 ? ranks.first : ranks.last else { return }
        self.append(
          Run(gradientRow: row + first, hiddenRow: hiddenRow + first, count: ranks.count, isInitial: isInitial),
          from: firstRun)
      }
      let previous = goingOn > 0 ? layout.offsets[t - direction.increment] : 0
      if increment > 0 { append(0..<goingOn, hiddenRow: previous, isInitial: false) }
      append(goingOn..<running, hiddenRow: 0, isInitial: true)
      if increment < 0 { append(0..<goingOn, hiddenRow: previous, isInitial: false) }
    }
    windows.append(Window(steps: steps, rows: rows, runs: firstRun..<runs.count))
    mostRows = max(mostRows, rows.count)
  }

  /// Appends `run`, or lengthens the last one where it goes on in both factors.
  private mutating func append(_ run: Run, from first: Int) {
    if let last = runs.last, runs.count > first, last.isInitial == run.isInitial,
      last.gradientRow + increment * last.count == run.gradientRow,
      last.hiddenRow + increment * last.count == run.hiddenRow
    {
      runs[runs.count - 1].count += run.count
    } else {
      runs.append(run)
    }
  }
}
