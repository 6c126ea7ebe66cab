#if Tools
import DataIO
import Foundation
import Synchronization
import SystemFiles

/// A download that failed.
struct DownloadError: Error, Equatable, CustomStringConvertible {
  let description: String

  /// A transfer that ended without an answer.
  static func noAnswer(of host: String) -> DownloadError {
    DownloadError(description: "\(host) gave no answer, or redirected to no address")
  }
}

/// Downloads a file of known size and hash, and puts it in place only if it is that one.
///
/// A partial download is kept beside the file, under its name and `.part`; an interrupted one is resumed, if the server
/// can do that, and begun anew where the whole is not the right file. No more than the size is ever written or read.
struct Download: Sendable {
  /// What a server says before it sends any bytes.
  struct Answer: Sendable, Codable {
    /// The status code.
    let status: Int
    /// The first byte of the file that follows, where the answer is a part of it.
    var start: Int?
    /// The bytes that follow, where the server says so.
    var count: Int?
  }

  /// Asks for the bytes of `address` from `start` on. Calls `began` once with the answer, before the first byte or at the
  /// end of an answer without any, and then `receive` with every part. Ends at the first error that one of them throws, and
  /// throws it. Throws ``DownloadError`` where there is no answer.
  typealias Transfer =
    @Sendable (
      _ address: URL, _ start: Int, _ began: @escaping @Sendable (_ answer: Answer) throws -> Void,
      _ receive: @escaping @Sendable (_ bytes: [UInt8]) throws -> Void
    ) throws -> Void

  let address: URL
  /// Its size in bytes.
  let size: Int
  /// Its SHA-256, in hexadecimal digits.
  let hash: String
  /// The folder must exist.
  let path: String
  let transfer: Transfer

  private var partPath: String { path + ".part" }

  func isDone() -> Bool { isFile(at: path) }

  private func isFile(at path: String) -> Bool { Self.isFile(at: path, size: size, hash: hash) }

  /// Whether the file at `path` is there and has this size and SHA-256.
  static func isFile(at path: String, size: Int, hash: String) -> Bool {
    guard let bytes = try? FileReading.bytes(of: path, limit: size), bytes.count == size else { return false }
    return SHA256.hexadecimal(of: bytes) == hash
  }

  /// Downloads the file. Throws ``DownloadError`` where the network fails, and then keeps what has come, if anything; and
  /// where another file comes, and then deletes it.
  func callAsFunction() throws {
    let lock: FileLock
    do { lock = try FileLock(path: partPath + ".lock") } catch { throw DataError(locking: partPath, error) }
    defer { lock.release() }
    // The last run ended after the download.
    if isFile(at: partPath) { return try putInPlace() }
    let part = try PartialFile(path: partPath)
    do { try receive(into: part) } catch {
      part.removeIfEmpty()
      throw error
    }
    if isFile(at: partPath) { return try putInPlace() }
    unlink(partPath)
    throw anotherFile("its SHA-256 is not \(hash)")
  }

  /// Receives what is missing of `part`, or all of it where it is one of another file.
  private func receive(into part: PartialFile) throws {
    // It is not the file, so what is as long is of another one.
    let start = part.count < size ? part.count : 0
    if start > 0, try receive(into: part, from: start), isFile(at: partPath) { return }
    // There was no part, or it was one of another file, which an answer with the file replaces.
    guard try receive(into: part, from: 0) else { throw DownloadError.noAnswer(of: host) }
  }

  private var host: String { address.host ?? "the server" }

  /// Receives the bytes from `start` on, which is 0 or the end of `part`. Returns whether they came: not where the server
  /// has no such bytes.
  private func receive(into part: PartialFile, from start: Int) throws -> Bool {
    let hasBegun = Mutex(false)
    let isOther = Mutex(false)
    do {
      try transfer(address, start) { answer in
        switch answer.status {
        case 200:
          guard answer.count ?? size == size else {
            throw anotherFile("it has \(answer.count ?? 0) bytes, not \(size)")
          }
          // All of it, whatever was asked for.
          try part.empty()
        case 206 where start > 0:
          guard answer.start == start else { throw OtherBytes() }
          // Any number may stand there, so nothing is added to it.
          guard answer.count ?? size - start == size - start else {
            throw anotherFile("it has \(answer.count ?? 0) bytes from byte \(start) on, not \(size - start)")
          }
        case 416 where start > 0: throw OtherBytes()
        default:
          throw DownloadError(
            description: "\(address.absoluteString): the server answered with status \(answer.status)")
        }
        hasBegun.withLock { $0 = true }
      } _: { bytes in
        guard part.count + bytes.count <= size else {
          isOther.withLock { $0 = true }
          throw anotherFile("it has more than \(size) bytes")
        }
        try part.append(bytes)
      }
    } catch is OtherBytes {
      return false
    } catch {
      if isOther.withLock({ $0 }) { unlink(partPath) }
      throw error
    }
    guard hasBegun.withLock({ $0 }) else { throw DownloadError.noAnswer(of: host) }
    try part.flush()
    guard part.count == size else {
      throw DownloadError(
        description: "\(address.absoluteString) was cut off at \(part.count) of \(size) bytes; "
          + "rnn fetch goes on from there")
    }
    return true
  }

  /// An answer with other bytes than those that were asked for.
  private struct OtherBytes: Error {}

  private func anotherFile(_ reason: String) -> DownloadError {
    DownloadError(description: "\(address.absoluteString) is another file now: \(reason)")
  }

  private func putInPlace() throws(DataError) {
    guard rename(partPath, path) == 0 else {
      throw DataError(file: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
#endif
