import Foundation
import Models
import Testing

/// What PyTorch computed: the files that `Scripts/make-fixtures.py` wrote.
enum Fixture {
  /// The file of this name, without its extension.
  static func open(_ name: String) throws -> SafetensorsFile {
    let path = try #require(
      Bundle.module.path(forResource: name, ofType: "safetensors", inDirectory: "Fixtures"))
    return try SafetensorsFile(path: path)
  }

  /// The paths of all files.
  static var paths: [String] {
    Bundle.module.paths(forResourcesOfType: "safetensors", inDirectory: "Fixtures").sorted()
  }
}
