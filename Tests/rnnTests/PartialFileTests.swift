#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

@Suite struct PartialFileTests {
  private let folder = TemporaryFolder()

  @Test func itGrowsAndIsEmptied() throws {
    let path = folder.path("file")
    writeFile([1, 2], to: path)
    let part = try PartialFile(path: path)
    #expect(part.count == 2)
    try part.append([3, 4, 5])
    #expect(try part.count == 5 && FileReading.bytes(of: path) == [1, 2, 3, 4, 5])
    try part.empty()
    try part.append([6])
    try part.flush()
    #expect(try part.count == 1 && FileReading.bytes(of: path) == [6])
  }

  @Test func aDiskWithoutRoomGivesALineAndKeepsWhatItHad() async {
    await #expect(processExitsWith: .success) { [path = folder.path("file") as String] in
      // As the tool does at its start.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1000, rlim_max: rlim_t.max)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let file = try PartialFile(path: path)
      let error = #expect(throws: DownloadError.self) { try file.append([UInt8](repeating: 1, count: 3000)) }
      #expect(error?.description == "\(path): what comes cannot be written: File too large")
      #expect(try file.count == 1000 && FileReading.bytes(of: path).count == 1000)
    }
  }

  @Test func whatIsNoRegularFileIsRefused() throws {
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    #expect(symlink("/dev/full", folder.path("link")) == 0)
    for path in [folder.path("pipe"), folder.path("link"), folder.path, "/dev/full"] {
      #expect(throws: DataError.self) { try PartialFile(path: path) }
    }
  }
}
#endif
