import Models
import Testing

@Suite struct BatchSamplerTests {
  /// Lengths from 0 to 99, each several times.
  private let lengths = (0..<700).map { $0 * 37 % 100 }

  @Test(arguments: [1, 3, 32, 699, 700, 701, Int.max])
  func everyExampleIsSeenOnceInEveryEpoch(batchSize: Int) throws {
    let sampler = try BatchSampler(batchSize: batchSize, seed: 5)
    for epoch in 0..<3 {
      let batches = sampler.batches(of: lengths, epoch: epoch)
      #expect(batches.flatMap { $0 }.sorted() == Array(lengths.indices))
      #expect(batches.count { $0.count < batchSize } <= 1)
      #expect(batches.allSatisfy { !$0.isEmpty && $0.count <= batchSize })
    }
  }

  @Test func aBatchHoldsSimilarLengths() throws {
    let batches = try BatchSampler(batchSize: 7, seed: 5).batches(of: lengths, epoch: 0)
    let spreads = batches.map { batch in
      let inBatch = batch.map { lengths[$0] }
      return inBatch.max()! - inBatch.min()!
    }
    // Unsorted, seven of a hundred lengths span three quarters of them on average; sorted with 10 % of noise, less than
    // a fifth.
    #expect(spreads.reduce(0, +) / spreads.count < 20)
  }

  @Test func theOrderIsRandomAcrossBatches() throws {
    let batches = try BatchSampler(batchSize: 7, seed: 5).batches(of: lengths, epoch: 0)
    let firsts = batches.map { lengths[$0[0]] }
    #expect(firsts != firsts.sorted())
    #expect(firsts != firsts.sorted(by: >))
  }

  @Test func theSeedAndTheEpochDecideTheOrder() throws {
    let sampler = try BatchSampler(batchSize: 7, seed: 5)
    let epoch = sampler.batches(of: lengths, epoch: 3)
    #expect(try BatchSampler(batchSize: 7, seed: 5).batches(of: lengths, epoch: 3) == epoch)
    #expect(sampler.batches(of: lengths, epoch: 4) != epoch)
    #expect(try BatchSampler(batchSize: 7, seed: 6).batches(of: lengths, epoch: 3) != epoch)
  }

  @Test func aFewExamplesOfDifferentLengthsDoNotAlwaysStandTogether() throws {
    let sampler = try BatchSampler(batchSize: 4, seed: 5)
    let together = (0..<5).map { epoch in
      Set(sampler.batches(of: Array(30..<53), epoch: epoch).map { Set($0) })
    }
    #expect(Set(together).count > 1)
  }

  @Test func noExamplesGiveNoBatches() throws {
    #expect(try BatchSampler(batchSize: 4, seed: 5).batches(of: [], epoch: 0).isEmpty)
  }

  @Test func aBatchWithoutExamplesIsAnError() {
    #expect(throws: ConfigurationError(setting: "batchSize", found: "0", wanted: "at least 1")) {
      try BatchSampler(batchSize: 0, seed: 5)
    }
  }
}
