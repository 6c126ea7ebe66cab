import Kernels
import Models
import TestSupport
import Testing

@Suite struct GateActivityTests {
  private static let lstms = [
    RecurrentCell.lstm(inputSize: 3, hiddenSize: 5),
    RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, hasPeepholes: true),
    RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, hasBias: false),
  ]

  private let inputs: PackedSequence<Double> = {
    var generator = SeededGenerator(seed: 3)
    return PackedSequence(
      [Matrix(rows: 7, columns: 3, (0..<21).map { _ in generator.normal(Double.self) })], features: 3)
  }()

  /// A model of two layers, no parameter of which is 0, and the states before and after each step.
  private func model(_ cell: RecurrentCell) throws -> (SequenceModel<Double>, [RecurrentState<Double>]) {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(cell, layers: 2), outputSize: 2, loss: .meanSquaredError)
    var model = SequenceModel<Double>(architecture)
    var generator = SeededGenerator(seed: 4)
    model.parameters.withUnsafeMutableBufferPointer { numbers in
      for i in numbers.indices { numbers[i] = 0.5 * generator.normal(Double.self) }
    }
    let layer = model.recurrentLayer
    return (model, (0...7).map { layer(inputs.steps(0..<$0)).state })
  }

  /// By h_t = o ⊙ tanh(c_t), from states alone.
  @Test(arguments: lstms, 0..<2) func theOutputGateOfAnLSTMIsWhatItsStatesSay(_ cell: RecurrentCell, layer: Int) throws
  {
    let (model, states) = try model(cell)
    let activity = try model.gateActivity(on: .features(inputs), layer: layer)
    #expect(activity.gates == ["input", "forget", "output"])
    let output = activity.values[2]
    for t in 0..<7 {
      let expected = zip(states[t + 1].hidden[layer].row(0), states[t + 1].cell[layer].row(0)).map { $0 / tanhOf($1) }
      #expect(maximumRelativeDifference(output.row(t), expected) < 1e-12)
    }
  }

  /// By c_t = f ⊙ c_{t-1} + i ⊙ g_t, with the candidate computed here.
  @Test(arguments: lstms) func theOtherGatesOfAnLSTMMakeItsCellState(_ cell: RecurrentCell) throws {
    let (model, states) = try model(cell)
    let activity = try model.gateActivity(on: .features(inputs))
    let parameters = model.recurrentLayer.parameters
    for t in 0..<7 {
      let (x, h, c) = (inputs.rows.row(t), states[t].hidden[0].row(0), states[t].cell[0].row(0))
      for unit in 0..<5 {
        let row = LSTMGate.candidate.rawValue * 5 + unit
        var sum = zip(parameters["weight_ih_l0"].row(row), x).reduce(0) { $0 + $1.0 * $1.1 }
        sum += zip(parameters["weight_hh_l0"].row(row), h).reduce(0) { $0 + $1.0 * $1.1 }
        if cell.hasBias { sum += parameters["bias_ih_l0"][row, 0] + parameters["bias_hh_l0"][row, 0] }
        let next = activity.values[1][t, unit] * c[unit] + activity.values[0][t, unit] * tanhOf(sum)
        #expect(abs(next - states[t + 1].cell[0][0, unit]) < 1e-12)
      }
    }
  }

  @Test func theUpdateGateOfAGRUIsWhatItKeepsWithoutCandidate() throws {
    var (model, _) = try model(.gru(inputSize: 3, hiddenSize: 5))
    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] {
      var block = model.parameters["recurrent.\(name)_l0"]
      for row in 10..<15 { for column in 0..<block.columns { block[row, column] = 0 } }
      model.parameters["recurrent.\(name)_l0"] = block
    }
    let layer = model.recurrentLayer
    let activity = try model.gateActivity(on: .features(inputs))
    #expect(activity.gates == ["reset", "update"])
    // From a state of ones the first step leaves the update gate itself, which has then seen the ones.
    var ones = layer.zeroState(batch: 1)
    ones.hidden[0] = Matrix(repeating: 1, rows: 1, columns: 5)
    _ = layer.step(Matrix([inputs.rows.row(0)]), &ones)
    let weights = layer.parameters["weight_hh_l0"]
    for unit in 0..<5 {
      let seen = weights.row(5 + unit).reduce(0, +)
      let gate = activity.values[1][0, unit]
      let odds = gate / (1 - gate) * exponential(seen)
      #expect(abs(ones.hidden[0][0, unit] - odds / (1 + odds)) < 1e-12)
    }
  }

  @Test func meansAreOverUnits() throws {
    let (model, _) = try model(.gru(inputSize: 3, hiddenSize: 5))
    let activity = try model.gateActivity(on: .features(inputs), layer: 1)
    #expect(activity.means.map(\.count) == [7, 7])
    #expect(abs(activity.means[1][4] - activity.values[1].row(4).reduce(0, +) / 5) < 1e-15)
  }

  @Test func whatHasNoGatesToLookAtIsRefused() throws {
    let (vanilla, _) = try model(.vanilla(inputSize: 3, hiddenSize: 5))
    #expect(throws: ConfigurationError.self) { try vanilla.gateActivity(on: .features(inputs)) }
    let (lstm, _) = try model(Self.lstms[0])
    #expect(throws: ConfigurationError.self) { try lstm.gateActivity(on: .features(inputs), layer: 2) }
    let two = PackedSequence([inputs.sequence(0), inputs.sequence(0)], features: 3)
    #expect(throws: ConfigurationError.self) { try lstm.gateActivity(on: .features(two)) }
  }

  private func exponential(_ x: Double) -> Double { Double._exp(x) }

  private func tanhOf(_ x: Double) -> Double {
    let e = Double._exp(2 * x)
    return (e - 1) / (e + 1)
  }
}
