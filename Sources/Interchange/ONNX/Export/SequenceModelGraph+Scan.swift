#if ONNX
internal import DataIO
internal import Kernels
internal import Models

/// A layer of a projected LSTM, for which ONNX has no operator, as a Scan over the steps for each direction.
extension SequenceModelGraph {
  /// Adds layer `layer` over `inputs`, `[T × B × I]`.
  mutating func addScans(_ layer: Int, _ inputs: String) -> FinalStates {
    let scans = scans(of: layer)
    for scan in scans { addScan(scan, inputs) }
    let prefix = "recurrent.l\(layer)"
    return FinalStates(
      hidden: join(scans.map { stacked($0.prefix + ".Y_h") }, axis: 0, to: prefix + ".Y_h"),
      cell: join(scans.map { stacked($0.prefix + ".Y_c") }, axis: 0, to: prefix + ".Y_c"))
  }

  /// The outputs of every step of a layer that was added, both directions side by side, `[T × B × D·R]`.
  mutating func addScanOutputs(_ layer: Int) -> String {
    join(scans(of: layer).map { $0.prefix + ".Y" }, axis: 2, to: "recurrent.l\(layer).outputs")
  }

  private func scans(of layer: Int) -> [DirectionScan] {
    (0..<stack.directions).map { DirectionScan(layer: layer, direction: $0, directions: stack.directions) }
  }

  /// One direction of one layer.
  private struct DirectionScan {
    let layer: Int
    let direction: Int
    let directions: Int

    var suffix: String { directionSuffix(layer: layer, direction: direction) }
    /// Prefix of the names of its values.
    var prefix: String { "recurrent.walk" + suffix }
    /// Its index in the states, `[L·D × B × …]`.
    var index: Int { layer * directions + direction }
    /// The constant that holds one of its parameters.
    func constant(_ parameter: String, isTransposed: Bool = false) -> String {
      "recurrent.\(parameter)\(suffix)\(isTransposed ? ".T" : "")"
    }
  }

  private mutating func join(_ values: [String], axis: Int, to output: String) -> String {
    values.count == 1 ? values[0] : builder.add("Concat", values, to: output, ["axis": .int(axis)])
  }

  private mutating func stacked(_ states: String) -> String {
    builder.add("Unsqueeze", [states], to: states + ".stacked", ["axes": .ints([0])])
  }

  /// Adds `….Y`, `[T × B × R]`, `….Y_h`, `[B × R]`, and `….Y_c`, `[B × H]`.
  private mutating func addScan(_ scan: DirectionScan, _ inputs: String) {
    let weights = scan.constant("weight_ih", isTransposed: true)
    var sums = builder.add("MatMul", [inputs, weights], to: scan.prefix + ".products")
    if shape.hasBias {
      for bias in ["bias_ih", "bias_hh"] {
        sums = builder.add("Add", [sums, scan.constant(bias)], to: "\(scan.prefix).products.\(bias)")
      }
    }
    if shape.hasPeepholes {
      let gates = LSTMPeephole.allCases.map { "\(scan.prefix).peephole.\($0)" }
      builder.add("Split", [scan.constant("weight_ph")], to: gates, ["axis": .int(0)])
    }
    let states = [
      addInitialState(SequenceTensorName.initialHidden.rawValue, of: scan, size: shape.outputSize, inputs),
      addInitialState(SequenceTensorName.initialCell.rawValue, of: scan, size: shape.cellStateSize, inputs),
    ]
    // Backwards in time, a sequence keeps its initial state until its own last step is reached.
    builder.add(
      "Scan", states + [sums] + (hasLengths ? ["lengths.mask"] : []),
      to: [scan.prefix + ".Y_h", scan.prefix + ".Y_c", scan.prefix + ".Y"],
      [
        "body": .graph(body(of: scan)), "num_scan_inputs": .int(hasLengths ? 2 : 1),
        "scan_input_directions": .ints(Array(repeating: scan.direction, count: hasLengths ? 2 : 1)),
        "scan_output_directions": .ints([scan.direction]),
      ])
  }

  /// The initial state of one direction of a layer, `[B × size]`.
  private mutating func addInitialState(
    _ states: String, of scan: DirectionScan, size: Int, _ inputs: String
  ) -> String {
    let name = "\(scan.prefix).\(states)"
    if hasStates {
      let index = builder.integer(scan.index, name: "walks.\(scan.index).index")
      return builder.add("Gather", [states, index], to: name, ["axis": .int(0)])
    }
    let sizes = builder.add("Shape", [inputs], to: name + ".inputs.shape")
    let (first, end) = (builder.integers([1], name: "axes.1"), builder.integers([2], name: "axes.2"))
    let batch = builder.add("Slice", [sizes, first, end], to: name + ".batch")
    let width = builder.integers([size], name: "sizes.\(size)")
    let shape = builder.add("Concat", [batch, width], to: name + ".shape", ["axis": .int(0)])
    let zero = Tensor(shape: [1], scalars: [0 as Scalar])
    return builder.add("ConstantOfShape", [shape], to: name, ["value": .tensor(zero)])
  }

  /// The equations of an LSTM for one step of every sequence.
  private func body(of scan: DirectionScan) -> ONNX_GraphProto {
    let prefix = scan.prefix + ".step"
    var step = ONNXGraphBuilder(name: prefix)
    func name(_ value: String) -> String { "\(prefix).\(value)" }
    func compute(_ operation: String, _ inputs: [String], _ output: String) -> String {
      step.add(operation, inputs, to: name(output))
    }
    let batch = ExportedDimension.name("batch")
    let (hidden, cell, sums) = (name("h"), name("c"), name("sums"))
    step.addInput(hidden, Self.elementType, [batch, .size(shape.outputSize)])
    step.addInput(cell, Self.elementType, [batch, .size(shape.cellStateSize)])
    step.addInput(sums, Self.elementType, [batch, .size(shape.gateRows)])
    if hasLengths { step.addInput(name("mask"), .bool, [batch, .size(1)]) }

    let product = compute("MatMul", [hidden, scan.constant("weight_hh", isTransposed: true)], "product")
    let gates = LSTMGate.allCases.map { name("\($0)") }
    step.add("Split", [compute("Add", [sums, product], "gates")], to: gates, ["axis": .int(1)])
    func gate(_ gate: LSTMGate, _ peephole: LSTMPeephole, sees cell: String) -> String {
      var sum = gates[gate.rawValue]
      if shape.hasPeepholes {
        let seen = compute("Mul", ["\(scan.prefix).peephole.\(peephole)", cell], "\(gate).seen")
        sum = compute("Add", [sum, seen], "\(gate).sum")
      }
      return compute("Sigmoid", [sum], "\(gate).open")
    }
    let input = gate(.input, .input, sees: cell)
    let forget = gate(.forget, .forget, sees: cell)
    let candidate = compute("Tanh", [gates[LSTMGate.candidate.rawValue]], "candidate.open")
    let kept = compute("Mul", [forget, cell], "kept")
    let new = compute("Mul", [input, candidate], "new")
    var nextCell = compute("Add", [kept, new], "c.next")
    let output = gate(.output, .output, sees: nextCell)
    let units = compute("Mul", [output, compute("Tanh", [nextCell], "c.tanh")], "units")
    var nextHidden = compute("MatMul", [units, scan.constant("weight_hr", isTransposed: true)], "h.next")
    if hasLengths {
      nextHidden = compute("Where", [name("mask"), nextHidden, hidden], "h.masked")
      nextCell = compute("Where", [name("mask"), nextCell, cell], "c.masked")
    }
    step.addOutput(nextHidden, Self.elementType, [batch, .size(shape.outputSize)])
    step.addOutput(nextCell, Self.elementType, [batch, .size(shape.cellStateSize)])
    let outputs = compute("Identity", [nextHidden], "y")
    step.addOutput(outputs, Self.elementType, [batch, .size(shape.outputSize)])
    return step.graph
  }
}
#endif
