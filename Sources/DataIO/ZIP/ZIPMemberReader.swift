internal import SystemFiles

/// Unpacks the bytes of a member one after the other, into memory that the caller has, and checks them.
final class ZIPMemberReader {
  private let member: ZIPMember
  private let archive: String
  private let source: ByteSource
  private let inflation: Inflation?
  /// The kept bytes that were not taken yet.
  private var place: Range<Int>
  private var checksum: UInt32 = 0
  /// Bytes that were not asked for yet.
  private(set) var remaining: Int

  /// Kept bytes that are in memory at a time.
  private static let chunkSize = 1 << 16

  /// A reader of `member`; errors call the archive by its name.
  init(_ member: ZIPMember, of archive: String, in source: ByteSource) {
    self.member = member
    self.archive = archive
    self.source = source
    inflation = member.method == .deflated ? Inflation() : nil
    place = member.place
    remaining = member.count
  }

  /// Fills `buffer` with the next bytes, of which there are so many left.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let produced: Int
      if let inflation {
        produced = try inflate(inflation, into: rest)
        guard produced > 0 else { throw wrongCount }
      } else {
        let chunk = try nextChunk(atMost: rest.count)
        guard !chunk.isEmpty else { throw wrongCount }
        rest.copyBytes(from: chunk)
        produced = chunk.count
      }
      checksum = Deflate.checksum(UnsafeRawBufferPointer(rebasing: rest[..<produced]), after: checksum)
      filled += produced
    }
    remaining -= buffer.count
  }

  /// The next `count` bytes.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    guard count > 0 else { return [] }
    var failure: DataError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(DataError) {
        try read(into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Throws unless all bytes were read, there are no more, and their checksum is right.
  func finish() throws(DataError) {
    if let inflation {
      var surplus: UInt8 = 0
      let produced = try withUnsafeMutableBytes(of: &surplus) { (buffer) throws(DataError) in
        try inflate(inflation, into: buffer)
      }
      guard produced == 0, inflation.isAtEnd else { throw wrongCount }
    }
    guard place.isEmpty, remaining == 0 else { throw wrongCount }
    guard checksum == member.checksum else {
      throw error("is damaged: its CRC-32 is \(hexadecimal(checksum)), wanted \(hexadecimal(member.checksum))")
    }
  }

  private func inflate(
    _ inflation: Inflation, into buffer: UnsafeMutableRawBufferPointer
  ) throws(DataError) -> Int {
    while true {
      guard let produced = inflation.inflate(into: buffer) else { throw wrongCount }
      if produced > 0 || inflation.isAtEnd { return produced }
      let chunk = try nextChunk(atMost: Self.chunkSize)
      guard !chunk.isEmpty else { return 0 }
      inflation.input = chunk
    }
  }

  private func nextChunk(atMost count: Int) throws(DataError) -> [UInt8] {
    let range = place.prefix(min(count, Self.chunkSize))
    place = range.upperBound..<place.upperBound
    do { return try source.bytes(range) } catch { throw DataError(file: archive, reason: error.description) }
  }

  private var wrongCount: DataError { error("does not decompress to the \(member.count) bytes that it should have") }

  private func error(_ reason: String) -> DataError {
    DataError(file: archive, reason: "the member \(quoted(member.name)) \(reason)")
  }
}

private func hexadecimal(_ number: UInt32) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
