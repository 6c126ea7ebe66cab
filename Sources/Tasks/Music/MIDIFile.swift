internal import Kernels

/// A Standard MIDI File (MIDI Manufacturers Association, "Standard MIDI Files 1.0", 1996): which music players open.
///
/// Of format 0, a single track on one channel.
enum MIDIFile {
  struct Settings: Sendable {
    /// Steps of the piece a minute.
    var stepsPerMinute = 72.0
    /// The instrument, in the order of General MIDI from 0: 19 is a church organ.
    var program: UInt8 = 19
    /// Velocity, 1 … 127.
    var velocity: UInt8 = 80
  }

  /// Ticks of a step, the resolution of the file.
  private static let ticksPerStep = 480

  /// The file of `piece`, called `title`. A note that sounds in several steps in a row is held through them: the piece
  /// does not say whether it is struck again.
  static func bytes(of piece: Piece, title: String, _ settings: Settings = Settings()) -> [UInt8] {
    var track = Track()
    track.appendMeta(0x03, Array(title.utf8))
    // Microseconds of a step, in three bytes.
    let tempo = UInt32(min(max((60e6 / settings.stepsPerMinute).rounded(), 1), Double(0xff_ffff)))
    track.appendMeta(0x51, bigEndian(tempo).dropFirst())
    track.append([0xc0, settings.program])

    var sounding: Set<Int> = []
    for notes in piece.steps.map(Set.init) + [[]] {
      for note in sounding.subtracting(notes).sorted() { track.append([0x80, UInt8(note), 0]) }
      for note in notes.subtracting(sounding).sorted() { track.append([0x90, UInt8(note), settings.velocity]) }
      sounding = notes
      track.ticks += ticksPerStep
    }
    // The piece ends with its last step, without the silence after it.
    track.ticks -= ticksPerStep
    track.appendMeta(0x2f, [])

    let header = bigEndian(UInt16(0)) + bigEndian(UInt16(1)) + bigEndian(UInt16(ticksPerStep))
    return chunk("MThd", header) + chunk("MTrk", track.bytes)
  }

  private static func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
    Array(type.utf8) + bigEndian(UInt32(contents.count)) + contents
  }

  fileprivate static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// `value` in groups of seven bits, the highest first, all but the last with the eighth bit set.
  static func variableLength(_ value: Int) -> [UInt8] {
    require(0..<1 << 28 ~= value, "\(value) ticks are more than a file can say at once")
    var groups = [UInt8(value & 0x7f)]
    var rest = value >> 7
    while rest > 0 {
      groups.insert(UInt8(rest & 0x7f) | 0x80, at: 0)
      rest >>= 7
    }
    return groups
  }

  /// The events of a track, each after the time since the one before.
  private struct Track {
    private(set) var bytes: [UInt8] = []
    /// Time since the last event.
    var ticks = 0

    mutating func append(_ event: [UInt8]) {
      bytes += variableLength(ticks) + event
      ticks = 0
    }

    /// Appends a meta event.
    mutating func appendMeta(_ type: UInt8, _ contents: some Collection<UInt8>) {
      append([0xff, type] + variableLength(contents.count) + contents)
    }
  }
}
