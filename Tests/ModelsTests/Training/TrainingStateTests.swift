import Foundation
import Models
import Testing

@Suite struct TrainingStateTests {
  @Test func theCourseOfARunCanBeWrittenAndRead() throws {
    var trainer = try Trainer(
      QuadraticModel([1, 2, 3]),
      TrainingOptions(epochs: 4, batchSize: 2, schedule: .reduceOnPlateau(initial: 0.1, patience: 0)))
    let numbers = Numbers(values: [0.1, 0.7, -0.3, 5, 6])
    try trainer.run(on: numbers, validatingOn: numbers) { $0.step < 8 ? .continue : .stop }
    let course = trainer.state.course
    #expect(course.epoch == 2 && course.batch == 2 && course.steps == 8 && course.losses.count == 2)
    #expect(try JSONDecoder().decode(TrainingCourse.self, from: JSONEncoder().encode(course)) == course)
  }

  @Test func optionsSayHowManyBatchesAnEpochHas() throws {
    for (examples, wanted) in [(1, 1), (7, 1), (8, 2), (14, 2), (15, 3)] {
      let options = TrainingOptions(batchSize: 7)
      #expect(options.batchesPerEpoch(examples: examples) == wanted)
      let batches = try BatchSampler(batchSize: 7, seed: 1).batches(of: Array(repeating: 3, count: examples), epoch: 0)
      #expect(batches.count == wanted)
    }
  }
}
