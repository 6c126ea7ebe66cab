#if Tools
import Testing

@testable import rnn

@Suite struct FilePathTests {
  @Test(arguments: [
    ("p", ".", "p"), ("a/b.csv", "a", "b.csv"), ("/p", "/", "p"), ("/", "/", "/"), ("runs/", ".", "runs"),
    ("/a//b/", "/a", "b"), ("../a", "..", "a"), ("", ".", "/"), ("ä/和", "ä", "和"), ("a/\u{301}b", "a", "\u{301}b"),
    (".", ".", "."),
  ])
  func aPathIsAFolderAndAName(_ path: String, _ folder: String, _ name: String) {
    #expect(path.parentFolder == folder && path.fileName == name)
  }

  @Test(arguments: [
    ("p", "", "p"), ("a.CSV", "csv", "a"), ("a.b/c", "", "a.b/c"), (".csv", "", ".csv"), ("a/.csv", "", "a/.csv"),
    ("x/a.tar.gz", "gz", "x/a.tar"), ("a.", "", "a."), ("", "", ""),
  ])
  func theLastPointBeginsTheExtension(_ path: String, _ end: String, _ rest: String) {
    #expect(path.fileExtension == end && path.withoutExtension == rest)
  }
}
#endif
