public import DataIO
internal import Kernels
internal import Models

/// A model of Keras 3 on disk: its layers, with settings where the file has them and weights.
///
///     let keras = try KerasModel(path: "classifier.keras")          // needs the package trait HDF5
///     let model: SequenceModel<Float> = try keras.sequenceModel()
///     let gru: RecurrentLayer<Float> = try keras.recurrentLayer(named: "gru")     // or layer by layer,
///     let head: Linear<Float> = try keras.linear(named: "dense")                  // also with embedding(named:)
///
/// Without libhdf5, weights come from an archive that Python writes, and the settings from the `.keras` file:
///
///     # numpy.savez("weights.npz", **{w.path: w.numpy() for w in model.weights})
///     let keras = try KerasModel(path: "weights.npz", configuredBy: "classifier.keras")
///
/// Conventions are converted as ``KerasConvention`` says. Layers that cannot be run as ours are refused by name when
/// they are asked for, not when the file is opened.
public struct KerasModel: Sendable {
  /// The file's path.
  let file: String
  /// The layers, in the order in which they are run; in no order where only weights are known.
  let layers: [KerasLayer]
  /// Whether settings and order are known.
  package let isConfigured: Bool
  /// Whether a weight is a 64-bit number.
  package var holdsDoubles: Bool {
    layers.contains { layer in
      (Array(layer.arrays.forward.values) + layer.arrays.backward.values).contains { tensor in
        if case .double = tensor.elements { true } else { false }
      }
    }
  }

  /// Opens a model or its weights.
  ///
  /// | extension | holds |
  /// | --- | --- |
  /// | `.keras` | settings and weights, in HDF5 |
  /// | `.h5` | weights, as `model.save_weights("….weights.h5")` writes them |
  /// | `.npz`, `.safetensors` | weights by `w.path`, of all `w` in `model.weights` |
  ///
  /// Python's safetensors writes the memory of an array whatever its strides: give it
  /// `numpy.ascontiguousarray(w.numpy())`. Without that some of Keras's initial recurrent kernels arrive transposed, in
  /// a file that is valid.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - configuration: A `.keras` file, or a `.json` with what `model.to_json()` gives, for the settings; `nil` for
  ///     those of the file itself, if it has any.
  ///   - limits: How much the weights in an archive may unpack to.
  ///   - allowsNonFinite: Whether weights may be infinite or NaN, which is an error otherwise.
  /// - Throws: ``WeightsError`` where a file cannot be read or is damaged, where it holds HDF5 and this build does not
  ///   read it, or where the settings are not those of a chain of layers.
  public init(
    path: String, configuredBy configuration: String? = nil, limits: UnpackingLimits = UnpackingLimits(),
    allowsNonFinite: Bool = false
  ) throws(WeightsError) {
    file = path
    let isHDF5 = path.hasSuffix(".keras") || path.hasSuffix(".h5")
    let configurationPath = configuration ?? (path.hasSuffix(".keras") ? path : nil)
    let configuration: KerasConfiguration? =
      if let configurationPath { try Self.configuration(configurationPath) } else { nil }
    let arrays = try Self.arrays(path, limits)
    if !allowsNonFinite { try arrays.checkAreFinite(file) }
    isConfigured = configuration != nil
    layers = configuration.map { Self.layers($0, arrays, isHDF5: isHDF5) } ?? Self.layers(arrays)
  }

  /// Opens weights that are already in memory, by `w.path`, with the JSON of `model.to_json()` or without; errors call
  /// them `name`.
  init(
    weights: [(path: String, tensor: Tensor)], configuration: String? = nil, name: String = "weights in memory",
    allowsNonFinite: Bool = false
  ) throws(WeightsError) {
    file = name
    let arrays = try KerasArrays(paths: weights, file: name)
    if !allowsNonFinite { try arrays.checkAreFinite(file) }
    isConfigured = configuration != nil
    if let configuration {
      layers = try Self.layers(KerasConfiguration(Array(configuration.utf8), file: name), arrays, isHDF5: false)
    } else {
      layers = Self.layers(arrays)
    }
  }

  private static func configuration(_ path: String) throws(WeightsError) -> KerasConfiguration {
    let limit = JSONValue.maxSize
    let bytes: [UInt8]
    do {
      bytes =
        path.hasSuffix(".keras")
        ? try ZIPArchive(path: path).bytes(of: "config.json", limits: .bytes(limit))
        : try FileReading.bytes(of: path, limit: limit)
    } catch { throw WeightsError(error) }
    return try KerasConfiguration(bytes, file: path)
  }

  private static func arrays(_ path: String, _ limits: UnpackingLimits) throws(WeightsError) -> KerasArrays {
    do {
      if path.hasSuffix(".keras") {
        let bytes = try ZIPArchive(path: path).bytes(of: "model.weights.h5", limits: limits)
        return try KerasArrays(weights: HDF5File.tensors(in: bytes, below: "layers", name: path), file: path)
      } else if path.hasSuffix(".h5") {
        let bytes = try FileReading.bytes(of: path)
        return try KerasArrays(weights: HDF5File.tensors(in: bytes, below: "layers", name: path), file: path)
      } else if path.hasSuffix(".npz") {
        let archive = try NumPyArchive(path: path)
        let names = archive.names.filter { KerasArrays.holdsWeights($0) }
        let tensors = try archive.tensors(names, limits: limits)
        return try KerasArrays(
          paths: names.compactMap { name in tensors[name].map { (name, $0) } }, file: path)
      } else if path.hasSuffix(".safetensors") {
        return try KerasArrays(paths: safetensors(path), file: path)
      }
    } catch let error as WeightsError {
      throw error
    } catch let error as DataError {
      throw WeightsError(error)
    } catch {
      throw WeightsError(file: path, found: "\(error)", wanted: "a file that can be read")
    }
    throw WeightsError(
      file: path, found: "a file of another extension", wanted: ".keras, .h5, .npz or .safetensors")
  }

  private static func safetensors(_ path: String) throws(WeightsError) -> [(path: String, tensor: Tensor)] {
    try readingSafetensors { () throws(SafetensorsError) in
      let file = try SafetensorsFile(path: path)
      var tensors: [(path: String, tensor: Tensor)] = []
      for name in file.tensorNames {
        guard let type = file.tensors[name]?.type, type.isFloatingPoint else { continue }
        if type == .float64 {
          let (shape, elements) = try file.tensor(name, as: Double.self)
          tensors.append((name, Tensor(shape: shape, .double(elements))))
        } else {
          let (shape, elements) = try file.tensor(name, as: Float.self)
          tensors.append((name, Tensor(shape: shape, .float(elements))))
        }
      }
      return tensors
    }
  }

  private static func layers(
    _ configuration: KerasConfiguration, _ arrays: KerasArrays, isHDF5: Bool
  ) -> [KerasLayer] {
    configuration.layers.map { layer in
      KerasLayer(
        name: layer.name, className: layer.className, kind: layer.kind,
        arrays: arrays.layers[isHDF5 ? layer.weightsName : layer.name] ?? KerasArrays.Layer())
    }
  }

  /// Layers inferred from arrays alone.
  private static func layers(_ arrays: KerasArrays) -> [KerasLayer] {
    arrays.names.map { name in
      let layer = arrays.layers[name] ?? KerasArrays.Layer()
      return KerasLayer(name: name, className: nil, kind: kind(layer), arrays: layer)
    }
  }

  private static func kind(_ layer: KerasArrays.Layer) -> KerasLayer.Kind {
    if layer.forward["embeddings"] != nil { return .embedding(masksZero: false) }
    if let kind = layer.inferredCellKind {
      var settings = KerasRecurrentSettings(kind: kind)
      settings.isBidirectional = !layer.backward.isEmpty
      return .recurrent(settings)
    }
    return !layer.isRecurrent && layer.forward["kernel"]?.shape.count == 2 ? .dense(activation: nil) : .other
  }

  func error(_ layer: String?, _ found: String, _ wanted: String) -> WeightsError {
    WeightsError(file: file, item: layer.map { "layer \($0)" }, found: found, wanted: wanted)
  }

  /// The layer of this name. Throws where there is none.
  func layer(named name: String) throws(WeightsError) -> KerasLayer {
    guard let layer = layers.first(where: { $0.name == name }) else {
      throw error(name, "no such layer", "one of \(listed(layers.map(\.name)))")
    }
    return layer
  }
}

extension KerasArrays.Layer {
  /// The kind of cell that the shapes show: as many gate blocks as the recurrent kernel is wider than high. `nil` where
  /// it is none, or the arrays' names say another.
  fileprivate var inferredCellKind: RecurrentCell.Kind? {
    guard let shape = forward["recurrent_kernel"]?.shape, shape.count == 2,
      let kind = RecurrentCell.Kind(rows: shape[1], hiddenSize: shape[0])
    else { return nil }
    let name =
      switch kind {
      case .vanilla: "simple_rnn"
      case .lstm: "lstm"
      case .gru: "gru"
      }
    return cellKind ?? name == name ? kind : nil
  }
}
