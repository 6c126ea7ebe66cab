#if ONNX
import Kernels
import Testing

@testable import Interchange

@Suite struct ONNXRecurrentSettingsTests {
  private func read(
    _ attributes: [String: ONNXAttribute], _ kind: RecurrentCell.Kind = .lstm
  ) throws -> ONNXRecurrentSettings {
    let node = ONNXNode(place: "node", operation: "LSTM", inputs: [], outputs: [], attributes: attributes)
    var reader = ONNXNodeReader(node, opset: 14, constants: [], budget: .unlimited)
    let settings = try ONNXRecurrentSettings(&reader, kind: kind)
    try reader.checkThatAllWasRead()
    return settings
  }

  private func refusal(_ attributes: [String: ONNXAttribute], _ kind: RecurrentCell.Kind = .lstm) -> String {
    do {
      _ = try read(attributes, kind)
      return ""
    } catch { return (error as? ONNXRefusal)?.reason ?? "" }
  }

  @Test func withoutAttributesItIsTheUsualForm() throws {
    let settings = try read([:])
    #expect(settings.directions == [.forward])
    #expect(settings.activations == [[ONNXActivation(.sigmoid), ONNXActivation(.tanh), ONNXActivation(.tanh)]])
    #expect(settings.clip == nil && !settings.couplesGates && !settings.isBatchFirst && settings.hiddenSize == nil)
    #expect(try read([:], .gru).resetsAfterProduct == false)
    #expect(try read(["linear_before_reset": .integer(1)], .gru).resetsAfterProduct)
  }

  @Test(
    arguments: [
      (
        ["direction": .string("sideways")],
        "attribute direction is “sideways”, wanted forward, reverse or bidirectional"
      ),
      (["direction": .integer(1)], "attribute direction is an integer, wanted a text"),
      (["hidden_size": .integer(0)], "attribute hidden_size is 0, wanted at least 1"),
      (["clip": .float(-1)], "attribute clip is -1.0, wanted at least 0"),
      (["clip": .float(.nan)], "attribute clip is nan, wanted at least 0"),
      (["layout": .integer(2)], "attribute layout is 2, wanted 0 or 1"),
      (["input_forget": .integer(2)], "attribute input_forget is 2, wanted 0 or 1"),
      (["activations": .strings(["Tanh"])], "attribute activations is 1 names, wanted 3"),
      (["linear_before_reset": .integer(1)], "attribute “linear_before_reset” is none that is known"),
      (
        ["activations": .strings(["Sigmoid", "Swish", "Tanh"])],
        "attribute activations is “Swish”, wanted one of Relu, Tanh, Sigmoid, Affine, LeakyRelu, ThresholdedRelu, "
          + "ScaledTanh, HardSigmoid, Elu, Softsign, Softplus"
      ),
      (
        ["activation_alpha": .floats([1])],
        "attribute activation_alpha is 1 numbers, wanted at most 0, one for each function that takes one"
      ),
      (
        ["activations": .strings(["Sigmoid", "ScaledTanh", "Tanh"]), "activation_beta": .floats([1])],
        "attribute activation_alpha is 0 numbers, wanted one for ScaledTanh, which has none of its own"
      ),
    ] as [([String: ONNXAttribute], String)])
  func invalidAttributesAreRefused(_ attributes: [String: ONNXAttribute], _ wanted: String) {
    #expect(refusal(attributes) == wanted)
  }

  /// Functions that take a number consume the next, whatever stands between them.
  @Test func numbersGoToTheFunctionsThatTakeThem() throws {
    let settings = try read(
      [
        "direction": .string("bidirectional"), "activations": .strings(["sigmoid", "LEAKYRELU", "HardSigmoid", "Elu"]),
        "activation_alpha": .floats([0.1, 0.2]), "activation_beta": .floats([0.3]),
      ], .gru)
    #expect(settings.activations[0] == [ONNXActivation(.sigmoid), ONNXActivation(.leakyRelu, alpha: 0.1)])
    #expect(
      settings.activations[1] == [ONNXActivation(.hardSigmoid, alpha: 0.2, beta: 0.3), ONNXActivation(.elu, alpha: 1)])
  }

  @Test func usualFormsRunOnCells() throws {
    func cell(_ attributes: [String: ONNXAttribute], _ kind: RecurrentCell.Kind) throws -> RecurrentCell? {
      try read(attributes, kind).cell(0, inputSize: 2, hiddenSize: 3, hasBias: true, hasPeepholes: false)
    }
    #expect(try cell([:], .lstm) == .lstm(inputSize: 2, hiddenSize: 3))
    #expect(try cell(["activations": .strings(["Sigmoid", "Tanh", "Tanh"])], .lstm) != nil)
    #expect(try cell([:], .gru) == .gru(inputSize: 2, hiddenSize: 3, reset: .beforeProduct))
    #expect(
      try cell(["linear_before_reset": .integer(1)], .gru) == .gru(inputSize: 2, hiddenSize: 3))
    #expect(
      try cell(["activations": .strings(["Relu"])], .vanilla)
        == .vanilla(inputSize: 2, hiddenSize: 3, activation: .relu))
    #expect(try cell(["clip": .float(1)], .lstm) == nil)
    #expect(try cell(["input_forget": .integer(1)], .lstm) == nil)
    #expect(try cell(["activations": .strings(["Sigmoid", "Relu"])], .gru) == nil)
  }
}
#endif
