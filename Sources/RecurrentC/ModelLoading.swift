internal import CRecurrent
internal import Interchange
internal import Kernels
internal import Models
internal import SystemFiles

/// Reading a model from a file whose contents say what it is.
struct ModelLoading {
  private let path: String
  private let options: recurrent_load_options

  /// Throws where the options cannot be.
  init(_ path: String, _ options: UnsafePointer<recurrent_load_options>?) throws {
    self.path = path
    self.options = try options == nil ? recurrent_load_options() : structure(options, "options")
    guard 0...maxThreads ~= self.options.threads else {
      throw CallError.argument("threads is \(self.options.threads), wanted 0 to \(maxThreads)")
    }
    _ = (try readout, try loss, try nonlinearity)
  }

  private var readout: SequenceArchitecture.Readout? {
    get throws { try SequenceArchitecture.Readout(options.readout) }
  }

  private var loss: Loss? {
    get throws { try Loss(options.loss) }
  }

  private var nonlinearity: RecurrentCell.Activation? {
    get throws {
      switch options.nonlinearity {
      case 0: nil
      case Int32(bitPattern: RECURRENT_TANH.rawValue): .tanh
      case Int32(bitPattern: RECURRENT_RELU.rawValue): .relu
      default:
        throw CallError.argument("nonlinearity is \(options.nonlinearity), wanted RECURRENT_TANH or RECURRENT_RELU")
      }
    }
  }

  private var allowsNonFinite: Bool { options.allow_non_finite != 0 }

  /// The model.
  func contents() throws -> ModelContents {
    guard try isSafetensors() else { return try onnxModel() }
    let file = try SafetensorsFile(path: path)
    try MemoryNeed.reading(file).check()
    guard file.metadata["format"]?.hasPrefix("recurrent.") != true else {
      // Other formats of ours are refused by name.
      let (model, preprocessing) = try SequenceModel<Float>.read(from: file, allowsNonFinite: allowsNonFinite)
      return try prepare(model, preprocessing)
    }
    let weights = try PyTorchStateDict(file, allowsNonFinite: allowsNonFinite)
    guard !isLayerAlone(file) else {
      var layer: RecurrentLayer<Float> = try weights.recurrentLayer(nonlinearity: nonlinearity)
      guard options.probabilities == 0 else {
        throw CallError(
          RECURRENT_UNSUPPORTED, "\(printable(path, limit: 4096)): a layer without a head has no probabilities")
      }
      layer.execution = execution
      return ModelContents(layer)
    }
    guard let readout = try readout else {
      throw CallError.argument(
        "\(printable(path, limit: 4096)): a state_dict does not show what its head reads; wanted a readout in the options"
      )
    }
    return try prepare(
      weights.sequenceModel(readout: readout, loss: loss ?? .meanSquaredError, nonlinearity: nonlinearity),
      Preprocessing())
  }

  /// Whether the file begins as safetensors files do: with the length of a header in 8 bytes, and a brace.
  private func isSafetensors() throws -> Bool {
    let start: [UInt8]
    do {
      let file = try ReadOnlyFile(path: path)
      start = try file.bytes(0..<min(file.count, 9))
    } catch {
      throw CallError(RECURRENT_FILE, "\(printable(path, limit: 4096)): \(error)")
    }
    guard start.count == 9 else {
      throw CallError(RECURRENT_FORMAT, "\(printable(path, limit: 4096)): \(start.count) bytes, wanted a model")
    }
    return start[8] == UInt8(ascii: "{") && start[6] == 0 && start[7] == 0
  }

  /// Whether all tensors are of recurrent modules.
  private func isLayerAlone(_ file: SafetensorsFile) -> Bool {
    file.tensorNames.allSatisfy { name in
      let leaf = name.split(separator: ".").last ?? ""
      return ["weight_ih_l", "weight_hh_l", "weight_hr_l", "bias_ih_l", "bias_hh_l"].contains { leaf.hasPrefix($0) }
    }
  }

  private func onnxModel() throws -> ModelContents {
    #if ONNX
    let (model, preprocessing) = try SequenceModel<Float>.read(
      fromAnyONNX: path, loss: loss, allowsNonFinite: allowsNonFinite)
    return try prepare(model, preprocessing)
    #else
    throw CallError(
      RECURRENT_UNSUPPORTED,
      "\(printable(path, limit: 4096)): no safetensors file, and this library was built without ONNX")
    #endif
  }

  private func prepare(_ model: SequenceModel<Float>, _ preprocessing: Preprocessing) throws -> ModelContents {
    var model = model
    model.execution = execution
    return try ModelContents(model, preprocessing, probabilities: options.probabilities != 0)
  }

  private var execution: Execution {
    options.threads == 0 ? .automatic : Execution(threads: Int(options.threads))
  }
}

/// As many as `RECURRENT_THREADS` may ask for.
private let maxThreads: Int32 = 1024
