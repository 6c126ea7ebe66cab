internal import Glibc
internal import Synchronization

/// An exclusive lock by means of a file, which dies with the process that holds it, however that ends.
///
/// No two of one path are held at a time, in one process or in several; threads, and programs that a process starts, have
/// no part in it. A child of `fork` that goes on with its copy cannot release it, and keeps it from others until it ends or
/// drops that copy. The file names the process. Where the file system knows no locks, nothing is locked.
package final class FileLock: Sendable {
  package let path: String
  /// The open file; `nil` once the lock was released.
  private let descriptor: Mutex<Int32?>
  private let process = getpid()

  /// Takes the lock at `path`, whose file is made where it is not there. Does not wait for it.
  package init(path: String) throws(FileLockError) {
    guard !path.utf8.contains(0) else { throw .system(SystemCallError("open", code: EINVAL)) }
    self.path = path
    descriptor = Mutex(try Self.lock(path))
  }

  deinit { release() }

  /// Whether the lock still protects its path: not where the file, or its folder, was removed or replaced.
  package var isIntact: Bool { descriptor.withLock { $0.map { Self.isOpen($0, at: path) } ?? false } }

  /// Gives the lock up and removes its file; in a child of the process that took it, only forgets it.
  package func release() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      if process == getpid(), Self.isOpen(open, at: path) { unlink(path) }
      close(open)
      descriptor = nil
    }
  }

  /// How often a lock is tried whose holder is just letting it go or has not written its name yet.
  private static let attempts = 20
  private static let microsecondsBetweenAttempts: UInt32 = 5000

  private static func lock(_ path: String) throws(FileLockError) -> Int32 {
    var holder: Int32?
    for _ in 0..<attempts {
      let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
      var descriptor = open(path, flags | O_EXCL, 0o666)
      let isNew = descriptor >= 0
      if !isNew, errno == EEXIST { descriptor = open(path, flags, 0o666) }
      guard descriptor >= 0 else { throw .system(SystemCallError("open")) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || [ENOSYS, ENOTSUP, ENOLCK].contains(errno) {
        // Its last holder may have removed the file after it was opened here.
        if isOpen(descriptor, at: path) {
          do throws(SystemCallError) {
            guard ftruncate(descriptor, 0) == 0 else { throw SystemCallError("ftruncate") }
            try writeAll(Array("\(getpid())\n".utf8), to: descriptor)
          } catch {
            if isNew, isOpen(descriptor, at: path) { unlink(path) }
            close(descriptor)
            throw .system(error)
          }
          return descriptor
        }
      } else {
        guard errno == EWOULDBLOCK || errno == EINTR else {
          let error = SystemCallError("flock")
          close(descriptor)
          throw .system(error)
        }
        holder = process(namedIn: descriptor)
        if let holder, kill(holder, 0) == 0 || errno == EPERM {
          close(descriptor)
          throw .held(by: holder)
        }
      }
      close(descriptor)
      usleep(microsecondsBetweenAttempts)
    }
    throw .held(by: holder)
  }

  private static func isOpen(_ descriptor: Int32, at path: String) -> Bool {
    var (open, there) = (stat(), stat())
    return fstat(descriptor, &open) == 0 && lstat(path, &there) == 0 && open.st_dev == there.st_dev
      && open.st_ino == there.st_ino
  }

  private static func process(namedIn descriptor: Int32) -> Int32? {
    var text = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &text, text.count, 0)
    guard count > 0, text[count - 1] == UInt8(ascii: "\n") else { return nil }
    return Int32(String(decoding: text.prefix(count - 1), as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
  }
}

/// Why a lock was not taken.
package enum FileLockError: Error, Equatable, CustomStringConvertible {
  /// A process holds it; `nil` where the file names none.
  case held(by: Int32?)
  case system(SystemCallError)

  /// The system call that failed; `nil` where a process holds the lock.
  package var systemError: SystemCallError? { if case .system(let error) = self { error } else { nil } }

  /// The reason, for a line that names the file or folder before it.
  package var description: String {
    switch self {
    case .held(let process): "is in use by " + (process.map { "process \($0)" } ?? "another process")
    case .system(let error): "cannot be locked: \(error)"
    }
  }
}
