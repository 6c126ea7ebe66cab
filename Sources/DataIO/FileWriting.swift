internal import Glibc
internal import SystemFiles

/// Writes whole files.
package enum FileWriting {
  /// Writes `bytes` to the file at `path`, so that whoever opens it at any moment, even after a crash, finds either what
  /// was there before or all of this: a new file beside it is written, flushed to the disk and renamed.
  ///
  /// Throws where the system refuses; the old file is then untouched and nothing new left behind.
  package static func write(_ bytes: [UInt8], to path: String) throws(DataError) {
    do {
      try replaceFile(at: path) { descriptor throws(SystemCallError) in try writeAll(bytes, to: descriptor) }
    } catch { throw DataError(file: path, because: error) }
  }

  /// Throws where no file can be written at `path`, before the work begins whose result it is to hold.
  package static func check(_ path: String) throws(DataError) {
    do { try checkReplaceable(path) } catch { throw DataError(file: path, because: error) }
  }
}
