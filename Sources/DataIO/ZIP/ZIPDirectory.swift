internal import SystemFiles

/// Reads the central directory of a ZIP archive, which alone says what is in it, with suspicion.
///
/// The format is PKWARE's APPNOTE.TXT 6.3. Every number is checked against the size of the file before it is used.
struct ZIPDirectory {
  /// The archive's path, for errors.
  let file: String
  let source: ByteSource

  /// The members, in the directory's order. No two of them share bytes.
  func members() throws(DataError) -> [ZIPMember] {
    let (directory, count) = try place()
    var reader = try reader(of: directory, "the central directory ends within an entry")
    var entries: [ZIPDirectoryEntry] = []
    // Each entry takes bytes of the directory, so that a count too large ends with an error.
    for _ in 0..<count {
      guard try reader.next() == ZIPSignature.directoryEntry else {
        throw error("the central directory holds something other than an entry")
      }
      entries.append(try ZIPDirectoryEntry(&reader))
    }
    guard reader.isAtEnd else { throw error("the central directory holds more than the \(count) entries counted") }
    return try members(of: entries, before: directory.lowerBound)
  }

  private func members(
    of entries: [ZIPDirectoryEntry], before directory: Int
  ) throws(DataError) -> [ZIPMember] {
    var members: [ZIPMember] = []
    var names: Set<String> = []
    for entry in entries {
      let member = try member(entry, before: directory)
      guard names.insert(member.name).inserted else { throw error("the name \(quoted(member.name)) occurs twice") }
      members.append(member)
    }
    let inPlace = members.sorted { $0.headerOffset < $1.headerOffset }
    for (member, next) in zip(inPlace, inPlace.dropFirst()) where member.place.upperBound > next.headerOffset {
      throw error("the members \(quoted(member.name)) and \(quoted(next.name)) overlap")
    }
    return members
  }

  /// What an entry and the local header that it leads to tell of, where they agree.
  private func member(_ entry: ZIPDirectoryEntry, before directory: Int) throws(DataError) -> ZIPMember {
    guard let name = String(validating: entry.name, as: UTF8.self) else {
      throw self.error("the name \(quoted(String(decoding: entry.name, as: UTF8.self))) is not UTF-8")
    }
    func error(_ reason: String) -> DataError { self.error("the member \(quoted(name)) \(reason)") }
    guard !entry.name.contains(0) else { throw error("has NUL in its name") }
    guard entry.disk == 0 else { throw error("lies in another part of a split archive") }
    guard entry.flags & ZIPDirectoryEntry.encrypted == 0 else { throw error("is encrypted") }
    guard entry.flags & ZIPDirectoryEntry.patch == 0 else { throw error("is a patch of other data") }
    guard let method = ZIPMember.Method(rawValue: entry.method) else {
      throw error("is compressed by method \(entry.method), wanted 0 (stored) or 8 (deflated)")
    }
    let (count, storedCount, offset) = (entry.count, entry.storedCount, entry.headerOffset)
    guard offset <= UInt64(directory), storedCount <= UInt64(directory) - offset else {
      throw error("has \(storedCount) bytes from \(offset), beyond the \(directory) before the directory")
    }
    guard method == .deflated ? count / Deflate.largestRatio <= storedCount : count == storedCount else {
      throw error("claims \(count) bytes, which \(storedCount) \(method) ones cannot hold")
    }
    let start = try dataStart(of: entry, before: directory, error)
    guard Int(storedCount) <= directory - start else {
      throw error("has \(storedCount) bytes from \(start), beyond the \(directory) before the directory")
    }
    return ZIPMember(
      name: name, method: method, checksum: entry.checksum, count: Int(count), headerOffset: Int(offset),
      place: start..<start + Int(storedCount))
  }

  /// Where the bytes after the local header of `entry` begin. The sizes there are zero where they follow the bytes in
  /// a data descriptor, and the directory has them in any case; only what else stands twice is compared.
  private func dataStart(
    of entry: ZIPDirectoryEntry, before directory: Int, _ error: (String) -> DataError
  ) throws(DataError) -> Int {
    let offset = Int(entry.headerOffset)
    let nameStart = offset + ZIPMember.localHeaderSize
    guard nameStart + entry.name.count <= directory else { throw error("has no room for its local header") }
    var reader = try reader(of: offset..<nameStart + entry.name.count, "a local header ends early")
    guard try reader.next() == ZIPSignature.localHeader else { throw error("has no local header where it should be") }
    _ = try reader.take(2)  // the version of the format
    let flags = try reader.next(UInt16.self)
    let method = try reader.next(UInt16.self)
    _ = try reader.take(16)  // time, date, checksum and sizes
    let nameCount = Int(try reader.next(UInt16.self))
    let extraCount = Int(try reader.next(UInt16.self))
    let name = try reader.take(entry.name.count)
    guard nameCount == entry.name.count, name == entry.name, method == entry.method,
      flags & ZIPDirectoryEntry.encrypted == 0
    else { throw error("is another in its local header") }
    return nameStart + nameCount + extraCount
  }

  func error(_ reason: String) -> DataError { DataError(file: file, reason: reason) }

  /// A reader of the bytes in `range`, which must lie in the file.
  private func reader(of range: Range<Int>, _ exhausted: String) throws(DataError) -> LittleEndianReader {
    do { return LittleEndianReader(try source.bytes(range)[...], exhausted: error(exhausted)) } catch {
      throw self.error(error.description)
    }
  }
}

extension ZIPDirectory {
  /// Where the directory lies, and how many entries it is said to have.
  ///
  /// It must end where the records about it begin: nothing stands before the archive and nothing between the two.
  private func place() throws(DataError) -> (directory: Range<Int>, entries: UInt64) {
    let offset = try endOffset()
    var end = try endRecord(at: offset)
    var limit = offset
    // Some write the record with 64-bit numbers although none needs it.
    if let (offset, larger) = try endRecord64(before: offset) {
      guard end.agrees(with: larger) else { throw error("the two records at the end of the archive differ") }
      (limit, end) = (offset, larger)
    }
    guard end.isWhole else { throw error("is part of a split archive") }
    guard end.size <= UInt64(limit), end.offset == UInt64(limit) - end.size else {
      throw error("the central directory is said to have \(end.size) bytes from \(end.offset), but ends at \(limit)")
    }
    return (Int(end.offset)..<limit, end.entries)
  }

  /// The last place where the record that ends an archive stands and, with its comment, fills the file.
  private func endOffset() throws(DataError) -> Int {
    let size = ZIPEnd.size
    let tailStart = max(0, source.count - size - Int(UInt16.max))
    let tail: [UInt8]
    do { tail = try source.bytes(tailStart..<source.count) } catch { throw self.error(error.description) }
    for start in stride(from: tail.count - size, through: 0, by: -1) {
      var reader = LittleEndianReader(tail[start...], exhausted: error("ends early"))
      guard try reader.next() == ZIPSignature.end else { continue }
      _ = try reader.take(size - 6)
      if Int(try reader.next(UInt16.self)) == tail.count - start - size { return tailStart + start }
    }
    throw error("is not a ZIP archive: no end of a central directory")
  }

  private func endRecord(at offset: Int) throws(DataError) -> ZIPEnd {
    var reader = try reader(of: offset..<offset + ZIPEnd.size, "ends early")
    _ = try reader.take(4)
    return ZIPEnd(
      disk: UInt32(try reader.next(UInt16.self)), directoryDisk: UInt32(try reader.next(UInt16.self)),
      entriesOnDisk: UInt64(try reader.next(UInt16.self)), entries: UInt64(try reader.next(UInt16.self)),
      size: UInt64(try reader.next(UInt32.self)), offset: UInt64(try reader.next(UInt32.self)))
  }

  /// The record with 64-bit numbers, `nil` where none is announced right before the usual one at `end`.
  private func endRecord64(before end: Int) throws(DataError) -> (offset: Int, ZIPEnd)? {
    guard end >= ZIPEnd.locatorSize else { return nil }
    let locatorOffset = end - ZIPEnd.locatorSize
    var locator = try reader(of: locatorOffset..<end, "ends early")
    guard try locator.next() == ZIPSignature.end64Locator else { return nil }
    let disk = try locator.next(UInt32.self)
    let offset = try locator.next(UInt64.self)
    guard disk == 0, try locator.next(UInt32.self) <= 1 else { throw error("is part of a split archive") }
    guard offset <= UInt64(locatorOffset) else { throw error("the zip64 record lies outside the archive") }
    var reader = try reader(of: Int(offset)..<locatorOffset, "the zip64 record ends early")
    guard try reader.next() == ZIPSignature.end64 else { throw error("the zip64 record is not where it should be") }
    _ = try reader.take(12)  // the record's size and versions
    let record = ZIPEnd(
      disk: try reader.next(), directoryDisk: try reader.next(), entriesOnDisk: try reader.next(),
      entries: try reader.next(), size: try reader.next(), offset: try reader.next())
    return (Int(offset), record)
  }
}
