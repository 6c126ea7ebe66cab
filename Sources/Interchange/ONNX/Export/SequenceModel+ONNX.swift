#if ONNX
internal import DataIO
internal import Kernels
public import Models

extension SequenceModel where Scalar: SafetensorsElement {
  /// Reads the model that ``ONNXExport`` wrote at `path`, and how its data was prepared: the same to the bit, or
  /// rounded where it was written with the other type of numbers.
  ///
  /// Reads the metadata and not the graph. For one that another engine wrote, or whose metadata
  /// is lost, see ``init(recognizing:loss:limits:)``.
  ///
  /// - Throws: ``ONNXError`` where the file cannot be read, is damaged or describes no model of ours. Everything is
  ///   checked before memory is taken for the parameters.
  public static func read(
    fromONNX path: String
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    try read(fromONNX: ONNXModel.bytes(of: path), file: path)
  }

  /// Reads the model in the bytes of a file as ``read(fromONNX:)`` does; errors call it `file`.
  public static func read(
    fromONNX bytes: [UInt8], file: String = "bytes in memory"
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    try read(ONNXModel.decode(bytes, name: file), file: file)
  }

  /// Reads the model in the decoded file `message` as ``read(fromONNX:)`` does.
  static func read(
    _ message: ONNX_ModelProto, file: String
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
#endif
