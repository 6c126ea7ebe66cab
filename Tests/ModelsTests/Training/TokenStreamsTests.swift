import Kernels
import Models
import Testing

@Suite struct TokenStreamsTests {
  private let streams = try! TokenStreams<Float>(Array(0..<47), streams: 3, window: 4)

  @Test func streamsAreOfOneLengthAndEachTargetIsTheNextToken() {
    #expect(streams.lengths == [15, 15, 15] && streams.windows == 4 && streams.count == 3)
    let batch = streams.batch([0, 2])
    guard case .tokens(let inputs) = batch.inputs, case .classes(let targets) = batch.targets else {
      Issue.record("other kinds")
      return
    }
    #expect(inputs.sequence(1).elements == Array(30..<45) && targets.sequence(1).elements == Array(31..<46))
    #expect(inputs.sequence(0).elements == Array(0..<15) && targets.sequence(0).elements == Array(1..<16))
  }

  @Test func inTrainingTheyBeginAnywhereInTheFirstWindow() {
    var generator = SeededGenerator(seed: 1)
    var starts: Set<Int32> = []
    for _ in 0..<60 {
      guard case .tokens(let inputs) = streams.batch([1], using: &generator).inputs else { continue }
      #expect(inputs.sequence(0).elements.last == 29)
      starts.insert(inputs.sequence(0).elements[0])
    }
    #expect(starts == [15, 16, 17, 18])
  }
}
