import DataIO
import Tasks
import TestSupport
import Testing

@Suite struct TrajectoryFoldsTests {
  /// A file with one pedestrian who walks `count` positions.
  func walk(_ count: Int) -> String { (0..<count).map { "\($0 * 10) 1 \($0) 0\n" }.joined() }

  @Test func eachFileOfAFolderIsLeftOutOnce() throws {
    try withTemporaryFolder { folder in
      for (name, count) in [("b.txt", 6), ("a.txt", 5), ("c.txt", 9), ("notes.md", 1)] {
        writeFile(walk(count).utf8, to: "\(folder)/\(name)")
      }
      let folds = try TrajectoryFolds.read(folder: folder, observed: 2, predicted: 3)
      #expect(folds.map(\.scene) == ["a", "b", "c"])
      #expect(folds.map(\.test.count) == [1, 2, 5])
      #expect(folds.map(\.training.count) == [7, 6, 3])
    }
  }

  @Test func aFolderThatGivesNoRoundsSaysWhy() throws {
    try withTemporaryFolder { folder in
      func error() -> String? {
        #expect(throws: DataError.self) { try TrajectoryFolds.read(folder: folder) }?.reason
      }
      #expect(error() == "leaving one scene out takes two .txt files at least, found 0")
      writeFile(walk(30).utf8, to: "\(folder)/a.txt")
      #expect(error() == "leaving one scene out takes two .txt files at least, found 1")
      writeFile(walk(19).utf8, to: "\(folder)/b.txt")
      #expect(error() == "no track of 20 consecutive positions in the scenes beside a")
      writeFile("10 1 0\n".utf8, to: "\(folder)/b.txt")
      #expect(error() == "the number of columns is 3, wanted 4")
    }
    let missing = #expect(throws: DataError.self) { try TrajectoryFolds.read(folder: "/no/such") }
    #expect(missing?.description == "/no/such: No such file or directory")
  }

  /// The table of the shared data's README, which a PyTorch script printed from the same files.
  @Test(.enabled(if: DataFolder.holds("eth-ucy"), "the folder eth-ucy is not there: set RECURRENT_DATA"))
  func theStandardProtocolGivesTheKnownWindowsAndConstantVelocityErrors() throws {
    let folds = try TrajectoryFolds.read(folder: DataFolder.path + "/eth-ucy")
    #expect(folds.map(\.scene) == ["ETH", "HOTEL", "UNIV", "ZARA1", "ZARA2"])
    #expect(folds.map(\.test.count) == [364, 1197, 24334, 2356, 5910])

    let errors = folds.map { fold in
      DisplacementError(of: { ConstantVelocity.positions(after: $0.observed, count: 12) }, on: fold.test)
    }
    let known = [(1.08, 2.28), (0.32, 0.61), (0.52, 1.17), (0.43, 0.95), (0.32, 0.72), (0.53, 1.15)]
    for (error, known) in zip(errors + [.mean(of: errors)], known) {
      #expect(abs(error.average - known.0) < 0.005 && abs(error.final - known.1) < 0.005)
    }
  }
}
