import DataIO
import TestSupport
import Testing

@testable import Tasks

@Suite struct DataSetSourcesTests {
  @Test(arguments: DataSet.allCases) func everyFileHasAnAddressAndAHash(dataSet: DataSet) {
    #expect(dataSet.sources.map(\.file) == dataSet.files)
    #expect(!dataSet.provenance.isEmpty)
    for source in dataSet.sources {
      #expect(source.hash.count == 64 && source.hash.allSatisfy { $0.isHexDigit })
      #expect(source.address.hasPrefix("https://") && !source.address.contains(" "))
    }
  }

  @Test func noTwoFilesHaveTheSameAddress() {
    let addresses = DataSet.allCases.flatMap { $0.sources.map(\.address) }
    #expect(Set(addresses).count == addresses.count)
  }
}
