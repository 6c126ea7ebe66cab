internal import Glibc

/// Reads whole files.
public enum FileReading {
  /// The most that a file may hold unless the caller says otherwise: 1 GiB. Without a bound, a device or a mistaken path
  /// would fill the memory.
  public static let defaultLimit = 1 << 30

  /// The bytes of the file at `path`, which may hold at most `limit` of them. What another process pipes in, as
  /// `/dev/stdin` does, is read to its end; a FIFO of the file system, which may never be written to, is refused.
  public static func bytes(of path: String, limit: Int = defaultLimit) throws(DataError) -> [UInt8] {
    var contents: [UInt8] = []
    try readPieces(of: path, limit: limit) { (piece, size) throws(DataError) in
      if contents.isEmpty { contents.reserveCapacity(min(size, limit) + 1) }
      contents += piece
    }
    return contents
  }

  /// Hands on the bytes of the file at `path`, of which there may be at most `limit`, piece by piece, each with the
  /// size of the file, which is 0 where the system does not know it.
  private static func readPieces(
    of path: String, limit: Int, _ take: (ArraySlice<UInt8>, _ size: Int) throws(DataError) -> Void
  ) throws(DataError) {
    guard !path.utf8.contains(0) else { throw DataError(file: path, reason: "a path cannot hold a NUL") }
    // Without waiting: a FIFO would be opened when somebody opens it for writing.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw DataError(file: path, reason: systemError()) }
    defer { close(descriptor) }
    guard !isNamedPipe(descriptor) else { throw DataError(file: path, reason: "is a FIFO, no regular file") }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)

    var information = stat()
    let size = fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DataError(file: path, reason: systemError()) }
      guard count > 0 else { return }
      guard count <= limit - total else {
        throw DataError(file: path, reason: "holds more than the \(limit) bytes that are read at most")
      }
      total += count
      try take(chunk[..<count], size)
    }
  }

  /// Whether this is a FIFO of a file system, and not a pipe without a name.
  private static func isNamedPipe(_ descriptor: Int32) -> Bool {
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFIFO else { return false }
    // The system calls a pipe without a name `pipe:[1234]`.
    var name = [UInt8](repeating: 0, count: 5)
    let count = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
    return count < name.count || name != Array("pipe:".utf8)
  }

  /// The bytes that the gzip file at `path`, of one member, was made of: at most as many as `limits` allow for its size.
  /// It is unpacked as it is read, so a file that is refused takes no more memory than one that is not.
  public static func bytes(ofGzip path: String, limits: UnpackingLimits = .gzip) throws(DataError) -> [UInt8] {
    let inflation = Inflation(.gzip)
    let damage = DataError(file: path, reason: "is damaged or no gzip file of one member")
    var (contents, packedSize): ([UInt8], Int) = ([], 0)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    try readPieces(of: path, limit: limits.maxPackedSize) { (piece, size) throws(DataError) in
      packedSize += piece.count
      let allowance = limits.allowance(for: max(size, packedSize))
      inflation.input = Array(piece)
      while true {
        guard let count = chunk.withUnsafeMutableBytes({ inflation.inflate(into: $0) }) else { throw damage }
        guard count > 0 else { return }
        guard count <= allowance - contents.count else {
          throw DataError(
            file: path,
            reason: "unpacks to more than the \(allowance) bytes that a gzip file of \(max(size, packedSize)) may")
        }
        contents += chunk.prefix(count)
      }
    }
    guard inflation.isAtEnd else { throw damage }
    return contents
  }

  /// The text of the file at `path`, which must be UTF-8 without NUL and at most `limit` bytes. A byte order mark at its
  /// beginning, which some editors write, is no part of the text.
  public static func text(of path: String, limit: Int = defaultLimit) throws(DataError) -> String {
    try text(bytes(of: path, limit: limit), from: path)
  }

  /// The text that the gzip file at `path` was made of, as ``text(of:limit:)`` and ``bytes(ofGzip:limits:)`` read.
  public static func text(ofGzip path: String, limits: UnpackingLimits = .gzip) throws(DataError) -> String {
    try text(bytes(ofGzip: path, limits: limits), from: path)
  }

  /// U+FEFF in UTF-8.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func text(_ bytes: [UInt8], from path: String) throws(DataError) -> String {
    if let nul = bytes.firstIndex(of: 0) {
      throw DataError(file: path, line: lineNumber(at: nul, in: bytes), reason: "byte 0x00 is not text")
    }
    let isMarked = bytes.starts(with: byteOrderMark)
    guard let text = String(validating: isMarked ? bytes.dropFirst(byteOrderMark.count) : bytes[...], as: UTF8.self)
    else {
      throw DataError(file: path, line: lineOfFirstInvalidByte(in: bytes), reason: "the bytes are not UTF-8")
    }
    return text
  }

  /// What the last system call that failed said.
  private static func systemError() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // Glibc has two functions of this name; Swift sees the POSIX one, which fills the buffer.
    guard strerror_r(errno, &buffer, buffer.count) == 0 else { return "system error \(errno)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func lineNumber(at index: Int, in bytes: [UInt8]) -> Int {
    1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
  }

  /// A line feed is never part of a longer UTF-8 sequence, so each line is valid or not by itself.
  private static func lineOfFirstInvalidByte(in bytes: [UInt8]) -> Int? {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
  }
}
