#if Tools
import DataIO
import Foundation
import Synchronization

/// The file that a download grows in, closed with the last reference.
final class PartialFile: Sendable {
  private let path: String
  private let descriptor: Int32
  private let length: Mutex<Int>

  /// The file at `path` as it is, made where it is not there.
  init(path: String) throws(DataError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
    guard descriptor >= 0 else { throw DataError(file: path, reason: "cannot be written: \(Self.reason)") }
    var status = stat()
    let end = lseek(descriptor, 0, SEEK_END)
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, end >= 0 else {
      close(descriptor)
      throw DataError(file: path, reason: "is no regular file")
    }
    self.path = path
    self.descriptor = descriptor
    length = Mutex(Int(end))
  }

  deinit { close(descriptor) }

  /// Its length in bytes.
  var count: Int { length.withLock { $0 } }

  /// Removes all bytes.
  func empty() throws(DownloadError) {
    let isEmpty = length.withLock { length in
      guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return false }
      length = 0
      return true
    }
    guard isEmpty else { throw refusal() }
  }

  /// Writes `bytes` at the end. What the disk had room for stays there.
  func append(_ bytes: [UInt8]) throws(DownloadError) {
    let isWritten = length.withLock { length in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
          rest = rest.dropFirst(count)
          length += count
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
    guard isWritten else { throw refusal() }
  }

  /// Waits until the bytes are on the disk.
  func flush() throws(DownloadError) {
    guard fsync(descriptor) == 0 else { throw refusal() }
  }

  /// Removes the file where it has no bytes: nothing is gained by keeping it.
  func removeIfEmpty() {
    if count == 0 { unlink(path) }
  }

  private func refusal() -> DownloadError {
    DownloadError(description: "\(path): what comes cannot be written: \(Self.reason)")
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
#endif
