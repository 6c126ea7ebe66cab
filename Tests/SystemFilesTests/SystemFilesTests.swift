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
