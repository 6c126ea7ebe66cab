/// Which examples are together in each batch of each epoch, decided by a seed.
///
/// An epoch is shuffled and cut into buckets of ``bucketBatches`` batches; each bucket is sorted by length and cut into
/// batches, and all batches are shuffled. So a batch holds sequences of similar length, whose steps are all equally
/// wide, and is still random. Lengths are sorted with ±10 % of noise, because otherwise a small set of examples of
/// different lengths would give the same batches in every epoch.
///
/// The order of an epoch depends on the seed and its number alone, so that training can be resumed at any batch.
package struct BatchSampler: Hashable, Codable, Sendable {
  /// Examples in a batch.
  package let batchSize: Int
  /// Decides all orders.
  package let seed: UInt64

  /// Batches whose examples are sorted together. More make the lengths in a batch more alike, fewer make the batches
  /// more random; beyond a few dozen the lengths hardly gain.
  package static let bucketBatches = 32

  /// The part of a length by which it may be misplaced.
  private static let lengthNoise = 0.1

  /// A sampler of batches of `batchSize`. Throws where that is not positive.
  package init(batchSize: Int, seed: UInt64) throws(ConfigurationError) {
    try ConfigurationError.checkPositive(["batchSize": batchSize])
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The batches of epoch `epoch`, from 0, over examples of these lengths: each index exactly once. All batches have
  /// ``batchSize`` examples but one, which may have fewer. Costs O(n log n).
  package func batches(of lengths: [Int], epoch: Int) -> [[Int]] {
    var generator = SeededGenerator(seed: seed, stream: UInt64(epoch))
    var order = Array(lengths.indices)
    generator.shuffle(&order)
    var batches: [[Int]] = []
    for bucket in order.cut(into: min(batchSize, order.count) * Self.bucketBatches) {
      let keyed = bucket.map { index in
        let noise = Self.lengthNoise * (2 * generator.uniform(Double.self) - 1)
        return (key: Double(lengths[index]) * (1 + noise), index: index)
      }
      let sorted = keyed.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
      batches += sorted.map(\.element.index).cut(into: batchSize)
    }
    generator.shuffle(&batches)
    return batches
  }

  /// Batches in the order of falling length, for passes whose order does not matter: the largest first, so that later
  /// ones need no more memory.
  static func batchesByLength(of lengths: [Int], batchSize: Int) -> [[Int]] {
    lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }.cut(into: batchSize)
  }
}

extension Array {
  /// The pieces of `size` elements, the last of what is left.
  fileprivate func cut(into size: Int) -> [[Element]] {
    let size = Swift.min(Swift.max(size, 1), Swift.max(count, 1))
    return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
