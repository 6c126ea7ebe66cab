internal import Glibc
internal import Kernels

/// Naive Bayes over the words and the pairs of neighbouring words that occur in a text, however often: the baseline
/// that a classifier of short texts has to beat (Wang & Manning, "Baselines and bigrams", 2012).
package struct NaiveBayes: Sendable {
  /// log P(feature | 1) − log P(feature | 0) by feature.
  private let evidence: [Feature: Double]
  /// log P(1) − log P(0).
  private let prior: Double

  private struct Feature: Hashable, Sendable {
    let first: Int32
    /// −1 for a word alone.
    let second: Int32
  }

  /// Counts `texts` with their classes, 0 or 1. `smoothing` is added to the count of each feature.
  package init(_ texts: [[Int32]], classes: [Int32], smoothing: Double = 1) {
    require(texts.count == classes.count, "\(texts.count) texts with \(classes.count) classes")
    var counts: [Feature: (Double, Double)] = [:]
    for (text, label) in zip(texts, classes) {
      for feature in Self.features(of: text) {
        if label == 1 { counts[feature, default: (0, 0)].1 += 1 } else { counts[feature, default: (0, 0)].0 += 1 }
      }
    }
    let smoothed = smoothing * Double(counts.count)
    let totals = counts.values.reduce((smoothed, smoothed)) { ($0.0 + $1.0, $0.1 + $1.1) }
    let base = log(totals.0 / totals.1)
    evidence = counts.mapValues { log(($0.1 + smoothing) / ($0.0 + smoothing)) + base }
    let positive = classes.count { $0 == 1 }
    prior = log((Double(positive) + smoothing) / (Double(classes.count - positive) + smoothing))
  }

  /// The logarithm of the odds that `text` is of class 1. Features that were never counted do not contribute.
  package func logOdds(of text: [Int32]) -> Double {
    // In a fixed order, so that the sum has the same bits in every run.
    Self.features(of: text).compactMap { evidence[$0] }.sorted().reduce(prior, +)
  }

  private static func features(of text: [Int32]) -> Set<Feature> {
    Set(text.map { Feature(first: $0, second: -1) })
      .union(zip(text, text.dropFirst()).map { Feature(first: $0, second: $1) })
  }
}
