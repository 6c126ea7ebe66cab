// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CRecurrent
internal import Interchange
internal import Kernels
internal import Models

/// What a handle of a model stands for.
struct ModelContents: HandleContents {
  static var kind: HandleKind { .model }

  let prepared: PreparedModel<Float>
  /// What it was prepared from; `nil` for a layer without a head.
  let source: SequenceModel<Float>?
  let stack: RecurrentStack
  let parameterCount: Int
  let preprocessing: Preprocessing
  /// Whether it gives probabilities.
  let givesProbabilities: Bool

  init(
    _ model: SequenceModel<Float>, _ preprocessing: Preprocessing = Preprocessing(), probabilities: Bool = false
  ) throws {
    prepared = probabilities ? try model.preparedForProbabilities() : model.prepared()
    source = model
    stack = model.architecture.recurrent
    parameterCount = model.parameters.count
    self.preprocessing = preprocessing
    givesProbabilities = probabilities
  }

  init(_ layer: RecurrentLayer<Float>) {
    prepared = layer.prepared()
    source = nil
    stack = layer.architecture
    parameterCount = layer.parameters.count
    preprocessing = Preprocessing()
    givesProbabilities = false
  }

  /// Which states the head reads.
  var readout: SequenceArchitecture.Readout { source?.architecture.readout ?? .everyStep }

  /// What ``SequenceArchitecture/sizeBesideLayers`` is, 0 for a layer without a head.
  var sizeBesideLayers: Int { source?.architecture.sizeBesideLayers ?? 0 }
}

@c @implementation
public func recurrent_model_load(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<recurrent_load_options>?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let model = try receiver(model, "model")
    let contents = try ModelLoading(RecurrentC.path(path), options).contents()
    model.pointee = Handle(contents).pointer
  }
}

@c @implementation
public func recurrent_model_create(
  _ architecture: UnsafePointer<recurrent_architecture>?, _ seed: UInt64, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let model = try receiver(model, "model")
    let architecture = try sequenceArchitecture(structure(architecture, "architecture"))
    let contents = try ModelContents(SequenceModel<Float>(architecture, seed: seed))
    model.pointee = Handle(contents).pointer
  }
}

@c @implementation
public func recurrent_model_write(_ model: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> recurrent_status {
  call {
    let contents = try Handle<ModelContents>(model).contents
    let path = try RecurrentC.path(path)
    guard let source = contents.pointee.source else {
      throw CallError(RECURRENT_UNSUPPORTED, "a layer without a head has no file of its own")
    }
    try source.write(to: path, preprocessing: contents.pointee.preprocessing)
  }
}

@c @implementation
public func recurrent_model_describe(
  _ model: OpaquePointer?, _ info: UnsafeMutablePointer<recurrent_model_info>?
) -> recurrent_status {
  call {
    let contents = try Handle<ModelContents>(model).contents
    let info = try present(info, "info")
    try checkSize(UnsafePointer(info))
    info.pointee = modelInfo(contents.pointee)
  }
}

@c @implementation
public func recurrent_model_free(_ model: OpaquePointer?) -> recurrent_status {
  call { try free(model, ModelContents.self) }
}

private func modelInfo(_ contents: ModelContents) -> recurrent_model_info {
  var info = recurrent_model_info()
  info.size = MemoryLayout<recurrent_model_info>.size
  info.predicts_every_step = contents.readout == .everyStep ? 1 : 0
  info.is_bidirectional = contents.stack.isBidirectional ? 1 : 0
  let (scaling, source) = (contents.preprocessing, contents.source)
  info.has_scaling = scaling.inputScaling != nil || scaling.targetScaling != nil ? 1 : 0
  info.can_be_trained = source == nil ? 0 : 1
  info.readout = contents.readout.code
  info.loss = source?.architecture.loss.code ?? RECURRENT_LOSS_UNKNOWN
  switch contents.prepared.input {
  case .tokens(let count): (info.reads_tokens, info.vocabulary_size) = (1, count)
  case .features(let count): info.input_size = count
  }
  info.output_size = contents.prepared.outputSize
  info.layers = contents.stack.layers
  info.hidden_size = contents.stack.cells[0].hiddenSize
  info.parameter_count = contents.parameterCount
  info.session_bytes = (try? contents.prepared.session().byteCount) ?? 0
  let text = Array(contents.prepared.identity.description.utf8)
  withUnsafeMutableBytes(of: &info.identity) { bytes in
    for (place, byte) in text.prefix(bytes.count - 1).enumerated() { bytes[place] = byte }
  }
  return info
}

/// The architecture that `values` describe; throws where there is none.
private func sequenceArchitecture(_ values: recurrent_architecture) throws -> SequenceArchitecture {
  let readsTokens = values.vocabulary_size != 0 || values.embedding_size != 0
  guard !readsTokens || values.input_size == 0 else {
    throw CallError.argument("input_size is \(UInt(bitPattern: values.input_size)) beside a vocabulary, wanted 0")
  }
  let (inputs, layers) = (readsTokens ? values.embedding_size : values.input_size, max(values.layers, 1))
  for (name, size) in [
    ("hidden_size", values.hidden_size), (readsTokens ? "embedding_size" : "input_size", inputs),
    ("output_size", values.output_size), ("vocabulary_size", readsTokens ? values.vocabulary_size : 1),
  ] where !(1...maxSide ~= size) {
    throw CallError.argument("\(name) is \(UInt(bitPattern: size)), wanted 1 to \(maxSide)")
  }
  guard values.layers >= 0, layers <= maxLayers else {
    throw CallError.argument("layers is \(UInt(bitPattern: values.layers)), wanted at most \(maxLayers)")
  }
  let directions = values.bidirectional == 0 ? 1.0 : 2.0
  let (hidden, gates) = (Double(values.hidden_size), values.cell == RECURRENT_LSTM ? 4.0 : 3.0)
  let layer = directions * gates * hidden * (max(Double(inputs), directions * hidden) + hidden + 2)
  let outputs = Double(values.output_size) * (directions * hidden + 1)
  let table = readsTokens ? Double(values.vocabulary_size) * Double(inputs) : 0
  // The parameters, and those of the layers and the head in the order that the steps read them in.
  try MemoryNeed(numbers: 2 * (Double(layers) * layer + outputs) + table).check()
  return try SequenceArchitecture(
    embedding: readsTokens ? EmbeddingTable(vocabularySize: values.vocabulary_size, dimension: inputs) : nil,
    recurrent: RecurrentStack(
      cell(values.cell, inputSize: inputs, hiddenSize: values.hidden_size), layers: layers,
      isBidirectional: values.bidirectional != 0, dropout: values.dropout),
    readout: SequenceArchitecture.Readout(values.readout) ?? .everyStep, outputSize: values.output_size,
    loss: Loss(values.loss) ?? .meanSquaredError)
}

/// The largest side of a matrix that all sums of a few of them fit an `Int32`.
private let maxSide = 1 << 26
/// As many as a file may have.
private let maxLayers = 1024

private func cell(_ kind: recurrent_cell, inputSize: Int, hiddenSize: Int) throws -> RecurrentCell {
  switch kind {
  case RECURRENT_LSTM: .lstm(inputSize: inputSize, hiddenSize: hiddenSize)
  case RECURRENT_GRU: .gru(inputSize: inputSize, hiddenSize: hiddenSize)
  case RECURRENT_TANH: .vanilla(inputSize: inputSize, hiddenSize: hiddenSize, activation: .tanh)
  case RECURRENT_RELU: .vanilla(inputSize: inputSize, hiddenSize: hiddenSize, activation: .relu)
  default: throw CallError.argument("cell is \(kind.rawValue), wanted a recurrent_cell")
  }
}

extension SequenceArchitecture.Readout {
  /// The readout of this number; `nil` for the unknown one.
  init?(_ code: recurrent_readout) throws {
    switch code {
    case RECURRENT_READOUT_UNKNOWN: return nil
    case RECURRENT_EVERY_STEP: self = .everyStep
    case RECURRENT_FINAL_STATE: self = .finalState
    case RECURRENT_MEAN_STATE: self = .meanState
    case RECURRENT_MAX_STATE: self = .maxState
    default: throw CallError.argument("readout is \(code.rawValue), wanted a recurrent_readout")
    }
  }

  fileprivate var code: recurrent_readout {
    switch self {
    case .everyStep: RECURRENT_EVERY_STEP
    case .finalState: RECURRENT_FINAL_STATE
    case .meanState: RECURRENT_MEAN_STATE
    case .maxState: RECURRENT_MAX_STATE
    }
  }
}

extension Loss {
  /// The loss of this number; `nil` for the unknown one.
  init?(_ code: recurrent_loss) throws {
    switch code {
    case RECURRENT_LOSS_UNKNOWN: return nil
    case RECURRENT_MEAN_SQUARED_ERROR: self = .meanSquaredError
    case RECURRENT_MEAN_ABSOLUTE_ERROR: self = .meanAbsoluteError
    case RECURRENT_SOFTMAX_CROSS_ENTROPY: self = .softmaxCrossEntropy
    case RECURRENT_BINARY_CROSS_ENTROPY: self = .binaryCrossEntropy
    default: throw CallError.argument("loss is \(code.rawValue), wanted a recurrent_loss")
    }
  }

  fileprivate var code: recurrent_loss {
    switch self {
    case .meanSquaredError: RECURRENT_MEAN_SQUARED_ERROR
    case .meanAbsoluteError: RECURRENT_MEAN_ABSOLUTE_ERROR
    case .softmaxCrossEntropy: RECURRENT_SOFTMAX_CROSS_ENTROPY
    case .binaryCrossEntropy: RECURRENT_BINARY_CROSS_ENTROPY
    }
  }
}
