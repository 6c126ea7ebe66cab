internal import Glibc

/// A system call that failed: which one, and why.
package struct SystemCallError: Error, Hashable, CustomStringConvertible {
  package let call: String
  /// `errno` after the call.
  package let code: Int32

  /// The failure of `call` with the current `errno` by default.
  package init(_ call: String, code: Int32? = nil) {
    self.call = call
    self.code = code ?? errno
  }

  /// Whether the disk is full, or a quota or limit on sizes is reached.
  package var isOutOfSpace: Bool { [ENOSPC, EDQUOT, EFBIG].contains(code) }

  /// The call and its reason, in a line.
  package var description: String {
    var text = [CChar](repeating: 0, count: 256)
    _ = strerror_r(code, &text, text.count)
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return "\(call): \(String(decoding: bytes, as: UTF8.self)) (errno \(code))"
  }
}

extension SystemCallError {
  /// What has the status `status` is no regular file.
  fileprivate static func notRegular(_ status: stat) -> SystemCallError {
    switch status.st_mode & S_IFMT {
    case S_IFDIR: SystemCallError("open", code: EISDIR)
    case S_IFIFO: SystemCallError("a FIFO, no regular file", code: EINVAL)
    default: SystemCallError("no regular file", code: EINVAL)
    }
  }
}

/// A regular file open for reading, closed with the last reference. Its contents are read on demand.
///
/// Anything else is refused at once: a FIFO is not waited for.
package final class ReadOnlyFile: Sendable {
  /// Its length in bytes when it was opened.
  package let count: Int
  private let descriptor: Int32

  /// Opens the file at `path`.
  package init(path: String) throws(SystemCallError) {
    // The system would end the path at the NUL.
    guard !path.utf8.contains(0) else { throw SystemCallError("open", code: EINVAL) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SystemCallError("open") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = SystemCallError("fstat")
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SystemCallError.notRegular(status)
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
/// The new file has the permissions of the old one, and its owner and group where the system lets this process set
/// them. Where `path` is a symbolic link, what it leads to is replaced, or made. Only a regular file is replaced:
/// replacing a device or a pipe would remove it for the whole system.
package func replaceFile(
  at path: String, with body: (_ descriptor: Int32) throws(SystemCallError) -> Void
) throws(SystemCallError) {
  let (path, old) = try replacementTarget(path)
  let (descriptor, temporary) = try openTemporaryFile(in: directory(of: path), isPrivate: old != nil)
  do throws(SystemCallError) {
    do throws(SystemCallError) {
      try body(descriptor)
      if let old { try restoreOwnerAndPermissions(of: old, on: descriptor) }
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
  try flushDirectory(directory(of: path))
}

/// Throws where ``replaceFile(at:with:)`` cannot put a file at `path`: a name that is too long, a loop of links, a
/// directory that may not be written to, a file that is mounted, immutable or protected by a sticky directory. It makes
/// the temporary file and removes it.
package func checkReplaceable(_ path: String) throws(SystemCallError) {
  let (descriptor, temporary) = try openTemporaryFile(in: directory(of: replacementTarget(path).path), isPrivate: true)
  unlink(temporary)
  close(descriptor)
}

/// Removes the temporary files that processes left in `directory` when they ended in the middle of
/// ``replaceFile(at:with:)``. Those that are being written stay.
package func removeOrphans(in directory: String) {
  guard let stream = opendir(directory) else { return }
  defer { closedir(stream) }
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard name.hasPrefix(temporaryPrefix), name.hasSuffix(temporarySuffix) else { continue }
    let path = "\(directory)/\(name)"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { continue }
    // Its writer holds this lock as long as it lives.
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
    close(descriptor)
  }
}

/// Whether there is anything at `path`.
package func fileExists(at path: String) -> Bool { !path.utf8.contains(0) && access(path, F_OK) == 0 }

/// The path of the file that is replaced at `path`, after symbolic links, and its status; `nil` where it is new.
private func replacementTarget(_ path: String) throws(SystemCallError) -> (path: String, old: stat?) {
  // The system would end the path at the NUL.
  guard !path.utf8.contains(0) else { throw SystemCallError("open", code: EINVAL) }
  var status = stat()
  let isThere = stat(path, &status) == 0
  // Loops of links and names that are too long end here.
  guard isThere || errno == ENOENT else { throw SystemCallError("open") }
  guard !isThere || status.st_mode & S_IFMT == S_IFREG else { throw SystemCallError.notRegular(status) }
  var target = path
  while let link = try symbolicLink(at: target) {
    target = link.hasPrefix("/") ? link : "\(directory(of: target))/\(link)"
  }
  // A link in /proc may lead to a file that has no name any more.
  var found = stat()
  let isFound = stat(target, &found) == 0
  guard isFound == isThere, !isThere || found.st_ino == status.st_ino && found.st_dev == status.st_dev else {
    throw SystemCallError("open", code: ENOENT)
  }
  try checkRename(to: target, over: isThere ? status : nil)
  return (target, isThere ? status : nil)
}

/// Throws where a file in the directory of `path` may not be renamed to `path`, over the file with the status `old`;
/// the system itself says so only at the rename.
private func checkRename(to path: String, over old: stat?) throws(SystemCallError) {
  let directory = directory(of: path)
  if FileAttributes(path: directory).contains(.isAppendOnly) {
    throw SystemCallError("an append-only directory", code: EPERM)
  }
  guard let old else { return }
  let attributes = FileAttributes(path: path)
  if attributes.contains(.isMountRoot) { throw SystemCallError("a file that is mounted by itself", code: EBUSY) }
  if attributes.contains(.isImmutable) { throw SystemCallError("an immutable file", code: EPERM) }
  if attributes.contains(.isAppendOnly) { throw SystemCallError("an append-only file", code: EPERM) }
  var status = stat()
  // Root may replace it.
  guard stat(directory, &status) == 0, status.st_mode & S_ISVTX != 0,
    ![0, old.st_uid, status.st_uid].contains(geteuid())
  else { return }
  throw SystemCallError("another user's file in a sticky directory", code: EPERM)
}

/// What the symbolic link at `path` says; `nil` where there is no such link.
private func symbolicLink(at path: String) throws(SystemCallError) -> String? {
  var text = [UInt8](repeating: 0, count: Int(PATH_MAX))
  let count = text.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
  guard count >= 0 else { return nil }
  guard let link = String(validating: text.prefix(count), as: UTF8.self) else {
    throw SystemCallError("readlink", code: EILSEQ)
  }
  return link
}

private func restoreOwnerAndPermissions(of old: stat, on descriptor: Int32) throws(SystemCallError) {
  // Others than root may at most choose among their groups.
  if fchown(descriptor, old.st_uid, old.st_gid) != 0 { _ = fchown(descriptor, .max, old.st_gid) }
  // A file system without permissions says that they may not be changed.
  guard fchmod(descriptor, old.st_mode & 0o777) == 0 || errno == EPERM || errno == ENOTSUP else {
    throw SystemCallError("fchmod")
  }
}

private let temporaryPrefix = ".recurrent-"
private let temporarySuffix = ".tmp"

/// A temporary file, whose name is short however long that of the file is that it becomes, locked as long as it is open.
private func openTemporaryFile(
  in directory: String, isPrivate: Bool
) throws(SystemCallError) -> (descriptor: Int32, path: String) {
  while true {
    let name = temporaryPrefix + String(UInt64.random(in: 0 ... .max), radix: 36) + temporarySuffix
    let temporary = "\(directory)/\(name)"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o666)
    if descriptor >= 0 {
      _ = flock(descriptor, LOCK_EX | LOCK_NB)
      // Whoever removes orphans may have come before the lock.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return (descriptor, temporary) }
      close(descriptor)
      continue
    }
    guard errno == EEXIST || errno == EINTR else { throw SystemCallError("open") }
  }
}

/// The directory that `path` lies in.
private func directory(of path: String) -> String {
  // A combining mark may follow the slash.
  switch path.unicodeScalars.lastIndex(of: "/") {
  case nil: "."
  case path.startIndex: "/"
  case let slash?: String(path[..<slash])
  }
}

/// Makes a rename in `directory` survive a power failure, where the file system can.
private func flushDirectory(_ directory: String) throws(SystemCallError) {
  let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  // A directory that may be written but not read cannot be flushed.
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemCallError("fsync of the directory") }
}
