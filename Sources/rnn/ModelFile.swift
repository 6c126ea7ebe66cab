#if Tools
import DataIO
import Interchange
import Kernels
import Models

/// A model that the tool read.
struct ModelFile {
  /// A model in either type of numbers.
  enum Model {
    case float(SequenceModel<Float>)
    case double(SequenceModel<Double>)

    var architecture: SequenceArchitecture {
      switch self {
      case .float(let model): model.architecture
      case .double(let model): model.architecture
      }
    }

    var parameterCount: Int {
      switch self {
      case .float(let model): model.parameters.count
      case .double(let model): model.parameters.count
      }
    }
  }

  /// The engine that wrote a file, by its extension and, for safetensors and NumPy archives, by its contents.
  enum Format {
    case recurrent, pyTorch, keras, onnx

    var name: String {
      switch self {
      case .recurrent: "Recurrent"
      case .pyTorch: "PyTorch"
      case .keras: "Keras"
      case .onnx: "ONNX"
      }
    }
  }

  let model: Model
  let preprocessing: Preprocessing
  let format: Format

  /// Reads the model at `path` as one of ours, whatever engine wrote it. Throws what that format's reader throws.
  static func read(_ path: String, _ options: ReadingOptions) throws -> ModelFile {
    switch try FileKind(path) {
    case .onnx: try readONNX(path, options)
    case .keras, .hdf5, .npz: try readKeras(path, options)
    case .safetensors: try readSafetensors(path, options)
    }
  }

  /// Compares the model at `path` with stored vectors: an ONNX file by its graph's names, any other as one of ours. Vectors
  /// that are none of the model's are not unpacked.
  static func verify(
    _ path: String, _ options: ReadingOptions, on vectors: NumPyArchive, at vectorsPath: String, tolerance: Double
  ) throws -> Verification {
    func verify(_ model: some NamedTensorModel) throws -> Verification {
      let known = model.requiredInputs + model.optionalInputs + model.outputNames
      let unknown = Set(vectors.names).subtracting(known)
      guard unknown.isEmpty else { throw VerificationError.unknownNames(unknown.sorted(), known: known) }
      let tensors = try vectors.tensors(vectors.names, limits: options.limits)
      return try Verification(
        of: model, on: tensors, tolerance: tolerance,
        limits: options.run.limits.justified(
          modelBytes: fileSize(path), vectorBytes: fileSize(vectorsPath), vectors: tensors))
    }
    if try FileKind(path) == .onnx {
      let model = try ONNXModel(path: path)
      if !options.trust.allowNonFinite { try model.checkIsFinite() }
      return try verify(model)
    }
    switch try read(path, options).model {
    case .float(let model): return try verify(model)
    case .double(let model): return try verify(model)
    }
  }

  private static func readSafetensors(_ path: String, _ options: ReadingOptions) throws -> ModelFile {
    let file = try SafetensorsFile(path: path)
    // Other formats of Recurrent are refused by name.
    if file.metadata["format"]?.hasPrefix("recurrent.") ?? false {
      if isModelOfDoubles(file.metadata) {
        let (model, preprocessing) = try SequenceModel<Double>.read(
          from: file, allowsNonFinite: options.trust.allowNonFinite)
        return ModelFile(model: .double(model), preprocessing: preprocessing, format: .recurrent)
      }
      let (model, preprocessing) = try SequenceModel<Float>.read(
        from: file, allowsNonFinite: options.trust.allowNonFinite)
      return ModelFile(model: .float(model), preprocessing: preprocessing, format: .recurrent)
    }
    // The paths of Keras's variables have slashes, the names of PyTorch's tensors dots.
    if file.tensors.keys.contains(where: { $0.contains("/") }) { return try readKeras(path, options) }
    return try readPyTorch(file, options)
  }

  private static func readPyTorch(_ file: SafetensorsFile, _ options: ReadingOptions) throws -> ModelFile {
    let weights = try PyTorchStateDict(file, allowsNonFinite: options.trust.allowNonFinite)
    let readout = try options.readout(of: file.name)
    func model<Scalar: TensorScalar>(_: Scalar.Type) throws -> SequenceModel<Scalar> {
      try weights.sequenceModel(
        embedding: options.parts.embedding, recurrent: options.parts.recurrent, head: options.parts.head,
        readout: readout, loss: options.loss ?? .meanSquaredError, nonlinearity: options.activation)
    }
    let isDouble = file.tensors.values.contains { $0.type == .float64 }
    return ModelFile(
      model: isDouble ? .double(try model(Double.self)) : .float(try model(Float.self)),
      preprocessing: Preprocessing(), format: .pyTorch)
  }
}
#endif
