import DataIO
import Glibc
import SystemFiles
import TestSupport
import Testing

@Suite struct FileWritingTests {
  @Test func whatIsWrittenReplacesWhatWasThere() throws {
    try withTemporaryFile([1, 2, 3]) { path in
      try FileWriting.write([7, 8], to: path)
      #expect(try FileReading.bytes(of: path) == [7, 8])
      try FileWriting.write([], to: path)
      #expect(try FileReading.bytes(of: path) == [])
    }
  }

  @Test func aFolderThatIsMissingAndAPathWithNULSayWhatIsWrong() {
    for (path, reason, code) in [
      ("/no/such/file", "open: No such file or directory (errno 2)", ENOENT),
      ("/tmp/a\0b", "open: Invalid argument (errno 22)", EINVAL),
    ] {
      let error = #expect(throws: DataError.self) { try FileWriting.write([1], to: path) }
      #expect(error?.reason == "cannot be written: \(reason)" && error?.file == path)
      #expect(error?.writeFailure == SystemCallError("open", code: code) && error?.isOutOfSpace == false)
      let refusal = #expect(throws: DataError.self) { try FileWriting.check(path) }
      #expect(refusal == error)
    }
  }

  @Test func aFullDiskIsToldFromOtherErrors() {
    let full = SystemCallError("write", code: ENOSPC)
    let error = DataError(locking: "runs", .system(full))
    #expect(error.writeFailure == full && error.isOutOfSpace)
    #expect("\(error)" == "runs: cannot be locked: write: No space left on device (errno 28)")
    #expect(DataError(file: "a", because: full).isOutOfSpace)
    let held = DataError(locking: "runs", .held(by: 12))
    #expect(held.writeFailure == nil && !held.isOutOfSpace && held.reason == "is in use by process 12")
  }
}
