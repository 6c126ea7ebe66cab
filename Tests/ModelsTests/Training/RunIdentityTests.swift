import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Models

@Suite struct RunIdentityTests {
  private let folder = TemporaryFolder()
  private let examples = SmallTasks.echo(count: 20, seed: 7)
  private let heldOut = SmallTasks.echo(count: 10, seed: 8)
  private var path: String { folder.path("run.checkpoint.safetensors") }

  private func train(
    _ model: SequenceModel<Float>? = nil, on examples: SequenceExamples<Float>? = nil,
    validatingOn heldOut: SequenceExamples<Float>? = nil, seed: UInt64 = 3,
    note: @escaping @Sendable (String) -> Void = { _ in }, stoppingAt step: Int = .max
  ) throws {
    var session = TrainingSession(checkpointFolder: folder.path, resumes: true) { _, progress in
      progress.step < step ? .continue : .stop
    }
    session.note = note
    _ = try session.train(
      "run", model ?? SmallTasks.model(layers: 2, dropout: 0.3), on: examples ?? self.examples,
      validatingOn: heldOut ?? self.heldOut, TrainingOptions(epochs: 2, batchSize: 6, seed: seed))
  }

  private func stop() { #expect(throws: TrainingInterruption.self) { try train(stoppingAt: 2) } }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch { return "\(error)" }
  }

  /// The checkpoint with `text` instead of `old`, of equal length, and a sum to match.
  private func rewrite(_ old: String, as text: String) throws {
    var bytes = Array(try Data(contentsOf: URL(filePath: path)))
    func replace(_ old: String, _ new: String) throws {
      let place = try #require(Data(bytes).range(of: Data(old.utf8)))
      bytes.replaceSubrange(place, with: Array(new.utf8))
    }
    let sum = try #require(try SafetensorsFile(bytes: bytes).metadata["sum"])
    try replace(old, text)
    try replace(sum, try SafetensorsFile(bytes: bytes).sum(without: "sum"))
    writeFile(bytes, to: path)
  }

  @Test func aCheckpointOfAnotherRunIsRefusedWithWhatDiffers() throws {
    stop()
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(refusal { try train(seed: 4) }.contains("a run with other options"))
    for model in [
      try SmallTasks.model(SmallTasks.cells[2], layers: 2, dropout: 0.3), try SmallTasks.model(layers: 2, dropout: 0.2),
      try SmallTasks.model(layers: 2, dropout: 0.3, seed: 2),
    ] {
      #expect(refusal { try train(model) }.contains("a run of another model"))
    }
    for other in [SmallTasks.echo(count: 20, seed: 6), SmallTasks.echo(count: 21, seed: 7)] {
      #expect(refusal { try train(on: other) }.contains("a run on other data"))
      #expect(refusal { try train(validatingOn: other) }.contains("a run on other data"))
    }
    #expect(refusal { try train(seed: 4) }.hasPrefix(path))
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    try train()
    // Also once it is finished.
    #expect(refusal { try train(on: SmallTasks.echo(count: 20, seed: 6)) }.contains("a run on other data"))
  }

  @Test func aCheckpointOfBeforeThereWereSumsIsRefused() throws {
    stop()
    try rewrite(#""run":"#, as: #""rum":"#)
    #expect(refusal { try train() }.contains("an older version"))
    #expect(try TrainingCourse.read(fromCheckpoint: path).steps == 2)
  }

  @Test func whatWouldMoveACursorIsNoIdentity() throws {
    stop()
    try rewrite("OpenBLAS", as: #"\\u001b["#)
    #expect(refusal { try train() }.contains("an identity that no run has"))
  }

  @Test func aRunThatWasBegunElsewhereSaysThatItsBitsMayDiffer() throws {
    let notes = Mutex<[String]>([])
    func trainNoting(stoppingAt step: Int = .max) throws {
      try train(note: { line in notes.withLock { $0.append(line) } }, stoppingAt: step)
    }
    stop()
    #expect(throws: TrainingInterruption.self) { try trainNoting(stoppingAt: 3) }
    #expect(notes.withLock { $0.isEmpty })
    // As if it had been begun on another processor, on which the first parameters may differ in their last bits.
    try rewrite("OpenBLAS", as: "ElseBLAS")
    let identity = RunIdentity(of: try SmallTasks.model(layers: 2, dropout: 0.3))
    let sum = identity.initialParameters
    try rewrite(sum, as: String(sum.reversed()))
    for _ in 0..<2 { #expect(throws: TrainingInterruption.self) { try trainNoting(stoppingAt: 3) } }
    try trainNoting()
    #expect(notes.withLock { $0.count } == 3)
    let here = identity.kernels[0]
    let elsewhere = here.replacingOccurrences(of: "OpenBLAS", with: "ElseBLAS")
    #expect(
      notes.withLock { $0.allSatisfy { $0.contains("run was trained with \(elsewhere), then \(here): its bits") } })
  }

  /// The stages that follow it are trained here.
  @Test func whatWasFinishedElsewhereIsSaid() throws {
    try train()
    try train(note: { Issue.record("\($0)") })
    for (text, other) in [("OpenBLAS", "ElseBLAS"), (" thread", " strand")] {
      try rewrite(text, as: other)
      let notes = Mutex<[String]>([])
      try train(note: { line in notes.withLock { $0.append(line) } })
      #expect(notes.withLock { $0.count == 1 && $0[0].contains(other) && $0[0].contains("what follows it is with") })
      try rewrite(other, as: text)
    }
  }

  @Test func whatIsRandomAboutTheExamplesCounts() throws {
    let sequences: [[Int32]] = [[1, 2, 3, 4], [1, 5, 6], [2, 2, 2, 2, 2]]
    let sums = [0, 0.3, 0.5].map { GapExamples(sequences, unknown: 0, tokenDropout: $0).contentSum() }
    #expect(Set(sums).count == 3)
    #expect(GapExamples(sequences, unknown: 0, tokenDropout: 0.3).contentSum() == sums[1])
  }
}
