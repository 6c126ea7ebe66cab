internal import DataIO
internal import Kernels
public import Models

extension KerasModel {
  /// The whole model as one of ours: an Embedding or features, recurrent layers of one kind and size, and a Dense head.
  ///
  /// `return_sequences` of the last recurrent layer decides the readout. Predictions here are before the head's
  /// activation, which decides the loss:
  ///
  /// | activation | loss |
  /// | --- | --- |
  /// | linear | `Loss.meanSquaredError` |
  /// | softmax | `Loss.softmaxCrossEntropy` |
  /// | sigmoid | `Loss.binaryCrossEntropy` |
  ///
  /// A head without a bias gets one of zero. `recurrent_dropout` is taken over; regularisers, constraints and the
  /// optimiser are not.
  ///
  /// - Parameters:
  ///   - assumptions: What the caller says where the file does not.
  ///   - ignoresDropout: Whether Dropout layers and `dropout` of recurrent layers are passed over: predictions do not
  ///     change, but training here would go on without them. They are refused otherwise.
  /// - Throws: ``WeightsError`` that names the layer and the setting that has no counterpart here.
  public func sequenceModel<Scalar: TensorScalar>(
    assuming assumptions: KerasAssumptions = KerasAssumptions(), ignoresDropout: Bool = false
  ) throws(WeightsError) -> SequenceModel<Scalar> {
    let chosen = try chosenLayers(assumptions, ignoresDropout: ignoresDropout)
    var parts: [KerasRecurrentPart<Scalar>] = []
    for layer in chosen.recurrent {
      parts.append(try recurrentPart(layer, assuming: assumptions, ignoresDropout: ignoresDropout))
    }
    let readout = try checkedReadout(parts.map(\.settings), chosen.recurrent, assumptions)
    try checkAgreement(parts, chosen.recurrent)
    let head: Linear<Scalar> = try linear(named: chosen.head.name)
    let loss = try loss(of: chosen.head, assumptions)
    let stack = try stack(parts, named: chosen.recurrent[0].name)
    guard head.architecture.inputSize == stack.outputSize else {
      throw error(
        chosen.head.name, "a kernel for \(head.architecture.inputSize) features",
        "\(stack.outputSize), as \(chosen.recurrent[parts.count - 1].name) gives")
    }
    let embedding: Embedding<Scalar>? =
      if let layer = chosen.embedding { try self.embedding(named: layer.name) } else { nil }

    let architecture: SequenceArchitecture
    do {
      architecture = try SequenceArchitecture(
        embedding: embedding?.architecture, recurrent: stack, readout: readout,
        outputSize: head.architecture.outputSize, loss: loss)
    } catch { throw WeightsError(file: file, item: "layer \(chosen.recurrent[0].name)", error) }
    var parameters = ParameterVector<Scalar>.zeros(architecture.parameterLayout)
    if let embedding { parameters["embedding.weight"] = embedding.parameters["weight"] }
    for (layer, part) in parts.enumerated() {
      for (name, matrix) in part.parameters(layer: layer) { parameters["recurrent.\(name)"] = matrix }
    }
    parameters["head.weight"] = head.parameters["weight"]
    if head.architecture.hasBias { parameters["head.bias"] = head.parameters["bias"] }
    return SequenceModel(architecture, parameters: parameters)
  }

  /// The layers of the three parts of a sequence model.
  private struct ChosenLayers {
    var embedding: KerasLayer?
    var recurrent: [KerasLayer] = []
    var head: KerasLayer
  }

  private func chosenLayers(
    _ assumptions: KerasAssumptions, ignoresDropout: Bool
  ) throws(WeightsError) -> ChosenLayers {
    var (embeddings, recurrent, heads): ([KerasLayer], [KerasLayer], [KerasLayer]) = ([], [], [])
    for layer in layers {
      switch layer.kind {
      case .input: break
      case .dropout:
        guard ignoresDropout else {
          throw error(layer.name, described(layer), "none, or that dropout be ignored: it changes training alone")
        }
      case .embedding: embeddings.append(layer)
      case .recurrent: recurrent.append(layer)
      case .dense: heads.append(layer)
      case .other:
        throw error(layer.name, described(layer), "Embedding, SimpleRNN, LSTM, GRU, Bidirectional, Dense or Dropout")
      }
      // A chain is an embedding, then recurrent layers, then the head.
      let isInOrder =
        switch layer.kind {
        case .embedding: recurrent.isEmpty && heads.isEmpty
        case .recurrent: heads.isEmpty
        default: true
        }
      guard isInOrder || !isConfigured else {
        throw error(layer.name, "\(described(layer)) at this place", "an Embedding, then recurrent layers, then Dense")
      }
    }
    guard embeddings.count <= 1 else {
      throw error(nil, "Embedding layers \(listed(embeddings.map(\.name)))", "at most one")
    }
    guard heads.count == 1 else { throw error(nil, "Dense layers \(listed(heads.map(\.name)))", "one") }
    guard !recurrent.isEmpty else { throw error(nil, "no recurrent layer", "at least one") }
    if !isConfigured { recurrent = try ordered(recurrent, assumptions) }
    return ChosenLayers(embedding: embeddings.first, recurrent: recurrent, head: heads[0])
  }

  /// The layers of weights alone, from the input on: as the caller says, or by the numbers behind one common name.
  private func ordered(_ layers: [KerasLayer], _ assumptions: KerasAssumptions) throws(WeightsError) -> [KerasLayer] {
    let names = layers.map(\.name)
    if let order = assumptions.recurrentLayers {
      guard order.sorted() == names.sorted() else {
        throw error(nil, "an order of \(listed(order))", "one of all recurrent layers: \(listed(names.sorted()))")
      }
      return order.compactMap { name in layers.first { $0.name == name } }
    }
    guard layers.count > 1 else { return layers }
    let numbered = layers.map { layer in
      let digits = layer.name.reversed().prefix { $0.isASCII && $0.isNumber }.count
      let stem = layer.name.dropLast(digits)
      return (
        layer: layer, stem: stem.hasSuffix("_") ? stem.dropLast() : stem, number: Int(layer.name.suffix(digits)) ?? 0
      )
    }
    guard numbered.allSatisfy({ $0.stem == numbered[0].stem }), Set(numbered.map(\.number)).count == numbered.count
    else {
      throw error(nil, "recurrent layers \(listed(names)), in no order", "an assumption about their order")
    }
    return numbered.sorted { $0.number < $1.number }.map(\.layer)
  }

  /// What the head reads. All layers but the last must give every step.
  private func checkedReadout(
    _ settings: [KerasRecurrentSettings], _ layers: [KerasLayer], _ assumptions: KerasAssumptions
  ) throws(WeightsError) -> SequenceArchitecture.Readout {
    for (settings, layer) in zip(settings, layers).dropLast() where settings.returnsSequences == false {
      throw error(layer.name, "return_sequences=False below another layer", "True")
    }
    guard let last = settings.last?.returnsSequences else {
      guard let assumed = assumptions.readout else {
        throw error(
          layers.last?.name, "weights, which do not show return_sequences", "an assumption about the readout")
      }
      return assumed
    }
    return last ? .everyStep : .finalState
  }

  /// A stack of ours has one cell, whose input alone changes from layer to layer.
  private func checkAgreement<Scalar>(
    _ parts: [KerasRecurrentPart<Scalar>], _ layers: [KerasLayer]
  ) throws(WeightsError) {
    let first = parts[0]
    let directions = first.settings.isBidirectional ? 2 : 1
    for (part, layer) in zip(parts, layers).dropFirst() {
      guard part.settings.isBidirectional == first.settings.isBidirectional else {
        throw error(layer.name, "another number of directions", "\(directions), as \(layers[0].name) has")
      }
      let wanted = first.cell.withInputSize(directions * first.cell.outputSize)
      guard part.cell == wanted else {
        throw error(
          layer.name, summary(part.cell), "\(summary(wanted)), as \(layers[0].name) asks for: layers of one kind")
      }
      guard part.settings.recurrentDropout == first.settings.recurrentDropout else {
        throw error(
          layer.name, "recurrent_dropout \(part.settings.recurrentDropout)",
          "\(first.settings.recurrentDropout), as \(layers[0].name) has")
      }
    }
  }

  private func summary(_ cell: RecurrentCell) -> String {
    var text = "\(cell.hiddenSize) units of kind \(cell.kind.rawValue) over \(cell.inputSize) features"
    if let reset = cell.reset { text += ", reset_after=\(reset == .afterProduct ? "True" : "False")" }
    if let activation = cell.activation { text += ", \(activation.rawValue)" }
    return text + (cell.hasBias ? "" : ", no bias")
  }

  private func loss(of layer: KerasLayer, _ assumptions: KerasAssumptions) throws(WeightsError) -> Loss {
    guard case .dense(let activation?) = layer.kind else {
      guard let loss = assumptions.loss else {
        throw error(layer.name, "weights, which do not show the activation", "an assumption about the loss")
      }
      return loss
    }
    switch activation {
    case "linear": return .meanSquaredError
    case "softmax": return .softmaxCrossEntropy
    case "sigmoid": return .binaryCrossEntropy
    default: throw error(layer.name, "activation \(activation)", "linear, softmax or sigmoid")
    }
  }
}
