#if ONNX
public import DataIO
internal import FoundationEssentials
internal import Models
internal import SwiftProtobuf

/// A model from an ONNX file, which runs here.
///
///     let model = try ONNXModel(path: "classifier.onnx")
///     let outputs = try model(["x": Tensor(shape: [2, 7, 5], numbers)])
///     let classes = model.metadata["classes"]
///
/// The file is read and checked once, with every operator and attribute in it: what cannot be computed is refused then,
/// by name. Weights are converted to the engine's order once, too. Recurrent operators run on the engine's own cells
/// where those compute the form asked for, which is every usual one. A value without state: running it concurrently is
/// safe.
///
/// Supports the standard operators of opset 7 to 28; the numbers must be in the file itself. Source: the specification,
/// github.com/onnx/onnx/blob/main/docs/IR.md and Operators.md.
///
/// Needs the package trait `ONNX`, as all that reads or writes ONNX does.
public struct ONNXModel: Sendable {
  /// The path of the file, or what the caller called the bytes.
  let name: String
  /// The graph's inputs.
  public let inputs: [ONNXValue]
  /// The graph's outputs.
  public let outputs: [ONNXValue]
  /// The metadata of the file, by key; of a key that occurs twice, the last.
  public let metadata: [String: String]
  /// Bytes of the file.
  let byteCount: Int
  let graph: ONNXGraph
  var program: ONNXProgram

  /// The limit on a file's bytes, which is that of the format's encoding.
  static let fileLimit = Int(Int32.max)

  /// The operators that are computed, sorted by name.
  static var operators: [String] { ONNXOperators.byName.keys.sorted() }

  /// Reads the file at `path`.
  public init(path: String) throws(ONNXError) {
    try self.init(bytes: Self.bytes(of: path), name: path)
  }

  /// Reads a file that is already in memory; errors call it `name`.
  public init(bytes: [UInt8], name: String = "bytes in memory") throws(ONNXError) {
    try self.init(Self.decode(bytes, name: name), name: name, byteCount: bytes.count)
  }

  /// Throws where a weight is infinite or NaN, or a number of an attribute is NaN: those who run the model need not mean it.
  package func checkIsFinite() throws(ONNXError) {
    guard let (place, found) = graph.nonFiniteNumber else { return }
    throw ONNXRefusal.malformed("\(found), wanted \(finiteWeights)").at(place, in: name)
  }

  /// The bytes of the file at `path`.
  static func bytes(of path: String) throws(ONNXError) -> [UInt8] {
    do { return try FileReading.bytes(of: path, limit: fileLimit) } catch {
      throw ONNXError(file: path, place: nil, problem: .cannotRead, reason: error.reason)
    }
  }

  /// The metadata of the file at `path`, by key, without checking whether it runs here.
  package static func notes(inFileAt path: String) throws(ONNXError) -> [String: String] {
    try decode(bytes(of: path), name: path).metadata
  }

  /// The messages in the bytes of a file, of which nothing is checked but that they are messages.
  static func decode(_ bytes: [UInt8], name: String) throws(ONNXError) -> ONNX_ModelProto {
    try locating(nil, in: name) { () throws(ONNXRefusal) in try ONNXMessageScan.check(bytes) }
    do {
      var options = BinaryDecodingOptions()
      options.messageDepthLimit = Self.depthLimit
      return try ONNX_ModelProto(serializedBytes: bytes, options: options)
    } catch {
      let found = (error as? BinaryDecodingError).map(Self.describe) ?? "cannot be decoded"
      throw ONNXRefusal.malformed("\(found), wanted an ONNX model").at(nil, in: name)
    }
  }

  init(_ message: ONNX_ModelProto, name: String, byteCount: Int) throws(ONNXError) {
    self.name = name
    self.byteCount = byteCount
    graph = try ONNXGraph(message, file: name)
    inputs = graph.inputs
    outputs = graph.outputs
    metadata = message.metadata
    program = try ONNXProgram(graph, file: name, foldedLimit: Self.foldedLimit(byteCount))
  }

  /// The limit on the bytes of folded constants: numbers may take a byte in the file and eight in memory.
  private static func foldedLimit(_ byteCount: Int) -> Int { 8 * max(byteCount, 1 << 12) }

  /// Levels of nested messages; a tensor in a node in a graph is four deep.
  static let depthLimit = 32

  private static func describe(_ error: BinaryDecodingError) -> String {
    switch error {
    case .truncated: "ends in the middle of a message"
    case .invalidUTF8: "has a text that is not UTF-8"
    case .messageDepthLimit: "has messages nested more than \(depthLimit) deep"
    default: "is not in the encoding of protocol buffers"
    }
  }
}

extension ONNXModel {
  /// The outputs, by name, for inputs by name. Inputs with a default may be left out.
  ///
  /// Throws where an input is missing or unknown, has another type or shape than the model says, or leads to something
  /// that cannot be computed or takes more than `limits`: the error names the node.
  public func callAsFunction(
    _ inputs: [String: Tensor], limits: RunLimits = RunLimits()
  ) throws(ONNXError) -> [String: Tensor] {
    try run(inputs, RunBudget(limits, modelBytes: byteCount, inputs: inputs.values))
  }

  /// The outputs for `inputs`, which are checked.
  func run(_ inputs: [String: Tensor], _ budget: RunBudget) throws(ONNXError) -> [String: Tensor] {
    try check(inputs, budget)
    return try run(program, inputs, budget)
  }

  /// What `program`, a form of this model's, computes from inputs that fit.
  func run(
    _ program: ONNXProgram, _ inputs: [String: Tensor], _ budget: RunBudget
  ) throws(ONNXError) -> [String: Tensor] {
    var values = inputs
    for input in self.inputs where values[input.name] == nil { values[input.name] = graph.initializers[input.name] }
    return try program.run(values, budget)
  }

  /// Throws where `given` are not the model's inputs.
  func check(_ given: [String: Tensor], _ budget: RunBudget) throws(ONNXError) {
    let known = Set(inputs.map(\.name))
    for name in given.keys.sorted() where !known.contains(name) {
      throw refusal(.input("the model has no such input, wanted \(inputs.map(\.name).joined(separator: ", "))"), name)
    }
    var named: [String: Int] = [:]
    for input in inputs {
      guard let tensor = given[input.name] else {
        guard input.hasDefault else { throw refusal(.input("it is not given, but needed"), input.name) }
        continue
      }
      do { try input.check(tensor, budget, named: &named) } catch { throw refusal(error, input.name) }
    }
  }

  private func refusal(_ refusal: ONNXRefusal, _ input: String) -> ONNXError {
    refusal.at("input \(quoted(input))", in: name)
  }
}

extension ONNXValue {
  /// Whether `tensor` is such a value. Notes in `named` the sizes of dimensions that have a name.
  fileprivate func check(_ tensor: Tensor, _ budget: RunBudget, named: inout [String: Int]) throws(ONNXRefusal) {
    if let elementType, elementType != tensor.typeName {
      throw .input("the numbers are \(tensor.typeName), wanted \(elementType)")
    }
    try checkRank(tensor.shape.count)
    if tensor.count == 0 {
      do { try budget.allow([tensor.part], for: "a tensor") } catch { throw .excess(error) }
    }
    guard let dimensions else { return }
    let wanted = "[\(dimensions.map(\.description).joined(separator: ", "))]"
    guard tensor.shape.count == dimensions.count else { throw .input("the shape is \(tensor.shape), wanted \(wanted)") }
    for (size, dimension) in zip(tensor.shape, dimensions) {
      switch dimension {
      case .fixed(let fixed):
        guard size == fixed else { throw .input("the shape is \(tensor.shape), wanted \(wanted)") }
      case .named(let name):
        guard named.updateValue(size, forKey: name) ?? size == size else {
          throw .input("the shape is \(tensor.shape), wanted \(wanted) with one size for \(quoted(name))")
        }
      case .unknown: break
      }
    }
  }
}

extension ONNX_ModelProto {
  /// The metadata, by key; of a key that occurs twice, the last.
  var metadata: [String: String] { Dictionary(metadataProps.map { ($0.key, $0.value) }) { $1 } }
}
#endif
