import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct PreparedLayerTests {
  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func aPreparedLayerGivesTheBitsOfTheLayer(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try RecurrentLayerTests.layer(kind, isBidirectional: true, path)
    let prepared = layer.prepared()
    for lengths in [RecurrentLayerTests.lengths, [6], [1, 0, 2]] {
      let inputs = RecurrentLayerTests.sequences(lengths)
      let start = RecurrentLayerTests.state(layer, batch: inputs.batch)
      let (found, wanted) = (prepared(inputs, from: start), layer(inputs, from: start))
      #expect(found.outputs.rows.hasSameBits(as: wanted.outputs.rows))
      #expect(found.state == wanted.state)
      #expect(prepared(inputs).outputs == layer(inputs).outputs)
    }
  }

  /// A layer of two, of which neither has a fused path.
  @Test func aLayerWithoutAFusedPathCanBePrepared() throws {
    let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 4, hasPeepholes: true)
    let layer = RecurrentLayer<Double>(try RecurrentStack(cell, layers: 2), seed: 6)
    let inputs = RecurrentLayerTests.sequences()
    #expect(layer.prepared()(inputs).outputs == layer(inputs).outputs)
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func laterChangesToTheLayerDoNotReachIt(_ kind: RecurrentCell.Kind) throws {
    var layer = try RecurrentLayerTests.layer(kind, .fused)
    let inputs = RecurrentLayerTests.sequences()
    let (prepared, wanted) = (layer.prepared(), layer(inputs))
    layer.parameters.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] += 0.25 } }
    #expect(prepared(inputs).outputs == wanted.outputs)
    #expect(layer(inputs).outputs != wanted.outputs)
  }

  /// A tape that a prepared layer has used knows nothing of its weights.
  @Test func aTapeForgetsTheWeights() throws {
    let layer = try RecurrentLayerTests.layer(.gru, .fused)
    let other = try RecurrentLayerTests.layer(.gru, dropout: 0, .fused)
    var changed = other
    changed.parameters.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] += 0.25 } }
    let inputs = RecurrentLayerTests.sequences()
    var tape = RecurrentTape<Double>()
    var state = layer.zeroState(batch: inputs.batch)
    inputs.rows.withView { layer.prepared().forward($0, layout: inputs.layout, state: &state, tape: &tape) }
    let found = changed.forward(inputs, recordingInto: &tape, mode: .recording)
    #expect(found.outputs == changed(inputs).outputs)
    #expect(tape.prepared.isEmpty)
  }

  @Test(
    .enabled(if: Allocations.areCounted), arguments: RecurrentCell.Kind.allCases, [[9], RecurrentLayerTests.lengths])
  func aPassOnBorrowedMemoryAllocatesNothingAfterTheFirst(_ kind: RecurrentCell.Kind, _ lengths: [Int]) throws {
    let layer = try RecurrentLayerTests.layer(kind, isBidirectional: true, .fused)
    let (prepared, inputs) = (layer.prepared(), RecurrentLayerTests.sequences(lengths))
    var tape = RecurrentTape<Double>()
    var state = layer.zeroState(batch: inputs.batch)
    inputs.rows.withView { rows in
      func pass() { prepared.forward(rows, layout: inputs.layout, state: &state, tape: &tape) }
      pass()
      pass()
      #expect(Allocations.count { pass() } == 0)
    }
  }
}
