#if Tools
import DataIO
import Testing

@testable import rnn

@Suite struct RunPurposeTests {
  private let purpose = RunPurpose(parts: ["work": "train", "data": "12 bytes", "options": "seed 1"])

  private func refusal(_ note: String) -> String {
    do {
      try purpose.check(isThatOf: note, in: "runs")
      return "none"
    } catch { return "\(error)" }
  }

  @Test func whatDiffersIsNamed() {
    #expect(refusal(purpose.text) == "none")
    #expect(refusal("work: train\ndata: 13 bytes\noptions: seed 1\n").hasSuffix("a run that differs in its data"))
    #expect(
      refusal("work: task\ndata: 12 bytes\noptions: seed 2\n").hasSuffix("a run that differs in its work, options"))
    for note in ["", "train, 12 bytes, seed 1", "work: train\n"] {
      #expect(refusal(note).contains("another version of this tool"))
    }
  }
}
#endif
