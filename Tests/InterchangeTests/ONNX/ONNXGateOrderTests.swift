#if ONNX
import Kernels
import Testing

@testable import Interchange

@Suite struct ONNXGateOrderTests {
  /// Numbers that name their block: block `b` of `size` numbers is all `b`.
  private func blocks(_ order: [Float], size: Int) -> [Float] { order.flatMap { [Float](repeating: $0, count: size) } }

  @Test func anLSTMGoesFromInputOutputForgetCellToInputForgetCellOutput() {
    let (I, H) = (2, 3)
    let onnx: [Float] = [1, 2, 3, 4]  // i o f c
    let weights = ONNXRecurrentWeights(
      inputWeights: blocks(onnx, size: H * I), recurrentWeights: blocks(onnx.map { 10 * $0 }, size: H * H),
      biases: blocks(onnx.map { 100 * $0 } + onnx.map { 1000 * $0 }, size: H), peepholes: blocks([7, 8, 9], size: H))
    let cell = RecurrentCell.lstm(inputSize: I, hiddenSize: H, hasPeepholes: true)
    let ours: [Float] = [1, 3, 4, 2]  // i f g o
    #expect(
      weights.parameters(of: cell)
        == blocks(ours, size: H * I) + blocks(ours.map { 10 * $0 }, size: H * H)
        + blocks(ours.map { 100 * $0 } + ours.map { 1000 * $0 } + [7, 9, 8], size: H))
  }

  @Test func aGRUGoesFromUpdateResetHiddenToResetUpdateCandidate() {
    let (I, H) = (2, 3)
    let onnx: [Float] = [1, 2, 3]
    let weights = ONNXRecurrentWeights(
      inputWeights: blocks(onnx, size: H * I), recurrentWeights: blocks(onnx, size: H * H))
    let ours: [Float] = [2, 1, 3]
    let cell = RecurrentCell.gru(inputSize: I, hiddenSize: H, hasBias: false)
    #expect(weights.parameters(of: cell) == blocks(ours, size: H * I) + blocks(ours, size: H * H))
  }

  @Test(arguments: [
    RecurrentCell.vanilla(inputSize: 2, hiddenSize: 3),
    .lstm(inputSize: 2, hiddenSize: 3),
    .lstm(inputSize: 2, hiddenSize: 3, hasPeepholes: true, hasBias: false),
    .gru(inputSize: 2, hiddenSize: 3, reset: .beforeProduct),
  ])
  func thereAndBackChangesNothing(_ cell: RecurrentCell) {
    let parameters = (0..<cell.parameterCount).map(Double.init)
    let weights = ONNXRecurrentWeights(cell, parameters: parameters)
    #expect(weights.parameters(of: cell) == parameters)
    #expect(weights.inputWeights.count == cell.gates.count * 3 * 2)
    #expect((weights.biases == nil) == !cell.hasBias)
    #expect((weights.peepholes == nil) == !cell.hasPeepholes)
  }
}
#endif
