import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Models

/// Steps of many tasks, taken together.
@Suite struct StepSchedulerTests {
  private static let variant = ModelVariant(
    readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .lstm)
  private static let long = Duration.seconds(600)

  private typealias Options = StepScheduler<Float>.Options

  private static func row(_ inputs: SequenceInputs<Float>, _ sequence: Int, _ t: Int) -> [Float] {
    guard case .features(let sequences) = inputs else { return [] }
    return sequences.sequence(sequence).row(t)
  }

  /// Tasks of different lengths, so that sessions leave while others go on, and one that joins late.
  @Test(arguments: [1, 3, 64])
  func everyStepHasTheBitsThatItHasAlone(_ maxBatch: Int) async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let lengths = (0..<24).map { 1 + $0 * 5 % 17 }
    let inputs: SequenceInputs<Float> = Self.variant.inputs(lengths)
    let steps = Atomic<Int>(0)
    let scheduler = try StepScheduler(
      model.prepared,
      Options(maxBatch: maxBatch) {
        #expect($0.steps <= maxBatch)
        steps.add($0.steps, ordering: .relaxed)
      })
    try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
      for (index, length) in lengths.enumerated() {
        group.addTask {
          let stream = try scheduler.open()
          var outputs: [[Float]] = []
          for t in 0..<length { outputs.append(try await stream.step(Self.row(inputs, index, t))) }
          #expect(try stream.close().steps == length)
          return (index, outputs)
        }
      }
      for try await (index, outputs) in group {
        for (t, output) in outputs.enumerated() {
          #expect(bits(output) == bits(model.wanted(inputs, index, steps: t + 1)))
        }
      }
    }
    await scheduler.shutDown()
    #expect(steps.load(ordering: .relaxed) == lengths.reduce(0, +))
  }

  @Test func tokensMayStepTogether() async throws {
    let variant = ModelVariant(readsTokens: true, readout: .maxState, isBidirectional: false, kind: .gru)
    let model = try StreamingModel<Float>(variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2, maxWait: Self.long))
    let streams = [try scheduler.open(), try scheduler.open()]
    async let a = streams[0].step(token: 3)
    async let b = streams[1].step(token: 5)
    let outputs = try await [a, b]
    for (token, output) in zip([3, 5] as [Int32], outputs) {
      #expect(output == model.model(.tokens(PackedSequence([[token]]))).predictions.row(0))
    }
  }

  /// It waits for the fourth, however long that takes.
  @Test func aBatchBeginsWhenItIsFull() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let sizes = Guarded([0])
    let scheduler = try StepScheduler(
      model.prepared, Options(maxBatch: 4, maxWait: Self.long) { report in sizes.withLock { $0.append(report.steps) } })
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let stream = try scheduler.open()
          for _ in 0..<3 { _ = try await stream.step([1, 2, 3]) }
        }
      }
      try await group.waitForAll()
    }
    await scheduler.shutDown()
    #expect(sizes.withLock { $0 } == [0, 4, 4, 4])
  }

  @Test func aSessionTakesOneStepAtATime() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2, maxWait: Self.long))
    let stream = try scheduler.open()
    let first = Task { try await stream.step([1, 2, 3]) }
    await Self.wait { scheduler.queuedSteps == 1 }
    await #expect(throws: SchedulerError.inUse) { try await stream.step([1, 2, 3]) }
    #expect(throws: SchedulerError.inUse) { try stream.session }
    #expect(throws: SchedulerError.inUse) { try stream.close() }
    let other = try scheduler.open()
    _ = try await other.step([3, 2, 1])
    _ = try await first.value
    #expect(try stream.session.steps == 1)
    #expect(try stream.close().steps == 1)
    await #expect(throws: SchedulerError.closed) { try await stream.step([1, 2, 3]) }
    #expect(throws: SchedulerError.closed) { try stream.close() }
  }

  @Test func aTaskThatIsCancelledLeavesItsSessionAsItWas() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2, maxWait: Self.long))
    let stream = try scheduler.open()
    let task = Task { try await stream.step([1, 2, 3]) }
    await Self.wait { scheduler.queuedSteps == 1 }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try stream.session == model.prepared.session())
    #expect(scheduler.queuedSteps == 0)
    // One that is cancelled before it asks.
    let early = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await stream.step([1, 2, 3])
    }
    early.cancel()
    await #expect(throws: CancellationError.self) { try await early.value }
    #expect(try stream.session.steps == 0)
  }

  @Test func manyThatAreCancelledLeaveTheOthersTheirTurn() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2000, maxWait: Self.long))
    let streams = try (0..<1000).map { _ in try scheduler.open() }
    let tasks = streams.map { stream in Task { try await stream.step([1, 2, 3]) } }
    await Self.wait { scheduler.queuedSteps == 1000 }
    for (index, task) in tasks.enumerated() where index % 100 != 7 { task.cancel() }
    await Self.wait { scheduler.queuedSteps == 10 }
    await scheduler.shutDown()
    for (index, task) in tasks.enumerated() {
      if index % 100 == 7 {
        #expect(try await task.value.count == model.prepared.outputSize)
      } else {
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      #expect(try streams[index].session.steps == (index % 100 == 7 ? 1 : 0))
    }
  }

  @Test func aStepWhoseDeadlineHasPassedIsNotTaken() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2, maxWait: Self.long))
    let stream = try scheduler.open()
    await #expect(throws: SchedulerError.deadlineExceeded) {
      try await stream.step([1, 2, 3], before: .now - .seconds(1))
    }
    #expect(try stream.session.steps == 0)
    // One that has time does not wait for a full batch. A machine that is busy may still miss the deadline.
    do {
      _ = try await stream.step([1, 2, 3], before: .now + .seconds(2))
      #expect(try stream.session.steps == 1)
    } catch SchedulerError.deadlineExceeded {
      #expect(try stream.session.steps == 0)
    }
  }

  @Test func aFullQueueRefuses() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 64, maxWait: Self.long, maxQueued: 2))
    let tasks = try (0..<2).map { _ in
      let stream = try scheduler.open()
      return Task { try await stream.step([1, 2, 3]) }
    }
    await Self.wait { scheduler.queuedSteps == 2 }
    let third = try scheduler.open()
    await #expect(throws: SchedulerError.overloaded(limit: 2)) { try await third.step([1, 2, 3]) }
    #expect(try third.session.steps == 0)
    await scheduler.shutDown()
    for task in tasks { _ = try await task.value }
  }

  /// What waits is answered; what comes later is refused, and the session can still be had.
  @Test func shuttingDownFinishesWhatWaits() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 64, maxWait: Self.long))
    let stream = try scheduler.open()
    let task = Task { try await stream.step([1, 2, 3]) }
    await Self.wait { scheduler.queuedSteps == 1 }
    await scheduler.shutDown()
    _ = try await task.value
    await #expect(throws: SchedulerError.shutDown) { try await stream.step([1, 2, 3]) }
    #expect(throws: SchedulerError.shutDown) { try scheduler.open() }
    #expect(try stream.close().steps == 1)
    await scheduler.shutDown()
  }

  @Test func inputsThatDoNotFitAreRefusedAlone() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    let scheduler = try StepScheduler(model.prepared, Options(maxBatch: 2, maxWait: .zero))
    let stream = try scheduler.open()
    await #expect(throws: SessionError.count(of: "features", found: 2, wanted: 3)) { try await stream.step([1, 2]) }
    await #expect(throws: SessionError.inputs(found: "tokens", wanted: "features")) { try await stream.step(token: 1) }
    var other = model.model
    other.parameters.withUnsafeMutableBufferPointer { $0[3] += 1 }
    #expect(throws: SessionError.self) { try scheduler.open(try other.prepared().session()) }
    _ = try await stream.step([1, 2, 3])
  }

  /// A stream keeps the scheduler that it came from.
  @Test func aStreamOutlivesTheOwnerOfItsScheduler() async throws {
    let model = try StreamingModel<Float>(Self.variant)
    func open() throws -> ScheduledStream<Float> { try StepScheduler(model.prepared).open() }
    let stream = try open()
    _ = try await stream.step([1, 2, 3])
    #expect(try stream.session.steps == 1)
  }

  private static func wait(until condition: () -> Bool) async {
    while !condition() { await Task.yield() }
  }
}
