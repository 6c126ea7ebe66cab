import Foundation
import Kernels
import Models

extension FuzzTarget {
  /// Checkpoints: a run that was resumed from one makes a step, and its own checkpoint is read to the same.
  static let checkpoint = FuzzTarget(name: "checkpoint", seeds: { checkpointSeeds }) { bytes in
    var trainer = smallTrainer()
    do { try trainer.resume(from: SafetensorsFile(bytes: bytes)) } catch let error as SafetensorsError {
      // Otherwise no change would get past the sum.
      guard error.found.hasPrefix("damaged contents") else { throw error }
      try trainer.resume(from: SafetensorsFile(bytes: resummed(bytes, String(error.found.suffix(16)))))
    }
    let path = URL.temporaryDirectory.appending(path: "recurrent-fuzzing-\(getpid())").path
    do { try trainer.writeCheckpoint(to: path) } catch {
      preconditionFailure("a run that was resumed cannot be written: \(error)")
    }
    var again = smallTrainer()
    try again.resume(fromCheckpoint: path)
    requireSame(again.state.course, as: trainer.state.course, "course")
    let step = trainer.state.course.steps + 1
    _ = try? trainer.run(on: streams) { $0.step >= step ? .stop : .continue }
  }
}

private let streams = try! TokenStreams<Float>((0..<41).map { $0 % 3 }, streams: 4, window: 4)

/// A run over two windows of streams, so that a state is carried.
private func smallTrainer() -> Trainer<SequenceModel<Float>> {
  do {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 3, dimension: 2),
      recurrent: RecurrentStack(.gru(inputSize: 2, hiddenSize: 2)), outputSize: 3, loss: .softmaxCrossEntropy,
      truncation: 4)
    return try Trainer(SequenceModel(architecture, seed: 1), TrainingOptions(epochs: 3, batchSize: 4, seed: 2))
  } catch {
    fatalError("cannot make a run to begin with: \(error)")
  }
}

/// The same file with the sum that belongs to it.
private func resummed(_ bytes: [UInt8], _ sum: String) throws -> [UInt8] {
  let file = try SafetensorsFile(bytes: bytes)
  var contents = SafetensorsContents(metadata: file.metadata)
  contents.metadata["sum"] = sum
  for name in file.tensorNames {
    let (shape, elements) = try file.tensor(name, as: Float.self)
    contents.setTensor(name, shape: shape, elements: elements)
  }
  return contents.serialized()
}

private let checkpointSeeds: [[UInt8]] = {
  let path = URL.temporaryDirectory.appending(path: "recurrent-fuzzing-\(getpid())").path
  defer { unlink(path) }
  do {
    return try [0, 1, 3, 4].flatMap { steps in
      var trainer = smallTrainer()
      if steps > 0 { try trainer.run(on: streams) { $0.step < steps ? .continue : .stop } }
      try trainer.writeCheckpoint(to: path)
      let seed = Array(try Data(contentsOf: URL(filePath: path)))
      return [seed] + hostileNumbers(in: seed)
    }
  } catch {
    fatalError("cannot make a checkpoint to begin with: \(error)")
  }
}()
