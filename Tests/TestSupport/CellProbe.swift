package import Kernels
internal import Models

/// The state of a cell, or the gradient for it, in the caller's order.
package struct CellState<Scalar: BLASScalar>: Equatable, Sendable {
  /// `[B × R]`.
  package var hidden: Matrix<Scalar>
  /// `[B × H]`, or `[B × 0]` for a cell without.
  package var cell: Matrix<Scalar>

  /// The state of the sequences `indices` alone, in that order.
  package func selecting(_ indices: [Int]) -> CellState {
    CellState(hidden: hidden.selectingRows(indices), cell: cell.selectingRows(indices))
  }

  /// Whether both are the same to the bit.
  package func hasSameBits(as other: CellState) -> Bool {
    hidden.hasSameBits(as: other.hidden) && cell.hasSameBits(as: other.cell)
  }

  /// The same numbers, rounded to `Other`.
  package func converted<Other: BLASScalar>(to type: Other.Type) -> CellState<Other> {
    CellState<Other>(hidden: hidden.converted(to: type), cell: cell.converted(to: type))
  }
}

/// A cell, a batch and a loss: all that a forward and a backward pass read, as values in the caller's order.
///
/// The loss is linear, Σ w ⊙ outputs + Σ w ⊙ final state, so that its gradient for outputs and final state is `w`.
package struct CellProbe<Scalar: BLASScalar>: Sendable {
  package var cell: RecurrentCell
  package var direction = TimeDirection.forward
  /// `[1 × P]`.
  package var parameters: Matrix<Scalar>
  /// `B` sequences of `I` features.
  package var inputs: PackedSequence<Scalar>
  /// The initial state.
  package var state: CellState<Scalar>
  /// `[B × R]`.
  package var recurrentMask: Matrix<Scalar>?
  /// The cell's weights where a forward pass is given prepared ones.
  package var prepared: PreparedWeights<Scalar>?
  /// The loss's weights for the outputs, `R` features.
  package var outputWeights: PackedSequence<Scalar>
  /// The loss's weights for the final state.
  package var stateWeights: CellState<Scalar>

  /// Unsorted, with equal lengths, ends at almost every step, and a sequence without any.
  package static var raggedLengths: [Int] { [4, 7, 0, 4, 2, 7] }

  /// Random numbers for everything, none of them zero. Weights shrink with the width of the cell, so that gates stay
  /// where their slopes are not small.
  package init(_ cell: RecurrentCell, lengths: [Int] = raggedLengths, seed: UInt64 = 1) {
    var generator = SeededGenerator(seed: seed)
    let (shape, layout) = (cell, PackedLayout(lengths: lengths))
    let scale = 1 / Double(shape.outputSize).squareRoot()
    func random(_ rows: Int, _ columns: Int, _ magnitudes: Range<Double> = 0.1..<1) -> Matrix<Scalar> {
      .random(rows: rows, columns: columns, magnitudes: magnitudes, from: &generator)
    }
    self.cell = cell
    parameters = random(1, shape.parameterCount, 0.2 * scale..<scale)
    inputs = PackedSequence(layout: layout, rows: random(layout.rowCount, shape.inputSize))
    state = CellState(
      hidden: random(layout.batch, shape.outputSize), cell: random(layout.batch, shape.cellStateSize))
    outputWeights = PackedSequence(layout: layout, rows: random(layout.rowCount, shape.outputSize))
    stateWeights = CellState(
      hidden: random(layout.batch, shape.outputSize), cell: random(layout.batch, shape.cellStateSize))
  }

  package var layout: PackedLayout { inputs.layout }

  /// The same with a mask of recurrent dropout that hides every third unit or so, a different set for each sequence.
  package func masked() -> CellProbe {
    var probe = self
    let (batch, size) = (layout.batch, cell.outputSize)
    let mask = (0..<batch * size).map { ($0 + $0 / size) % 3 == 0 ? 0 : Scalar(1.5) }
    probe.recurrentMask = Matrix(rows: batch, columns: size, mask)
    return probe
  }

  /// The same with weights that were prepared before a forward pass.
  package func preparing() -> CellProbe {
    var probe = self
    probe.prepared = parameters.withView { PreparedWeights(cell, parameters: $0) }
    return probe
  }

  /// The same in direction `direction`.
  package func inDirection(_ direction: TimeDirection) -> CellProbe {
    var probe = self
    probe.direction = direction
    return probe
  }

  /// The sequence `index` without the others.
  package func alone(_ index: Int) -> CellProbe {
    var probe = self
    probe.inputs = PackedSequence([inputs.sequence(index)], features: inputs.features)
    probe.outputWeights = PackedSequence([outputWeights.sequence(index)], features: outputWeights.features)
    probe.state = state.selecting([index])
    probe.stateWeights = stateWeights.selecting([index])
    probe.recurrentMask = recurrentMask?.selectingRows([index])
    return probe
  }

  /// The steps `range` of every sequence, from the same state.
  package func steps(_ range: Range<Int>) -> CellProbe {
    var probe = self
    probe.inputs = inputs.steps(range)
    probe.outputWeights = outputWeights.steps(range)
    return probe
  }

  /// The same numbers, each rounded to `Other`.
  package func converted<Other: BLASScalar>(to type: Other.Type) -> CellProbe<Other> {
    CellProbe<Other>(
      cell: cell, direction: direction, parameters: parameters.converted(to: type),
      inputs: inputs.converted(to: type), state: state.converted(to: type),
      recurrentMask: recurrentMask?.converted(to: type), outputWeights: outputWeights.converted(to: type),
      stateWeights: stateWeights.converted(to: type))
  }

  private init(
    cell: RecurrentCell, direction: TimeDirection, parameters: Matrix<Scalar>, inputs: PackedSequence<Scalar>,
    state: CellState<Scalar>, recurrentMask: Matrix<Scalar>?, outputWeights: PackedSequence<Scalar>,
    stateWeights: CellState<Scalar>
  ) {
    self.cell = cell
    self.direction = direction
    self.parameters = parameters
    self.inputs = inputs
    self.state = state
    self.recurrentMask = recurrentMask
    self.outputWeights = outputWeights
    self.stateWeights = stateWeights
  }
}

extension CellProbe<Double> {
  /// One step of one sequence with these numbers.
  package static func oneStep(
    _ cell: RecurrentCell, parameters: [Double], input: [Double], hidden: [Double], cell cellState: [Double] = []
  ) -> CellProbe {
    var probe = CellProbe(cell, lengths: [1])
    probe.parameters = Matrix([parameters])
    probe.inputs = PackedSequence([[input]])
    probe.state = CellState(hidden: Matrix([hidden]), cell: Matrix([cellState]))
    return probe
  }

  /// The outputs and the final state of the one sequence.
  package func outcome(_ path: ComputePath) -> (output: [Double], hidden: [Double], cell: [Double]) {
    var tape = CellTape<Double>()
    let outcome = forward(Execution(path: path, threads: 1), tape: &tape)
    return (outcome.outputs.rows.elements, outcome.state.hidden.elements, outcome.state.cell.elements)
  }
}

extension PackedSequence where Element: BLASScalar {
  /// The same numbers, each rounded to `Other`.
  package func converted<Other: BLASScalar>(to type: Other.Type) -> PackedSequence<Other> {
    PackedSequence<Other>(layout: layout, rows: rows.converted(to: type))
  }
}

// MARK: - Running it

/// The results of a forward pass.
package struct CellOutcome<Scalar: BLASScalar>: Equatable, Sendable {
  /// `R` features.
  package var outputs: PackedSequence<Scalar>
  package var state: CellState<Scalar>
}

extension CellOutcome {
  /// Whether both are the same to the bit.
  package func hasSameBits(as other: CellOutcome) -> Bool {
    outputs.layout == other.outputs.layout && outputs.rows.hasSameBits(as: other.outputs.rows)
      && state.hasSameBits(as: other.state)
  }
}

/// The results of a backward pass.
package struct CellGradients<Scalar: BLASScalar>: Equatable, Sendable {
  /// `I` features.
  package var dInputs: PackedSequence<Scalar>
  /// For the initial state.
  package var dState: CellState<Scalar>
  /// `[1 × P]`.
  package var dParameters: Matrix<Scalar>
}

extension CellProbe {
  /// A forward pass on `tape`. Its results are NaN before.
  package func forward(
    _ execution: Execution, isRecording: Bool = false, tape: inout CellTape<Scalar>
  ) -> CellOutcome<Scalar> {
    var outputs = Matrix<Scalar>(repeating: .nan, rows: layout.rowCount, columns: cell.outputSize)
    var ranked = state.selecting(layout.order)
    withPass(execution, isRecording: isRecording, &ranked, &outputs) { cell.forward($0, tape: &tape) }
    return CellOutcome(
      outputs: PackedSequence(layout: layout, rows: outputs), state: ranked.selecting(layout.ranks))
  }

  /// The gradients of the loss, through what `forward` recorded on `tape`, those for inputs and parameters added to
  /// `initial`. Without `wantsInputs` the pass is not given a place for the gradient of the inputs.
  package func backward(
    _ execution: Execution, tape: inout CellTape<Scalar>, addingTo initial: CellGradients<Scalar>? = nil,
    wantsInputs: Bool = true
  ) -> CellGradients<Scalar> {
    var dInputs = initial?.dInputs.rows ?? .zeros(rows: layout.rowCount, columns: inputs.features)
    var dParameters = initial?.dParameters ?? .zeros(rows: 1, columns: cell.parameterCount)
    let (dState, dOutputs) = (stateWeights.selecting(layout.order), outputWeights.rows)
    var (dHidden, dCell) = (dState.hidden, dState.cell)
    // A backward pass reads the recording, of which the outputs are a part, and not the state of the forward pass.
    var ranked = CellState(
      hidden: Matrix(repeating: Scalar.nan, rows: layout.batch, columns: state.hidden.columns),
      cell: Matrix(repeating: Scalar.nan, rows: layout.batch, columns: state.cell.columns))
    var scratch = CellTape<Scalar>()
    var outputs = forward(execution, isRecording: true, tape: &scratch).outputs.rows
    withPass(execution, isRecording: true, &ranked, &outputs) { forward in
      cell.backward(
        BackwardPass(
          of: forward, dOutputs: dOutputs.unsafeView, dState: (dHidden.unsafeMutableView(), dCell.unsafeMutableView()),
          dInputs: wantsInputs ? dInputs.unsafeMutableView() : nil, dParameters: dParameters.unsafeMutableView()),
        tape: &tape)
      withExtendedLifetime(dOutputs) {}
    }
    return CellGradients(
      dInputs: PackedSequence(layout: layout, rows: dInputs),
      dState: CellState(hidden: dHidden, cell: dCell).selecting(layout.ranks), dParameters: dParameters)
  }

  /// Both passes on a new tape.
  package func run(_ execution: Execution) -> CellResults<Scalar> {
    var tape = CellTape<Scalar>()
    return run(execution, tape: &tape)
  }

  /// Both passes on `tape`.
  package func run(_ execution: Execution, tape: inout CellTape<Scalar>) -> CellResults<Scalar> {
    let outcome = forward(execution, isRecording: true, tape: &tape)
    return CellResults(
      shape: cell, outcome: outcome, gradients: backward(execution, tape: &tape))
  }

  /// Both passes over the steps before `step` and over those from there on, the state handed on between the two.
  package func run(_ execution: Execution, splitAt step: Int) -> CellResults<Scalar> {
    let ranges = [0..<step, step..<layout.steps]
    var windows = (direction == .forward ? ranges : ranges.reversed()).map(steps)
    var tapes = windows.map { _ in CellTape<Scalar>() }
    var outputs: [PackedSequence<Scalar>] = []
    var state = state
    for i in windows.indices {
      windows[i].state = state
      let outcome = windows[i].forward(execution, isRecording: true, tape: &tapes[i])
      state = outcome.state
      outputs.append(outcome.outputs)
    }
    var dInputs: [PackedSequence<Scalar>] = []
    var dState = stateWeights
    var dParameters = Matrix<Scalar>.zeros(rows: 1, columns: parameters.columns)
    for i in windows.indices.reversed() {
      windows[i].stateWeights = dState
      let gradients = windows[i].backward(execution, tape: &tapes[i])
      dState = gradients.dState
      dParameters = Matrix(
        rows: 1, columns: parameters.columns,
        zip(dParameters.elements, gradients.dParameters.elements).map { $0 + $1 })
      dInputs.append(gradients.dInputs)
    }
    func joined(_ a: PackedSequence<Scalar>, _ b: PackedSequence<Scalar>) -> PackedSequence<Scalar> {
      PackedSequence(
        zip(a.sequences, b.sequences).map {
          Matrix(rows: $0.rows + $1.rows, columns: a.features, $0.elements + $1.elements)
        },
        features: a.features)
    }
    let isForward = direction == .forward
    return CellResults(
      shape: cell,
      outcome: CellOutcome(outputs: joined(outputs[isForward ? 0 : 1], outputs[isForward ? 1 : 0]), state: state),
      gradients: CellGradients(
        dInputs: joined(dInputs[isForward ? 1 : 0], dInputs[isForward ? 0 : 1]), dState: dState,
        dParameters: dParameters))
  }

  package func loss(_ execution: Execution) -> Scalar {
    var tape = CellTape<Scalar>()
    let outcome = forward(execution, tape: &tape)
    func product(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Scalar {
      zip(a.elements, b.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return product(outcome.outputs.rows, outputWeights.rows)
      + product(outcome.state.hidden, stateWeights.hidden) + product(outcome.state.cell, stateWeights.cell)
  }

  private func withPass(
    _ execution: Execution, isRecording: Bool, _ ranked: inout CellState<Scalar>, _ outputs: inout Matrix<Scalar>,
    _ body: (ForwardPass<Scalar>) -> Void
  ) {
    let mask = recurrentMask?.selectingRows(layout.order)
    body(
      ForwardPass(
        layout: layout, direction: direction, inputs: inputs.rows.unsafeView,
        parameters: parameters.unsafeView, state: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()),
        outputs: outputs.unsafeMutableView(),
        options: PassOptions(
          recurrentMask: mask?.unsafeView, isRecording: isRecording, prepared: prepared, execution: execution)))
    withExtendedLifetime(mask) {}
  }
}

package struct CellResults<Scalar: BLASScalar>: Equatable, Sendable {
  /// The cell.
  package var shape: RecurrentCell
  package var outcome: CellOutcome<Scalar>
  package var gradients: CellGradients<Scalar>

  /// All numbers by name, one entry for each parameter.
  package var parts: [(name: String, numbers: Matrix<Scalar>)] {
    var parts = [
      ("outputs", outcome.outputs.rows), ("final hidden state", outcome.state.hidden),
      ("final cell state", outcome.state.cell), ("gradient of inputs", gradients.dInputs.rows),
      ("gradient of initial hidden state", gradients.dState.hidden),
      ("gradient of initial cell state", gradients.dState.cell),
    ]
    var offset = 0
    let dParameters = gradients.dParameters.elements
    for parameter in shape.parameters {
      let block = dParameters[offset..<offset + parameter.count]
      parts.append(("gradient of \(parameter.name)", Matrix(rows: parameter.rows, columns: parameter.columns, block)))
      offset += parameter.count
    }
    return parts
  }

  /// The parts that are not the same to the bit in `other`.
  package func parts(differingFrom other: CellResults) -> [String] {
    zip(parts, other.parts).filter { !$0.numbers.hasSameBits(as: $1.numbers) }.map(\.0.name)
  }

  /// The results of sequence `index`, with `dParameters`, which are those of all.
  package func selecting(_ index: Int, dParameters: Matrix<Scalar>) -> CellResults {
    func select(_ sequences: PackedSequence<Scalar>) -> PackedSequence<Scalar> {
      PackedSequence([sequences.sequence(index)], features: sequences.features)
    }
    return CellResults(
      shape: shape,
      outcome: CellOutcome(outputs: select(outcome.outputs), state: outcome.state.selecting([index])),
      gradients: CellGradients(
        dInputs: select(gradients.dInputs), dState: gradients.dState.selecting([index]), dParameters: dParameters))
  }

  /// The worst of all parts: its name and its largest difference relative to the largest number wanted in it.
  package func worstDifference(from wanted: CellResults<Double>) -> (name: String, difference: Double) {
    zip(parts, wanted.parts)
      .map { (name: $0.name, difference: maximumRelativeDifference($0.numbers, $1.numbers)) }
      .max { $0.difference < $1.difference } ?? ("nothing", 0)
  }
}

extension Tolerance {
  /// Between two ways to run `probe`, forward and back. On the longest way from a number to a result every step adds
  /// up I + R products and applies some 20 operations to them, and the gradient of a parameter adds up all rows.
  package static func recurrence<Scalar: BLASScalar>(of probe: CellProbe<Scalar>) -> Double {
    let (shape, layout) = (probe.cell, probe.layout)
    return operations(layout.steps * (shape.inputSize + shape.outputSize + 20) + layout.rowCount, Scalar.self)
  }
}
