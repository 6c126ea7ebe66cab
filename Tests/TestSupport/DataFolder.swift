internal import Glibc

/// The folder with the real data that some tests need: `RECURRENT_DATA`, or `../shared/data` beside the package.
package enum DataFolder {
  /// Its path; it need not exist.
  package static let path: String =
    getenv("RECURRENT_DATA").map { String(cString: $0) }
    ?? #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/shared/data"

  /// Whether it holds `name`, to skip tests otherwise.
  package static func holds(_ name: String) -> Bool { access(path + "/" + name, R_OK) == 0 }
}
