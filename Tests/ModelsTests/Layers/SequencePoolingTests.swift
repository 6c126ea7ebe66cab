import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct SequencePoolingTests {
  private let layout = PackedLayout(lengths: [3, 0, 5, 1])
  private let steps: Matrix<Double> = {
    var generator = SeededGenerator(seed: 8)
    return .random(rows: 9, columns: 4, from: &generator)
  }()

  /// The steps of each sequence, `[length × F]`.
  private func sequences(_ steps: Matrix<Double>) -> [[[Double]]] {
    layout.lengths.enumerated().map { b, length in (0..<length).map { steps.row(layout.row(of: b, at: $0)) } }
  }

  private func mean(_ steps: Matrix<Double>) -> Matrix<Double> {
    var pooled = Matrix<Double>(repeating: 7, rows: 4, columns: 4)
    SequencePooling.mean(of: steps.unsafeView, layout: layout, into: pooled.unsafeMutableView())
    return pooled
  }

  private func maximum(_ steps: Matrix<Double>) -> (pooled: Matrix<Double>, places: [Int32]) {
    var (pooled, places) = (Matrix<Double>(repeating: 7, rows: 4, columns: 4), [Int32](repeating: 5, count: 99))
    SequencePooling.maximum(of: steps.unsafeView, layout: layout, into: pooled.unsafeMutableView(), places: &places)
    return (pooled, places)
  }

  @Test func theMeanIsOverASequencesOwnSteps() {
    let wanted = sequences(steps).map { rows in
      (0..<4).map { j in rows.isEmpty ? 0 : rows.reduce(0) { $0 + $1[j] } / Double(rows.count) }
    }
    #expect(maximumRelativeDifference(mean(steps), Matrix(wanted)) <= Tolerance.operations(6, Double.self))
  }

  @Test func theMaximumIsOverASequencesOwnSteps() {
    let wanted = sequences(steps).map { rows in (0..<4).map { j in rows.map { $0[j] }.max() ?? 0 } }
    let (pooled, places) = maximum(steps)
    #expect(pooled == Matrix(wanted))
    #expect(places.count == 16)
    for (index, place) in places.enumerated() where place >= 0 {
      #expect(steps[Int(place), index % 4] == pooled[index / 4, index % 4])
    }
    #expect(places[4..<8].allSatisfy { $0 == -1 })
  }

  @Test func ofEqualMaximaTheFirstCountsAndNaNIsTheLargest() {
    let (_, places) = maximum(Matrix(repeating: -2, rows: 9, columns: 4))
    for (b, length) in layout.lengths.enumerated() where length > 0 {
      #expect(places[b * 4..<b * 4 + 4].allSatisfy { Int($0) == layout.row(of: b, at: 0) })
    }
    var poisoned = steps
    poisoned[layout.row(of: 2, at: 1), 3] = .nan
    let pooled = maximum(poisoned).pooled
    #expect(pooled[2, 3].isNaN && pooled.elements.count { $0.isNaN } == 1)
    #expect(mean(poisoned)[2, 3].isNaN)
  }

  @Test func gradientsMatchFiniteDifferences() {
    var generator = SeededGenerator(seed: 9)
    let dPooled = Matrix<Double>.random(rows: 4, columns: 4, from: &generator)
    func loss(_ pooled: Matrix<Double>) -> Double {
      zip(pooled.elements, dPooled.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var (dMean, dMaximum) = (
      Matrix<Double>(repeating: 7, rows: 9, columns: 4), Matrix<Double>.zeros(rows: 9, columns: 4)
    )
    SequencePooling.spreadMean(dPooled.unsafeView, layout: layout, into: dMean.unsafeMutableView())
    SequencePooling.spreadMaximum(dPooled.unsafeView, places: maximum(steps).places, into: dMaximum.unsafeMutableView())
    let wantedMean = centralDifferences(at: steps) { loss(mean($0)) }
    let wantedMaximum = centralDifferences(at: steps) { loss(maximum($0).pooled) }
    #expect(maximumRelativeDifference(dMean, wantedMean) < Tolerance.finiteDifference)
    #expect(maximumRelativeDifference(dMaximum, wantedMaximum) < Tolerance.finiteDifference)
  }
}
