internal import Kernels

/// A model that its file alone rebuilds: an architecture, which decides what parameters there are, and these parameters.
///
/// The file is a safetensors file: a tensor for each parameter, under its name, and in the metadata what rebuilds the
/// model.
///
/// | metadata | holds |
/// | --- | --- |
/// | `format` | the architecture's ``StoredArchitecture/formatName`` |
/// | `format_version` | `1` |
/// | `scalar_type` | the type the model computed in: `F32` or `F64` |
/// | `architecture` | the architecture as JSON |
/// | `preprocessing` | ``Preprocessing`` as JSON |
public protocol StoredModel<Scalar>: ParameterizedModel where Architecture: StoredArchitecture {}

/// An architecture that a file can hold. What decodes it takes it from a file that is not trusted.
public protocol StoredArchitecture: ModelArchitecture, Codable {
  /// What the file calls models of this kind.
  static var formatName: String { get }
  /// What the model reads.
  var input: ModelInput { get }
  /// Numbers that the model predicts at once, or classes that it tells apart.
  var outputSize: Int { get }
}

/// What a model reads at each step.
public enum ModelInput: Hashable, Sendable {
  /// Tokens of a vocabulary of so many.
  case tokens(Int)
  /// So many numbers.
  case features(Int)
}

extension StoredModel where Scalar: SafetensorsElement {
  /// Writes this model at `path`, so that the file alone rebuilds it: at any moment, even after a crash, there is what was
  /// there before or all of this. The same model gives the same bytes.
  ///
  /// - Parameters:
  ///   - path: Where to write.
  ///   - preprocessing: What was done to the data, to be done again to further data.
  /// - Throws: ``SafetensorsError`` where the system refuses, or where the preprocessing cannot be this model's.
  public func write(to path: String, preprocessing: Preprocessing = Preprocessing()) throws(SafetensorsError) {
    var contents: SafetensorsContents
    let context = SafetensorsErrorContext(file: path)
    do { contents = SafetensorsContents(metadata: try fileMetadata(preprocessing)) } catch {
      throw context.metadata(ModelFileKey.preprocessing, error)
    }
    // Nobody could read the file.
    try context.check(contents.metadata[ModelFileKey.preprocessing] ?? "", ModelFileKey.preprocessing)
    contents.setParameters(parameters)
    try contents.write(to: path)
  }

  /// What a file says about this model beside its parameters, as ``StoredModel`` lists it. Throws where the preprocessing
  /// cannot be this model's.
  package func fileMetadata(_ preprocessing: Preprocessing) throws(ConfigurationError) -> [String: String] {
    try preprocessing.check(fits: architecture)
    return [
      ModelFileKey.format: Architecture.formatName, ModelFileKey.version: ModelFileKey.currentVersion,
      ModelFileKey.scalarType: Scalar.safetensorsType.rawValue, ModelFileKey.architecture: json(architecture),
      ModelFileKey.preprocessing: json(preprocessing),
    ]
  }

  /// Reads the model at `path`, whatever type of floating-point numbers it is stored in, and how its data was prepared.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - allowsNonFinite: Whether parameters may be infinite or NaN, which is an error otherwise.
  /// - Throws: ``SafetensorsError`` where the file cannot be read, is damaged or describes no model of this kind.
  ///   Everything but the numbers is checked before memory is taken for a parameter.
  public static func read(
    from path: String, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> (model: Self, preprocessing: Preprocessing) {
    try read(from: SafetensorsFile(path: path), allowsNonFinite: allowsNonFinite)
  }

  /// Reads the model in an open `file` as ``read(from:allowsNonFinite:)-(String,_)`` does.
  public static func read(
    from file: SafetensorsFile, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> (model: Self, preprocessing: Preprocessing) {
    let description = try ModelFileDescription<Architecture>(file.metadata, file: file.name)
    let architecture = description.architecture
    let parameters = try file.allParameters(
      architecture.parameterLayout, as: Scalar.self, allowsNonFinite: allowsNonFinite)
    return (Self(architecture, parameters: parameters), description.preprocessing)
  }
}

/// What the metadata of a model's file describes, whatever the format that holds it.
package struct ModelFileDescription<Architecture: StoredArchitecture> {
  /// The parts and their sizes.
  package let architecture: Architecture
  /// How the data was prepared.
  package let preprocessing: Preprocessing

  /// Reads what `StoredModel.fileMetadata` writes, from a file that is not trusted.
  package init(_ metadata: [String: String], file: String) throws(SafetensorsError) {
    let context = SafetensorsErrorContext(file: file)
    try context.check(metadata, ModelFileKey.format, is: Architecture.formatName)
    try context.check(metadata, ModelFileKey.version, is: ModelFileKey.currentVersion)
    architecture = try context.decode(metadata, ModelFileKey.architecture)
    preprocessing = try context.decode(metadata, ModelFileKey.preprocessing)
    do { try preprocessing.check(fits: architecture) } catch {
      throw context.metadata(ModelFileKey.preprocessing, error)
    }
  }

  /// Whether `metadata` says that it describes a model of this kind, in whatever version.
  package static func isPresent(in metadata: [String: String]) -> Bool {
    metadata[ModelFileKey.format] == Architecture.formatName
  }
}

/// Whether `metadata` of a model's file says that the model computed in `Double`.
package func isModelOfDoubles(_ metadata: [String: String]) -> Bool {
  metadata[ModelFileKey.scalarType] == SafetensorsType.float64.rawValue
}

/// The names in a model file's metadata, and their values.
private enum ModelFileKey {
  static let format = "format"
  static let version = "format_version"
  static let currentVersion = "1"
  static let scalarType = "scalar_type"
  static let architecture = "architecture"
  static let preprocessing = "preprocessing"
}
