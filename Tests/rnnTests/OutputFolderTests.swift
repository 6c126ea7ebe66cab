import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

@Suite struct OutputFolderTests {
  private let folder = TemporaryFolder()

  private func complaint(_ path: String, besides others: [String] = []) -> String {
    do {
      try OutputFolder.check(file: path, besides: others)
      return "none"
    } catch { return error.reason }
  }

  @Test func whatIsReadIsNotWrittenOverByWhateverPath() throws {
    let data = folder.path("data.csv")
    writeFile([1], to: data)
    #expect(symlink(data, folder.path("link")) == 0)
    for path in [
      data, folder.path("./data.csv"), folder.path("../\((folder.path as NSString).lastPathComponent)/data.csv"),
    ] {
      #expect(complaint(path, besides: [data]) == "would be written over \(data)")
    }
    #expect(complaint(folder.path("link"), besides: [data]) == "would be written over \(data)")
    #expect(complaint(folder.path("other.csv"), besides: [data]) == "none")
  }

  @Test func twoOutputsAreTwoFilesBeforeThereAreAny() {
    #expect(complaint(folder.path("a"), besides: [folder.path("./a")]) == "would be written over \(folder.path("./a"))")
    #expect(complaint(folder.path("a"), besides: [folder.path("b")]) == "none")
  }

  @Test func onlyARegularFileIsReplaced() {
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    #expect(complaint(folder.path("pipe")) == "is no regular file")
    #expect(complaint(folder.path) == "is a folder")
    #expect(complaint("") == "names no file to write" && complaint(folder.path("x/")) == "names no file to write")
    #expect(complaint(folder.path("nothing/x")) == "there is no such folder")
  }

  @Test func foldersAreMadeWithThoseTheyLieIn() throws {
    try OutputFolder.make(folder.path("a"))
    try OutputFolder.make(folder.path("a/b/c"))
    try OutputFolder.make(folder.path("a/b/c"))
    for name in ["a/b/c", "a/b", "a"] { #expect(rmdir(folder.path(name)) == 0) }
    writeFile([], to: folder.path("file"))
    #expect(throws: DataError(file: folder.path("file/x"), reason: "cannot be made a folder: Not a directory")) {
      try OutputFolder.make(folder.path("file/x"))
    }
    #expect(throws: DataError(file: folder.path("file"), reason: "cannot be made a folder: File exists")) {
      try OutputFolder.make(folder.path("file"))
    }
  }
}
