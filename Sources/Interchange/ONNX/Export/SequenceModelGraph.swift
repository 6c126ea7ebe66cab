#if ONNX
internal import DataIO
internal import Kernels
internal import Models

/// Builds the graph of a model. Values inside are time-major, as ONNX's recurrent operators want them.
///
/// The operators are those of opset 11, the first with all that is needed in the form in which later ones have it, but
/// for Squeeze and Unsqueeze, whose axes were attributes then.
struct SequenceModelGraph<Scalar: BLASScalar> {
  let model: SequenceModel<Scalar>
  let hasLengths: Bool
  let hasStates: Bool
  var builder = ONNXGraphBuilder(name: "sequence_model")

  /// The states in which a layer ends.
  struct FinalStates {
    /// Hidden states, `[D × B × R]`.
    let hidden: String
    /// Cell states, `[D × B × H]`, of an LSTM.
    let cell: String?
  }

  static var version: (opset: Int, ir: Int) { (opset: 11, ir: 6) }
  static var elementType: ONNXElementType { Scalar.bitWidth == 32 ? .float : .double }

  init(_ model: SequenceModel<Scalar>, hasLengths: Bool, hasStates: Bool) {
    self.model = model
    self.hasLengths = hasLengths
    self.hasStates = hasStates
  }

  var stack: RecurrentStack { model.architecture.recurrent }
  var shape: RecurrentCell { stack.cells[0] }
  /// Directions of all layers, `L · D`.
  var layerDirectionCount: Int { stack.layers * stack.directions }
  var isLSTM: Bool { shape.cellStateSize > 0 }

  /// The whole graph.
  mutating func build() -> ONNX_GraphProto {
    addInputs()
    for (name, tensor) in ExportedParameters(model.architecture).constants(of: model.parameters) {
      builder.addConstant(tensor, name: name)
    }
    var values = addFeatures()
    if hasLengths { addMasks(steps: values) }
    var states: [FinalStates] = []
    for layer in 0..<stack.layers {
      states.append(shape.isProjected ? addScans(layer, values) : addOperator(layer, values))
      if layer < stack.layers - 1 || model.architecture.readout == .everyStep {
        values = shape.isProjected ? addScanOutputs(layer) : addOperatorOutputs(layer)
      } else {
        values = states[layer].hidden
      }
    }
    addHead(over: values)
    if hasStates {
      addFinalStates(SequenceTensorName.finalHidden.rawValue, states.map(\.hidden), size: shape.outputSize)
      if isLSTM {
        addFinalStates(SequenceTensorName.finalCell.rawValue, states.compactMap(\.cell), size: shape.cellStateSize)
      }
    }
    // Final states that are not exported.
    builder.removeUnreadNodes()
    return builder.graph
  }

  private mutating func addInputs() {
    let (batch, time) = (ExportedDimension.name("batch"), ExportedDimension.name("time"))
    if model.architecture.embedding != nil {
      builder.addInput(SequenceTensorName.tokens.rawValue, .int64, [batch, time])
    } else {
      builder.addInput(SequenceTensorName.inputs.rawValue, Self.elementType, [batch, time, .size(stack.inputSize)])
    }
    if hasLengths { builder.addInput(SequenceTensorName.lengths.rawValue, .int32, [batch]) }
    guard hasStates else { return }
    builder.addInput(
      SequenceTensorName.initialHidden.rawValue, Self.elementType,
      [.size(layerDirectionCount), batch, .size(shape.outputSize)])
    if isLSTM {
      builder.addInput(
        SequenceTensorName.initialCell.rawValue, Self.elementType,
        [.size(layerDirectionCount), batch, .size(shape.cellStateSize)])
    }
  }

  /// What the first layer reads, `[T × B × I]`.
  private mutating func addFeatures() -> String {
    guard model.architecture.embedding != nil else {
      return builder.add(
        "Transpose", [SequenceTensorName.inputs.rawValue], to: "inputs.time_major", ["perm": .ints([1, 0, 2])])
    }
    let tokens = builder.add(
      "Transpose", [SequenceTensorName.tokens.rawValue], to: "tokens.time_major", ["perm": .ints([1, 0])])
    return builder.add("Gather", ["embedding.weight", tokens], to: "embedding", ["axis": .int(0)])
  }

  /// `lengths.running`, `[1 × B × 1]`: which sequences have a step at all. For a projected LSTM also `lengths.mask`,
  /// `[T × B × 1]`: which sequences are still running at a step.
  private mutating func addMasks(steps: String) {
    if hasStates, !shape.isProjected {
      builder.addConstant(Tensor(shape: [], .int32([0])), name: "lengths.none")
      let running = builder.add(
        "Greater", [SequenceTensorName.lengths.rawValue, "lengths.none"], to: "lengths.positive")
      builder.add("Unsqueeze", [running], to: ["lengths.running"], ["axes": .ints([0, 2])])
    }
    guard shape.isProjected else { return }
    let wide = builder.add(
      "Cast", [SequenceTensorName.lengths.rawValue], to: "lengths.wide", ["to": .int(ONNXElementType.int64.rawValue)])
    let (zero, one) = (builder.integer(0, name: "zero"), builder.integer(1, name: "one"))
    let sizes = builder.add("Shape", [steps], to: "steps.shape")
    let count = builder.add("Gather", [sizes, zero], to: "steps.count", ["axis": .int(0)])
    let range = builder.add("Range", [zero, count, one], to: "steps")
    let column = builder.add("Unsqueeze", [range], to: "steps.column", ["axes": .ints([1])])
    let mask = builder.add("Less", [column, wide], to: "lengths.flat_mask")
    builder.add("Unsqueeze", [mask], to: ["lengths.mask"], ["axes": .ints([2])])
  }

  /// The linear head over `values`, the outputs or the final hidden states of the last layer, and `predictions`.
  private mutating func addHead(over values: String) {
    let batch = ExportedDimension.name("batch")
    let head = model.architecture.head
    if model.architecture.readout == .everyStep {
      let product = builder.add("MatMul", [values, "head.weight.T"], to: "head.product")
      let sum = builder.add("Add", [product, "head.bias"], to: "head.sum")
      builder.add("Transpose", [sum], to: [SequenceTensorName.predictions.rawValue], ["perm": .ints([1, 0, 2])])
      builder.addOutput(
        SequenceTensorName.predictions.rawValue, Self.elementType, [batch, .name("time"), .size(head.outputSize)])
    } else {
      let sequences = builder.add("Transpose", [values], to: "head.states", ["perm": .ints([1, 0, 2])])
      let sizes = builder.integers([0, head.inputSize], name: "head.inputs.shape")
      let inputs = builder.add("Reshape", [sequences, sizes], to: "head.inputs")
      let product = builder.add("MatMul", [inputs, "head.weight.T"], to: "head.product")
      builder.add("Add", [product, "head.bias"], to: [SequenceTensorName.predictions.rawValue])
      builder.addOutput(SequenceTensorName.predictions.rawValue, Self.elementType, [batch, .size(head.outputSize)])
    }
  }

  /// The final states of all layers, `[L·D × B × size]`, as the output `name`.
  private mutating func addFinalStates(_ name: String, _ layers: [String], size: Int) {
    if layers.count > 1 {
      builder.add("Concat", layers, to: [name], ["axis": .int(0)])
    } else {
      builder.add("Identity", layers, to: [name])
    }
    builder.addOutput(name, Self.elementType, [.size(layerDirectionCount), .name("batch"), .size(size)])
  }
}
#endif
