#if Tools
import ArgumentParser
import Tasks
import TestSupport
import Testing

@testable import rnn

@Suite struct RunTaskTests {
  @Test func otherDataIsAnotherRun() throws {
    let folder = TemporaryFolder()
    let command = try RunTask.parse(["caption", "--data", folder.path])
    let task = TaskDescription(
      "a task", "", topology: "", dataSets: [.digits], optionalDataSets: [.shakespeare])
    var found: [String] = []
    for (file, text) in [
      ("digits.csv.gz", "one"), ("digits.csv.gz", "two"), ("tinyshakespeare.txt", "one"),
      ("jsb-chorales-quarter.json", ""),
    ] {
      writeFile(Array(text.utf8), to: folder.path(file))
      found.append(try command.dataFingerprints(task))
    }
    // What the task does not read does not count.
    #expect(Set(found).count == 3 && found[2] == found[3])
  }

  @Test func theListNamesOptionalData() {
    let line = TaskListEntry.table.split(separator: "\n").first { $0.hasPrefix("trajectory") }
    #expect(line?.contains("eth-ucy if it is there") ?? false)
  }
}
#endif
