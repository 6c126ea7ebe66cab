#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

@Suite struct OutputFolderTests {
  private let folder = TemporaryFolder()

  private func refusal(_ path: String, besides others: [String] = []) -> String {
    do {
      try OutputFolder.check(file: path, besides: others)
      return "none"
    } catch { return error.reason }
  }

  @Test func anInputIsNotOverwrittenByWhateverPath() throws {
    let data = folder.path("data.csv")
    writeFile([1], to: data)
    #expect(symlink(data, folder.path("link")) == 0)
    for path in [
      data, folder.path("./data.csv"), folder.path("../\((folder.path as NSString).lastPathComponent)/data.csv"),
    ] {
      #expect(refusal(path, besides: [data]) == "would be written over \(data)")
    }
    #expect(refusal(folder.path("link"), besides: [data]) == "would be written over \(data)")
    #expect(refusal(folder.path("other.csv"), besides: [data]) == "none")
  }

  @Test func twoOutputsAreTwoFilesBeforeThereAreAny() {
    #expect(refusal(folder.path("a"), besides: [folder.path("./a")]) == "would be written over \(folder.path("./a"))")
    #expect(refusal(folder.path("a"), besides: [folder.path("b")]) == "none")
  }

  @Test func namesThatOnlyUnicodeHoldsEqualAreTwoFiles() {
    let (composed, decomposed) = (folder.path("caf\u{E9}"), folder.path("cafe\u{301}"))
    #expect(composed == decomposed)
    #expect(refusal(composed, besides: [decomposed]) == "none")
    #expect(refusal(composed, besides: [composed]) == "would be written over \(composed)")
    writeFile([1], to: composed)
    #expect(refusal(decomposed, besides: [composed]) == "none")
  }

  @Test func onlyARegularFileIsReplaced() {
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    #expect(refusal(folder.path("pipe")) == "is no regular file")
    #expect(refusal(folder.path) == "is a folder")
    #expect(refusal("") == "names no file to write" && refusal(folder.path("x/")) == "names no file to write")
    #expect(refusal(folder.path("nothing/x")) == "there is no such folder")
  }

  @Test func whatCannotBeWrittenIsSaidBeforeTheWork() {
    let name = String(repeating: "x", count: 255)
    #expect(refusal(folder.path(name)) == "none")
    #expect(refusal(folder.path(name + "x")).contains("File name too long"))
    #expect(symlink("nothing/file", folder.path("lost")) == 0)
    #expect(refusal(folder.path("lost")).contains("No such file"))
    #expect(symlink("loop", folder.path("loop")) == 0)
    #expect(refusal(folder.path("loop")).contains("Too many levels of symbolic links"))
    #expect(Set(fileNames(in: folder.path)) == ["lost", "loop"])
  }

  @Test func foldersAreMadeWithThoseTheyLieIn() throws {
    try OutputFolder.make(folder.path("a"))
    try OutputFolder.make(folder.path("a/b/c"))
    try OutputFolder.make(folder.path("a/b/c"))
    for name in ["a/b/c", "a/b", "a"] { #expect(rmdir(folder.path(name)) == 0) }
    writeFile([], to: folder.path("file"))
    for (name, reason) in [("file/x", "Not a directory (errno 20)"), ("file", "File exists (errno 17)")] {
      let error = #expect(throws: DataError.self) { try OutputFolder.make(folder.path(name)) }
      #expect(error?.file == folder.path(name) && error?.reason == "cannot be made a folder: mkdir: \(reason)")
    }
  }
}
#endif
