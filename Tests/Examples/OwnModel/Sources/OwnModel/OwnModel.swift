import Kernels
import Models

/// Two linear layers with a rectifier between them: a model of one's own.
///
/// Generic over the number type, so that it can be trained in `Float` and its gradient checked in `Double`.
struct OwnModel<Scalar: BLASScalar>: TrainableModel {
  /// What a pass reads: inputs, `[B × I]`, and targets, `[B × O]`.
  struct Batch: Sendable {
    var inputs, targets: Matrix<Scalar>
  }

  /// What passes work in: a pass after the first allocates nothing.
  struct Tape: Sendable {
    var hidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    var outputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    var dHidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    var dOutputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  }

  let first, second: LinearMap
  /// Where the parameters of each layer lie.
  private let firstRange, secondRange: Range<Int>
  var parameters: ParameterVector<Scalar>
  var execution = Execution.automatic

  init(inputSize: Int, hiddenSize: Int, outputSize: Int, seed: UInt64) throws {
    first = try LinearMap(inputSize: inputSize, outputSize: hiddenSize)
    second = try LinearMap(inputSize: hiddenSize, outputSize: outputSize)
    var parts = ParameterParts()
    firstRange = parts.append("first", first.parameters)
    secondRange = parts.append("second", second.parameters)
    parameters = .zeros(parts.layout)
    parameters.initialize(.recommended, seed: seed)
  }

  func makeTape(seed: UInt64) -> Tape { Tape() }

  func loss(of batch: Batch, tape: inout Tape) -> LossValue {
    forward(batch.inputs, &tape)
    let mean = withViews(tape.outputs, batch.targets) { meanSquaredError($0, $1) }
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  func accumulateGradient(
    of batch: Batch, window: Int, tape: inout Tape, into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    forward(batch.inputs, &tape)
    tape.dOutputs.discardContents(resizingTo: batch.inputs.rows, by: second.outputSize)
    let mean = withViews(mutating: &tape.dOutputs, reading: tape.outputs, batch.targets) {
      meanSquaredError($1, $2, gradientInto: $0)
    }
    tape.dHidden.discardContents(resizingTo: batch.inputs.rows, by: first.outputSize)
    withViews(
      mutating: &tape.dHidden, &gradient, reading: batch.inputs, tape.hidden, tape.dOutputs, parameters
    ) { dHidden, gradient, inputs, hidden, dOutputs, parameters in
      second.backward(
        hidden, parameters: parameters.columns(secondRange), dOutputs: dOutputs, dInputsInto: dHidden,
        dParametersAddingTo: gradient.columns(secondRange), execution: execution)
      for n in 0..<hidden.rows {
        for j in 0..<hidden.columns where hidden[n, j] == 0 { dHidden[n, j] = 0 }
      }
      first.backward(
        inputs, parameters: parameters.columns(firstRange), dOutputs: dHidden.readOnly, dInputsInto: nil,
        dParametersAddingTo: gradient.columns(firstRange), execution: execution)
    }
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  private func forward(_ inputs: Matrix<Scalar>, _ tape: inout Tape) {
    tape.hidden.discardContents(resizingTo: inputs.rows, by: first.outputSize)
    tape.outputs.discardContents(resizingTo: inputs.rows, by: second.outputSize)
    withViews(mutating: &tape.hidden, &tape.outputs, reading: inputs, parameters) {
      hidden, outputs, inputs, parameters in
      first.forward(inputs, parameters: parameters.columns(firstRange), into: hidden, execution: execution)
      for n in 0..<hidden.rows {
        for j in 0..<hidden.columns { hidden[n, j] = max(0, hidden[n, j]) }
      }
      second.forward(
        hidden.readOnly, parameters: parameters.columns(secondRange), into: outputs, execution: execution)
    }
  }
}

/// Examples for it: points of a plane and the product of their coordinates.
struct Products<Scalar: BLASScalar>: TrainingExamples {
  let points: [[Scalar]]

  init(count: Int) {
    var generator = SeededGenerator(seed: 3)
    points = (0..<count).map { _ in [Scalar(generator.normal(Double.self)), Scalar(generator.normal(Double.self))] }
  }

  /// Every example is one step long.
  var lengths: [Int] { points.map { _ in 1 } }

  func batch(_ indices: [Int]) -> OwnModel<Scalar>.Batch {
    let points = indices.map { self.points[$0] }
    return OwnModel.Batch(inputs: Matrix(points), targets: Matrix(points.map { [$0[0] * $0[1]] }))
  }
}
