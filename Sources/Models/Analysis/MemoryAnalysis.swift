public import Kernels

/// How far back a recurrent network remembers, as its gradients tell: the norm of ∂L/∂h_t at every step t for a loss L
/// on the last output alone.
///
/// Backpropagation through a step multiplies the gradient by the step's Jacobian. In a vanilla network that is
/// Whᵀ diag(1 − h²), so the norm falls or grows like a power of the lag, bounded by the singular values of Wh and in the
/// long run governed by its ``RecurrentLayer/spectralRadii()`` (Pascanu, Mikolov & Bengio, "On the difficulty of training
/// recurrent neural networks", 2013). What the network should learn at a lag where the norm has vanished, it cannot.
public struct MemoryAnalysis: Hashable, Codable, Sendable {
  /// ‖∂L/∂h_t‖ by layer, sequence and lag, `[L][B][length]`: lag 0 is the sequence's last step. The derivative is for the
  /// hidden state as it leaves step t, whichever way it reaches the loss: through later steps, the layers above, or as the
  /// output itself; the cell state is held fast.
  public let hiddenNorms: [[[Double]]]
  /// The same for the cell state of an LSTM, the hidden state held fast; 0 at lag 0 of the top layer. Empty for others.
  public let cellNorms: [[[Double]]]

  /// The mean of ``hiddenNorms`` over the sequences that are long enough, by lag: a curve to draw.
  public func meanHiddenNorms(layer: Int) -> [Double] { Self.mean(of: hiddenNorms, layer) }

  /// The mean of ``cellNorms`` over the sequences that are long enough, by lag.
  public func meanCellNorms(layer: Int) -> [Double] { Self.mean(of: cellNorms, layer) }

  private static func mean(of layers: [[[Double]]], _ layer: Int) -> [Double] {
    require(layers.indices.contains(layer), "layer \(layer) is outside \(layers.count) layers")
    let norms = layers[layer]
    return (0..<(norms.map(\.count).max() ?? 0)).map { lag in
      let atLag = norms.filter { $0.count > lag }.map { $0[lag] }
      return atLag.reduce(0, +) / Double(atLag.count)
    }
  }
}

/// The spectral radius of what one gate multiplies the hidden state with.
public struct GateRadius: Hashable, Codable, Sendable {
  /// The parameter it is a block of, such as `weight_hh_l0`.
  public let parameter: String
  /// The gate's name, such as `forget`; `hidden` in a vanilla network.
  public let gate: String
  /// The largest absolute value among the eigenvalues.
  public let radius: Double

  /// Those of recurrent weights without their network, as a checkpoint holds them: `weights`, `[G·H × H]`, called
  /// `parameter`. None for a matrix that no cell without a projection has. Costs O(H³) a block.
  ///
  /// Throws where LAPACK finds no eigenvalues, as it does for weights that are not finite.
  package static func radii(
    of weights: Matrix<Double>, called parameter: String
  ) throws(LinearAlgebraError) -> [GateRadius] {
    let size = weights.columns
    guard let kind = RecurrentCell.Kind(rows: weights.rows, hiddenSize: size) else { return [] }
    var radii: [GateRadius] = []
    for (gate, name) in kind.gates.enumerated() {
      let block = Matrix(
        rows: size, columns: size, Array(weights.elements[gate * size * size..<(gate + 1) * size * size]))
      radii.append(
        GateRadius(parameter: parameter, gate: name.rawValue, radius: try block.spectralRadius()))
    }
    return radii
  }
}

extension RecurrentLayer {
  /// The norms of ∂L/∂h_t, exact, for every layer, sequence and step of `inputs`, from the zero state and without
  /// dropout.
  ///
  /// Not for networks of both directions, in which no step is the last to be seen. Goes back through each sequence in steps:
  /// two forward passes and a backward pass, a step at a time, and a state of memory for every step.
  ///
  /// - Parameters:
  ///   - inputs: `B` sequences of `I` features.
  ///   - dLastOutputs: ∂L for the last output of each sequence, `[B × R]`; ones if omitted, so that L is their sum.
  public func analyzeMemory(
    on inputs: PackedSequence<Scalar>, dLastOutputs: Matrix<Scalar>? = nil
  ) -> MemoryAnalysis {
    require(!architecture.isBidirectional, "in a bidirectional network no step is the last to be seen")
    let width = architecture.outputSize
    let dLast = dLastOutputs ?? Matrix(repeating: 1, rows: inputs.batch, columns: width)
    require(
      dLast.rows == inputs.batch && dLast.columns == width,
      "the gradient for last outputs must be \(inputs.batch) × \(width), not \(dLast.rows) × \(dLast.columns)")
    let layers = (0..<architecture.layers).map(layer)
    var gradients = layers.map { _ in [StepGradients<Scalar>]() }
    for (b, sequence) in inputs.sequences.enumerated() {
      var layerInputs = [sequence]
      for layer in layers.dropLast() {
        let below = PackedSequence([layerInputs[layerInputs.count - 1]], features: layer.architecture.inputSize)
        layerInputs.append(layer(below).outputs.sequence(0))
      }
      var dOutputs = Matrix<Scalar>.zeros(rows: sequence.rows, columns: width)
      if sequence.rows > 0 { dOutputs.setRow(sequence.rows - 1, to: dLast.row(b)) }
      for index in layers.indices.reversed() {
        let found = layers[index].stepGradients(through: layerInputs[index], dOutputs: dOutputs)
        dOutputs = found.dInputs
        gradients[index].append(found)
      }
    }
    let hasCell = architecture.cells[0].cellStateSize > 0
    return MemoryAnalysis(
      hiddenNorms: gradients.map { $0.map(\.hiddenNorms) },
      cellNorms: hasCell ? gradients.map { $0.map(\.cellNorms) } : [])
  }

  /// The spectral radius of every gate block of every layer's recurrent weights; in a projected LSTM of the block times
  /// the projection, which is what takes the units of one step to those of the next. Costs O(H³) a block.
  ///
  /// Throws where LAPACK finds no eigenvalues, as it does for weights that are not finite.
  public func spectralRadii() throws(LinearAlgebraError) -> [GateRadius] {
    var radii: [GateRadius] = []
    for part in architecture.layerDirections {
      let shape = architecture.cells[part.layer]
      let weights = parameters["weight_hh" + part.suffix]
      let projection = shape.isProjected ? parameters["weight_hr" + part.suffix] : nil
      for (gate, name) in shape.gates.enumerated() {
        var block = Matrix<Scalar>.zeros(rows: shape.hiddenSize, columns: shape.hiddenSize)
        withViews(mutating: &block, reading: weights) { block, weights in
          let source = weights.rows(gate * shape.hiddenSize..<(gate + 1) * shape.hiddenSize)
          guard let projection else { return block.copy(from: source) }
          projection.withView { multiply(source, $0, into: block) }
        }
        radii.append(
          GateRadius(
            parameter: "weight_hh" + part.suffix, gate: name.rawValue,
            radius: Double(try block.spectralRadius())))
      }
    }
    return radii
  }

  /// Layer `index` alone.
  private func layer(_ index: Int) -> RecurrentLayer {
    guard let stack = try? RecurrentStack(architecture.cells[index]) else {
      fatalError("a layer of a network is a network")
    }
    var layer = RecurrentLayer(
      stack,
      parameters: parameters.part(architecture.layerDirections[index].parameters, ParameterLayout(stack.parameters)))
    layer.execution = execution
    return layer
  }

  /// Backpropagation through one sequence, `[T × I]`, a step at a time, so that the gradient between steps is seen.
  /// Only for one layer.
  private func stepGradients(
    through inputs: Matrix<Scalar>, dOutputs: Matrix<Scalar>
  ) -> StepGradients<Scalar> {
    let layout = PackedLayout(batch: 1, steps: 1)
    func step(_ rows: Matrix<Scalar>, _ t: Int) -> PackedSequence<Scalar> {
      PackedSequence(layout: layout, rows: Matrix([rows.row(t)]))
    }
    var tape = RecurrentTape<Scalar>()
    var states = [zeroState(batch: 1)]
    for t in 0..<inputs.rows {
      states.append(forward(step(inputs, t), from: states[t], recordingInto: &tape, mode: .recording).state)
    }
    var found = StepGradients(dInputs: Matrix<Scalar>.zeros(rows: inputs.rows, columns: inputs.columns))
    var dState = zeroState(batch: 1)
    var gradient = ParameterVector<Scalar>.zeros(parameters.layout)
    for t in (0..<inputs.rows).reversed() {
      let dHidden = zip(dState.hidden[0].row(0), dOutputs.row(t)).map { $0 + $1 }
      found.hiddenNorms.append(norm(dHidden))
      if let dCell = dState.cell.first { found.cellNorms.append(norm(dCell.row(0))) }
      _ = forward(step(inputs, t), from: states[t], recordingInto: &tape, mode: .recording)
      let back = backward(
        through: &tape, dOutputs: step(dOutputs, t), dState: dState, accumulatingInto: &gradient)
      dState = back.dInitialState
      found.dInputs.setRow(t, to: back.dInputs.rows.row(0))
    }
    return found
  }
}

extension SequenceModel {
  /// The recurrent layers alone, with a copy of their parameters: for ``RecurrentLayer/analyzeMemory(on:dLastOutputs:)``
  /// and ``RecurrentLayer/spectralRadii()``.
  public var recurrentLayer: RecurrentLayer<Scalar> {
    let stack = architecture.recurrent
    var layer = RecurrentLayer(
      stack, parameters: parameters.part(architecture.ranges.recurrent, ParameterLayout(stack.parameters)))
    layer.execution = execution
    return layer
  }
}

/// Gradients for the states of one layer over one sequence.
private struct StepGradients<Scalar: BLASScalar> {
  /// By lag.
  var hiddenNorms: [Double] = []
  var cellNorms: [Double] = []
  /// `[T × I]`.
  var dInputs: Matrix<Scalar>
}

private func norm<Scalar: BLASScalar>(_ vector: [Scalar]) -> Double {
  vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
}

extension Matrix where Element: BLASScalar {
  fileprivate mutating func setRow(_ index: Int, to row: [Element]) {
    withMutableView { $0.row(index).update(from: row, count: row.count) }
  }
}
