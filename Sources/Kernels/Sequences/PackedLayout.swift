/// Where the rows of a ragged batch lie: `B` sequences of unequal length, time-major, longest first, packed.
///
/// Step `t` holds only the `B_t` sequences that are still running, so its rows start at `offsets[t] = Σ_{s<t} B_s` and
/// no padding exists. A sequence's *rank* is its place in the order of falling length; among equal lengths the
/// caller's order is kept. The running sequences of any step are the ranks `0 ..< B_t`, in either direction of time,
/// which is why every time loop of the engine reads and writes prefixes of its state. Length 0 is legal: such a
/// sequence has a rank and a state but no rows.
public struct PackedLayout: Hashable, Sendable {
  /// Length of each sequence, in the caller's order, `[B]`.
  public let lengths: [Int]
  /// The caller's index of each rank, `[B]`.
  public let order: [Int]
  /// Rank of each of the caller's sequences, `[B]`: the inverse of ``order``.
  public let ranks: [Int]
  /// How many sequences run at each step, `[T]`, falling.
  public let batchSizes: [Int]
  /// First row of each step and, at the end, the number of rows, `[T + 1]`.
  public let offsets: [Int]

  /// The layout of sequences with these lengths, in the caller's order. Costs O(B log B + T).
  public init(lengths: [Int]) {
    require(lengths.allSatisfy { $0 >= 0 }, "a sequence cannot have a negative length: \(lengths.min() ?? 0)")
    let rows = lengths.reduce(0) { rows, length in
      let (sum, isTooMuch) = rows.addingReportingOverflow(length)
      return isTooMuch ? .max : sum
    }
    require(rows <= MatrixSide.max, "sequences of \(rows) steps in all are more than the \(MatrixSide.max) of a matrix")
    self.lengths = lengths
    order = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    var ranks = [Int](repeating: 0, count: lengths.count)
    for (rank, index) in order.enumerated() { ranks[index] = rank }
    self.ranks = ranks

    let steps = lengths.max() ?? 0
    var batchSizes = [Int](repeating: 0, count: steps)
    var running = lengths.count
    for t in 0..<steps {
      while lengths[order[running - 1]] <= t { running -= 1 }
      batchSizes[t] = running
    }
    self.batchSizes = batchSizes
    var offsets = [0]
    offsets.reserveCapacity(steps + 1)
    for size in batchSizes { offsets.append(offsets[offsets.count - 1] + size) }
    self.offsets = offsets
  }

  /// The layout of `batch` sequences of one length.
  public init(batch: Int, steps: Int) {
    let sides = 0...MatrixSide.max
    require(
      sides ~= batch && sides ~= steps && sides ~= batch * steps,
      "\(batch) sequences of \(steps) steps are not 0 to the \(MatrixSide.max) rows of a matrix")
    self.init(lengths: [Int](repeating: steps, count: batch))
  }

  /// Number of sequences, `B`.
  public var batch: Int { lengths.count }
  /// Number of steps of the longest sequence, `T`.
  public var steps: Int { batchSizes.count }
  /// Number of rows, `N = Σ lengths`.
  public var rowCount: Int { offsets[steps] }
  /// Whether all sequences have one length, so that rank order is the caller's order and no step is short.
  package var isDense: Bool { rowCount == batch * steps }

  /// The rows of step `t`, one for each running rank.
  public func rows(at t: Int) -> Range<Int> {
    require(t >= 0 && t < steps, "step \(t) is outside a layout of \(steps)")
    return offsets[t]..<offsets[t + 1]
  }

  /// The row of step `t` of the caller's sequence `sequence`.
  public func row(of sequence: Int, at t: Int) -> Int {
    require(sequence >= 0 && sequence < batch, "sequence \(sequence) is outside a layout of \(batch)")
    require(
      t >= 0 && t < lengths[sequence], "sequence \(sequence) has \(lengths[sequence]) steps, step \(t) is outside")
    return offsets[t] + ranks[sequence]
  }

  /// For each row the row that holds the mirrored step of the same sequence: step `t` of a sequence of length `n`
  /// pairs with step `n - 1 - t`. Its own inverse.
  package var mirroredRows: [Int] {
    var mirrored = [Int](repeating: 0, count: rowCount)
    for (rank, sequence) in order.enumerated() {
      let length = lengths[sequence]
      for t in 0..<length { mirrored[offsets[t] + rank] = offsets[length - 1 - t] + rank }
    }
    return mirrored
  }
}
