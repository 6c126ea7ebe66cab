import Kernels
import Models
import TestSupport
import Testing

@Suite struct LinearMapTests {
  private func layer(hasBias: Bool) throws -> Linear<Double> {
    Linear(
      try LinearMap(inputSize: 3, outputSize: 5, hasBias: hasBias), scheme: .pyTorch(hiddenSize: 3), seed: 2)
  }

  private let inputs: Matrix<Double> = {
    var generator = SeededGenerator(seed: 4)
    return .random(rows: 7, columns: 3, from: &generator)
  }()

  @Test(arguments: [true, false])
  func outputsAreWeightsTimesInputsPlusBias(hasBias: Bool) throws {
    let layer = try layer(hasBias: hasBias)
    let outputs = layer(inputs)
    let weight = layer.parameters["weight"]
    var wanted = Matrix<Double>.zeros(rows: 7, columns: 5)
    for n in 0..<7 {
      for o in 0..<5 {
        wanted[n, o] = hasBias ? layer.parameters["bias"][o, 0] : 0
        for i in 0..<3 { wanted[n, o] += weight[o, i] * inputs[n, i] }
      }
    }
    #expect(maximumRelativeDifference(outputs, wanted) <= Tolerance.gemm(k: 4, Double.self))
    #expect(layer.architecture.parameterCount == layer.parameters.count)
  }

  @Test(arguments: [true, false])
  func gradientsMatchFiniteDifferences(hasBias: Bool) throws {
    let layer = try layer(hasBias: hasBias)
    var generator = SeededGenerator(seed: 6)
    let dOutputs = Matrix<Double>.random(rows: 7, columns: 5, from: &generator)
    func loss(_ layer: Linear<Double>, _ inputs: Matrix<Double>) -> Double {
      zip(layer(inputs).elements, dOutputs.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let dInputs = layer.backward(inputs, dOutputs: dOutputs, accumulatingInto: &gradient)
    let wanted = centralDifferences(at: inputs) { loss(layer, $0) }
    #expect(maximumRelativeDifference(dInputs, wanted) < Tolerance.finiteDifference)
    for name in layer.parameters.layout.entries.map(\.name) {
      let wanted = centralDifferences(at: layer.parameters[name]) { parameter in
        var moved = layer
        moved.parameters[name] = parameter
        return loss(moved, inputs)
      }
      #expect(maximumRelativeDifference(gradient[name], wanted) < Tolerance.finiteDifference)
    }
  }

  @Test(arguments: [true, false])
  func weightsElsewhereGiveTheSame(hasBias: Bool) throws {
    let layer = try layer(hasBias: hasBias)
    let (weight, bias) = (layer.parameters["weight"], hasBias ? layer.parameters["bias"].elements : [])
    let map = layer.architecture
    let dOutputs = layer(inputs)
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let wanted = layer.backward(inputs, dOutputs: dOutputs, accumulatingInto: &gradient)
    var (outputs, dInputs) = (Matrix<Double>.zeros(rows: 7, columns: 5), Matrix<Double>.zeros(rows: 7, columns: 3))
    var (dWeight, dBias) = (Matrix<Double>.zeros(rows: 5, columns: 3), Matrix<Double>.zeros(rows: 1, columns: 5))
    inputs.withView { inputs in
      weight.withView { weight in
        bias.withUnsafeBufferPointer { bias in
          let biasView = hasBias ? MatrixView(bias.baseAddress!, rows: 1, columns: 5) : nil
          outputs.withMutableView {
            map.forward(inputs, weight: weight, bias: biasView, into: $0, execution: .automatic)
          }
          dInputs.withMutableView { dInputs in
            dWeight.withMutableView { dWeight in
              dBias.withMutableView { dBias in
                dOutputs.withView { dOutputs in
                  map.backward(
                    inputs, weight: weight, dOutputs: dOutputs, dInputsInto: dInputs, dWeightAddingTo: dWeight,
                    dBiasAddingTo: hasBias ? dBias : nil, execution: .automatic)
                }
              }
            }
          }
        }
      }
    }
    #expect(outputs == layer(inputs) && dInputs == wanted && dWeight == gradient["weight"])
    #expect(!hasBias || dBias.elements == gradient["bias"].elements)
  }

  @Test func gradientsAreAddedToWhatIsThere() throws {
    let layer = try layer(hasBias: true)
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let dOutputs = Matrix<Double>(repeating: 0.5, rows: 7, columns: 5)
    _ = layer.backward(inputs, dOutputs: dOutputs, accumulatingInto: &gradient)
    let once = gradient
    _ = layer.backward(inputs, dOutputs: dOutputs, accumulatingInto: &gradient)
    gradient.add(once, scaledBy: -2)
    #expect(gradient.norm <= once.norm * Tolerance.gemm(k: 7, Double.self))
  }

  @Test func noRowsGiveNoRows() throws {
    let layer = try layer(hasBias: true)
    #expect(layer(.zeros(rows: 0, columns: 3)) == .zeros(rows: 0, columns: 5))
  }

  @Test func sizesThatCannotBeAreAnError() {
    #expect(throws: ConfigurationError(setting: "inputSize", found: "0", wanted: "at least 1")) {
      try LinearMap(inputSize: 0, outputSize: 5)
    }
    #expect(throws: ConfigurationError(setting: "outputSize", found: "-2", wanted: "at least 1")) {
      try LinearMap(inputSize: 3, outputSize: -2)
    }
  }
}
