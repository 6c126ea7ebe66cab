import Kernels
import Models
import TestSupport
import Testing

/// PyTorch's numbers for every cell, stack and batch, made by `Scripts/make-fixtures.py`: outputs, final states and all
/// gradients of a loss that weighs every output and every final state.
@Suite struct PyTorchAgreementTests {
  @Test(arguments: PyTorchNetwork.all, ComputePath.allCases)
  func doubleMatchesPyTorch(_ network: PyTorchNetwork, _ path: ComputePath) throws {
    try network.check(Double.self, path, within: Tolerance.pyTorch(Double.self))
  }

  @Test(arguments: PyTorchNetwork.all, ComputePath.allCases)
  func floatMatchesPyTorch(_ network: PyTorchNetwork, _ path: ComputePath) throws {
    try network.check(Float.self, path, within: Tolerance.pyTorch(Float.self))
  }
}

/// A network of the fixtures.
struct PyTorchNetwork: CustomTestStringConvertible, Sendable {
  let cell: String
  let layers: Int
  let directions: Int

  static let all: [PyTorchNetwork] = {
    let cells = [
      "rnn-tanh", "rnn-relu", "lstm", "lstm-projected", "lstm-peephole", "lstm-peephole-projected", "gru",
      "gru-reset-before",
    ]
    return cells.flatMap { cell in
      [1, 2].flatMap { layers in
        [1, 2].map { PyTorchNetwork(cell: cell, layers: layers, directions: $0) }
      }
    }
  }()

  var testDescription: String { "\(cell)-layers\(layers)-\(directions == 1 ? "one" : "two")way" }

  func check<Scalar: BLASScalar & SafetensorsElement>(
    _: Scalar.Type, _ path: ComputePath, within tolerance: Double
  ) throws {
    let file = try Fixture.open(testDescription)
    func size(_ key: String) throws -> Int { try #require(file.metadata[key].flatMap { Int($0) }) }
    let (inputSize, hiddenSize, projection) = (
      try size("inputSize"), try size("hiddenSize"), try size("projectionSize")
    )
    switch cell {
    case "rnn-tanh", "rnn-relu":
      let activation = cell == "rnn-relu" ? RecurrentCell.Activation.relu : .tanh
      try check(
        RecurrentCell.vanilla(inputSize: inputSize, hiddenSize: hiddenSize, activation: activation), file, Scalar.self,
        path,
        tolerance)
    case "gru", "gru-reset-before":
      let reset = cell == "gru" ? RecurrentCell.ResetConvention.afterProduct : .beforeProduct
      try check(
        RecurrentCell.gru(inputSize: inputSize, hiddenSize: hiddenSize, reset: reset), file, Scalar.self, path,
        tolerance)
    default:
      let lstm = RecurrentCell.lstm(
        inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projection == 0 ? nil : projection,
        hasPeepholes: cell.contains("peephole"))
      try check(lstm, file, Scalar.self, path, tolerance)
    }
  }

  private func check<Scalar: BLASScalar & SafetensorsElement>(
    _ cell: RecurrentCell, _ file: SafetensorsFile, _: Scalar.Type, _ path: ComputePath, _ tolerance: Double
  ) throws {
    let stack = try RecurrentStack(cell, layers: layers, isBidirectional: directions == 2)
    var layer = RecurrentLayer<Scalar>(stack)
    layer.execution = Execution(path: path)
    for shape in stack.parameters {
      layer.parameters[shape.name] = try file.matrix("parameters.\(shape.name)", shape)
    }
    for batch in ["dense", "ragged"] {
      for start in ["given", "zero"] {
        try check(layer, file, batch: batch, start: start, tolerance)
      }
    }
  }

  private func check<Scalar: BLASScalar & SafetensorsElement>(
    _ layer: RecurrentLayer<Scalar>, _ file: SafetensorsFile, batch: String, start: String, _ tolerance: Double
  ) throws {
    let stack = layer.architecture
    let (inputShape, inputs) = try file.tensor("inputs", as: Scalar.self)
    let (steps, sequences) = (inputShape[0], inputShape[1])
    let lengths =
      batch == "dense"
      ? [Int](repeating: steps, count: sequences)
      : try file.tensor("lengths.ragged", as: Int64.self).elements.map { Int($0) }
    let hasCell = stack.cells[0].cellStateSize > 0
    func state(_ hidden: String, _ cell: String) throws -> RecurrentState<Scalar> {
      RecurrentState(
        hidden: try file.matrices(hidden), cell: hasCell ? try file.matrices(cell) : [])
    }
    func packed(_ name: String, features: Int) throws -> PackedSequence<Scalar> {
      PackedSequence(
        padded: try file.tensor(name, as: Scalar.self).elements, .timeMajor, lengths: lengths, features: features)
    }

    var tape = RecurrentTape<Scalar>()
    let initial = start == "given" ? try state("initial.hidden", "initial.cell") : nil
    let (outputs, final) = layer.forward(
      PackedSequence(padded: inputs, .timeMajor, lengths: lengths, features: stack.inputSize), from: initial,
      recordingInto: &tape, mode: .recording)
    var gradient = ParameterVector<Scalar>.zeros(layer.parameters.layout)
    let (dInputs, dInitial) = layer.backward(
      through: &tape, dOutputs: try packed("lossWeights.outputs", features: stack.outputSize),
      dState: try state("lossWeights.hidden", "lossWeights.cell"), accumulatingInto: &gradient)

    let prefix = "\(batch)-\(start)"
    func expect(_ found: [Scalar], _ name: String) throws {
      let wanted = try file.tensor("\(prefix).\(name)", as: Double.self).elements
      let difference = maximumRelativeDifference(found.map { Double($0) }, wanted)
      #expect(difference <= tolerance, "\(prefix).\(name)")
    }
    try expect(outputs.padded(.timeMajor, with: 0), "outputs")
    try expect(final.hidden.flatMap(\.elements), "finalHidden")
    try expect(dInputs.padded(.timeMajor, with: 0), "gradient.inputs")
    try expect(dInitial.hidden.flatMap(\.elements), "gradient.initialHidden")
    if hasCell {
      try expect(final.cell.flatMap(\.elements), "finalCell")
      try expect(dInitial.cell.flatMap(\.elements), "gradient.initialCell")
    }
    for shape in stack.parameters { try expect(gradient[shape.name].elements, "gradient.\(shape.name)") }
  }
}

extension SafetensorsFile {
  func matrix<Scalar: BLASScalar & SafetensorsElement>(_ name: String, _ shape: ParameterShape) throws -> Matrix<Scalar>
  {
    Matrix(rows: shape.rows, columns: shape.columns, try tensor(name, as: Scalar.self).elements)
  }

  /// A `[K × B × F]` tensor as `K` matrices.
  func matrices<Scalar: BLASScalar & SafetensorsElement>(_ name: String) throws -> [Matrix<Scalar>] {
    let (shape, elements) = try tensor(name, as: Scalar.self)
    let size = shape[1] * shape[2]
    return (0..<shape[0]).map { Matrix(rows: shape[1], columns: shape[2], elements[$0 * size..<($0 + 1) * size]) }
  }
}
