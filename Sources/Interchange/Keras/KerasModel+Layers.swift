internal import DataIO
internal import Kernels
public import Models

extension KerasModel {
  /// The recurrent layer of this name, in one direction or both, as a layer of ours.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - assumptions: What the caller says where the file does not: the nonlinearity, the reset.
  ///   - ignoresDropout: Whether a rate at which the layer drops inputs in training is passed over: predictions do not
  ///     change. `recurrent_dropout` is taken over and acts in training here too.
  /// - Throws: ``WeightsError`` where there is no such layer, its arrays do not fit, or a setting of it has no counterpart
  ///   here; it names the layer and the setting.
  public func recurrentLayer<Scalar: TensorScalar>(
    named name: String, assuming assumptions: KerasAssumptions = KerasAssumptions(), ignoresDropout: Bool = false
  ) throws(WeightsError) -> RecurrentLayer<Scalar> {
    let part: KerasRecurrentPart<Scalar> = try recurrentPart(
      layer(named: name), assuming: assumptions, ignoresDropout: ignoresDropout)
    let stack = try stack([part], named: name)
    var layer = RecurrentLayer<Scalar>(stack, scheme: .zeros)
    for (name, matrix) in part.parameters(layer: 0) { layer.parameters[name] = matrix }
    return layer
  }

  /// The Dense layer of this name, without its activation. Throws where there is none or its arrays do not fit.
  public func linear<Scalar: TensorScalar>(named name: String) throws(WeightsError) -> Linear<Scalar> {
    let layer = try layer(named: name)
    guard case .dense = layer.kind else { throw error(name, described(layer), "a Dense layer") }
    let kernel: Matrix<Scalar> = try matrix("kernel", of: layer)
    let bias: [Scalar]? = try vector("bias", of: layer, count: kernel.columns)
    let map: LinearMap
    do { map = try LinearMap(inputSize: kernel.rows, outputSize: kernel.columns, hasBias: bias != nil) } catch {
      throw WeightsError(file: file, item: "layer \(name)", error)
    }
    var result = Linear<Scalar>(map, scheme: .zeros)
    result.parameters["weight"] = kernel.transposed()
    if let bias { result.parameters["bias"] = Matrix(rows: bias.count, columns: 1, bias) }
    return result
  }

  /// The Embedding layer of this name. Throws where there is none, where it masks (`mask_zero=True`: sequences here have
  /// lengths of their own and no padding), or its array does not fit.
  public func embedding<Scalar: TensorScalar>(named name: String) throws(WeightsError) -> Embedding<Scalar> {
    let layer = try layer(named: name)
    guard case .embedding(let masksZero) = layer.kind else {
      throw error(name, described(layer), "an Embedding layer")
    }
    guard !masksZero else {
      throw error(name, "mask_zero=True", "mask_zero=False: here sequences have lengths and no padding")
    }
    let matrix: Matrix<Scalar> = try matrix("embeddings", of: layer)
    let table: EmbeddingTable
    do { table = try EmbeddingTable(vocabularySize: matrix.rows, dimension: matrix.columns) } catch {
      throw WeightsError(file: file, item: "layer \(name)", error)
    }
    var result = Embedding<Scalar>(table, scheme: .zeros)
    result.parameters["weight"] = matrix
    return result
  }

  /// What `layer` is, for an error.
  func described(_ layer: KerasLayer) -> String {
    layer.className.map { "a layer of class \($0)" } ?? "arrays \(listed(layer.arrays.forward.keys.sorted()))"
  }
}

// MARK: - Arrays

extension KerasModel {
  /// An array of two dimensions, neither of them 0.
  fileprivate func matrix<Scalar: TensorScalar>(
    _ array: String, of layer: KerasLayer, backward: Bool = false
  ) throws(WeightsError) -> Matrix<Scalar> {
    guard let tensor = (backward ? layer.arrays.backward : layer.arrays.forward)[array] else {
      throw error(layer.name, "no \(backward ? "backward " : "")\(array)", "one in the file")
    }
    guard tensor.shape.count == 2, tensor.shape.allSatisfy({ $0 > 0 }), tensor.elements.isFloatingPoint else {
      throw error(layer.name, "\(array) of shape \(tensor.shape), \(tensor.typeName)", "a matrix of floating point")
    }
    return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], Scalar.elements(of: tensor))
  }

  private func vector<Scalar: TensorScalar>(
    _ array: String, of layer: KerasLayer, count: Int
  ) throws(WeightsError) -> [Scalar]? {
    guard let tensor = layer.arrays.forward[array] else { return nil }
    guard tensor.shape == [count], tensor.elements.isFloatingPoint else {
      throw error(layer.name, "\(array) of shape \(tensor.shape), \(tensor.typeName)", "[\(count)] of floating point")
    }
    return Scalar.elements(of: tensor)
  }

  /// The arrays of one direction, which fit each other.
  fileprivate func cellArrays<Scalar: TensorScalar>(
    of layer: KerasLayer, gates: Int, backward: Bool
  ) throws(WeightsError) -> KerasCellArrays<Scalar> {
    let kernel: Matrix<Scalar> = try matrix("kernel", of: layer, backward: backward)
    let recurrentKernel: Matrix<Scalar> = try matrix("recurrent_kernel", of: layer, backward: backward)
    let (hiddenSize, width) = (recurrentKernel.rows, recurrentKernel.columns)
    guard width.isMultiple(of: hiddenSize), width / hiddenSize == gates, kernel.columns == width else {
      throw error(
        layer.name, "kernel \(kernel.rows) × \(kernel.columns) and recurrent_kernel \(hiddenSize) × \(width)",
        "both \(gates) times as wide as there are units")
    }
    var bias: Matrix<Scalar>?
    if let tensor = (backward ? layer.arrays.backward : layer.arrays.forward)["bias"] {
      guard tensor.shape == [width] || (gates == 3 && tensor.shape == [2, width]), tensor.elements.isFloatingPoint
      else {
        throw error(
          layer.name, "bias of shape \(tensor.shape), \(tensor.typeName)",
          "[\(width)]\(gates == 3 ? " or [2, \(width)]" : "") of floating point")
      }
      bias = Matrix(rows: tensor.count / width, columns: width, Scalar.elements(of: tensor))
    }
    return KerasCellArrays(kernel: kernel, recurrentKernel: recurrentKernel, bias: bias)
  }
}

// MARK: - Recurrent layers

/// A recurrent layer of Keras that can be one of ours.
struct KerasRecurrentPart<Scalar: TensorScalar> {
  let settings: KerasRecurrentSettings
  let cell: RecurrentCell
  /// Forward, and backward if there is that.
  let directions: [KerasCellArrays<Scalar>]

  /// Our parameters, under their names in layer number `layer` of a stack.
  func parameters(layer: Int) -> [String: Matrix<Scalar>] {
    var result: [String: Matrix<Scalar>] = [:]
    for (arrays, suffix) in zip(directions, ["", "_reverse"]) {
      for (name, matrix) in arrays.parameters(of: cell) { result["\(name)_l\(layer)\(suffix)"] = matrix }
    }
    return result
  }
}

extension KerasModel {
  /// The layer as one of ours; throws where it cannot be.
  func recurrentPart<Scalar: TensorScalar>(
    _ layer: KerasLayer, assuming assumptions: KerasAssumptions, ignoresDropout: Bool
  ) throws(WeightsError) -> KerasRecurrentPart<Scalar> {
    guard let settings = layer.recurrentSettings else {
      throw error(layer.name, described(layer), "SimpleRNN, LSTM, GRU or Bidirectional of one of them")
    }
    try check(settings, layer.name, ignoresDropout: ignoresDropout)
    let gates = KerasConvention.places(settings.kind).count
    var directions: [KerasCellArrays<Scalar>] = [try cellArrays(of: layer, gates: gates, backward: false)]
    if settings.isBidirectional {
      directions.append(try cellArrays(of: layer, gates: gates, backward: true))
    } else if !layer.arrays.backward.isEmpty {
      throw error(layer.name, "arrays of a backward direction", "none: the layer is not Bidirectional")
    }
    let sizes = directions.map { [$0.kernel.rows, $0.recurrentKernel.rows, $0.bias?.rows ?? 0] }
    guard sizes.allSatisfy({ $0 == sizes[0] }) else {
      throw error(layer.name, "directions of different sizes", "two of one size")
    }
    if let usesBias = settings.usesBias, usesBias != (directions[0].bias != nil) {
      throw error(layer.name, usesBias ? "no bias" : "a bias", "what use_bias says")
    }
    let cell = try cell(settings, directions[0], layer.name, assuming: assumptions)
    return KerasRecurrentPart(settings: settings, cell: cell, directions: directions)
  }

  private func check(
    _ settings: KerasRecurrentSettings, _ name: String, ignoresDropout: Bool
  ) throws(WeightsError) {
    if let setting = settings.unsupported.first {
      throw error(name, setting, "a layer without it; its weights alone can be read from an export of them")
    }
    if let mergeMode = settings.mergeMode, mergeMode != "concat" {
      throw error(name, "merge_mode \(mergeMode)", "concat")
    }
    if settings.kind != .vanilla, let activation = settings.activation, activation != "tanh" {
      throw error(name, "activation \(activation)", "tanh")
    }
    if let activation = settings.recurrentActivation, activation != "sigmoid" {
      throw error(name, "recurrent_activation \(activation)", "sigmoid")
    }
    guard 0..<1 ~= settings.recurrentDropout else {
      throw error(name, "recurrent_dropout \(settings.recurrentDropout)", "a probability from 0 up to but not 1")
    }
    guard settings.dropout == 0 || ignoresDropout else {
      throw error(
        name, "dropout \(settings.dropout)", "0, or that dropout be ignored: it changes training, not predictions")
    }
  }

  private func cell<Scalar>(
    _ settings: KerasRecurrentSettings, _ arrays: KerasCellArrays<Scalar>, _ name: String,
    assuming assumptions: KerasAssumptions
  ) throws(WeightsError) -> RecurrentCell {
    let (inputSize, hiddenSize, hasBias) = (arrays.kernel.rows, arrays.recurrentKernel.rows, arrays.bias != nil)
    switch settings.kind {
    case .vanilla:
      return .vanilla(
        inputSize: inputSize, hiddenSize: hiddenSize,
        activation: try nonlinearity(settings, name, assuming: assumptions), hasBias: hasBias)
    case .lstm: return .lstm(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    case .gru:
      let fromBias: RecurrentCell.ResetConvention? = arrays.bias.map { $0.rows == 2 ? .afterProduct : .beforeProduct }
      guard let reset = settings.reset ?? fromBias ?? assumptions.reset else {
        throw error(name, "a GRU without biases, whose shape would show its reset_after", "an assumption about reset")
      }
      guard fromBias ?? reset == reset else {
        throw error(
          name, "a bias of \(arrays.bias?.rows ?? 0) rows", reset == .afterProduct ? "2, as reset_after=True has" : "1")
      }
      return .gru(inputSize: inputSize, hiddenSize: hiddenSize, reset: reset, hasBias: hasBias)
    }
  }

  private func nonlinearity(
    _ settings: KerasRecurrentSettings, _ name: String, assuming assumptions: KerasAssumptions
  ) throws(WeightsError) -> RecurrentCell.Activation {
    guard let activation = settings.activation else {
      guard let assumed = assumptions.nonlinearity else {
        throw error(name, "a SimpleRNN whose activation no array shows", "an assumption: tanh or relu")
      }
      return assumed
    }
    guard let known = RecurrentCell.Activation(rawValue: activation) else {
      throw error(name, "activation \(activation)", "tanh or relu")
    }
    return known
  }

  /// A stack of layers that agree in all but their input, each reading the one before.
  func stack<Scalar>(
    _ parts: [KerasRecurrentPart<Scalar>], named name: String
  ) throws(WeightsError) -> RecurrentStack {
    do {
      return try RecurrentStack(
        parts[0].cell, layers: parts.count, isBidirectional: parts[0].settings.isBidirectional,
        recurrentDropout: parts[0].settings.recurrentDropout)
    } catch { throw WeightsError(file: file, item: "layer \(name)", error) }
  }
}
