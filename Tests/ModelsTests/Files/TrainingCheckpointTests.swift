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

  @Test(arguments: [0, 3, 15])
  func noNumberInACheckpointEndsTheProcess(afterSteps steps: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      if steps > 0 { try stopped.run(on: examples, validatingOn: heldOut) { $0.step < steps ? .continue : .stop } }
      try stopped.writeCheckpoint(to: path)
      let files = try HostileNumbers.files(from: path)
      try #require(files.count > 300 / HostileNumbers.sampling)
      var refused = 0
      for (change, bytes) in files {
        writeFile(bytes, to: path)
        var resumed = try trainer()
        do {
          _ = try TrainingCourse.read(fromCheckpoint: path)
          try resumed.resume(fromCheckpoint: path)
          var further = 0
          try resumed.run(on: examples, validatingOn: heldOut) { _ in
            further += 1
            return further < 3 ? .continue : .stop
          }
          try resumed.writeCheckpoint(to: path)
        } catch let error as SafetensorsError {
          refused += 1
          #expect(!error.description.contains("\n"), "\(change)")
        } catch {
          #expect(error is ConfigurationError || error is TrainingError, "\(change)")
        }
      }
      #expect(refused > files.count / 2)
    }
  }

  @Test(arguments: [
    ("course", #""epoch":0"#, #""epoch":9223372036854775807"#, "epoch is 9223372036854775807; wanted 0 to"),
    ("course", #""steps":3"#, #""steps":-9223372036854775808"#, "steps is -9223372036854775808; wanted 0 to"),
    (
      "course", #""observationsWithoutImprovement":0"#, #""observationsWithoutImprovement":9223372036854775807"#,
      "observationsWithoutImprovement is 9223372036854775807; wanted 0 to"
    ),
    ("course", #""losses":[]"#, #""losses":[1,2]"#, "losses that is 2 numbers, wanted 0, as epoch"),
    ("course", #""epoch":0"#, #""bestEpoch":99,"epoch":0"#, "bestEpoch that is 99, wanted none without validation"),
    ("optimizer.step", "3", "9223372036854775807", "that is \"9223372036854775807\", wanted 0 to 3"),
  ])
  func aNumberOutOfItsRangeIsNamed(_ key: String, _ old: String, _ new: String, says wanted: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples) { $0.step < 3 ? .continue : .stop }
      try stopped.writeCheckpoint(to: path)
      let file = try SafetensorsFile(path: path)
      var contents = SafetensorsContents(metadata: file.metadata)
      for name in file.tensorNames {
        let (shape, elements) = try file.tensor(name, as: Float.self)
        contents.setTensor(name, shape: shape, elements: elements)
      }
      let text = try #require(file.metadata[key])
      try #require(text.contains(old))
      contents.metadata[key] = text.replacing(old, with: new, maxReplacements: 1)
      contents.metadata["sum"] = nil
      contents.metadata["sum"] = contents.sum()
      try contents.write(to: path)
      var resumed = try trainer()
      #expect { try resumed.resume(fromCheckpoint: path) } throws: { "\($0)".contains(wanted) }
      #expect(resumed.state.course.steps == 0)
    }
  }

  @Test(
    arguments: [
      ("parameters.head.weight", .infinity), ("optimizer.first_moment", -.infinity), ("optimizer.second_moment", .nan),
      ("best.head.weight", .nan),
    ] as [(String, Float)])
  func numbersThatAreNotFiniteAreNamed(_ name: String, _ number: Float) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples, validatingOn: heldOut) { $0.step < 20 ? .continue : .stop }
      try stopped.writeCheckpoint(to: path)
      try SafetensorsContents(copying: path, replacing: (name, 2, number)).write(to: path)
      var resumed = try trainer()
      #expect { try resumed.resume(fromCheckpoint: path) } throws: {
        "\($0)".contains("tensor \(name): \(number) at [0, 2], wanted finite numbers")
      }
      try resumed.resume(fromCheckpoint: path, allowsNonFinite: true)
    }
  }

  /// As that of Adam is after a gradient of 10²⁰ that nothing clips.
  @Test func aSecondMomentMayOverflow() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/run"
      var stopped = try trainer()
      try stopped.run(on: examples, validatingOn: heldOut) { $0.step < 20 ? .continue : .stop }
      try stopped.writeCheckpoint(to: path)
      try SafetensorsContents(copying: path, replacing: ("optimizer.second_moment", 2, .infinity)).write(to: path)
      var resumed = try trainer()
      try resumed.resume(fromCheckpoint: path)
      try resumed.run(on: examples, validatingOn: heldOut) { $0.step < 25 ? .continue : .stop }
      #expect(resumed.state.course.steps > stopped.state.course.steps)
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
