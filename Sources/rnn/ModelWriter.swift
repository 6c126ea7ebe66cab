#if Tools
import DataIO
import Interchange
import Kernels
import Models

/// Writes a model into the kind of file that its path names, and reads it back.
struct ModelWriter {
  /// The limit on the difference between the model and what was written, relative to an output's magnitude.
  static let tolerance = 1e-5

  private let path: String
  private let kind: FileKind
  private let target: Convert.Target
  private let hasLengths: Bool
  private let hasStates: Bool
  private let parts: PartNames
  private let limits: RunLimits

  /// A writer for `path`. Throws where its kind of file is not written.
  init(to path: String, _ options: Convert) throws(DataError) {
    self.path = path
    kind = try FileKind(path)
    guard kind.isWritten else {
      throw DataError(
        file: path, reason: "no such file is written, only \(FileKind.list(FileKind.allCases.filter(\.isWritten)))")
    }
    (target, hasLengths, hasStates) = (options.target, options.lengths, !options.noStates)
    parts = options.reading.parts
    limits = options.reading.run.limits
  }

  var description: String {
    switch kind {
    case .onnx:
      "ONNX, " + (hasStates ? "with states" : "without states") + (hasLengths ? " and with lengths" : "")
    case .safetensors: target == .pytorch ? "PyTorch state_dict" : "Recurrent model"
    case .npz, .keras, .hdf5: "Keras variables by path"
    }
  }

  /// Writes `model`, reads it back and runs both on the same numbers.
  ///
  /// - Returns: The largest difference as a share of an output's magnitude.
  /// - Throws: What the format's writer and reader throw; the file is then unchanged, or whole.
  func write<Scalar: TensorScalar>(
    _ model: SequenceModel<Scalar>, _ preprocessing: Preprocessing
  ) throws -> Double {
    switch kind {
    case .onnx:
      let options = ONNXExport.Options(
        hasLengths: hasLengths, hasStates: hasStates, preprocessing: preprocessing)
      try ONNXExport(model, options).write(to: path)
      // The importer does not run a Scan, the form of a projection.
      if model.architecture.recurrent.cells[0].isProjected {
        return try difference(
          between: model, and: SequenceModel<Scalar>.read(fromONNX: path, allowsNonFinite: true).model)
      }
      return try difference(between: model, and: ONNXModel(path: path))
    case .safetensors where target == .recurrent:
      try model.write(to: path, preprocessing: preprocessing)
      return try difference(between: model, and: SequenceModel<Scalar>.read(from: path, allowsNonFinite: true).model)
    case .safetensors:
      let names = parts.written
      try PyTorchStateDict.write(
        model, embedding: names.embedding, recurrent: names.recurrent, head: names.head, to: path)
      let same: SequenceModel<Scalar> = try PyTorchStateDict(path: path, allowsNonFinite: true).sequenceModel(
        embedding: model.architecture.embedding.map { _ in names.embedding }, recurrent: names.recurrent,
        head: names.head, readout: model.architecture.readout, loss: model.architecture.loss,
        nonlinearity: model.architecture.activation)
      return try difference(between: model, and: same)
    case .npz, .keras, .hdf5:
      try KerasModel.write(model, to: path)
      let architecture = model.architecture
      let same: SequenceModel<Scalar> = try KerasModel(path: path, allowsNonFinite: true).sequenceModel(
        assuming: KerasAssumptions(
          nonlinearity: architecture.activation, reset: architecture.reset, readout: architecture.readout,
          loss: architecture.loss))
      return try difference(between: model, and: same)
    }
  }

  private func difference<Scalar: TensorScalar>(
    between model: SequenceModel<Scalar>, and written: some NamedTensorModel
  ) throws -> Double {
    let inputs = model.sampleInputs().filter { (written.requiredInputs + written.optionalInputs).contains($0.key) }
    let wanted = try model.outputs(of: inputs, limits: limits).filter { written.outputNames.contains($0.key) }
    let verification = try Verification(
      of: written, on: inputs.merging(wanted) { $1 }, tolerance: Self.tolerance, limits: limits)
    return verification.outputs.map(\.largestRelative).max() ?? .infinity
  }
}

extension SequenceArchitecture {
  /// The activation of its vanilla cells; `nil` where it has others.
  fileprivate var activation: RecurrentCell.Activation? {
    recurrent.cells[0].activation
  }

  /// Where the reset gate of its GRU cells acts; `nil` where it has others.
  fileprivate var reset: RecurrentCell.ResetConvention? {
    recurrent.cells[0].reset
  }
}
#endif
