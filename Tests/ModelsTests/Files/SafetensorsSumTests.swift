import TestSupport
import Testing

@testable import Models

@Suite struct SafetensorsSumTests {
  private func sum(_ bytes: [UInt8]) -> String {
    var sum = SafetensorsSum(metadata: [:])
    sum.add("x", .int32, [bytes.count], bytes)
    return sum.text
  }

  @Test func everyFlippedBitIsSeen() {
    let bytes = (0..<21).map { UInt8($0 * 11) }
    var sums: Set<String> = [sum(bytes)]
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        sums.insert(sum(flipped))
      }
    }
    #expect(sums.count == 1 + 21 * 8)
  }

  @Test func whereOneTextEndsMatters() {
    #expect(SafetensorsSum(metadata: ["ab": "c"]).text != SafetensorsSum(metadata: ["a": "bc"]).text)
    #expect(sum([0, 0]) != sum([0, 0, 0]))
  }

  @Test func whatIsWrittenHasTheSumOfWhatIsRead() throws {
    var contents = SafetensorsContents(metadata: ["a": "1", "b": "ü"])
    contents.setTensor("x", shape: [3], elements: [1, 2, 4] as [Float])
    contents.setTensor("y", shape: [1, 2], elements: [-1, 0.5] as [Double])
    let written = contents.sum()
    contents.metadata["sum"] = written
    let file = try SafetensorsFile(bytes: contents.serialized())
    #expect(try file.sum(without: "sum") == written)
    contents.metadata["a"] = "2"
    #expect(try SafetensorsFile(bytes: contents.serialized()).sum(without: "sum") != written)
  }
}
