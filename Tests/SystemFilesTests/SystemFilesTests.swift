import Foundation
import SystemFiles
import TestSupport
import Testing

@Suite struct SystemFilesTests {
  private let old = Data("what was there before".utf8)

  private func expectTheOldFile(
    after body: (Int32) throws(SystemCallError) -> Void, _ wanted: SystemCallError
  ) throws {
    try withTemporaryFolder { directory in
      let path = directory + "/file"
      try old.write(to: URL(filePath: path))
      #expect(throws: wanted) { try replaceFile(at: path, with: body) }
      #expect(try Data(contentsOf: URL(filePath: path)) == old)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
    }
  }

  @Test func aWriterThatFailsHalfwayLeavesTheOldFileAndNothingElse() throws {
    try expectTheOldFile(
      after: { descriptor throws(SystemCallError) in
        try writeAll([1, 2, 3], to: descriptor)
        throw SystemCallError("write", code: EIO)
      }, SystemCallError("write", code: EIO))
  }

  @Test func aFullDiskLeavesTheOldFileAndNothingElse() throws {
    try expectTheOldFile(
      after: { descriptor throws(SystemCallError) in
        // From here on the descriptor leads to a device that is always full.
        let full = open("/dev/full", O_WRONLY)
        dup2(full, descriptor)
        close(full)
        try writeAll([UInt8](repeating: 1, count: 10_000), to: descriptor)
      }, SystemCallError("write", code: ENOSPC))
  }

  @Test func aSuccessfulWriterReplacesTheFile() throws {
    try withTemporaryFolder { directory in
      let path = directory + "/file"
      try old.write(to: URL(filePath: path))
      try replaceFile(at: path) { descriptor throws(SystemCallError) in try writeAll([7, 8], to: descriptor) }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data([7, 8]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
    }
  }

  private func permissions(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  private func replace(_ path: String) throws {
    try replaceFile(at: path) { descriptor throws(SystemCallError) in try writeAll([7, 8], to: descriptor) }
  }

  @Test(arguments: [0o600, 0o640, 0o755] as [mode_t]) func theNewFileHasThePermissionsOfTheOld(_ mode: mode_t) throws {
    try withTemporaryFolder { directory in
      let path = directory + "/file"
      writeFile([1], to: path)
      #expect(chmod(path, mode) == 0)
      try replaceFile(at: path) { descriptor throws(SystemCallError) in
        // Nobody else may read it before it is there.
        var status = stat()
        #expect(fstat(descriptor, &status) == 0 && status.st_mode & 0o777 == 0o600)
        try writeAll([7, 8], to: descriptor)
      }
      #expect(permissions(of: path) == mode)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func theNewFileHasTheOwnerOfTheOld() throws {
    try withTemporaryFolder { directory in
      let path = directory + "/file"
      writeFile([1], to: path)
      #expect(chown(path, 65534, 65533) == 0 && chmod(path, 0o640) == 0)
      try replace(path)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_uid == 65534 && status.st_gid == 65533)
      #expect(permissions(of: path) == 0o640)
    }
  }

  @Test func whatALinkLeadsToIsReplacedAndTheLinkStays() throws {
    try withTemporaryFolder { directory in
      makeFolder(directory + "/elsewhere")
      writeFile([1], to: directory + "/elsewhere/file")
      #expect(chmod(directory + "/elsewhere/file", 0o600) == 0)
      #expect(symlink("elsewhere/file", directory + "/link") == 0)
      #expect(symlink(directory + "/link", directory + "/link to link") == 0)
      #expect(symlink("elsewhere/new", directory + "/dangling") == 0)
      for (link, file) in [("link to link", "file"), ("dangling", "new")] {
        try replace(directory + "/\(link)")
        #expect(try Data(contentsOf: URL(filePath: directory + "/elsewhere/\(file)")) == Data([7, 8]))
      }
      #expect(permissions(of: directory + "/elsewhere/file") == 0o600)
      for link in ["link", "link to link", "dangling"] {
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/\(link)").isEmpty == false)
      }
      #expect(Set(fileNames(in: directory + "/elsewhere")) == ["file", "new"])
    }
  }

  @Test func whatCannotBeReplacedIsSaidBeforeAndNothingIsLeft() throws {
    try withTemporaryFolder { directory in
      let name = String(repeating: "x", count: 255)
      #expect(symlink("loop", directory + "/loop") == 0)
      #expect(symlink("nothing/file", directory + "/lost") == 0)
      for (name, code) in [
        (name + "x", ENAMETOOLONG), ("loop", ELOOP), ("lost", ENOENT), ("nothing/file", ENOENT),
      ] {
        #expect(throws: SystemCallError("open", code: code)) { try checkReplaceable(directory + "/\(name)") }
        #expect(throws: SystemCallError("open", code: code)) { try replace(directory + "/\(name)") }
      }
      try checkReplaceable(directory + "/\(name)")
      #expect(Set(fileNames(in: directory)) == ["loop", "lost"])
      // The longest name that a file can have, which leaves no room for a longer temporary one.
      try replace(directory + "/\(name)")
      #expect(Set(fileNames(in: directory)) == ["loop", "lost", name])
    }
  }

  @Test func orphansAreRemovedAndWhatIsBeingWrittenStays() throws {
    try withTemporaryFolder { directory in
      let theirs = [".recurrent-a", "recurrent-a.tmp", "a.tmp"]
      for name in theirs + [".recurrent-0k2.tmp"] { writeFile([1], to: directory + "/\(name)") }
      try replaceFile(at: directory + "/file") { descriptor throws(SystemCallError) in
        removeOrphans(in: directory)
        try writeAll([7, 8], to: descriptor)
      }
      #expect(Set(fileNames(in: directory)) == Set(theirs + ["file"]))
      #expect(try Data(contentsOf: URL(filePath: directory + "/file")) == Data([7, 8]))
    }
  }

  @Test func aPipeIsNotWaitedForByAReader() throws {
    try withTemporaryFolder { directory in
      #expect(mkfifo(directory + "/pipe", 0o600) == 0)
      #expect { try ReadOnlyFile(path: directory + "/pipe") } throws: { "\($0)".contains("FIFO") }
    }
  }

  @Test func aPipeIsNotReplaced() throws {
    try withTemporaryFolder { directory in
      let path = directory + "/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      #expect(throws: SystemCallError.self) {
        try replaceFile(at: path) { descriptor throws(SystemCallError) in try writeAll([7, 8], to: descriptor) }
      }
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
      #expect(fileNames(in: directory) == ["pipe"])
    }
  }

  @Test func anErrorNamesTheCallAndItsReason() {
    #expect(SystemCallError("rename", code: ENOENT).description == "rename: No such file or directory (errno 2)")
  }
}
