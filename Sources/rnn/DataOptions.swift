#if Tools
import ArgumentParser
import Foundation
import Tasks

/// The data folder of tasks.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder with the data; otherwise RECURRENT_DATA, or recurrent-data where a user's data is kept.",
      valueName: "folder"))
  var data: String?

  /// The folder that the command line or the environment names, or else `recurrent-data` in `XDG_DATA_HOME`, which is
  /// `~/.local/share` unless set.
  var folder: DataDirectory { folder(ProcessInfo.processInfo.environment) }

  /// The same in a given environment. Empty variables count as unset.
  func folder(_ environment: [String: String]) -> DataDirectory {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let named = data ?? variable("RECURRENT_DATA") { return DataDirectory(named) }
    let home = variable("XDG_DATA_HOME") ?? "\(variable("HOME") ?? NSHomeDirectory())/.local/share"
    return DataDirectory("\(home)/recurrent-data")
  }
}
#endif
