import Testing

@testable import Tasks

@Suite struct MIDIFileTests {
  @Test func aPieceIsTheBytesThatTheFormatPrescribes() {
    // C4 is held through two steps; E4 sounds in the second, and then nothing does.
    let bytes = MIDIFile.bytes(of: Piece([[60], [64, 60], []]), title: "Ab")
    let wanted: [UInt8] =
      Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0x01, 0xe0] + Array("MTrk".utf8) + [0, 0, 0, 39]
      + [0, 0xff, 0x03, 2, 0x41, 0x62]
      // 60,000,000 / 72 = 833,333 microseconds.
      + [0, 0xff, 0x51, 3, 0x0c, 0xb7, 0x35]
      + [0, 0xc0, 19]
      + [0, 0x90, 60, 80]
      + [0x83, 0x60, 0x90, 64, 80]
      + [0x83, 0x60, 0x80, 60, 0, 0, 0x80, 64, 0]
      + [0x83, 0x60, 0xff, 0x2f, 0]
    #expect(bytes == wanted)
  }

  @Test(arguments: [
    (0, [0x00]), (0x40, [0x40]), (0x7f, [0x7f]), (0x80, [0x81, 0x00]), (0x2000, [0xc0, 0x00]),
    (0x3fff, [0xff, 0x7f]), (0x4000, [0x81, 0x80, 0x00]), (0xfff_ffff, [0xff, 0xff, 0xff, 0x7f]),
  ])
  func numbersOfAnyLengthAreTheStandardsExamples(_ value: Int, _ bytes: [UInt8]) {
    #expect(MIDIFile.variableLength(value) == bytes)
  }
}
