#if ONNX
import DataIO
import Kernels
import Models
import Testing

@testable import Interchange

@Suite struct ExportedParametersTests {
  private func parameters(_ cell: RecurrentCell) throws -> ParameterVector<Float> {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 4, dimension: 1),
      recurrent: RecurrentStack(cell, isBidirectional: true),
      outputSize: 3, loss: .softmaxCrossEntropy)
    var parameters = ParameterVector<Float>.zeros(architecture.parameterLayout)
    parameters.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] = Float(i) } }
    return parameters
  }

  private func constants(_ cell: RecurrentCell) throws -> [String: Tensor] {
    let parameters = try parameters(cell)
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 4, dimension: 1),
      recurrent: RecurrentStack(cell, isBidirectional: true),
      outputSize: 3, loss: .softmaxCrossEntropy)
    let exported = ExportedParameters(architecture)
    let constants = Dictionary(uniqueKeysWithValues: exported.constants(of: parameters).map { ($0.name, $0.tensor) })
    #expect(
      constants.mapValues(\.shape) == Dictionary(uniqueKeysWithValues: exported.shapes.map { ($0.name, $0.shape) }))
    let back = try exported.parameters(parameters.layout, in: constants, file: "file", as: Float.self)
    #expect(back == parameters)
    return constants
  }

  @Test func directionsAreStackedInTheGateOrderOfONNX() throws {
    let constants = try constants(.lstm(inputSize: 1, hiddenSize: 1, hasPeepholes: true))
    // After 4 numbers of the embedding, each direction has W (i f g o), R, two biases and peepholes (i f o).
    #expect(constants["recurrent.l0.W"] == Tensor(shape: [2, 4, 1], [4, 7, 5, 6, 23, 26, 24, 25]))
    #expect(constants["recurrent.l0.R"] == Tensor(shape: [2, 4, 1], [8, 11, 9, 10, 27, 30, 28, 29]))
    #expect(
      constants["recurrent.l0.B"]
        == Tensor(shape: [2, 8], [12, 15, 13, 14, 16, 19, 17, 18, 31, 34, 32, 33, 35, 38, 36, 37]))
    #expect(constants["recurrent.l0.P"] == Tensor(shape: [2, 3], [20, 22, 21, 39, 41, 40]))
    #expect(constants["embedding.weight"] == Tensor(shape: [4, 1], [0, 1, 2, 3]))
    #expect(constants["head.weight.T"] == Tensor(shape: [2, 3], [42, 44, 46, 43, 45, 47]))
    #expect(constants["head.bias"] == Tensor(shape: [3], [48, 49, 50]))
    #expect(constants.count == 7)
  }

  @Test func aProjectedLSTMKeepsItsOwnNamesAndOrder() throws {
    let constants = try constants(.lstm(inputSize: 1, hiddenSize: 2, projectionSize: 1))
    #expect(constants["recurrent.weight_ih_l0.T"] == Tensor(shape: [1, 8], (4..<12).map { Float($0) }))
    #expect(constants["recurrent.weight_hr_l0_reverse.T"]?.shape == [2, 1])
    #expect(constants["recurrent.bias_hh_l0_reverse"]?.shape == [8])
    #expect(constants["recurrent.l0.W"] == nil)
  }
}
#endif
