/// The one sequence type: `B` sequences of unequal length with `F` features a step, packed as ``PackedLayout`` says.
///
/// Callers give and get sequences in their own order; sorting and packing stay inside. With `Element` a number this is
/// the input or output of a network; with `Element == Int32` and one feature it holds tokens.
public struct PackedSequence<Element: BitwiseCopyable & Sendable>: Sendable {
  /// Where each step of each sequence lies.
  public let layout: PackedLayout
  /// The features of all steps, `[N × F]`.
  public var rows: Matrix<Element>

  /// Rows that already lie as `layout` says, `[N × F]`.
  public init(layout: PackedLayout, rows: Matrix<Element>) {
    require(
      rows.rows == layout.rowCount, "\(rows.rows) rows cannot fill a layout of \(layout.rowCount) rows")
    self.layout = layout
    self.rows = rows
  }

  /// Number of sequences, `B`.
  public var batch: Int { layout.batch }
  /// Number of features a step, `F`.
  public var features: Int { rows.columns }
}

extension PackedSequence: Equatable where Element: Equatable {}

extension PackedSequence {
  /// Packs sequences of rows: `sequences[b]` is `[length_b × F]`. All must have `features` columns.
  public init(_ sequences: [Matrix<Element>], features: Int) {
    require(
      sequences.allSatisfy { $0.columns == features }, "every sequence must have \(features) features a step")
    let layout = PackedLayout(lengths: sequences.map(\.rows))
    var rows = Matrix<Element>(uninitializedRows: layout.rowCount, columns: features)
    rows.withUnsafeMutableBufferPointer { packed in
      for (b, sequence) in sequences.enumerated() {
        sequence.withUnsafeBufferPointer { source in
          for t in 0..<sequence.rows {
            Self.copyRow(source, t, to: packed, layout.row(of: b, at: t), features)
          }
        }
      }
    }
    self.init(layout: layout, rows: rows)
  }

  /// Packs nested arrays: `sequences[b][t]` holds the features of step `t`. All rows must have one length, which is
  /// taken from the first row there is.
  public init(_ sequences: [[[Element]]]) {
    let features = sequences.lazy.compactMap(\.first).first?.count ?? 0
    require(
      sequences.allSatisfy { $0.allSatisfy { $0.count == features } }, "every step must have \(features) features")
    self.init(
      sequences.map { Matrix(rows: $0.count, columns: features, $0.flatMap { $0 }) }, features: features)
  }

  /// Packs sequences of single values, such as tokens or a scalar series: one feature a step.
  public init(_ sequences: [[Element]]) {
    self.init(sequences.map { Matrix(rows: $0.count, columns: 1, $0) }, features: 1)
  }

  /// Packs a padded array of `lengths.count` sequences, dropping the padding.
  ///
  /// - Parameters:
  ///   - padded: `T · B · F` elements, in `order`; `T` is their number over `B · F`, at least the longest length.
  ///   - order: Which of time and batch comes first.
  ///   - lengths: The length of each sequence.
  ///   - features: `F`.
  public init(padded: [Element], _ order: PaddedOrder, lengths: [Int], features: Int) {
    let (stepSize, isTooLarge) = lengths.count.multipliedReportingOverflow(by: features)
    require(features >= 0 && !isTooLarge, "a step of \(lengths.count) sequences cannot have \(features) features each")
    require(
      stepSize == 0 ? padded.isEmpty : padded.count.isMultiple(of: stepSize),
      "\(padded.count) elements are not a whole number of steps of \(lengths.count) sequences of \(features)")
    let steps = stepSize == 0 ? 0 : padded.count / stepSize
    let layout = PackedLayout(lengths: lengths)
    require(
      stepSize == 0 || layout.steps <= steps, "a sequence of \(layout.steps) steps does not fit padding to \(steps)")
    var rows = Matrix<Element>(uninitializedRows: layout.rowCount, columns: features)
    rows.withUnsafeMutableBufferPointer { packed in
      padded.withUnsafeBufferPointer { source in
        for (b, length) in lengths.enumerated() {
          for t in 0..<length {
            let sourceRow = order.row(of: b, at: t, batch: lengths.count, steps: steps)
            Self.copyRow(source, sourceRow, to: packed, layout.row(of: b, at: t), features)
          }
        }
      }
    }
    self.init(layout: layout, rows: rows)
  }

  /// The sequences in the caller's order, `[length_b × F]` each.
  public var sequences: [Matrix<Element>] { (0..<batch).map { sequence($0) } }

  /// The caller's sequence `index`, `[length × F]`.
  public func sequence(_ index: Int) -> Matrix<Element> {
    require(index >= 0 && index < batch, "sequence \(index) is outside a batch of \(batch)")
    let length = layout.lengths[index]
    var result = Matrix<Element>(uninitializedRows: length, columns: features)
    result.withUnsafeMutableBufferPointer { target in
      rows.withUnsafeBufferPointer { packed in
        for t in 0..<length { Self.copyRow(packed, layout.row(of: index, at: t), to: target, t, features) }
      }
    }
    return result
  }

  /// All sequences padded with `padding` to the longest, `T · B · F` elements in `order`.
  public func padded(_ order: PaddedOrder, with padding: Element) -> [Element] {
    let count = layout.steps * batch * features
    // For none, the initialiser below would write to the empty array that all threads share.
    guard count > 0 else { return [] }
    return [Element](unsafeUninitializedCapacity: count) { target, initialized in
      target.initialize(repeating: padding)
      rows.withUnsafeBufferPointer { packed in
        for (b, length) in layout.lengths.enumerated() {
          for t in 0..<length {
            let targetRow = order.row(of: b, at: t, batch: batch, steps: layout.steps)
            Self.copyRow(packed, layout.row(of: b, at: t), to: target, targetRow, features)
          }
        }
      }
      initialized = count
    }
  }

  /// The last step of each sequence in the caller's order, `[B × F]`. A sequence of length 0 gives `missing`.
  package func lastRows(missing: Element) -> Matrix<Element> {
    var result = Matrix(repeating: missing, rows: batch, columns: features)
    result.withUnsafeMutableBufferPointer { target in
      rows.withUnsafeBufferPointer { packed in
        for (b, length) in layout.lengths.enumerated() where length > 0 {
          Self.copyRow(packed, layout.row(of: b, at: length - 1), to: target, b, features)
        }
      }
    }
    return result
  }

  /// Every sequence backwards, each within its own length. The layout stays the same.
  package func reversedWithinLengths() -> PackedSequence {
    var result = Matrix<Element>(uninitializedRows: rows.rows, columns: features)
    result.withUnsafeMutableBufferPointer { target in
      rows.withUnsafeBufferPointer { source in
        for (row, mirrored) in layout.mirroredRows.enumerated() {
          Self.copyRow(source, mirrored, to: target, row, features)
        }
      }
    }
    return PackedSequence(layout: layout, rows: result)
  }

  /// The steps `range` of every sequence; a sequence that ends earlier contributes what it has there, or nothing.
  ///
  /// Windows for truncated backpropagation through time: the caller's order, and so the state, stays the same.
  package func steps(_ range: Range<Int>) -> PackedSequence {
    let windows = layout.lengths.map { range.clamped(to: 0..<$0) }
    let windowLayout = PackedLayout(lengths: windows.map(\.count))
    var result = Matrix<Element>(uninitializedRows: windowLayout.rowCount, columns: features)
    result.withUnsafeMutableBufferPointer { target in
      rows.withUnsafeBufferPointer { source in
        for (b, window) in windows.enumerated() {
          for t in window {
            Self.copyRow(
              source, layout.row(of: b, at: t), to: target, windowLayout.row(of: b, at: t - window.lowerBound), features
            )
          }
        }
      }
    }
    return PackedSequence(layout: windowLayout, rows: result)
  }

  private static func copyRow(
    _ source: UnsafeBufferPointer<Element>, _ sourceRow: Int, to target: UnsafeMutableBufferPointer<Element>,
    _ targetRow: Int, _ features: Int
  ) {
    guard features > 0, let source = source.baseAddress, let target = target.baseAddress else { return }
    (target + targetRow * features).update(from: source + sourceRow * features, count: features)
  }
}

/// Which of time and batch comes first in a padded array.
public enum PaddedOrder: Sendable {
  /// `[T × B × F]`, PyTorch's default.
  case timeMajor
  /// `[B × T × F]`, PyTorch's `batch_first` and Keras's default.
  case batchMajor

  func row(of sequence: Int, at t: Int, batch: Int, steps: Int) -> Int {
    switch self {
    case .timeMajor: t * batch + sequence
    case .batchMajor: sequence * steps + t
    }
  }
}
