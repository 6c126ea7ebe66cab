import DataIO
import Foundation

/// Where results are written: checked before the work begins that would be lost otherwise.
enum OutputFolder {
  /// Throws where `path` is no folder that may be written to.
  static func check(_ path: String) throws(DataError) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw DataError(file: path, reason: "there is no such folder")
    }
    guard isDirectory.boolValue else { throw DataError(file: path, reason: "is no folder") }
    guard access(path, W_OK | X_OK) == 0 else { throw DataError(file: path, reason: "nothing may be written there") }
  }

  /// Throws where no file at `path` can be written.
  static func check(file path: String) throws(DataError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw DataError(file: path, reason: "is a folder")
    }
    try check(folder)
  }
}
