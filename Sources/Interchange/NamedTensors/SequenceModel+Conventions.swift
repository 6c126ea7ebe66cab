internal import Kernels
public import Models

extension SequenceModel where Scalar: TensorScalar {
  /// This model with every layer under one of the conventions over which engines disagree.
  public func conventionAlternatives() -> [ConventionAlternative] {
    let cell = architecture.recurrent.cells[0]
    var alternatives = RecurrentConvention.candidates(for: cell).map { convention in
      ConventionAlternative(convention.description(for: cell)) { applying(convention) }
    }
    if architecture.recurrent.isBidirectional {
      alternatives.append(ConventionAlternative("the two directions swapped") { swappingDirections() })
    }
    return alternatives
  }

  private func applying(_ convention: RecurrentConvention) -> SequenceModel {
    let stack = architecture.recurrent
    var (cell, parameters) = (stack.cells[0], self.parameters)
    parameters.withUnsafeMutableBufferPointer { all in
      var start = architecture.embedding?.parameterCount ?? 0
      for layer in 0..<stack.layers {
        for _ in 0..<stack.directions {
          let range = start..<start + stack.cells[layer].parameterCount
          let changed = convention.applied(to: stack.cells[layer], parameters: Array(all[range]))
          _ = UnsafeMutableBufferPointer(rebasing: all[range]).update(fromContentsOf: changed.parameters)
          if layer == 0 { cell = changed.cell }
          start = range.upperBound
        }
      }
    }
    return SequenceModel(architecture.replacing(cell: cell), parameters: parameters)
  }

  private func swappingDirections() -> SequenceModel {
    var parameters = self.parameters
    for name in self.parameters.layout.shapes.map(\.name) where name.hasPrefix("recurrent.") {
      let suffix = "_reverse"
      parameters[name] = self.parameters[name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name + suffix]
    }
    return SequenceModel(architecture, parameters: parameters)
  }
}

extension SequenceArchitecture {
  /// The same architecture of another cell, whose parameters have the same shapes.
  fileprivate func replacing(cell: RecurrentCell) -> SequenceArchitecture {
    do {
      return try SequenceArchitecture(
        embedding: embedding,
        recurrent: RecurrentStack(
          cell, layers: recurrent.layers, isBidirectional: recurrent.isBidirectional, dropout: recurrent.dropout,
          recurrentDropout: recurrent.recurrentDropout),
        readout: readout, outputSize: head.outputSize, loss: loss, truncation: truncation,
        tiesEmbedding: tiesEmbedding, headSizes: head.hiddenLayers.map(\.outputSize))
    } catch {
      fatalError("a cell with the same sizes fits wherever the first did: \(error)")
    }
  }
}
