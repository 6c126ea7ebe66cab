import Foundation
import Kernels
import Models
import TestSupport
import Testing

@Suite struct TrainingCheckpointTests {
  private let examples = SmallTasks.echo(count: 40, seed: 7)
  private let heldOut = SmallTasks.echo(count: 10, seed: 8)
  private let options = TrainingOptions(
    epochs: 3, batchSize: 6, schedule: .reduceOnPlateau(initial: 0.1, factor: 0.5, patience: 0), seed: 3)

  private func trainer(_ options: TrainingOptions? = nil) throws -> Trainer<SequenceModel<Float>> {
    // Windows of four steps: some stops are in the middle of a batch, where a state is carried.
    try Trainer(SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4), options ?? self.options)
  }

  @Test(arguments: [1, 2, 5, 6, 20, 27])
  func aRunGoesOnFromItsFileToTheSameBits(stoppedAt step: Int) throws {
    var whole = try trainer()
    try whole.run(on: examples, validatingOn: heldOut)
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples, validatingOn: heldOut) { $0.step < step ? .continue : .stop }
      try stopped.writeCheckpoint(to: path, notes: ["kept": "by the caller"])

      var resumed = try trainer()
      #expect(try resumed.resume(fromCheckpoint: path) == ["kept": "by the caller"])
      #expect(resumed.state.course.steps == step)
      #expect(try TrainingCourse.read(fromCheckpoint: path) == stopped.state.course)
      try resumed.run(on: examples, validatingOn: heldOut)
      #expect(resumed.model.parameters == whole.model.parameters)
      #expect(resumed.state.optimizer == whole.state.optimizer && resumed.state.best == whole.state.best)
      #expect(resumed.state.course.validationLosses == whole.state.course.validationLosses)
    }
  }

  @Test func theSameRunGivesTheSameBytes() throws {
    try withTemporaryFolder { folder in
      for name in ["/a", "/b"] {
        var trainer = try trainer()
        try trainer.run(on: examples) { $0.step < 9 ? .continue : .stop }
        try trainer.writeCheckpoint(to: folder + name)
      }
      let (a, b) = (try SafetensorsFile(path: folder + "/a"), try SafetensorsFile(path: folder + "/b"))
      #expect(a.tensors == b.tensors)
      for name in a.tensorNames where a.tensors[name]?.type == .float32 {
        let (first, second) = (try a.matrix(name, as: Float.self), try b.matrix(name, as: Float.self))
        #expect(first == second)
      }
    }
  }

  @Test func aRunWithOtherOptionsIsRefusedAndNothingChanges() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      try trainer().writeCheckpoint(to: path)
      var other = options
      other.batchSize = 7
      var trainer = try trainer(other)
      let before = trainer.model.parameters
      #expect { try trainer.resume(fromCheckpoint: path) } throws: {
        ($0 as? SafetensorsError)?.problem == .metadata && "\($0)".contains("other options")
      }
      #expect(trainer.model.parameters == before && trainer.state.course.steps == 0)
    }
  }

  @Test func anotherModelsRunIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      try trainer().writeCheckpoint(to: path)
      var gru = try Trainer(SmallTasks.model(SmallTasks.cells[2]), options)
      #expect(throws: SafetensorsError.self) { try gru.resume(fromCheckpoint: path) }
    }
  }

  @Test func otherExamplesThanARunWasStoppedInAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples) { $0.step < 2 && $0.batch == 1 ? .continue : .stop }
      while stopped.state.course.window == 0 {
        let step = stopped.state.course.steps + 1
        try stopped.run(on: examples) { $0.step < step ? .continue : .stop }
      }
      try stopped.writeCheckpoint(to: path)
      var resumed = try trainer()
      try resumed.resume(fromCheckpoint: path)
      #expect { try resumed.run(on: SmallTasks.echo(count: 4, seed: 7)) } throws: {
        ($0 as? SafetensorsError)?.problem == .metadata && "\($0)".contains("other data")
      }
    }
  }

  @Test func whatWasDamagedIsRefusedWhereverItWas() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples, validatingOn: heldOut) { $0.step < 20 ? .continue : .stop }
      try stopped.writeCheckpoint(to: path)
      let whole = try SafetensorsFile(path: path)
      #expect(whole.isCheckpoint)
      let bytes = try Array(Data(contentsOf: URL(filePath: path)))
      // Every so many bytes: of the header, of moments, of parameters.
      for index in stride(from: 9, to: bytes.count, by: bytes.count / 67) {
        var damaged = bytes
        damaged[index] ^= 4
        writeFile(damaged, to: path)
        var resumed = try trainer()
        #expect(throws: SafetensorsError.self, "byte \(index)") { try resumed.resume(fromCheckpoint: path) }
        #expect(resumed.state.course.steps == 0)
        #expect(throws: SafetensorsError.self, "byte \(index)") { try TrainingCourse.read(fromCheckpoint: path) }
      }
    }
  }

  @Test func aModelIsNoCheckpoint() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try SmallTasks.model().write(to: path)
      #expect { try TrainingCourse.read(fromCheckpoint: path) } throws: {
        "\($0)".contains("recurrent.training-checkpoint")
      }
    }
  }
}
