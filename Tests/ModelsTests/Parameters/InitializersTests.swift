import Kernels
import Models
import TestSupport
import Testing

@Suite struct InitializersTests {
  private let hiddenSize = 12
  private let inputSize = 7

  /// An LSTM's parameters with a peephole, a projection and an embedding.
  private var layout: ParameterLayout {
    let gateRows = 4 * hiddenSize
    return ParameterLayout([
      ParameterShape(
        "weight_ih", rows: gateRows, columns: inputSize, role: .inputWeights, gates: RecurrentCell.Kind.lstm.gates),
      ParameterShape(
        "weight_hh", rows: gateRows, columns: hiddenSize, role: .recurrentWeights, gates: RecurrentCell.Kind.lstm.gates),
      ParameterShape("bias_ih", rows: gateRows, columns: 1, role: .inputBias, gates: RecurrentCell.Kind.lstm.gates),
      ParameterShape("bias_hh", rows: gateRows, columns: 1, role: .recurrentBias, gates: RecurrentCell.Kind.lstm.gates),
      ParameterShape("weight_ph", rows: 3, columns: hiddenSize, role: .peephole),
      ParameterShape("weight_hr", rows: 5, columns: hiddenSize, role: .projection),
      ParameterShape("embedding", rows: 40, columns: 50, role: .embedding),
      ParameterShape(
        "gru.bias_ih", rows: 3 * hiddenSize, columns: 1, role: .inputBias, gates: RecurrentCell.Kind.gru.gates),
    ])
  }

  private func initialized<Scalar: BLASScalar>(
    _ scheme: InitializationScheme = .recommended, seed: UInt64 = 1, as type: Scalar.Type = Double.self
  ) -> ParameterVector<Scalar> {
    var parameters = ParameterVector<Scalar>.zeros(layout)
    parameters.initialize(scheme, seed: seed)
    return parameters
  }

  @Test func theSameSeedGivesTheSameNumbersAndAnotherSeedOthers() {
    #expect(initialized(seed: 5) == initialized(seed: 5))
    #expect(initialized(seed: 5) != initialized(seed: 6))
  }

  @Test func floatsAreTheRoundedDoubles() {
    #expect(initialized(as: Float.self) == initialized(as: Double.self).converted(to: Float.self))
  }

  @Test func aParameterDoesNotDependOnTheSizeOfThoseBeforeIt() {
    var shapes = layout.shapes
    shapes[0].columns += 2
    var other = ParameterVector<Double>.zeros(ParameterLayout(shapes))
    other.initialize(.recommended, seed: 1)
    #expect(other["weight_hh"] == initialized()["weight_hh"])
  }

  @Test func eachGateBlockOfTheRecurrentWeightsIsOrthogonal() {
    let weights: Matrix<Double> = initialized()["weight_hh"]
    for gate in 0..<4 {
      let rows = (0..<hiddenSize).map { weights.row(gate * hiddenSize + $0) }
      expectOrthonormal(rows)
    }
    #expect(weights.row(0) != weights.row(hiddenSize))
  }

  @Test(arguments: [(rows: 3, columns: 8), (rows: 8, columns: 3)])
  func theShortSideOfAnOrthogonalBlockIsOrthonormal(rows: Int, columns: Int) {
    let shape = ParameterShape("w", rows: rows, columns: columns, role: .recurrentWeights)
    var parameters = ParameterVector<Double>.zeros(ParameterLayout([shape]))
    parameters.initialize(.recommended, seed: 3)
    let weights = parameters["w"]
    expectOrthonormal(
      rows < columns ? weights.nestedRows : (0..<columns).map { j in (0..<rows).map { weights[$0, j] } })
  }

  private func expectOrthonormal(_ vectors: [[Double]], sourceLocation: SourceLocation = #_sourceLocation) {
    for (i, a) in vectors.enumerated() {
      for (j, b) in vectors.enumerated() {
        let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        let tolerance = Tolerance.gemm(k: a.count, Double.self)
        #expect(abs(product - (i == j ? 1 : 0)) <= tolerance, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func gainScalesOrthogonalWeights() {
    var scheme = InitializationScheme.recommended
    scheme.recurrentWeights = .orthogonal(gain: 2)
    var twice = initialized()
    twice.scale(by: 2)
    #expect(initialized(scheme)["weight_hh"] == twice["weight_hh"])
  }

  @Test func glorotWeightsStayWithinTheBoundOfOneGateBlock() {
    let bound = (6.0 / Double(hiddenSize + inputSize)).squareRoot()
    let weights = initialized()["weight_ih"].elements
    #expect(weights.allSatisfy { abs($0) <= bound })
    #expect(weights.contains { abs($0) > 0.9 * bound })
  }

  @Test func onlyTheForgetGateOfAnLSTMBeginsBiased() {
    let parameters = initialized()
    let bias = parameters["bias_ih"].elements
    #expect(bias[hiddenSize..<2 * hiddenSize].allSatisfy { $0 == 1 })
    #expect(bias.reduce(0, +) == Double(hiddenSize))
    for name in ["bias_hh", "weight_ph", "gru.bias_ih"] { #expect(parameters.norm(of: name) == 0) }
  }

  @Test func gatesThatRememberForgetInTheirShareOfTheSteps() {
    let (scheme, steps, units) = (InitializationScheme.recommended.remembering(steps: 50), 50, 4000)
    var parameters = ParameterVector<Double>.zeros(
      ParameterLayout([
        ParameterShape("lstm", rows: 4 * units, columns: 1, role: .inputBias, gates: RecurrentCell.Kind.lstm.gates),
        ParameterShape(
          "lstm_hh", rows: 4 * units, columns: 1, role: .recurrentBias, gates: RecurrentCell.Kind.lstm.gates),
        ParameterShape("gru", rows: 3 * units, columns: 1, role: .inputBias, gates: RecurrentCell.Kind.gru.gates),
        ParameterShape("vanilla", rows: units, columns: 1, role: .inputBias),
      ]))
    parameters.initialize(scheme, seed: 1)
    let (lstm, gru) = (parameters["lstm"].elements, parameters["gru"].elements)
    let (forget, update) = (lstm[units..<2 * units], gru[units..<2 * units])
    #expect(lstm[..<units].elementsEqual(forget.map { -$0 }))
    #expect(lstm[(2 * units)...].allSatisfy { $0 == 0 })
    #expect(gru[..<units].allSatisfy { $0 == 0 } && gru[(2 * units)...].allSatisfy { $0 == 0 })
    #expect(parameters.norm(of: "lstm_hh") == 0 && parameters.norm(of: "vanilla") == 0)
    // A unit keeps the share σ(b) = u / (1 + u) of its state at each step: u is uniform.
    for biases in [forget, update] {
      let u = biases.map(Double._exp)
      #expect(u.allSatisfy { $0 > 0.999 && $0 < Double(steps - 1) })
      let (mean, deviation) = (Double(steps) / 2, Double(steps - 2) / 12.0.squareRoot())
      #expect(abs(u.reduce(0, +) / Double(units) - mean) <= deviation * Tolerance.mean(ofDraws: units))
    }
  }

  @Test func pyTorchsSchemeIsUniformWithinTheInverseRootOfTheHiddenSize() {
    let parameters = initialized(.pyTorch(hiddenSize: hiddenSize))
    let bound = 1 / Double(hiddenSize).squareRoot()
    for shape in layout.shapes where shape.role != .embedding {
      let numbers = parameters[shape.name].elements
      #expect(numbers.allSatisfy { abs($0) <= bound })
      #expect(Set(numbers).count == numbers.count)
    }
  }

  @Test func embeddingsAreNormal() {
    let numbers = initialized()["embedding"].elements
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)
    #expect(abs(mean) <= Tolerance.mean(ofDraws: numbers.count))
    // A squared normal number has the variance 2.
    #expect(abs(variance - 1) <= 2.0.squareRoot() * Tolerance.mean(ofDraws: numbers.count))
  }

  @Test func aConstantFillsAParameter() {
    var scheme = InitializationScheme.recommended
    scheme.inputBias = .constant(0.25)
    scheme.forgetBias = nil
    #expect(initialized(scheme)["bias_ih"].elements.allSatisfy { $0 == 0.25 })
  }
}
