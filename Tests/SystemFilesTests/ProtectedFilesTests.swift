import Foundation
import SystemFiles
import TestSupport
import Testing

/// Files that may be written to, in folders that may be written to, and that nevertheless cannot be replaced.
@Suite struct ProtectedFilesTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path("file") }

  private func expectRefusal(of path: String, _ wanted: SystemCallError, leaving names: Set<String> = ["file"]) {
    #expect(throws: wanted) { try checkReplaceable(path) }
    #expect(throws: wanted) {
      try replaceFile(at: path) { _ throws(SystemCallError) in Issue.record("the work was begun") }
    }
    #expect(Set(fileNames(in: folder.path)) == names)
  }

  @Test(arguments: [("i", "an immutable file"), ("a", "an append-only file")])
  func aFileWithAnAttributeIsRefused(_ attribute: String, _ reason: String) throws {
    writeFile([1], to: path)
    try withChange("chattr +\(attribute) '\(path)'", undoneBy: "chattr -\(attribute) '\(path)'") {
      expectRefusal(of: path, SystemCallError(reason, code: EPERM))
    }
    try checkReplaceable(path)
  }

  @Test func anAppendOnlyFolderIsRefusedAndNothingIsLeftThere() throws {
    writeFile([1], to: path)
    let elsewhere = TemporaryFolder()
    #expect(symlink(folder.path, elsewhere.path("link")) == 0)
    try withChange("chattr +a '\(folder.path)'", undoneBy: "chattr -a '\(folder.path)'") {
      for path in [path, folder.path("new"), elsewhere.path("link/new")] {
        expectRefusal(of: path, SystemCallError("an append-only directory", code: EPERM))
      }
    }
    try checkReplaceable(path)
  }

  @Test func aMountedFileIsRefused() throws {
    writeFile([1], to: path)
    writeFile([2], to: folder.path("other"))
    #expect(symlink("file", folder.path("link")) == 0)
    try withChange("mount --bind '\(folder.path("other"))' '\(path)'", undoneBy: "umount '\(path)'") {
      for name in ["file", "link"] {
        expectRefusal(
          of: folder.path(name), SystemCallError("a file that is mounted by itself", code: EBUSY),
          leaving: ["file", "other", "link"])
      }
      try checkReplaceable(folder.path("other"))
    }
    try checkReplaceable(path)
  }

  /// Not under a sanitizer, which cannot look for leaks as another user.
  @Test(.enabled(if: geteuid() == 0 && isOptimized, "needs root and a release build"))
  func anotherUsersFileInAStickyFolderIsRefused() async throws {
    writeFile([1], to: path)
    #expect(chmod(folder.path, 0o1777) == 0 && chmod(path, 0o666) == 0)
    // Root may replace it.
    #expect(chown(path, 65533, 65533) == 0)
    try checkReplaceable(path)
    await #expect(processExitsWith: .success) { [path = path as String] in
      precondition(seteuid(65534) == 0)
      #expect(throws: SystemCallError("another user's file in a sticky directory", code: EPERM)) {
        try checkReplaceable(path)
      }
      try checkReplaceable(path + " of ours")
      close(open(path + " of ours", O_WRONLY | O_CREAT, 0o600))
      try checkReplaceable(path + " of ours")
      #expect(unlink(path + " of ours") == 0)
    }
    #expect(fileNames(in: folder.path) == ["file"])
    // Without the bit, whoever may write to the folder may replace what is there.
    #expect(chmod(folder.path, 0o777) == 0)
    await #expect(processExitsWith: .success) { [path = path as String] in
      precondition(seteuid(65534) == 0)
      try checkReplaceable(path)
    }
  }

  /// Calls `body` between two commands of the shell; cancels the test where the system does not let the first one work.
  private func withChange(_ change: String, undoneBy undo: String, _ body: () throws -> Void) throws {
    guard run(change) else { try Test.cancel("not run: “\(change)” needs root, and a file system that knows it") }
    defer { #expect(run(undo)) }
    try body()
  }

  private func run(_ command: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exec \(command) 2>&-"]
    return (try? process.run()).map { process.waitUntilExit() } != nil && process.terminationStatus == 0
  }
}
