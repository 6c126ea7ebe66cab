import Foundation
import TestSupport
import Testing

@testable import SystemFiles

@Suite struct FileLockTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path("lock") }

  @Test func aSecondLockIsRefusedWithTheProcessThatHoldsTheFirst() throws {
    let lock = try FileLock(path: path)
    #expect(lock.isIntact)
    #expect(throws: FileLockError.held(by: getpid())) { try FileLock(path: path) }
    lock.release()
    #expect(fileNames(in: folder.path).isEmpty && !lock.isIntact)
    _ = try FileLock(path: path)
    #expect(fileNames(in: folder.path).isEmpty)
  }

  @Test func itDiesWithItsProcess() throws {
    // A lock as another process holds it: by the same system call, with its number in the file.
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "exec 9<>\"$0\"; flock -n 9 && echo $$ >&9 && echo ready && exec sleep 600", path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    #expect(output.fileHandleForReading.readData(ofLength: 6) == Data("ready\n".utf8))
    #expect(throws: FileLockError.held(by: process.processIdentifier)) { try FileLock(path: path) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(fileNames(in: folder.path) == ["lock"])
    #expect(try FileLock(path: path).isIntact)
  }

  @Test func aChildOfForkCannotReleaseIt() async throws {
    await #expect(processExitsWith: .success) { [path = path as String] in
      guard let lock = try? FileLock(path: path) else { exit(1) }
      // Swift hides the function.
      typealias Fork = @convention(c) () -> pid_t
      let child = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
      if child == 0 {
        lock.release()
        _exit(0)
      }
      var status: Int32 = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      #expect(status == 0 && lock.isIntact && access(path, F_OK) == 0)
      lock.release()
      #expect(access(path, F_OK) != 0)
    }
  }

  @Test func aLockWhoseFolderWasRemovedProtectsNothingAndRemovesNothing() throws {
    let parent = folder.path("runs")
    makeFolder(parent)
    let lock = try FileLock(path: parent + "/lock")
    try FileManager.default.removeItem(atPath: parent)
    #expect(!lock.isIntact)
    makeFolder(parent)
    let other = try FileLock(path: parent + "/lock")
    #expect(!lock.isIntact && other.isIntact)
    lock.release()
    #expect(other.isIntact)
  }

  @Test func whatCannotBeLockedSaysWhy() throws {
    #expect(throws: FileLockError.system(SystemCallError("open", code: ENOENT))) {
      try FileLock(path: folder.path("nothing/lock"))
    }
    #expect(throws: FileLockError.system(SystemCallError("open", code: ENAMETOOLONG))) {
      try FileLock(path: folder.path(String(repeating: "x", count: 256)))
    }
    // Nothing is written through a link that somebody left there.
    writeFile([7], to: folder.path("other"))
    #expect(symlink(folder.path("other"), path) == 0)
    #expect(throws: FileLockError.self) { try FileLock(path: path) }
    #expect("\(FileLockError.held(by: 12))" == "is in use by process 12")
    #expect(FileLockError.held(by: 12).systemError == nil)
  }

  @Test func aDiskWithoutRoomIsSaidAndNoLockFileIsLeft() async {
    await #expect(processExitsWith: .success) { [path = path as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 0, rlim_max: rlim_t.max)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let error = #expect(throws: FileLockError.self) { try FileLock(path: path) }
      #expect(error?.systemError == SystemCallError("write", code: EFBIG))
      #expect(access(path, F_OK) != 0)
      // A file that was there before stays.
      close(open(path, O_WRONLY | O_CREAT, 0o600))
      #expect(throws: FileLockError.self) { try FileLock(path: path) }
      #expect(access(path, F_OK) == 0)
    }
  }
}
