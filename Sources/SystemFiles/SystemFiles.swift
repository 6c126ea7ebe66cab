internal import Glibc

/// A system call that failed: which one, and why.
package struct SystemCallError: Error, Equatable, CustomStringConvertible {
  package let call: String
  /// `errno` after the call.
  package let code: Int32

  /// The failure of `call` with the current `errno` by default.
  package init(_ call: String, code: Int32? = nil) {
    self.call = call
    self.code = code ?? errno
  }

  /// The call and its reason, in a line.
  package var description: String {
    var text = [CChar](repeating: 0, count: 256)
    _ = strerror_r(code, &text, text.count)
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return "\(call): \(String(decoding: bytes, as: UTF8.self)) (errno \(code))"
  }
}

/// A regular file open for reading, closed with the last reference. Its contents are read on demand.
package final class ReadOnlyFile: Sendable {
  /// Its length in bytes when it was opened.
  package let count: Int
  private let descriptor: Int32

  /// Opens the file at `path`.
  package init(path: String) throws(SystemCallError) {
    // The system would end the path at the NUL.
    guard !path.utf8.contains(0) else { throw SystemCallError("open", code: EINVAL) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = SystemCallError("fstat")
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SystemCallError("open", code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The bytes in `range`. A file that has become shorter since it was opened is an error.
  package func bytes(_ range: Range<Int>) throws(SystemCallError) -> [UInt8] {
    // With no bytes, the initialiser below would write to the empty array that all threads share.
    guard !range.isEmpty else { return [] }
    var failure: SystemCallError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      while initialized < range.count, failure == nil, let start = buffer.baseAddress {
        let got = pread(
          descriptor, start + initialized, range.count - initialized, range.lowerBound + initialized)
        if got > 0 {
          initialized += got
        } else if got == 0 {
          failure = SystemCallError("pread: the file has become shorter", code: EIO)
        } else if errno != EINTR {
          failure = SystemCallError("pread")
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Writes all of `bytes`, however many calls the system needs.
package func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemCallError) {
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
    if count >= 0 {
      written += count
    } else if errno != EINTR {
      throw SystemCallError("write")
    }
  }
}

/// Puts a new file at `path`, whose contents `body` writes to the descriptor it is given, so that at any moment the old
/// or the new file is there in full: a temporary file in the same directory, flushed and renamed, then the directory
/// flushed. Where anything fails before the rename, the temporary file is removed and the old file is untouched.
///
/// Only a regular file is replaced: replacing a device or a pipe would remove it for the whole system.
package func replaceFile(
  at path: String, with body: (_ descriptor: Int32) throws(SystemCallError) -> Void
) throws(SystemCallError) {
  // The system would end the path at the NUL.
  guard !path.utf8.contains(0) else { throw SystemCallError("open", code: EINVAL) }
  var status = stat()
  guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
    throw SystemCallError(
      "what is there is no regular file", code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
  }
  let (descriptor, temporary) = try openTemporaryFile(beside: path)
  do throws(SystemCallError) {
    do throws(SystemCallError) {
      try body(descriptor)
      guard fsync(descriptor) == 0 else { throw SystemCallError("fsync") }
    } catch {
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw SystemCallError("close") }
    guard rename(temporary, path) == 0 else { throw SystemCallError("rename") }
  } catch {
    unlink(temporary)
    throw error
  }
  try flushDirectory(of: path)
}

/// Whether there is anything at `path`.
package func fileExists(at path: String) -> Bool { !path.utf8.contains(0) && access(path, F_OK) == 0 }

private func openTemporaryFile(beside path: String) throws(SystemCallError) -> (descriptor: Int32, path: String) {
  while true {
    let temporary = "\(path).\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (descriptor, temporary) }
    guard errno == EEXIST || errno == EINTR else { throw SystemCallError("open") }
  }
}

/// Makes a rename in the directory of `path` survive a power failure, where the file system can.
private func flushDirectory(of path: String) throws(SystemCallError) {
  let directory =
    switch path.lastIndex(of: "/") {
    case nil: "."
    case path.startIndex: "/"
    case let slash?: String(path[..<slash])
    }
  let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  // A directory that may be written but not read cannot be flushed.
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemCallError("fsync of the directory") }
}
