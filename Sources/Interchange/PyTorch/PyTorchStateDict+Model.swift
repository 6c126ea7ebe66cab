public import Kernels
public import Models

extension PyTorchStateDict {
  /// The whole file as a sequence model: an nn.Embedding or none, one recurrent module, one nn.Linear as head.
  ///
  /// A head without a bias becomes one whose bias is zero.
  ///
  /// - Parameters:
  ///   - embedding: The prefix of the embedding; `nil` takes the `weight` without a bias, if there is one, whose rows
  ///     are as wide as the recurrent module's input.
  ///   - recurrent: The prefix of the recurrent module; `nil` where there is one.
  ///   - head: The prefix of the head; `nil` takes the one nn.Linear that reads as many features as the recurrent
  ///     module gives.
  ///   - readout: What the head reads: no tensor shows it.
  ///   - loss: The loss that the model was trained with.
  ///   - nonlinearity: That of an nn.RNN; see ``recurrentLayer(prefix:nonlinearity:as:)``.
  ///   - ignoresOtherTensors: Whether tensors of none of the three are passed over; they are refused otherwise.
  /// - Throws: ``WeightsError`` where parts are missing, do not fit each other or are ambiguous.
  public func sequenceModel<Scalar: BLASScalar & SafetensorsElement>(
    embedding: String? = nil, recurrent: String? = nil, head: String? = nil,
    readout: SequenceArchitecture.Readout, loss: Loss, nonlinearity: RecurrentCell.Activation? = nil,
    ignoresOtherTensors: Bool = false
  ) throws(WeightsError) -> SequenceModel<Scalar> {
    let (recurrent, sizes) = try recurrentModule(recurrent)
    let stack = try stack(recurrent, sizes, nonlinearity)
    // Not with ??, whose right side would lose the type of what it throws.
    let head = if let head { head } else { try inferredHead(sizes, besides: embedding) }
    let embedding = if let embedding { embedding } else { try inferredEmbedding(sizes, besides: head) }
    let map = try linearMap(head)
    guard map.inputSize == sizes.outputSize else {
      throw error(
        "module “\(head)”", "a head for \(map.inputSize) features", "\(sizes.outputSize), as “\(recurrent)” gives")
    }
    if !ignoresOtherTensors { try refuseOthers(than: [embedding, head], recurrent: recurrent) }

    let table: EmbeddingTable? = if let embedding { try embeddingTable(embedding) } else { nil }
    let architecture: SequenceArchitecture
    do {
      architecture = try SequenceArchitecture(
        embedding: table, recurrent: stack, readout: readout, outputSize: map.outputSize, loss: loss)
    } catch {
      throw WeightsError(file: file.name, item: embedding.map { "module “\($0)”" }, error)
    }
    let prefixes = ["embedding": embedding, "recurrent": recurrent, "head": head].compactMapValues { $0 }
    return try readingSafetensors { () throws(SafetensorsError) in
      SequenceModel(architecture, parameters: try parameters(architecture.parameterLayout, prefixes: prefixes))
    }
  }

  /// The parameters of `layout`, whose names begin with a part's, from the modules with the parts' `prefixes`. A bias
  /// that a linear module lacks stays zero.
  private func parameters<Scalar: BLASScalar & SafetensorsElement>(
    _ layout: ParameterLayout, prefixes: [String: String]
  ) throws(SafetensorsError) -> ParameterVector<Scalar> {
    var result = ParameterVector<Scalar>.zeros(layout)
    for shape in layout.shapes {
      let parts = shape.name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, let prefix = prefixes[parts[0]] else { continue }
      let name = prefix.joined(to: parts[1])
      if shape.name == "head.bias", file.tensors[name] == nil { continue }
      result[shape.name] = try file.weights(name, allowsNonFinite: allowsNonFinite)
    }
    return result
  }

  /// The only nn.Linear over the module's outputs: one with a bias if there is, else a `weight` alone.
  private func inferredHead(
    _ sizes: PyTorchRecurrentSizes, besides embedding: String?
  ) throws(WeightsError) -> String {
    var (withBias, withoutBias): ([String], [String]) = ([], [])
    for module in modules where module.prefix != embedding {
      switch module.kind {
      case .linear(let map) where map.inputSize == sizes.outputSize: withBias.append(module.prefix)
      case .matrix(_, let columns) where columns == sizes.outputSize: withoutBias.append(module.prefix)
      default: break
      }
    }
    let candidates = withBias.isEmpty ? withoutBias : withBias
    guard candidates.count == 1 else {
      throw error(
        nil, "heads for \(sizes.outputSize) features: \(listed(candidates.map { "“\($0)”" }))",
        "one, or the prefix of the one meant")
    }
    return candidates[0]
  }

  /// The only `weight` without a bias that is as wide as the module's input; `nil` where there is none.
  private func inferredEmbedding(
    _ sizes: PyTorchRecurrentSizes, besides head: String
  ) throws(WeightsError) -> String? {
    let candidates = modules.filter { module in
      guard case .matrix(_, let columns) = module.kind, module.prefix != head else { return false }
      return columns == sizes.inputSize
    }
    guard candidates.count <= 1 else {
      throw error(
        nil, "embeddings of \(sizes.inputSize) features: \(listed(candidates.map { "“\($0.prefix)”" }))",
        "at most one, or the prefix of the one meant")
    }
    return candidates.first?.prefix
  }

  private func refuseOthers(than prefixes: [String?], recurrent: String) throws(WeightsError) {
    let others = modules.filter { module in
      if case .recurrent = module.kind { return module.prefix != recurrent }
      return !prefixes.contains(module.prefix)
    }
    guard others.isEmpty else {
      throw error(
        nil, "tensors beside the model's: \(listed(others.flatMap(\.tensors)))",
        "none, or that other tensors be ignored")
    }
  }
}
