#if Tools
import DataIO
import Kernels
import Models

extension ModelFile: CustomStringConvertible {
  var description: String {
    let architecture = model.architecture
    let stack = architecture.recurrent
    let input = architecture.embedding.map { "\($0.vocabularySize) tokens" } ?? counted(stack.inputSize, "feature")
    let directions = stack.isBidirectional ? " in both directions" : ""
    let outputs = counted(architecture.head.outputSize, "output")
    let place =
      switch architecture.readout {
      case .everyStep: "at every step"
      case .finalState: "at the end"
      case .meanState: "from the mean of all steps"
      case .maxState: "from the largest of all steps"
      }
    let type = if case .double = model { "Double" } else { "Float" }
    return
      "\(format.name), \(stack.cells[0].name), \(counted(stack.layers, "layer")) of \(stack.cells[0].hiddenSize) units"
      + "\(directions), from \(input) to \(outputs) \(place); \(model.parameterCount) parameters, \(type)"
  }
}

extension RecurrentCell {
  /// The usual name of the cell, with its unusual options.
  var name: String {
    switch equations {
    case .vanilla(let activation): "vanilla RNN (\(activation == .tanh ? "tanh" : "ReLU"))"
    case .lstm(let hasPeepholes, let projectionSize):
      ["LSTM", projectionSize.map { "projected to \($0)" }, hasPeepholes ? "with peepholes" : nil]
        .compactMap(\.self).joined(separator: " ")
    case .gru(let reset): reset == .afterProduct ? "GRU" : "GRU (reset before the product)"
    }
  }
}
#endif
