#if ONNX
internal import DataIO
internal import Kernels
public import Models

extension SequenceModel where Scalar: SafetensorsElement {
  /// Reads the model that ``ONNXExport`` wrote at `path`, and how its data was prepared: the same to the bit, or
  /// rounded where it was written with the other type of numbers.
  ///
  /// Reads the metadata and not the graph. For one that another engine wrote, or whose metadata
  /// is lost, see ``init(recognizing:loss:limits:allowsNonFinite:)``.
  ///
  /// - Throws: ``ONNXError`` where the file cannot be read, is damaged, describes no model of ours, or, unless
  ///   `allowsNonFinite`, has weights that are infinite or NaN. Everything else is checked before memory is taken for the
  ///   parameters.
  public static func read(
    fromONNX path: String, allowsNonFinite: Bool = false
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    try read(fromONNX: ONNXModel.bytes(of: path), file: path, allowsNonFinite: allowsNonFinite)
  }

  /// Reads the model in the bytes of a file as ``read(fromONNX:allowsNonFinite:)`` does; errors call it `file`.
  public static func read(
    fromONNX bytes: [UInt8], file: String = "bytes in memory", allowsNonFinite: Bool = false
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    try read(ONNXModel.decode(bytes, name: file), file: file, allowsNonFinite: allowsNonFinite)
  }

  /// Reads the model in the decoded file `message` as ``read(fromONNX:allowsNonFinite:)`` does.
  static func read(
    _ message: ONNX_ModelProto, file: String, allowsNonFinite: Bool
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    let description = try describe(message, file: file)
    let exported = ExportedParameters(description.architecture)
    let wanted = Set(exported.shapes.map(\.name))
    var constants: [String: Tensor] = [:]
    for constant in message.graph.initializer where wanted.contains(constant.name) {
      let place = "constant \(quoted(constant.name))"
      constants[constant.name] = try locating(place, in: file) { () throws(ONNXRefusal) in try Tensor(constant) }
    }
    let parameters = try exported.parameters(
      description.architecture.parameterLayout, in: constants, file: file, as: Scalar.self)
    if !allowsNonFinite { try parameters.checkAreFinite(in: file) }
    return (SequenceModel(description.architecture, parameters: parameters), description.preprocessing)
  }

  private static func describe(
    _ message: ONNX_ModelProto, file: String
  ) throws(ONNXError) -> ModelFileDescription<SequenceArchitecture> {
    do { return try ModelFileDescription(message.metadata, file: file) } catch {
      throw ONNXRefusal.malformed("\(error.found), wanted \(error.wanted)").at(nil, in: file)
    }
  }
}

extension ParameterVector {
  /// Throws at the first number that is infinite or NaN, with its parameter and its place there.
  func checkAreFinite(in file: String) throws(ONNXError) {
    guard let (name, found) = nonFiniteWeight else { return }
    throw ONNXRefusal.malformed("\(found), wanted \(finiteWeights)").at("parameter \(quoted(name))", in: file)
  }
}
#endif
