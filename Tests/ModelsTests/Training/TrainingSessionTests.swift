import Foundation
import Models
import Synchronization
import TestSupport
import Testing

@Suite struct TrainingSessionTests {
  private let examples = SmallTasks.echo(count: 40, seed: 7)
  private let heldOut = SmallTasks.echo(count: 10, seed: 8)
  private let options = TrainingOptions(epochs: 3, batchSize: 6, schedule: .constant(0.01), seed: 3)

  @discardableResult
  private func train(
    _ stage: String = "LSTM, 7 units", in session: TrainingSession
  ) throws -> (model: SequenceModel<Float>, report: TrainingReport) {
    try session.train(
      stage, SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4), on: examples, validatingOn: heldOut,
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

  // MARK: Two trainings

  @Test func aSecondTrainingOfAStageIsRefusedAndOthersAreNot() throws {
    try withTemporaryFolder { folder in
      var session = TrainingSession(checkpointFolder: folder)
      session.secondsBetweenCheckpoints = 0
      let second = session
      session.observer = { _, progress in
        guard progress.step == 1 else { return .continue }
        for resumes in [true, false] {
          var second = second
          second.resumes = resumes
          #expect { try train(in: second) } throws: {
            ($0 as? SafetensorsError)?.problem == .inUse && "\($0)".contains("in use by process \(getpid())")
          }
        }
        #expect(throws: Never.self) { try train("GRU", in: second) }
        return .continue
      }
      let first = try train(in: session)
      #expect(try first.model.parameters == train(in: TrainingSession()).model.parameters)
      #expect(Set(fileNames(in: folder)) == ["lstm--7-units.checkpoint.safetensors", "gru.checkpoint.safetensors"])
      _ = try train(in: second)
    }
  }

  @Test(arguments: [true, false]) func aFolderThatIsRemovedEndsTheTraining(isMadeAnew: Bool) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/runs"
      makeFolder(path)
      var session = TrainingSession(checkpointFolder: path) { _, progress in
        if progress.step == 2 {
          try? FileManager.default.removeItem(atPath: path)
          if isMadeAnew { makeFolder(path) }
        }
        return .continue
      }
      // What was learned to the end is not lost with the last checkpoint.
      let notes = Mutex<[String]>([])
      session.note = { line in notes.withLock { $0.append(line) } }
      let whole = try train(in: session)
      #expect(try whole.model.parameters == train(in: TrainingSession()).model.parameters)
      #expect(notes.withLock { $0.count == 1 && $0[0].contains("is trained, but has no checkpoint of that") })
      if !isMadeAnew { makeFolder(path) }
      session.secondsBetweenCheckpoints = 0
      #expect { try train(in: session) } throws: {
        "\($0)".contains(path) && "\($0)".contains("removed or changed")
      }
      #expect(fileNames(in: path).isEmpty)
    }
  }

  @Test func aNameThatIsTooLongIsSaidBeforeTheFirstStep() throws {
    try withTemporaryFolder { folder in
      let session = TrainingSession(checkpointFolder: folder) { _, _ in
        Issue.record("trained")
        return .stop
      }
      #expect { try train(String(repeating: "x", count: 240), in: session) } throws: {
        "\($0)".contains("File name too long")
      }
    }
  }
}
