internal import Glibc

/// The folder with the real data that some tests need: `RECURRENT_DATA`, or `../shared/data` beside the package.
public enum DataFolder {
  /// Its path, whether or not it is there.
  public static let path: String =
    getenv("RECURRENT_DATA").map { String(cString: $0) }
    ?? #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/shared/data"

  /// Whether it holds `name`. A test that asks is skipped, and says so, where it does not.
  public static func holds(_ name: String) -> Bool { access(path + "/" + name, R_OK) == 0 }
}
