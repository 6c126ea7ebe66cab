internal import FoundationEssentials
internal import Kernels

/// A sequence model's file is a safetensors file: a tensor for each parameter, under its name, and in the metadata what
/// rebuilds the model.
///
/// | metadata | holds |
/// | --- | --- |
/// | `format` | `recurrent.sequence-model` |
/// | `format_version` | `1` |
/// | `scalar_type` | the type the model computed in: `F32` or `F64` |
/// | `architecture` | ``SequenceArchitecture`` as JSON |
/// | `preprocessing` | ``Preprocessing`` as JSON |
extension SequenceModel where Scalar: SafetensorsElement {
  /// Writes this model at `path`, so that the file alone rebuilds it: at any moment, even after a crash, there is what was
  /// there before or all of this. The same model gives the same bytes.
  ///
  /// - Parameters:
  ///   - path: Where to write.
  ///   - preprocessing: What was done to the data, to be done again to further data.
  /// - Throws: ``SafetensorsError`` where the system refuses, or where the preprocessing cannot be this model's.
  public func write(to path: String, preprocessing: Preprocessing = Preprocessing()) throws(SafetensorsError) {
    var contents: SafetensorsContents
    do { contents = SafetensorsContents(metadata: try fileMetadata(preprocessing)) } catch {
      throw SafetensorsComplaint(file: path).metadata(ModelFileKey.preprocessing, error)
    }
    contents.setParameters(parameters)
    try contents.write(to: path)
  }

  /// What a file says about this model beside its parameters, as the table above lists it. Throws where the
  /// preprocessing cannot be this model's.
  package func fileMetadata(_ preprocessing: Preprocessing) throws(ConfigurationError) -> [String: String] {
    try preprocessing.check(fits: architecture)
    return [
      ModelFileKey.format: ModelFileKey.formatName, ModelFileKey.version: ModelFileKey.currentVersion,
      ModelFileKey.scalarType: Scalar.safetensorsType.rawValue, ModelFileKey.architecture: json(architecture),
      ModelFileKey.preprocessing: json(preprocessing),
    ]
  }

  /// Reads the model at `path`, whatever type of floating-point numbers it is stored in, and how its data was prepared.
  ///
  /// - Throws: ``SafetensorsError`` where the file cannot be read, is damaged or describes no model. Everything is
  ///   checked before memory is taken for a parameter.
  public static func read(
    from path: String
  ) throws(SafetensorsError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    try read(from: SafetensorsFile(path: path))
  }

  /// Reads the model in an open `file` as ``read(from:)-(String)`` does.
  public static func read(
    from file: SafetensorsFile
  ) throws(SafetensorsError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    let description = try ModelFileDescription(file.metadata, file: file.name)
    let architecture = description.architecture
    let parameters = try file.allParameters(architecture.parameterLayout, as: Scalar.self)
    return (SequenceModel(architecture, parameters: parameters), description.preprocessing)
  }
}

/// What the metadata of a model's file describes, whatever the format that holds it.
package struct ModelFileDescription {
  /// The parts and their sizes.
  package let architecture: SequenceArchitecture
  /// How the data was prepared.
  package let preprocessing: Preprocessing

  /// Reads what `SequenceModel.fileMetadata` writes, from a file that is not trusted.
  package init(_ metadata: [String: String], file: String) throws(SafetensorsError) {
    let complain = SafetensorsComplaint(file: file)
    try complain.check(metadata, ModelFileKey.format, is: ModelFileKey.formatName)
    try complain.check(metadata, ModelFileKey.version, is: ModelFileKey.currentVersion)
    architecture = try complain.decode(metadata, ModelFileKey.architecture)
    preprocessing = try complain.decode(metadata, ModelFileKey.preprocessing)
    do { try preprocessing.check(fits: architecture) } catch {
      throw complain.metadata(ModelFileKey.preprocessing, error)
    }
  }

  /// Whether `metadata` says that it describes a model of ours, in whatever version.
  package static func isPresent(in metadata: [String: String]) -> Bool {
    metadata[ModelFileKey.format] == ModelFileKey.formatName
  }

  /// Whether `metadata` says that the model computed in `Double`.
  package static func isOfDoubles(_ metadata: [String: String]) -> Bool {
    metadata[ModelFileKey.scalarType] == SafetensorsType.float64.rawValue
  }
}

extension RecurrentLayer where Scalar: SafetensorsElement {
  /// Writes the parameters at `path` under PyTorch's names, as `safetensors.torch.save_file` writes the state of its
  /// module. Atomic as ``SafetensorsContents/write(to:)``; throws where the system refuses.
  public func writeParameters(to path: String) throws(SafetensorsError) {
    var contents = SafetensorsContents()
    contents.setParameters(parameters)
    try contents.write(to: path)
  }

  /// Replaces the parameters by those at `path`, which must be exactly this architecture's; where they are not, throws
  /// and leaves the old ones.
  public mutating func readParameters(from path: String) throws(SafetensorsError) {
    parameters = try SafetensorsFile(path: path).allParameters(parameters.layout, as: Scalar.self)
  }
}

/// The names in a model file's metadata, and what stands there.
private enum ModelFileKey {
  static let format = "format"
  static let formatName = "recurrent.sequence-model"
  static let version = "format_version"
  static let currentVersion = "1"
  static let scalarType = "scalar_type"
  static let architecture = "architecture"
  static let preprocessing = "preprocessing"
}
