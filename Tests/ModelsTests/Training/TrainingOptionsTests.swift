import Foundation
import Models
import Testing

@Suite struct TrainingOptionsTests {
  private func text(_ options: TrainingOptions) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(options), as: UTF8.self)
  }

  /// Checkpoints of earlier versions hold these bytes.
  @Test func defaultOptionsHaveTheBytesThatTheyHadWithoutAChoiceOfMemory() throws {
    #expect(
      try text(TrainingOptions(schedule: .constant(0.5), seed: 3))
        == #"{"batchSize":32,"epochs":20,"gradientNormLimit":1,"#
        + #""optimizer":{"adam":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08}},"#
        + #""schedule":{"constant":{"_0":0.5}},"seed":3}"#)
  }

  @Test(arguments: [TapeMemory.everything, .least, .budget(bytes: 200_000_000)])
  func whatIsWrittenIsRead(_ memory: TapeMemory) throws {
    let options = TrainingOptions(gradientNormLimit: nil, patience: 3, seed: .max, memory: memory)
    let read = try JSONDecoder().decode(TrainingOptions.self, from: Data(text(options).utf8))
    #expect(read == options)
  }
}
