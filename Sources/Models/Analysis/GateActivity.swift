public import Kernels

/// The gates of one layer at every step of one sequence: how far each is open, from 0 to 1, for each unit.
///
/// Nowhere is it seen better what a network keeps and what it forgets (Karpathy, Johnson & Li, "Visualizing and
/// understanding recurrent networks", 2015).
public struct GateActivity<Scalar: BLASScalar>: Sendable {
  /// The gates, in the order of their blocks in the weights: `input`, `forget`, `output` of an LSTM, `reset`, `update` of
  /// a GRU. Candidates are no gates.
  public let gates: [String]
  /// How far each gate is open, `[T × H]` each.
  public let values: [Matrix<Scalar>]

  /// The mean over the units at each step, `[T]` for each gate.
  public var means: [[Double]] {
    values.map { gate in gate.nestedRows.map { row in row.reduce(0) { $0 + Double($1) } / Double(row.count) } }
  }
}

extension SequenceModel {
  /// How the gates of a layer move while the model reads one sequence, from the zero state and without dropout.
  ///
  /// Computed by the equations of the cells from the states that the layers leave, a step at a time: for looking at a line,
  /// not at a book. Costs a pass a step at a time and, for the layer, a GEMM for all inputs and one for all hidden states.
  ///
  /// - Parameters:
  ///   - inputs: One sequence, of features or tokens as the model reads.
  ///   - layer: Which layer, 0 for the one that reads the inputs.
  /// - Throws: ``ConfigurationError`` for a network of both directions, for vanilla cells, which have no gates, for a layer
  ///   that is not there and for other than one sequence.
  public func gateActivity(
    on inputs: SequenceInputs<Scalar>, layer: Int = 0
  ) throws(ConfigurationError) -> GateActivity<Scalar> {
    let stack = architecture.recurrent
    try ConfigurationError.require(!stack.isBidirectional, "network", "one of both directions", wanted: "of one")
    try ConfigurationError.require(
      stack.cells.indices.contains(layer), "layer", "\(layer)", wanted: "0 to \(stack.layers - 1)")
    try ConfigurationError.require(
      inputs.layout.batch == 1, "number of sequences", "\(inputs.layout.batch)", wanted: "1")
    let cell = stack.cells[layer]
    guard cell.kind != .vanilla else {
      throw ConfigurationError(setting: "cell", found: "vanilla", wanted: "one with gates")
    }
    let gates = cell.gates.enumerated().filter { $0.element != .candidate }

    let (read, states) = run(inputs, layer: layer)
    let sums = gateSums(read: read, hidden: states.map { $0.hidden[layer].row(0) }.dropLast(), layer: layer)
    let peepholes = cell.hasPeepholes ? recurrentLayer.parameters["weight_ph_l\(layer)"] : nil
    let values = gates.map { block, gate in
      Matrix<Scalar>(
        rows: read.rows, columns: cell.hiddenSize,
        (0..<read.rows).flatMap { t in
          var row = Array(sums.row(t)[block * cell.hiddenSize..<(block + 1) * cell.hiddenSize])
          if let peepholes, let peephole = LSTMPeephole(gate) {
            // The output gate sees the cell state as it leaves the step, the others as it entered.
            let cell = states[peephole == .output ? t + 1 : t].cell[layer].row(0)
            for (unit, weight) in peepholes.row(peephole.rawValue).enumerated() { row[unit] += weight * cell[unit] }
          }
          return row.map { 1 / (1 + Scalar._exp(-$0)) }
        })
    }
    return GateActivity(gates: gates.map(\.element.rawValue), values: values)
  }

  /// What layer `layer` reads at each step of the one sequence, `[T × I]`, and the states from before the first step to
  /// after the last.
  private func run(
    _ inputs: SequenceInputs<Scalar>, layer: Int
  ) -> (read: Matrix<Scalar>, states: [RecurrentState<Scalar>]) {
    var tape = makeTape(seed: 0)
    var features: [[Scalar]] = []
    parameters.withView { all in
      let rows = architecture.features(of: inputs, parameters: all.columns(architecture.ranges.embedding), tape: &tape)
      features = (0..<rows.rows).map { Array(UnsafeBufferPointer(start: rows.row($0), count: rows.columns)) }
      withExtendedLifetime(inputs) {}
    }
    let network = recurrentLayer
    var states = [network.zeroState(batch: 1)]
    for row in features {
      var state = states[states.count - 1]
      _ = network.step(Matrix([row]), &state)
      states.append(state)
    }
    let read = layer == 0 ? features : states.dropFirst().map { $0.hidden[layer - 1].row(0) }
    let width = architecture.recurrent.cells[layer].inputSize
    return (Matrix(rows: read.count, columns: width, read.flatMap { $0 }), states)
  }

  /// What goes into the gates of layer `layer` at each step, but for peepholes: Wx x_t + Wh h_{t-1} + b, `[T × G·H]`.
  private func gateSums(read: Matrix<Scalar>, hidden: some Collection<[Scalar]>, layer: Int) -> Matrix<Scalar> {
    let (parameters, cell) = (recurrentLayer.parameters, architecture.recurrent.cells[layer])
    let before = Matrix(rows: read.rows, columns: cell.outputSize, hidden.flatMap { $0 })
    let bias =
      cell.hasBias
      ? zip(parameters["bias_ih_l\(layer)"].elements, parameters["bias_hh_l\(layer)"].elements).map { $0 + $1 }
      : [Scalar](repeating: 0, count: cell.gateRows)
    var sums = Matrix(rows: read.rows, columns: bias.count, (0..<read.rows).flatMap { _ in bias })
    for (vectors, name) in [(read, "weight_ih"), (before, "weight_hh")] {
      let weights = parameters["\(name)_l\(layer)"]
      withViews(mutating: &sums, reading: vectors, weights) { multiply($1, $2.transposed, addingTo: $0) }
    }
    return sums
  }
}
