internal import Kernels
internal import Models

/// The three parts of a series in the order of time: training, validation and test.
package struct ForecastSplit: Hashable, Sendable {
  package static let shares = (training: 0.7, validation: 0.15)

  /// The end of the training rows.
  package let trainingEnd: Int
  /// The end of the validation rows; the rest is the test part.
  package let validationEnd: Int
  private let count: Int

  /// The parts of a series of `count` rows.
  package init(count: Int) {
    self.count = count
    trainingEnd = Int(Double(count) * Self.shares.training)
    validationEnd = Int(Double(count) * (Self.shares.training + Self.shares.validation))
  }

  package enum Part: CaseIterable, Sendable {
    case training, validation, test
  }

  /// The rows of `part`.
  package subscript(part: Part) -> Range<Int> {
    switch part {
    case .training: 0..<trainingEnd
    case .validation: trainingEnd..<validationEnd
    case .test: validationEnd..<count
    }
  }
}

/// The row of a series after which a forecast begins.
struct ForecastOrigin: Hashable, Sendable {
  let series: Int
  /// The last row that is read.
  let row: Int
}

extension ForecastTable {
  /// All rows after which `horizon` rows of `part` follow, at least one with a target, with `history` rows before and a
  /// last value to start from. Without a part: of the whole series.
  func origins(of part: ForecastSplit.Part?, history: Int, horizon: Int) -> [ForecastOrigin] {
    series.indices.flatMap { index in
      let series = self.series[index]
      let rows = part.map { ForecastSplit(count: series.count)[$0] } ?? 0..<series.count
      let first = max(rows.lowerBound, history) - 1
      let last = rows.upperBound - horizon - 1
      guard first <= last else { return [ForecastOrigin]() }
      return (first...last).filter { row in
        !series.carried[row].isNaN && series.target[row + 1...row + horizon].contains { !$0.isNaN }
      }.map { ForecastOrigin(series: index, row: $0) }
    }
  }
}

/// Windows of series as examples for a network: some rows of features, and how far the target will be from its last
/// value, for each step of the horizon.
struct ForecastWindows: TrainingExamples {
  /// The scaled features of each series, `[T × I]`.
  let features: [Matrix<Float>]
  let series: [ForecastSeries]
  var origins: [ForecastOrigin]
  /// Rows that are read.
  let history: Int
  /// Rows that are forecast, `H`.
  let horizon: Int
  /// What a change of the target is divided by.
  let targetScale: Double

  var lengths: [Int] { origins.map { min(history, $0.row + 1) } }

  /// The windows `indices`. A target that is missing is NaN, which no loss counts.
  func batch(_ indices: [Int]) -> SequenceBatch<Float> {
    let lengths = indices.map { min(history, origins[$0].row + 1) }
    let layout = PackedLayout(lengths: lengths)
    let width = features[0].columns
    var rows = Matrix<Float>(uninitializedRows: layout.rowCount, columns: width)
    rows.withUnsafeMutableBufferPointer { packed in
      for (b, index) in indices.enumerated() {
        let (origin, length) = (origins[index], lengths[b])
        features[origin.series].withUnsafeBufferPointer { source in
          for t in 0..<length {
            let (to, from) = (layout.row(of: b, at: t) * width, (origin.row + 1 - length + t) * width)
            for j in 0..<width { packed[to + j] = source[from + j] }
          }
        }
      }
    }
    let changes = indices.map { index in
      let (row, series) = (origins[index].row, series[origins[index].series])
      return (1...horizon).map { step in
        let target = row + step < series.count ? series.target[row + step] : .nan
        return Float((target - series.carried[row]) / targetScale)
      }
    }
    return SequenceBatch(
      inputs: .features(PackedSequence(layout: layout, rows: rows)), targets: .finalValues(Matrix(changes)))
  }
}
