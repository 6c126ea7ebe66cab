#if Tools
import ArgumentParser
import DataIO
import Tasks
import TestSupport
import Testing

@testable import rnn

@Suite struct FetchTests {
  @Test func allDataSetsAreFetchedUnlessNamed() throws {
    #expect(try (Fetch.parse([]).dataSets()) == DataSet.allCases)
    #expect(try (Fetch.parse(["digits", "names"]).dataSets()) == [.digits, .names])
    #expect(throws: (any Error).self) { try Fetch.parse(["nothing"]) }
  }

  @Test func anotherFileIsNotPutInPlace() throws {
    try withTemporaryFolder { folder in
      let fetch = try Fetch.parse(["digits", "--data", folder])
      #expect(throws: DownloadError.self) {
        try fetch.fetch(.digits) { _, _, began, receive in
          try began(Download.Answer(status: 200))
          try receive([UInt8](repeating: 1, count: DataSet.digits.sources[0].size))
        }
      }
      #expect(fileNames(in: folder).isEmpty)
    }
  }

  @Test func aFileWithAnotherHashIsReported() throws {
    try withTemporaryFolder { folder in
      let data = DataDirectory(folder)
      #expect(data.state(of: .digits) == "missing")
      writeFile([1, 2, 3], to: folder + "/digits.csv.gz")
      #expect(data.state(of: .digits) == "there, but not as it is downloaded")
    }
  }

  @Test func missingDataIsReportedWithTheCommandThatFetchesIt() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: DataError.self) { try DataDirectory(folder).check(.digits) }
      #expect(error?.reason.contains("rnn fetch digits --data \(folder)") == true)
    }
  }
}
#endif
