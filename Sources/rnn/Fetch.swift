#if Tools
import ArgumentParser
import DataIO
import Foundation
import Tasks

/// `rnn fetch`: the data that tasks learn from.
struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Downloads the data that tasks learn from.",
    discussion: """
      Every file is checked by its size and SHA-256 and put in place only if it is the right one. A download that was cut
      off goes on where it ended.

      Data sets: \(DataSet.allCases.map(\.rawValue).joined(separator: ", ")).

      Exit codes: 0; 1 where the network fails or brings another file; 2 for wrong names and folders.
      """)

  @Argument(help: ArgumentHelp("Which data sets; all unless named.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var data: DataOptions

  @Flag(help: "Lists the data sets, where they come from and whether they are there; downloads nothing.")
  var list = false

  @Option(help: ArgumentHelp("Seconds in which a server must answer.", visibility: .hidden))
  var answerSeconds = TransferLimits().secondsToAnswer

  @Option(help: ArgumentHelp("Seconds in which some bytes must come.", visibility: .hidden))
  var progressSeconds = TransferLimits().secondsOfProgress

  /// When a server is given up.
  private var limits: TransferLimits {
    TransferLimits(secondsToAnswer: answerSeconds, secondsOfProgress: progressSeconds)
  }

  func dataSets() throws -> [DataSet] {
    guard !names.isEmpty else { return DataSet.allCases }
    return try names.map { name in
      guard let dataSet = DataSet(rawValue: name) else {
        throw ValidationError(
          "there is no data set \(quoted(name)); there are \(DataSet.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return dataSet
    }
  }

  func validate() throws { _ = try dataSets() }

  func run() throws {
    for dataSet in try dataSets() {
      if list {
        print("\(dataSet.rawValue) (\(data.folder.state(of: dataSet))): \(dataSet.provenance)")
      } else {
        try fetch(dataSet, by: TransferProcess.get(limits))
      }
    }
    print((list ? "Folder: " : "Written to ") + data.folder.path)
  }

  /// Downloads the missing files of `dataSet`.
  func fetch(_ dataSet: DataSet, by transfer: @escaping Download.Transfer) throws {
    print("\(dataSet.rawValue): \(dataSet.provenance)")
    for source in dataSet.sources {
      guard let address = URL(string: source.address) else {
        fatalError("\(source.address) is an address")
      }
      let path = data.folder(source.file)
      let download = Download(
        address: address, size: source.size, hash: source.hash, path: path, transfer: transfer)
      if download.isDone() { continue }
      try OutputFolder.make(path.parentFolder)
      print("  \(source.address)")
      try download()
    }
  }
}

extension DataDirectory {
  /// The state of `dataSet` in a word or two; files with another hash are mentioned.
  func state(of dataSet: DataSet) -> String {
    guard holds(dataSet) else { return "missing" }
    let isRight = dataSet.sources.allSatisfy { Download.isFile(at: self($0.file), size: $0.size, hash: $0.hash) }
    return isRight ? "there" : "there, but not as it is downloaded"
  }

  /// Throws where a file of `dataSet` is not there, with the command that downloads it.
  func check(_ dataSet: DataSet) throws(DataError) {
    guard let missing = dataSet.files.first(where: { !FileManager.default.fileExists(atPath: self($0)) }) else {
      return
    }
    throw DataError(
      file: self(missing),
      reason: "is not there; this downloads it: rnn fetch \(dataSet.rawValue) --data \(shellQuoted(path))")
  }
}
#endif
