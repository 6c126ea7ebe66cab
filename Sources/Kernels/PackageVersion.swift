/// The version of this package.
package enum PackageVersion {
  /// As the tools print it for `--version`; CHANGELOG.md begins with the same.
  package static let current = "1.0.0"
}
