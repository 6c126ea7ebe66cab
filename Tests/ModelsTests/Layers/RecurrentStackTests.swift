import Foundation
import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct RecurrentStackTests {
  private static let cells: [RecurrentCell] = [
    .vanilla(inputSize: 3, hiddenSize: 5), .lstm(inputSize: 3, hiddenSize: 5),
    .lstm(inputSize: 3, hiddenSize: 5, projectionSize: 2, hasPeepholes: true),
    .lstm(inputSize: 3, hiddenSize: 5, hasBias: false), .gru(inputSize: 3, hiddenSize: 5),
  ]

  // MARK: - Settings

  @Test(arguments: [0, -1])
  func aStackWithoutLayersIsAnError(_ layers: Int) {
    #expect(error { _ = try RecurrentStack(Self.cells[0], layers: layers) }?.setting == "layers")
  }

  @Test(arguments: [-0.1, 1, 1.5, .nan, .infinity])
  func aRateThatIsNoProbabilityIsAnError(_ rate: Double) {
    #expect(error { _ = try RecurrentStack(Self.cells[0], layers: 2, dropout: rate) }?.setting == "dropout")
    #expect(error { _ = try RecurrentStack(Self.cells[0], recurrentDropout: rate) }?.setting == "recurrentDropout")
  }

  @Test func dropoutThatWouldDoNothingIsAnError() throws {
    let found = try #require(error { _ = try RecurrentStack(Self.cells[0], layers: 1, dropout: 0.5) })
    #expect(found.setting == "dropout")
    #expect(found.description.contains("0.5") && found.description.contains("two layers"))
    #expect(error { _ = try RecurrentStack(Self.cells[0], layers: 2, dropout: 0.5) } == nil)
    #expect(error { _ = try RecurrentStack(Self.cells[0], layers: 1, dropout: 0, recurrentDropout: 0.5) } == nil)
  }

  private func error(_ body: () throws -> Void) -> ConfigurationError? {
    do { try body() } catch { return error as? ConfigurationError }
    return nil
  }

  // MARK: - Sizes and names

  @Test func furtherLayersReadBothDirectionsOfTheOneBelow() throws {
    let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 2)
    let stack = try RecurrentStack(cell, layers: 3, isBidirectional: true)
    #expect(stack.cells.map(\.inputSize) == [3, 4, 4])
    #expect(stack.cells.map(\.hiddenSize) == [5, 5, 5])
    #expect((stack.inputSize, stack.outputSize, stack.layers, stack.directions) == (3, 4, 3, 2))
    #expect(try RecurrentStack(cell, layers: 2).cells.map(\.inputSize) == [3, 2])
  }

  @Test func parametersHavePyTorchsNamesInPyTorchsOrder() throws {
    let stack = try RecurrentStack(RecurrentCell.gru(inputSize: 3, hiddenSize: 5), layers: 2, isBidirectional: true)
    let suffixes = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    let names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    #expect(stack.parameters.map(\.name) == suffixes.flatMap { suffix in names.map { $0 + suffix } })
    let shapes = stack.parameters.map { [$0.rows, $0.columns] }
    #expect(shapes[0..<4] == [[15, 3], [15, 5], [15, 1], [15, 1]])
    #expect(shapes[8..<12] == [[15, 10], [15, 5], [15, 1], [15, 1]])
  }

  @Test(arguments: cells, [(1, false), (1, true), (3, false), (3, true)])
  func everyDirectionOfEveryLayerHasItsOwnParametersAndColumns(
    _ cell: RecurrentCell, _ size: (layers: Int, isBidirectional: Bool)
  )
    throws
  {
    let stack = try RecurrentStack(cell, layers: size.layers, isBidirectional: size.isBidirectional)
    #expect(stack.parameterCount == stack.parameters.reduce(0) { $0 + $1.rows * $1.columns })
    let parts = stack.layerDirections
    #expect(parts.map(\.index) == Array(0..<size.layers * stack.directions))
    #expect(parts.flatMap { Array($0.parameters) } == Array(0..<stack.parameterCount))
    for layer in 0..<size.layers {
      let ofLayer = parts.filter { $0.layer == layer }
      #expect(ofLayer.map(\.direction) == Array(TimeDirection.allCases.prefix(stack.directions)))
      #expect(ofLayer.flatMap { Array($0.columns) } == Array(0..<stack.outputSize))
      for part in ofLayer { #expect(part.parameters.count == stack.cells[layer].parameterCount) }
    }
  }

  @Test(arguments: cells)
  func theZeroStateHasAMatrixForEachDirectionOfEachLayer(_ cell: RecurrentCell) throws {
    let stack = try RecurrentStack(cell, layers: 3, isBidirectional: true)
    let state: RecurrentState<Float> = stack.zeroState(batch: 4)
    let shape = cell
    #expect(state.hidden == Array(repeating: .zeros(rows: 4, columns: shape.outputSize), count: 6))
    #expect(
      state.cell
        == Array(repeating: .zeros(rows: 4, columns: shape.cellStateSize), count: shape.cellStateSize > 0 ? 6 : 0))
  }

  // MARK: - Files

  @Test(arguments: cells)
  func anArchitectureComesBackFromAFile(_ cell: RecurrentCell) throws {
    let stack = try RecurrentStack(
      cell, layers: 2, isBidirectional: true, dropout: 0.25, recurrentDropout: 0.125)
    let coded = try JSONEncoder().encode(stack)
    #expect(try JSONDecoder().decode(RecurrentStack.self, from: coded) == stack)
  }

  @Test(arguments: [
    #""layers":2"#: #""layers":0"#, #""dropout":0.25"#: #""dropout":2"#, #""hiddenSize":5"#: #""hiddenSize":-5"#,
    #""inputSize":3"#: #""inputSize":99999999999"#, #""kind":"gru""#: #""kind":"elman""#,
  ])
  func aFileThatNamesAnImpossibleNetworkIsAnError(_ right: String, _ wrong: String) throws {
    let stack = try RecurrentStack(
      RecurrentCell.gru(inputSize: 3, hiddenSize: 5), layers: 2, dropout: 0.25)
    let text = String(decoding: try JSONEncoder().encode(stack), as: UTF8.self)
    try #require(text.contains(right), "\(text)")
    let coded = Data(text.replacingOccurrences(of: right, with: wrong).utf8)
    #expect(throws: (any Error).self) { try JSONDecoder().decode(RecurrentStack.self, from: coded) }
  }
}
