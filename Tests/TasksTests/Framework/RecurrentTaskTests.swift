import DataIO
import Models
import Tasks
import TestSupport
import Testing

@Suite(.serialized) struct RecurrentTaskTests {
  @Test(.enabled(if: isOptimized, "only in release: tasks train networks"), arguments: allTasks.map { $0.name })
  func aQuickRunMeetsItsBar(of name: String) throws {
    let task = try #require(allTasks.first { $0.name == name })
    let directory = DataDirectory(DataFolder.path)
    guard task.description.dataSets.allSatisfy(directory.holds) else {
      print("the data of \(name) is not there: set RECURRENT_DATA")
      return
    }
    let result = try task.run(in: TaskContext(.quick, data: directory))
    #expect(result.meetsBars, "\(result.scores)")
    #expect(result.task == name && !result.scores.isEmpty && !result.examples.isEmpty)
  }

  @Test func namesAreDistinctWordsForACommandLine() {
    let names = allTasks.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { name in name.allSatisfy { $0.isLowercase || $0 == "-" } })
  }

  @Test(arguments: allTasks.map { $0.name })
  func withoutItsDataATaskSaysWhatIsMissing(_ name: String) throws {
    let task = try #require(allTasks.first { $0.name == name })
    guard let dataSet = task.description.dataSets.first else { return }
    #expect { try task.run(in: TaskContext(.quick)) } throws: { "\($0)".contains(dataSet.rawValue) }
  }

  @Test(arguments: allTasks.map { $0.name })
  func aTaskWhoseFilesAreEmptyNamesOne(_ name: String) throws {
    let task = try #require(allTasks.first { $0.name == name })
    let dataSets = task.description.dataSets
    guard !dataSets.isEmpty else { return }
    try withTemporaryFolder { folder in
      for file in dataSets.flatMap(\.files) {
        if let end = file.lastIndex(of: "/") { makeFolder("\(folder)/\(file[..<end])") }
        writeFile([], to: "\(folder)/\(file)")
      }
      #expect {
        try task.run(in: TaskContext(.quick, data: DataDirectory(folder)))
      } throws: {
        ($0 as? DataError)?.file.hasPrefix(folder) == true
      }
    }
  }
}
