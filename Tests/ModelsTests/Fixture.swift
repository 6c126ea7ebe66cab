import Foundation
import Kernels
import Models
import Testing

/// What PyTorch computed: the files that `Scripts/make-fixtures.py` wrote.
struct Fixture {
  let file: SafetensorsFile

  init(_ name: String) throws {
    let path = try #require(Bundle.module.resourcePath) + "/Fixtures/\(name).safetensors"
    file = try SafetensorsFile(path: path)
  }

  /// A tensor of one or two dimensions.
  func matrix<Scalar: BLASScalar & SafetensorsElement>(
    _ name: String, as type: Scalar.Type = Scalar.self
  ) throws -> Matrix<Scalar> {
    try file.matrix(name)
  }

  /// The paths of all fixtures.
  static var paths: [String] {
    Bundle.module.paths(forResourcesOfType: "safetensors", inDirectory: "Fixtures").sorted()
  }
}
