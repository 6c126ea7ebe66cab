#if ONNX
internal import Kernels
internal import Models

/// A layer as ONNX's RNN, LSTM or GRU.
extension SequenceModelGraph {
  /// Adds layer `index` over `inputs`, `[T × B × I]`.
  mutating func addOperator(_ index: Int, _ inputs: String) -> FinalStates {
    let layer = ExportedParameters.Layer(index: index, cell: stack.cells[index], directions: stack.directions)
    let prefix = layer.prefix
    let initial = (
      hidden: hasStates ? addInitialStates(SequenceTensorName.initialHidden.rawValue, layer: index) : "",
      cell: hasStates && isLSTM ? addInitialStates(SequenceTensorName.initialCell.rawValue, layer: index) : ""
    )
    var operands = [
      inputs, prefix + ".W", prefix + ".R", shape.hasBias ? prefix + ".B" : "",
      hasLengths ? SequenceTensorName.lengths.rawValue : "",
      initial.hidden,
    ]
    if isLSTM { operands += [initial.cell, shape.hasPeepholes ? prefix + ".P" : ""] }
    while operands.last == "" { operands.removeLast() }
    let results = [prefix + ".Y", prefix + ".Y_h"] + (isLSTM ? [prefix + ".Y_c"] : [])
    let direction = stack.isBidirectional ? "bidirectional" : "forward"

    switch layer.cell.equations {
    case .vanilla(let function):
      let activation = function == .tanh ? "Tanh" : "Relu"
      builder.add(
        "RNN", operands, to: results,
        [
          "activations": .strings(Array(repeating: activation, count: stack.directions)),
          "direction": .string(direction), "hidden_size": .int(shape.hiddenSize),
        ])
    case .lstm:
      builder.add(
        "LSTM", operands, to: results, ["direction": .string(direction), "hidden_size": .int(shape.hiddenSize)])
    case .gru(let reset):
      builder.add(
        "GRU", operands, to: results,
        [
          "direction": .string(direction), "hidden_size": .int(shape.hiddenSize),
          "linear_before_reset": .int(reset == .afterProduct ? 1 : 0),
        ])
    }
    return FinalStates(
      hidden: addFinalStates(prefix + ".Y_h", from: initial.hidden),
      cell: isLSTM ? addFinalStates(prefix + ".Y_c", from: initial.cell) : nil)
  }

  /// The outputs of every step of a layer that was added, both directions side by side, `[T × B × D·H]`.
  mutating func addOperatorOutputs(_ layer: Int) -> String {
    let prefix = "recurrent.l\(layer)"
    let outputs = prefix + ".Y"
    guard stack.isBidirectional else {
      return builder.add("Squeeze", [outputs], to: prefix + ".outputs", ["axes": .ints([1])])
    }
    let swapped = builder.add("Transpose", [outputs], to: prefix + ".Y.swapped", ["perm": .ints([0, 2, 1, 3])])
    let sizes = builder.integers([0, 0, stack.outputSize], name: "recurrent.outputs.shape")
    return builder.add("Reshape", [swapped, sizes], to: prefix + ".outputs")
  }

  /// The rows of `states`, `[L·D × B × …]`, that are those of a layer.
  private mutating func addInitialStates(_ states: String, layer: Int) -> String {
    guard stack.layers > 1 else { return states }
    let bounds = [layer, layer + 1].map { bound in
      builder.integers([bound * stack.directions], name: "walks.\(bound * stack.directions)")
    }
    let axis = builder.integers([0], name: "axes.0")
    return builder.add("Slice", [states] + bounds + [axis], to: "recurrent.l\(layer).\(states)")
  }

  /// The final states of a layer: `states`, but `initial` for a sequence without steps. ONNX leaves open what an
  /// operator gives for one of those; ONNX Runtime gives zeros.
  private mutating func addFinalStates(_ states: String, from initial: String) -> String {
    guard hasLengths, hasStates else { return states }
    return builder.add("Where", ["lengths.running", states, initial], to: states + ".final")
  }
}
#endif
