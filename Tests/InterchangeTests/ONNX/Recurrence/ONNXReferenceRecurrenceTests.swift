#if ONNX
import Kernels
import Testing

@testable import Interchange

@Suite struct ONNXReferenceRecurrenceTests {
  private func reference(
    _ kind: RecurrentCell.Kind, _ attributes: [String: ONNXAttribute], _ weights: ONNXRecurrentWeights<Double>
  ) throws -> ONNXReferenceRecurrence<Double> {
    let node = ONNXNode(place: "node", operation: "", inputs: [], outputs: [], attributes: attributes)
    var reader = ONNXNodeReader(node, opset: 14, constants: [], budget: .unlimited)
    return ONNXReferenceRecurrence(
      try ONNXRecurrentSettings(&reader, kind: kind), 0, weights: weights, inputSize: 1, hiddenSize: 1)
  }

  /// One unit with Affine for every function (α = 1, β = 0 is the identity), so that a step is arithmetic by hand.
  private func identities(_ count: Int) -> [String: ONNXAttribute] {
    [
      "activations": .strings([String](repeating: "Affine", count: count)),
      "activation_alpha": .floats([Float](repeating: 1, count: count)),
      "activation_beta": .floats([Float](repeating: 0, count: count)),
    ]
  }

  @Test func anRNNAddsEverything() throws {
    let step = try reference(
      .vanilla, identities(1), ONNXRecurrentWeights(inputWeights: [2], recurrentWeights: [3], biases: [5, 7]))
    #expect(step.step([10], .init(hidden: [100], cell: [])).hidden == [332])
  }

  /// i = 1, o = 2, f = 3, c = 4 by the input weights, peepholes 10, 20, 30 on i, o, f.
  @Test func anLSTMHasItsGatesInTheOrderOfTheText() throws {
    let weights = ONNXRecurrentWeights<Double>(
      inputWeights: [1, 2, 3, 4], recurrentWeights: [0, 0, 0, 0], peepholes: [10, 20, 30])
    let state = try reference(.lstm, identities(3), weights).step([1], .init(hidden: [0], cell: [1]))
    let cell: Double = (3 + 30) * 1 + (1 + 10) * 4
    #expect(state.cell == [cell])
    let output: Double = 2 + 20 * cell
    #expect(state.hidden == [output * cell])
    let coupled = try reference(.lstm, identities(3).merging(["input_forget": .integer(1)]) { $1 }, weights)
      .step([1], .init(hidden: [0], cell: [1]))
    let coupledCell: Double = (1 - 11) * 1 + 11 * 4
    #expect(coupled.cell == [coupledCell])
  }

  /// z = 2, r = 3, h = 5 by the input weights.
  @Test func aGRUResetsBeforeOrAfterTheProduct() throws {
    let weights = ONNXRecurrentWeights<Double>(
      inputWeights: [2, 3, 5], recurrentWeights: [0, 0, 7], biases: [0, 0, 0, 0, 0, 11])
    let before = try reference(.gru, identities(2), weights).step([1], .init(hidden: [1], cell: []))
    let candidate: Double = 5 + 7 * 3 + 11
    #expect(before.hidden == [-candidate + 2])
    let after = try reference(
      .gru, identities(2).merging(["linear_before_reset": .integer(1)]) { $1 }, weights
    ).step([1], .init(hidden: [1], cell: []))
    let resetAfter: Double = 5 + 3 * (7 + 11)
    #expect(after.hidden == [-resetAfter + 2])
  }

  @Test func inputsOfActivationsAreClipped() throws {
    let step = try reference(
      .vanilla, identities(1).merging(["clip": .float(1.5)]) { $1 },
      ONNXRecurrentWeights(inputWeights: [2], recurrentWeights: [3]))
    #expect(step.step([10], .init(hidden: [0], cell: [])).hidden == [1.5])
    #expect(step.step([-10], .init(hidden: [0], cell: [])).hidden == [-1.5])
  }
}
#endif
