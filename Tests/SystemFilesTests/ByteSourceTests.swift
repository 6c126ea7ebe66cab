import SystemFiles
import TestSupport
import Testing

@Suite struct ByteSourceTests {
  @Test func memoryAndFileGiveTheSameBytes() throws {
    let bytes = [UInt8](1...9)
    try withTemporaryFile(bytes) { path in
      for source in [ByteSource.memory(bytes), .file(try ReadOnlyFile(path: path))] {
        #expect(source.count == 9)
        #expect(try source.bytes(2..<5) == [3, 4, 5])
        #expect(try source.bytes(0..<9) == bytes)
        #expect(try source.bytes(9..<9) == [])
      }
    }
  }

  @Test func aPathWithNULAndAFolderAreRefused() {
    #expect(throws: SystemCallError.self) { try ReadOnlyFile(path: "/dev/null\0.txt") }
    #expect(throws: SystemCallError.self) { try ReadOnlyFile(path: "/tmp") }
  }
}
