package import DataIO
internal import SystemFiles

/// A directory that holds data sets under the names that ``DataSet`` gives their files.
package struct DataDirectory: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The path of `file` in it.
  package func callAsFunction(_ file: String) -> String { "\(path)/\(file)" }

  /// The lines of `file` without their ends; a last line end adds none.
  package func lines(of file: String) throws(DataError) -> [String] {
    var lines = try FileReading.text(of: self(file)).split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map(String.init)
  }

  /// Whether all files of `dataSet` are there.
  package func holds(_ dataSet: DataSet) -> Bool { dataSet.files.allSatisfy { fileExists(at: self($0)) } }
}

extension TaskContext {
  /// The folder with the data. Throws where none is set.
  package func dataFolder(for dataSet: DataSet) throws(DataError) -> DataDirectory {
    guard let data else {
      throw DataError(file: dataSet.rawValue, reason: "no folder with data was named; rnn fetch downloads it")
    }
    return data
  }
}
