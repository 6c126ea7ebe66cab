internal import Foundation

/// The package's CHANGELOG.md.
package enum Changelog {
  /// Its path, beside Package.swift.
  private static let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/CHANGELOG.md"

  /// The version of its first entry, `## 1.0.0 (2026-11-28)`; `nil` where no entry begins with one.
  package static func firstVersion() throws -> String? {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .first { $0.hasPrefix("## ") }?
      .split(separator: " ").dropFirst().first.map { String($0) }
  }
}
