#if ONNX
import DataIO
import Kernels
import Testing

@testable import Interchange

/// Sizes, all different, and inputs of an operator, drawn from a fixed sequence.
private struct RecurrentSample {
  let operation: String
  var attributes: [String: ONNXAttribute] = [:]
  var directions = 1
  var T = 5
  var B = 3
  var I = 4
  var H = 6

  var gates: Int { ["RNN": 1, "GRU": 3, "LSTM": 4][operation] ?? 0 }
  var isBatchFirst: Bool { attributes["layout"] == .integer(1) }

  func numbers(_ seed: Int, _ shape: [Int]) -> Tensor {
    Tensor(shape: shape, (0..<shape.reduce(1, *)).map { Float(($0 &* 7919 &+ seed &* 104729) % 1009) / 1009 - 0.5 })
  }

  var inputs: [Tensor?] {
    let (D, GH) = (directions, gates * H)
    let state = isBatchFirst ? [B, D, H] : [D, B, H]
    let common: [Tensor?] = [
      numbers(1, isBatchFirst ? [B, T, I] : [T, B, I]), numbers(2, [D, GH, I]), numbers(3, [D, GH, H]),
      numbers(4, [D, 2 * GH]), Tensor(shape: [B], .int32(Array([3, 5, 1].prefix(B)))), numbers(5, state),
    ]
    return operation == "LSTM" ? common + [numbers(6, state), numbers(7, [D, 3 * H])] : common
  }

  var outputCount: Int { operation == "LSTM" ? 3 : 2 }

  func run(_ inputs: [Tensor?]? = nil, constants: [Tensor?]? = nil) throws -> [Tensor] {
    try compute(operation, attributes, inputs ?? self.inputs, outputs: outputCount, constants: constants)
  }

  func refusal(_ change: (inout [Tensor?]) -> Void = { _ in }) -> String {
    var inputs = inputs
    change(&inputs)
    return InterchangeTests.refusal(of: operation, attributes, inputs, outputs: outputCount)
  }
}

@Suite struct RecurrentOperatorTests {
  private static let operations = ["RNN", "GRU", "LSTM"]

  private func difference(_ a: [Tensor], _ b: [Tensor]) -> Double {
    guard a.map(\.shape) == b.map(\.shape) else { return .infinity }
    return zip(a, b).flatMap { zip($0.elements.doubles, $1.elements.doubles).map { abs($0 - $1) } }.max() ?? 0
  }

  /// The cells of the engine against the reference, which an activation of the same meaning under another name forces.
  @Test(arguments: operations, ["forward", "reverse", "bidirectional"])
  func cellsAgreeWithTheReference(_ operation: String, _ direction: String) throws {
    var sample = RecurrentSample(operation: operation, attributes: ["direction": .string(direction)])
    sample.directions = direction == "bidirectional" ? 2 : 1
    for after in operation == "GRU" ? [0, 1] : [0] {
      if operation == "GRU" { sample.attributes["linear_before_reset"] = .integer(after) }
      let cells = try sample.run()
      var reference = sample
      // A bound that nothing reaches.
      reference.attributes["clip"] = .float(1e6)
      #expect(try difference(cells, reference.run()) < 2e-6)
    }
  }

  @Test(arguments: operations) func theBatchMayComeFirst(_ operation: String) throws {
    var sample = RecurrentSample(operation: operation, attributes: ["direction": .string("bidirectional")])
    sample.directions = 2
    let wanted = try sample.run()
    func swapped(_ tensor: Tensor?) throws -> Tensor? { try tensor?.transposed([1, 0, 2]) }
    var inputs = sample.inputs
    for index in operation == "LSTM" ? [0, 5, 6] : [0, 5] { inputs[index] = try swapped(inputs[index]) }
    sample.attributes["layout"] = .integer(1)
    let found = try sample.run(inputs)
    #expect(try found[0].transposed([1, 2, 0, 3]) == wanted[0])
    for index in 1..<found.count { #expect(try swapped(found[index]) == wanted[index]) }
  }

  @Test(arguments: operations) func paddingIsZeroAndStatesAreThoseAtEachEnd(_ operation: String) throws {
    let sample = RecurrentSample(operation: operation)
    let outputs = try sample.run()
    let (y, h) = (outputs[0].elements.floats, outputs[1].elements.floats)
    for (b, length) in [3, 5, 1].enumerated() {
      for t in 0..<sample.T {
        let row = Array(y[(t * sample.B + b) * sample.H..<(t * sample.B + b + 1) * sample.H])
        #expect(row.allSatisfy { $0 == 0 } == (t >= length))
        if t == length - 1 { #expect(row == Array(h[b * sample.H..<(b + 1) * sample.H])) }
      }
    }
  }

  @Test(arguments: operations) func weightsThatAreConstantChangeNothing(_ operation: String) throws {
    let sample = RecurrentSample(operation: operation)
    var constants = sample.inputs
    for index in [0, 4, 5] { constants[index] = nil }
    #expect(try sample.run(constants: constants) == sample.run())
  }

  @Test(arguments: operations) func omittedStatesAreZeroAndOmittedLengthsAreAllSteps(_ operation: String) throws {
    let sample = RecurrentSample(operation: operation)
    let short = Array(sample.inputs.prefix(3))
    var zeros = sample.inputs
    zeros[4] = Tensor(shape: [sample.B], .int32([Int32](repeating: 5, count: 3)))
    for index in zeros.indices where index == 3 || index >= 5 {
      zeros[index] = zeros[index].map { Tensor(shape: $0.shape, [Float](repeating: 0, count: $0.count)) }
    }
    #expect(try difference(sample.run(short), sample.run(zeros)) < 1e-6)
  }

  @Test(arguments: operations) func doublePrecision(_ operation: String) throws {
    let sample = RecurrentSample(operation: operation)
    let inputs = sample.inputs.map { tensor in
      tensor.map { $0.type == .float ? Tensor(shape: $0.shape, .double($0.elements.doubles)) : $0 }
    }
    let found = try sample.run(inputs)
    #expect(found.allSatisfy { $0.type == .double })
    #expect(try difference(found, sample.run()) < 2e-6)
  }

  @Test func noSequencesAndNoStepsAreLegal() throws {
    var sample = RecurrentSample(operation: "LSTM")
    sample.B = 0
    #expect(try sample.run(Array(sample.inputs.prefix(3))).map(\.shape) == [[5, 1, 0, 6], [1, 0, 6], [1, 0, 6]])
    sample = RecurrentSample(operation: "GRU")
    sample.T = 0
    var inputs = sample.inputs
    inputs[4] = nil
    let outputs = try sample.run(inputs)
    #expect(outputs[0].shape == [0, 1, 3, 6])
    #expect(outputs[1] == inputs[5])
  }

  @Test func whatDoesNotFitIsRefused() {
    let lstm = RecurrentSample(operation: "LSTM", attributes: ["hidden_size": .integer(6)])
    #expect(lstm.refusal() == "")
    #expect(
      lstm.refusal { $0[0] = lstm.numbers(1, [5, 3, 7]) }.contains(
        "X has shape [5, 3, 7], wanted three dimensions, the last of size 4"))
    #expect(lstm.refusal { $0[0] = lstm.numbers(1, [5, 3]) }.contains("X has shape [5, 3]"))
    #expect(
      lstm.refusal { $0[1] = lstm.numbers(1, [1, 18, 4]) }.contains(
        "W is float32 of shape [1, 18, 4], wanted the type of X and shape [1, 24, 4]"))
    #expect(lstm.refusal { $0[2] = lstm.numbers(1, [1, 24, 0]) }.contains("none of size 0"))
    #expect(lstm.refusal { $0[2] = lstm.numbers(1, [1, 28, 7]) }.contains("attribute hidden_size is 6, wanted 7"))
    #expect(lstm.refusal { $0[3] = lstm.numbers(1, [1, 24]) }.contains("B is float32 of shape [1, 24]"))
    #expect(lstm.refusal { $0[4] = integers(1, 2) }.contains("sequence_lens has 2 lengths, wanted 3"))
    #expect(lstm.refusal { $0[4] = integers(1, 0, 2) }.contains("sequence_lens has a length of 0, wanted 1 to 5"))
    #expect(lstm.refusal { $0[4] = integers(1, 6, 2) }.contains("sequence_lens has a length of 6, wanted 1 to 5"))
    #expect(lstm.refusal { $0[5] = lstm.numbers(1, [1, 3, 5]) }.contains("initial_h is float32 of shape [1, 3, 5]"))
    #expect(lstm.refusal { $0[6] = integers(1) }.contains("initial_c is int64 of shape [1]"))
    #expect(lstm.refusal { $0[7] = lstm.numbers(1, [1, 17]) }.contains("P is float32 of shape [1, 17]"))
    #expect(
      lstm.refusal { $0[0] = Tensor(shape: [5, 3, 4], .float16([Float16](repeating: 0, count: 60))) }.contains(
        "float16"))
    #expect(
      lstm.refusal { $0[0] = Tensor(shape: [5, 3, 4], .double([Double](repeating: 0, count: 60))) }.contains(
        "wanted the type of X"))
    let gru = RecurrentSample(operation: "GRU")
    #expect(gru.refusal { $0 += [integers(1)] }.contains("7 inputs and 2 outputs, wanted at most 6 and 2"))
  }
}
#endif
