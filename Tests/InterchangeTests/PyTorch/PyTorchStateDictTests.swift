@testable import Interchange
import Kernels
import Models
import TestSupport
import Testing

@Suite struct PyTorchStateDictTests {
  @Test(arguments: TorchCell.all, [(1, false), (2, true), (3, false)])
  func kindAndSizesComeFromNamesAndShapes(_ cell: TorchCell, _ shape: (layers: Int, isBidirectional: Bool)) throws {
    for hasBias in [true, false] {
      let stack = try RecurrentStack(
        cell.cell(hasBias: hasBias), layers: shape.layers, isBidirectional: shape.isBidirectional)
      let layer = RecurrentLayer<Double>(stack, scheme: .pyTorch(hiddenSize: 5), seed: 3)
      let weights = try PyTorchStateDict(file { $0.setParameters(layer.parameters, prefix: "encoder.") })
      let read: RecurrentLayer<Double> = try weights.recurrentLayer(nonlinearity: cell.nonlinearity)
      #expect(read.architecture == layer.architecture)
      #expect(read.parameters == layer.parameters)
      #expect(weights.modules.map(\.prefix) == ["encoder"])
    }
  }

  @Test func aModuleThatWasSavedAloneHasNoPrefix() throws {
    let layer = try RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: 5)
    let weights = try PyTorchStateDict(file { $0.setParameters(layer.parameters) })
    let read: RecurrentLayer<Float> = try weights.recurrentLayer(prefix: "")
    #expect(read.parameters == layer.parameters)
  }

  @Test func theNonlinearityIsAskedForBecauseNoTensorShowsIt() throws {
    let layer = try RecurrentLayer<Float>(.vanilla, inputSize: 3, hiddenSize: 5)
    let weights = try PyTorchStateDict(file { $0.setParameters(layer.parameters, prefix: "rnn.") })
    let error = #expect(throws: WeightsError.self) {
      _ = try weights.recurrentLayer(as: Float.self)
    }
    #expect(
      error?.description
        == "bytes in memory, module “rnn”: an nn.RNN, whose nonlinearity no tensor shows, wanted a nonlinearity: "
        + "tanh or relu")
  }

  @Test func linearAndEmbeddingModulesAreRead() throws {
    let linear = Linear<Float>(try LinearMap(inputSize: 3, outputSize: 5), scheme: .pyTorch(hiddenSize: 3), seed: 1)
    let plain = Linear<Float>(try LinearMap(inputSize: 3, outputSize: 5, hasBias: false), seed: 2)
    let embedding = Embedding<Float>(try EmbeddingTable(vocabularySize: 7, dimension: 2), seed: 3)
    let weights = try PyTorchStateDict(
      file {
        $0.setParameters(linear.parameters, prefix: "a.")
        $0.setParameters(plain.parameters, prefix: "b.c.")
        $0.setParameters(embedding.parameters, prefix: "e.")
        $0.setTensor("norm.running_mean", shape: [2], elements: [1, 2] as [Float])
      })
    #expect(try weights.linear(prefix: "a", as: Float.self).parameters == linear.parameters)
    #expect(try weights.linear(prefix: "b.c", as: Float.self).parameters == plain.parameters)
    #expect(try weights.linear(prefix: "b.c", as: Float.self).architecture == plain.architecture)
    #expect(try weights.embedding(prefix: "e", as: Float.self).parameters == embedding.parameters)
    #expect(
      weights.modules.map(\.kind)
        == [.linear(linear.architecture), .matrix(rows: 5, columns: 3), .matrix(rows: 7, columns: 2), .other])
    for prefix in ["norm", "nowhere"] {
      #expect(throws: WeightsError.self) { _ = try weights.linear(prefix: prefix, as: Float.self) }
      #expect(throws: WeightsError.self) { _ = try weights.embedding(prefix: prefix, as: Float.self) }
    }
    #expect(throws: WeightsError.self) { _ = try weights.embedding(prefix: "a", as: Float.self) }
  }

  @Test func oneOfSeveralRecurrentModulesIsNamed() throws {
    let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
    let weights = try PyTorchStateDict(
      file {
        $0.setParameters(layer.parameters, prefix: "up.")
        $0.setParameters(layer.parameters, prefix: "down.")
      })
    _ = try weights.recurrentLayer(prefix: "down", as: Float.self)
    let unnamed = #expect(throws: WeightsError.self) { _ = try weights.recurrentLayer(as: Float.self) }
    #expect(unnamed?.found == "recurrent modules “down”, “up”")
    let unknown = #expect(throws: WeightsError.self) { _ = try weights.recurrentLayer(prefix: "x", as: Float.self) }
    #expect(unknown?.wanted == "one of “down”, “up”")
  }

  @Test(arguments: Damage.all)
  func aModuleWhoseTensorsDoNotFitIsRefused(_ damage: Damage) throws {
    let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5, layers: 2)
    let file = try file {
      $0.setParameters(layer.parameters, prefix: "rnn.")
      damage.apply(&$0)
    }
    let error = #expect(throws: WeightsError.self) { _ = try PyTorchStateDict(file) }
    #expect(error?.item == "tensor rnn.\(damage.tensor)")
    #expect(error?.found == damage.found)
  }

  @Test func tensorsThatAreMissingAreNamed() throws {
    let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5, layers: 2)
    for missing in layer.parameters.layout.shapes.map(\.name) where !missing.hasPrefix("bias_ih_l0") {
      let file = try file { contents in
        for shape in layer.parameters.layout.shapes where shape.name != missing {
          contents.setTensor(
            shape.name, shape: shape.isVector ? [shape.rows] : [shape.rows, shape.columns],
            elements: layer.parameters[shape.name].elements)
        }
      }
      #expect(throws: WeightsError.self, "\(missing)") { _ = try PyTorchStateDict(file) }
    }
  }

  @Test func integersAreNoParameters() throws {
    let file = try file { $0.setTensor("head.weight", shape: [2, 3], elements: [Int32](repeating: 1, count: 6)) }
    let error = #expect(throws: WeightsError.self) {
      _ = try PyTorchStateDict(file).linear(prefix: "head", as: Float.self)
    }
    #expect(error?.item == "tensor head.weight" && error?.found == "I32")
  }

  @Test func errorsAreOneLineWhateverTheFileHolds() throws {
    let error = WeightsError(file: "a\nb", item: "tensor \u{7}", found: "\u{2028}", wanted: "x")
    #expect(error.description == "a\\u{a}b, tensor \\u{7}: \\u{2028}, wanted x")
  }

  @Test func aFileThatIsNotThereIsAnError() {
    #expect(throws: WeightsError.self) { _ = try PyTorchStateDict(path: "/nowhere/x.safetensors") }
  }
}

/// A safetensors file in memory, which `fill` fills.
func file(_ fill: (inout SafetensorsContents) throws -> Void) throws -> SafetensorsFile {
  var contents = SafetensorsContents()
  try fill(&contents)
  return try SafetensorsFile(bytes: contents.serialized())
}

/// A cell that PyTorch has, over three features with five units.
enum TorchCell: String, CaseIterable {
  case rnnTanh, rnnReLU, lstm, lstmProjected, gru

  static let all = allCases

  /// PyTorch's setting of nn.RNN.
  var nonlinearity: RecurrentCell.Activation? {
    switch self {
    case .rnnTanh: .tanh
    case .rnnReLU: .relu
    default: nil
    }
  }

  /// The cell over `inputSize` features.
  func cell(inputSize: Int = 3, hasBias: Bool = true) -> RecurrentCell {
    switch self {
    case .rnnTanh, .rnnReLU:
      .vanilla(inputSize: inputSize, hiddenSize: 5, activation: nonlinearity ?? .tanh, hasBias: hasBias)
    case .lstm: .lstm(inputSize: inputSize, hiddenSize: 5, hasBias: hasBias)
    case .lstmProjected:
      .lstm(inputSize: inputSize, hiddenSize: 5, projectionSize: 2, hasBias: hasBias)
    case .gru: .gru(inputSize: inputSize, hiddenSize: 5, hasBias: hasBias)
    }
  }
}

/// A tensor that makes the two-layer LSTM of five units over three features one that cannot be.
struct Damage: CustomTestStringConvertible, Sendable {
  let tensor: String
  let shape: [Int]
  let found: String

  var testDescription: String { "\(tensor) \(shape)" }

  func apply(_ contents: inout SafetensorsContents) {
    contents.setTensor("rnn.\(tensor)", shape: shape, elements: [Float](repeating: 1, count: shape.reduce(1, *)))
  }

  static let all = [
    Damage(tensor: "weight_ih_l0", shape: [0, 3], found: "shape [0, 3]"),
    Damage(tensor: "weight_ih_l0", shape: [60], found: "shape [60]"),
    Damage(tensor: "weight_ih_l0", shape: [19, 3], found: "shape [19, 3]"),
    Damage(tensor: "weight_hh_l0", shape: [20, 0], found: "shape [20, 0]"),
    Damage(tensor: "weight_hh_l0", shape: [10, 5], found: "10 rows for 5 units"),
    Damage(tensor: "weight_hh_l0", shape: [21, 5], found: "21 rows for 5 units"),
    Damage(tensor: "weight_hh_l0", shape: [20, 5, 1], found: "shape [20, 5, 1]"),
    Damage(tensor: "weight_hr_l0", shape: [2, 5], found: "shape [2, 5]"),
    Damage(tensor: "weight_ih_l1", shape: [20, 3], found: "shape [20, 3]"),
    Damage(tensor: "bias_hh_l1", shape: [20, 1], found: "shape [20, 1]"),
    Damage(tensor: "weight_ih_l3", shape: [20, 5], found: "a tensor of no layer"),
    Damage(tensor: "weight_ih_l99999999999999999999", shape: [20, 5], found: "a tensor of no layer"),
    Damage(tensor: "weight_hr_l1", shape: [2, 5], found: "a tensor of no layer"),
    Damage(tensor: "bias_ih_l0_reverse", shape: [20], found: "a tensor of no layer"),
  ]
}
