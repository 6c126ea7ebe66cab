#if Tools
import DataIO
import Foundation
import SystemFiles

/// Output paths, checked before long work begins.
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

  /// Throws where no file at `path` can be written, and where it is the same file as one of `others`: inputs, and other
  /// outputs.
  static func check(file path: String, besides others: [String]) throws(DataError) {
    guard !path.isEmpty, !path.hasSuffix("/") else {
      throw DataError(file: path.isEmpty ? "an empty path" : path, reason: "names no file to write")
    }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw DataError(file: path, reason: status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is no regular file")
    }
    try check(path.parentFolder)
    // A process that was killed while it wrote its output left it half written under a name of its own.
    removeOrphans(in: path.parentFolder)
    try FileWriting.check(path)
    for other in others where isSame(path, other) {
      throw DataError(file: path, reason: "would be written over \(other)")
    }
  }

  /// Makes the folder at `path`, and those that it lies in, where they are missing.
  static func make(_ path: String) throws(DataError) {
    guard mkdir(path, 0o777) != 0 else { return }
    var code = errno
    if code == ENOENT, path.parentFolder != path, !path.isEmpty {
      try make(path.parentFolder)
      if mkdir(path, 0o777) == 0 { return }
      code = errno
    }
    var status = stat()
    if code == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    throw DataError(file: path, "cannot be made a folder", because: SystemCallError("mkdir", code: code))
  }

  /// Whether two paths name one file, which need not exist.
  private static func isSame(_ path: String, _ other: String) -> Bool {
    if let file = identity(of: path), let other = identity(of: other) { return file == other }
    // To Linux, é is another name than e with an accent; to Swift it is an equal string.
    return path.fileName.utf8.elementsEqual(other.fileName.utf8)
      && identity(of: path.parentFolder) == identity(of: other.parentFolder)
  }

  /// Identifies the file at `path`, whatever its path; `nil` where there is none.
  private static func identity(of path: String) -> [UInt64]? {
    var status = stat()
    return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
  }
}
#endif
