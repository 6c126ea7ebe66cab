#if Tools
import Testing

@testable import Benchmarks

@Suite struct BaselineComparisonTests {
  /// A batch of an LSTM with `hidden` units, so that rows of different `hidden` are different measurements.
  func batch(hidden: Int, best: Double, noise: Double? = 0.1, threads: Int = 1) -> Measurement {
    let workload = Workload(
      cell: .lstm, pass: .training, type: .float, shape: Shape(7, 2, 3, hidden), lengths: [7, 7])
    var row = Measurement(
      of: workload, path: "blas", threads: threads, isRagged: false, timing: Timing(of: [best, best, best]),
      ceilingPerCore: 100)
    row.noise = noise
    return row
  }

  func step(hidden: Int, bestRound: UInt32, noise: Double) -> StreamingMeasurement {
    let workload = Workload(
      cell: .gru, pass: .inference, type: .float, shape: Shape(1, 1, 3, hidden), lengths: [1])
    let timing = [bestRound].withUnsafeBufferPointer {
      StreamingTiming(samples: $0, roundLength: 1, blockMeans: [1], clockNanoseconds: 0)
    }
    var row = StreamingMeasurement(of: workload, path: "blas", timing: timing, ceilingPerCore: 100)
    row.noise = noise
    return row
  }

  func report(
    _ measurements: [Measurement], streaming: [StreamingMeasurement] = [], ceiling: Double = 100,
    ceilingNoise: Double? = nil, processor: String = "P"
  ) -> Report {
    var machine = ReportTests.machine
    machine.ceilingPerCore["float"] = ceiling
    machine.processor = processor
    return Report(
      machine: machine, measurements: measurements, streaming: streaming,
      ceilingNoise: ceilingNoise.map { ["float": $0, "double": 0] })
  }

  @Test func aReportIsNeitherSlowerNorFasterThanItself() {
    let report = report(
      [batch(hidden: 5, best: 1e-3), batch(hidden: 6, best: 2e-3)],
      streaming: [step(hidden: 5, bestRound: 80, noise: 0)])
    let comparison = BaselineComparison(of: report, with: report)
    #expect(comparison.rows.count == 3 && comparison.slower.isEmpty && comparison.fasterCount == 0)
    #expect(comparison.missingHere == 0 && comparison.missingInBaseline == 0 && comparison.differences.isEmpty)
    #expect("\(comparison)".contains("3 measurements compared: 0 slower by more than the noise, 0 faster, 3 within it"))
  }

  @Test func rowsSlowerByMoreThanBothRunsNoiseAreListedTheWorstFirst() {
    // A tenth of noise in each run: 1.21 is the limit.
    let before = report((5...8).map { batch(hidden: $0, best: 1e-3) })
    let now = report(zip(5...8, [1.22e-3, 1.2e-3, 0.8e-3, 3e-3]).map { batch(hidden: $0, best: $1) })
    let comparison = BaselineComparison(of: now, with: before)
    #expect(comparison.slower.map(\.seconds) == [3e-3, 1.22e-3])
    #expect(comparison.fasterCount == 1)
    let text = "\(comparison)"
    #expect(text.contains("training lstm 7,2,3,8 blas float threads 1") && text.contains("200.0 %"))
    #expect(text.contains("4 measurements compared: 2 slower by more than the noise, 1 faster, 1 within it"))
  }

  @Test func aSlowerMachineIsNoSlowerProgram() {
    let before = report([batch(hidden: 5, best: 1e-3)], ceiling: 120)
    let now = report([batch(hidden: 5, best: 2e-3)], ceiling: 60)
    #expect(BaselineComparison(of: now, with: before).rows[0].ratio == 1)
    // And a faster machine does not hide one.
    let hidden = BaselineComparison(of: report([batch(hidden: 5, best: 1e-3)], ceiling: 240), with: before)
    #expect(hidden.slower.count == 1 && hidden.rows[0].baselineSeconds == 0.5e-3)
  }

  @Test func theDriftOfTheCeilingsCountsAsNoise() {
    let before = report([batch(hidden: 5, best: 1e-3)], ceilingNoise: 0.2)
    let now = report([batch(hidden: 5, best: 1.4e-3)])
    #expect(BaselineComparison(of: now, with: report([batch(hidden: 5, best: 1e-3)])).slower.count == 1)
    #expect(BaselineComparison(of: now, with: before).slower.isEmpty)
  }

  @Test func aRowIsNotQuieterThanHalfOfTheOthers() {
    let noises = [0.0, 0.3, 0.3]
    let before = report(zip(5..., noises).map { batch(hidden: $0, best: 1e-3, noise: $1) })
    let now = report(zip(5..., noises).map { batch(hidden: $0, best: 1.5e-3, noise: $1) })
    let comparison = BaselineComparison(of: now, with: before)
    #expect(comparison.slower.isEmpty && comparison.rows.allSatisfy { abs($0.noise - 0.69) < 1e-12 })
  }

  @Test func anEarlierVersionsNoiseFollowsFromItsTimes() {
    var old = batch(hidden: 5, best: 1e-3, noise: nil)
    old.medianSeconds = 1.5e-3
    let comparison = BaselineComparison(of: report([batch(hidden: 5, best: 1.6e-3, noise: 0.1)]), with: report([old]))
    #expect(abs(comparison.rows[0].noise - 0.65) < 1e-12 && comparison.slower.isEmpty)
  }

  @Test func stepsAreComparedByTheirBestRound() {
    let before = report([], streaming: [step(hidden: 5, bestRound: 80, noise: 0.1)])
    let now = report([], streaming: [step(hidden: 5, bestRound: 120, noise: 0.1)])
    let comparison = BaselineComparison(of: now, with: before)
    #expect(comparison.slower.count == 1 && abs(comparison.rows[0].ratio - 1.5) < 1e-12)
    #expect("\(comparison)".contains("streaming gru 3,5 blas float"))
  }

  @Test func measurementsOfOneRunAreCountedAndNotCompared() {
    let before = report([batch(hidden: 5, best: 1e-3), batch(hidden: 6, best: 1e-3), batch(hidden: 7, best: 1e-3)])
    let now = report(
      [batch(hidden: 5, best: 1e-3), batch(hidden: 6, best: 1e-3, threads: 2)],
      streaming: [step(hidden: 5, bestRound: 80, noise: 0)])
    let comparison = BaselineComparison(of: now, with: before)
    #expect(comparison.rows.count == 1 && comparison.missingInBaseline == 2 && comparison.missingHere == 2)
  }

  @Test func ofARepeatedMeasurementTheBetterCounts() {
    let now = report([batch(hidden: 5, best: 3e-3), batch(hidden: 5, best: 1e-3)])
    #expect(BaselineComparison(of: now, with: report([batch(hidden: 5, best: 1e-3)])).rows.map(\.ratio) == [1])
  }

  @Test func waitingForACoreIsReported() {
    let quiet = report([batch(hidden: 5, best: 1e-3)])
    var heldUp = quiet
    heldUp.waitingShare = 0.4
    #expect("\(BaselineComparison(of: heldUp, with: quiet))".contains("waited for one during 40 % of this run."))
    #expect("\(BaselineComparison(of: quiet, with: heldUp))".contains("during 40 % of the baseline's."))
    heldUp.waitingShare = 0.01
    #expect(!"\(BaselineComparison(of: heldUp, with: quiet))".contains("waited"))
  }

  @Test func anotherMachineIsNamed() {
    let comparison = BaselineComparison(
      of: report([batch(hidden: 5, best: 1e-3)]), with: report([batch(hidden: 5, best: 1e-3)], processor: "Q"))
    #expect(comparison.differences == ["processor (Q there, P here)"])
    #expect("\(comparison)".contains("differ in more than the program"))
  }
}
#endif
