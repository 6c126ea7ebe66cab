import DataIO
import TestSupport
import Testing

@testable import Tasks

@Suite struct HandwrittenDigitsTests {
  /// `text` as a gzip file without compression (RFC 1951, section 3.2.4; RFC 1952, section 2.3).
  private func stored(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    func littleEndian(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    let length = UInt32(bytes.count)
    return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1] + littleEndian(length, 2) + littleEndian(~length, 2) + bytes
      + littleEndian(checksum(bytes), 4) + littleEndian(length, 4)
  }

  /// CRC-32, bit by bit (RFC 1952, section 8).
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xedb8_8320 ^ (sum >> 1) : sum >> 1 }
    }
  }

  /// Its pixels are 0, 1, …, 16, 0, …
  private let seven = (0..<64).map { "\($0 % 17)" }.joined(separator: ",") + ",7\n"
  private let zero = String(repeating: "0,", count: 64) + "0\n"

  @Test func pixelsAreBrightFromZeroToOneAndLabelsAreSpelled() throws {
    let digits = try withTemporaryFile(stored(seven + zero)) { try HandwrittenDigits.read($0) }
    #expect(digits.count == 2)
    #expect(digits[0].caption == ["s", "e", "v", "e", "n"])
    #expect(digits[0].pixels[16] == 1 && digits[0].pixels[4] == 0.25 && digits[0].pixels[17] == 0)
    #expect(digits[1].caption.joined() == "zero" && digits[1].pixels.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ("1,2,3\n", 1, nil as Int?),
    (String(repeating: "0,", count: 64) + "10\n", 1, 65),
    (String(repeating: "0,", count: 64) + "0\n" + String(repeating: "0,", count: 64) + "\n", 2, 65),
    ("0,17," + String(repeating: "0,", count: 62) + "3\n", 1, 2),
    ("0,0,0.5," + String(repeating: "0,", count: 61) + "3\n", 1, 3),
  ])
  func invalidDigitsAreNamedByLineAndColumn(_ text: String, line: Int, column: Int?) throws {
    try withTemporaryFile(stored(text)) { path in
      #expect {
        try HandwrittenDigits.read(path)
      } throws: { error in
        let error = error as? DataError
        return error?.line == line && error?.column == column
      }
    }
  }

  @Test func everyDigitIsInOnePart() {
    let digits = (0..<57).map {
      CaptionedPicture(side: 1, pixels: [Float($0)], caption: ["a", "b"].suffix($0 % 2 + 1))
    }
    let parts = HandwrittenDigits.parts(of: digits, seed: 3)
    #expect((parts.training.count, parts.validation.count, parts.test.count) == (42, 5, 10))
    #expect(Set(parts.training + parts.validation + parts.test).count == 57)
    #expect(parts.training != HandwrittenDigits.parts(of: digits, seed: 4).training)
    #expect(parts.vocabulary.words == ["start", "end", "a", "b"])
    #expect(parts.text(of: ["n", "o"]) == "no")
  }

  @Test(.enabled(if: DataFolder.holds("digits.csv.gz"), "the digits are not there: set RECURRENT_DATA"))
  func theRealDigitsAreAsManyAsTheirAuthorsSay() throws {
    let digits = try HandwrittenDigits.read(DataFolder.path + "/digits.csv.gz")
    #expect(digits.count == 1797)
    #expect(digits.count { $0.caption.joined() == "three" } == 183)
  }
}
