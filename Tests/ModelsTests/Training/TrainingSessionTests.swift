import Models
import TestSupport
import Testing

@Suite struct TrainingSessionTests {
  private let examples = SmallTasks.echo(count: 40, seed: 7)
  private let heldOut = SmallTasks.echo(count: 10, seed: 8)
  private let options = TrainingOptions(epochs: 3, batchSize: 6, schedule: .constant(0.01), seed: 3)

  private func train(in session: TrainingSession) throws -> (model: SequenceModel<Float>, report: TrainingReport) {
    try session.train(
      "LSTM, 7 units", SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4), on: examples, validatingOn: heldOut,
      options)
  }

  @Test func itTrainsAsAModelDoesByItself() throws {
    var model = try SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4)
    let report = try model.train(on: examples, validatingOn: heldOut, options)
    let trained = try train(in: TrainingSession())
    #expect(trained.model.parameters == model.parameters && trained.report.losses == report.losses)
  }

  @Test func frequentCheckpointsChangeNothing() throws {
    try withTemporaryFolder { folder in
      var session = TrainingSession(checkpointFolder: folder)
      session.secondsBetweenCheckpoints = 0
      let (kept, unkept) = (try train(in: session), try train(in: TrainingSession()))
      #expect(kept.model.parameters == unkept.model.parameters)
      #expect(fileNames(in: folder) == ["lstm--7-units.checkpoint.safetensors"])
    }
  }

  @Test(arguments: [1, 4, 17])
  func aStoppedStageGoesOnToTheSameBits(stoppedAt step: Int) throws {
    try withTemporaryFolder { folder in
      let stopping = TrainingSession(checkpointFolder: folder) { _, progress in
        progress.step < step ? .continue : .stop
      }
      #expect { try train(in: stopping) } throws: {
        $0 as? TrainingInterruption
          == TrainingInterruption(
            stage: "LSTM, 7 units", checkpoint: folder + "/lstm--7-units.checkpoint.safetensors")
      }
      let resumed = try train(in: TrainingSession(checkpointFolder: folder, resumes: true))
      let whole = try train(in: TrainingSession())
      #expect(resumed.model.parameters == whole.model.parameters)
    }
  }

  @Test func aFinishedStageIsReadAndNotTrainedAgain() throws {
    try withTemporaryFolder { folder in
      let first = try train(in: TrainingSession(checkpointFolder: folder))
      let again = try train(
        in: TrainingSession(checkpointFolder: folder, resumes: true) { _, _ in
          Issue.record("trained again")
          return .continue
        })
      #expect(again.model.parameters == first.model.parameters && again.report.losses == first.report.losses)
    }
  }

  @Test func withoutResumingTheOldCheckpointIsReplaced() throws {
    try withTemporaryFolder { folder in
      let stopping = TrainingSession(checkpointFolder: folder) { _, _ in .stop }
      #expect(throws: TrainingInterruption.self) { try train(in: stopping) }
      let fresh = try train(in: TrainingSession(checkpointFolder: folder))
      let whole = try train(in: TrainingSession())
      #expect(fresh.model.parameters == whole.model.parameters)
    }
  }
}
