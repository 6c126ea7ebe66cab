import Kernels
import Models
import TestSupport
import Testing

@Suite struct MemoryAnalysisTests {
  private static let cells: [RecurrentCell] = [
    .vanilla(inputSize: 3, hiddenSize: 5), .lstm(inputSize: 3, hiddenSize: 5),
    .lstm(inputSize: 3, hiddenSize: 5, projectionSize: 4, hasPeepholes: true),
    .gru(inputSize: 3, hiddenSize: 5),
  ]

  private func inputs(_ lengths: [Int], seed: UInt64 = 3) -> PackedSequence<Double> {
    var generator = SeededGenerator(seed: seed)
    return PackedSequence(
      lengths.map { length in
        Matrix(rows: length, columns: 3, (0..<length * 3).map { _ in generator.normal(Double.self) })
      }, features: 3)
  }

  @Test(arguments: cells)
  func theNormsMatchFiniteDifferences(_ cell: RecurrentCell) throws {
    // The top of two layers: every state that a suffix can be started from.
    let layer = RecurrentLayer<Double>(try RecurrentStack(cell, layers: 2), seed: 4)
    let (sequences, R) = (inputs([4, 7, 0]), cell.outputSize)
    let dLast = Matrix(rows: 3, columns: R, (0..<3 * R).map { Double($0 % 5) - 1.5 })
    let analysis = layer.analyzeMemory(on: sequences, dLastOutputs: dLast)
    #expect(analysis.hiddenNorms.map { $0.map(\.count) } == [[4, 7, 0], [4, 7, 0]])

    for (b, length) in [4, 7].enumerated() {
      let sequence = PackedSequence([sequences.sequence(b)], features: 3)
      for t in 0..<length - 1 {
        let state = layer(sequence.steps(0..<t + 1)).state
        func loss(_ state: RecurrentState<Double>) -> Double {
          let last = layer(sequence.steps(t + 1..<length), from: state).outputs.lastRows(missing: 0).row(0)
          return zip(last, dLast.row(b)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let top = 1
        let dHidden = centralDifferences(at: state.hidden[top]) { hidden in
          var moved = state
          moved.hidden[top] = hidden
          return loss(moved)
        }
        let found = analysis.hiddenNorms[top][b][length - 1 - t]
        #expect(maximumRelativeDifference([found], [norm(dHidden)]) < Tolerance.finiteDifference)
        guard !state.cell.isEmpty else { continue }
        let dCell = centralDifferences(at: state.cell[top]) { cell in
          var moved = state
          moved.cell[top] = cell
          return loss(moved)
        }
        let foundCell = analysis.cellNorms[top][b][length - 1 - t]
        #expect(maximumRelativeDifference([foundCell], [norm(dCell)]) < Tolerance.finiteDifference)
      }
      #expect(maximumRelativeDifference([analysis.hiddenNorms[1][b][0]], [norm(Matrix([dLast.row(b)]))]) < 1e-15)
    }
    #expect(analysis.cellNorms.isEmpty == (cell.kind != .lstm))
  }

  @Test func aLowerLayerIsSeenThroughTheLayersAbove() throws {
    // What the lower layer's outputs do to the loss is what an upper layer of its own does with them as inputs, and
    // what they do through the lower layer's own next step.
    let layer = try RecurrentLayer<Double>(.vanilla, inputSize: 3, hiddenSize: 5, layers: 2, seed: 4)
    let sequence = inputs([6])
    let analysis = layer.analyzeMemory(on: sequence)
    let upper = RecurrentLayer<Double>(
      try RecurrentStack(RecurrentCell.vanilla(inputSize: 5, hiddenSize: 5)), seed: 4)
    var (lower, top) = (try RecurrentLayer<Double>(.vanilla, inputSize: 3, hiddenSize: 5), upper)
    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] {
      lower.parameters[name + "_l0"] = layer.parameters[name + "_l0"]
      top.parameters[name + "_l0"] = layer.parameters[name + "_l1"]
    }
    for t in 0..<6 {
      let before = lower(sequence.steps(0..<t + 1))
      let dHidden = centralDifferences(at: Matrix([before.outputs.sequence(0).row(t)])) { hidden in
        let later = lower(sequence.steps(t + 1..<6), from: RecurrentState(hidden: [hidden])).outputs.sequence(0)
        let rows = before.outputs.sequence(0).nestedRows.dropLast() + [hidden.row(0)] + later.nestedRows
        return top(PackedSequence([Array(rows)])).outputs.lastRows(missing: 0).elements.reduce(0, +)
      }
      let found = analysis.hiddenNorms[0][0][5 - t]
      #expect(maximumRelativeDifference([found], [norm(dHidden)]) < Tolerance.finiteDifference)
    }
  }

  @Test(arguments: [0.8, 1, 1.1])
  func inALinearNetworkTheNormIsAPowerOfTheSpectralRadius(radius: Double) throws {
    // ReLU units that stay positive are linear, and orthogonal weights times ρ scale every vector by ρ. A rotation of
    // coordinates keeps positive what is positive.
    let cell = RecurrentCell.vanilla(inputSize: 3, hiddenSize: 5, activation: .relu)
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell), seed: 4)
    var rotation = Matrix<Double>.zeros(rows: 5, columns: 5)
    for i in 0..<5 { rotation[i, (i + 2) % 5] = radius }
    layer.parameters["weight_hh_l0"] = rotation
    layer.parameters["weight_ih_l0"] = .zeros(rows: 5, columns: 3)
    layer.parameters["bias_ih_l0"] = Matrix(repeating: 1, rows: 5, columns: 1)
    let norms = layer.analyzeMemory(on: inputs([12])).meanHiddenNorms(layer: 0)
    var wanted = [(5.0).squareRoot()]
    for _ in 1..<12 { wanted.append(wanted[wanted.count - 1] * radius) }
    #expect(zip(norms, wanted).allSatisfy { abs($0 - $1) <= $1 * Tolerance.operations(12 * 5, Double.self) })
    let radii = try layer.spectralRadii()
    #expect(radii.map(\.gate) == ["hidden"] && radii.map(\.parameter) == ["weight_hh_l0"])
    #expect(maximumRelativeDifference(radii.map(\.radius), [radius]) < Tolerance.gemm(k: 5, Double.self))
  }

  @Test func aVanillaNetworkForgetsWhatAnLSTMWithOpenForgetGatesKeeps() throws {
    let sequence = inputs([60])
    func decay(_ cell: RecurrentCell, forgetBias: Double?) throws -> Double {
      var scheme = InitializationScheme.recommended
      scheme.forgetBias = forgetBias
      let layer = RecurrentLayer<Double>(try RecurrentStack(cell), scheme: scheme, seed: 4)
      let norms = layer.analyzeMemory(on: sequence).meanHiddenNorms(layer: 0)
      return norms[50] / norms[1]
    }
    #expect(try decay(.vanilla(inputSize: 3, hiddenSize: 5), forgetBias: nil) < 1e-6)
    #expect(try decay(.lstm(inputSize: 3, hiddenSize: 5), forgetBias: 10) > 0.1)
  }

  @Test func theSpectralRadiusIsOfEachGateBlock() throws {
    var lstm = try LSTM<Double>(inputSize: 3, hiddenSize: 4, isBidirectional: true, seed: 4)
    var weights = Matrix<Double>.zeros(rows: 16, columns: 4)
    for gate in 0..<4 {
      for i in 0..<4 { weights[gate * 4 + i, (i + 1) % 4] = Double(gate) + 0.5 }
    }
    lstm.parameters["weight_hh_l0_reverse"] = weights
    let radii = try lstm.spectralRadii()
    #expect(radii.map(\.gate) == ["input", "forget", "candidate", "output", "input", "forget", "candidate", "output"])
    #expect(radii.prefix(4).allSatisfy { $0.parameter == "weight_hh_l0" && abs($0.radius - 1) < 1e-12 })
    #expect(radii.suffix(4).allSatisfy { $0.parameter == "weight_hh_l0_reverse" })
    #expect(
      maximumRelativeDifference(radii.suffix(4).map(\.radius), [0.5, 1.5, 2.5, 3.5])
        < Tolerance.gemm(k: 4, Double.self))
    let gru = try RecurrentLayer<Double>(.gru, inputSize: 3, hiddenSize: 4)
    #expect(try gru.spectralRadii().map(\.gate) == ["reset", "update", "candidate"])
  }

  @Test func radiiOfWeightsAloneAreThoseOfTheirNetwork() throws {
    let gru = try RecurrentLayer<Double>(.gru, inputSize: 3, hiddenSize: 5, seed: 6)
    let weights = gru.parameters["weight_hh_l0"]
    #expect(try GateRadius.radii(of: weights, called: "weight_hh_l0") == gru.spectralRadii())
    #expect(try GateRadius.radii(of: .zeros(rows: 10, columns: 5), called: "no cell's").isEmpty)
    #expect(try GateRadius.radii(of: .zeros(rows: 7, columns: 5), called: "no cell's").isEmpty)
  }

  @Test func theRadiusOfAProjectedCellIsThatOfTheProduct() throws {
    let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 4, projectionSize: 2)
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell), seed: 4)
    var (weights, projection) = (Matrix<Double>.zeros(rows: 16, columns: 2), Matrix<Double>.zeros(rows: 2, columns: 4))
    for gate in 0..<4 { weights[gate * 4 + 1, 0] = 3 }
    (projection[0, 1], projection[0, 2], projection[1, 3]) = (0.5, 7, 9)
    layer.parameters["weight_hh_l0"] = weights
    layer.parameters["weight_hr_l0"] = projection
    #expect(try layer.spectralRadii().allSatisfy { abs($0.radius - 1.5) < 1e-12 })
  }

  @Test func theRecurrentLayersOfAModelCanBeAnalysed() throws {
    let model = try SmallTasks.model(layers: 2)
    let layer = model.recurrentLayer
    #expect(layer.parameters["weight_hh_l1"] == model.parameters["recurrent.weight_hh_l1"])
    #expect(layer.architecture == model.architecture.recurrent && layer.execution == model.execution)
  }

  private func norm(_ matrix: Matrix<Double>) -> Double {
    matrix.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
