internal import Kernels

/// A setting that cannot be.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
  /// The setting's name.
  public let setting: String
  /// What it was.
  public let found: String
  /// What it may be.
  public let wanted: String

  /// An error for `setting`.
  public init(setting: String, found: String, wanted: String) {
    self.setting = setting
    self.found = found
    self.wanted = wanted
  }

  /// Throws for the first of `sizes` that is not positive.
  public static func checkPositive(_ sizes: KeyValuePairs<String, Int>) throws(ConfigurationError) {
    for (name, size) in sizes where size < 1 {
      throw ConfigurationError(setting: name, found: "\(size)", wanted: "at least 1")
    }
  }

  /// Throws unless each of `sizes` can be the side of a matrix.
  static func checkSides(_ sizes: KeyValuePairs<String, Int>) throws(ConfigurationError) {
    try checkPositive(sizes)
    for (name, size) in sizes where size > MatrixSide.max {
      throw ConfigurationError(setting: name, found: "\(size)", wanted: "at most \(MatrixSide.max)")
    }
  }

  /// Throws unless `condition` holds.
  static func require(
    _ condition: Bool, _ setting: String, _ found: String, wanted: String
  ) throws(ConfigurationError) {
    guard condition else { throw ConfigurationError(setting: setting, found: found, wanted: wanted) }
  }

  /// What is wrong, in a line of printable text.
  public var description: String { printable("\(setting) is \(found); wanted \(wanted)", limit: 4096) }
}
