/// The part of a backward pass that follows from the layout alone: how the steps are cut into windows, and which rows of
/// the gate gradients are multiplied with which rows of the hidden states in the gradient of the recurrent weights.
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

    /// The step that a pass in `direction` takes first.
    func firstStep(_ direction: TimeDirection) -> Int {
      direction == .forward ? steps.lowerBound : steps.upperBound - 1
    }
  }

  /// In the order of backpropagation.
  private(set) var windows: [Window] = []
  /// Of all windows.
  private(set) var runs: [Run] = []
  /// Rows of the largest window.
  private(set) var maxRows = 0

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
    maxRows = 0
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
      let (continuing, running) = (layout.continuingCount(at: t, direction), layout.batchSizes[t])
      let row = layout.offsets[t] - rows.lowerBound
      func append(_ ranks: Range<Int>, hiddenRow: Int, isInitial: Bool) {
        guard let first = increment > 0 ? ranks.first : ranks.last else { return }
        self.append(
          Run(gradientRow: row + first, hiddenRow: hiddenRow + first, count: ranks.count, isInitial: isInitial),
          from: firstRun)
      }
      let previous = continuing > 0 ? layout.offsets[t - direction.increment] : 0
      if increment > 0 { append(0..<continuing, hiddenRow: previous, isInitial: false) }
      append(continuing..<running, hiddenRow: 0, isInitial: true)
      if increment < 0 { append(0..<continuing, hiddenRow: previous, isInitial: false) }
    }
    windows.append(Window(steps: steps, rows: rows, runs: firstRun..<runs.count))
    maxRows = max(maxRows, rows.count)
  }

  /// Appends `run`, or lengthens the last one where `run` continues it in both factors.
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
