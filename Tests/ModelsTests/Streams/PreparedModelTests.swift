import Kernels
import TestSupport
import Testing

@testable import Models

/// Whole sequences through prepared models.
@Suite struct PreparedModelTests {
  @Test(arguments: ModelVariant.all, ComputePath.allCases)
  func aPreparedModelGivesTheBitsOfTheModel(_ variant: ModelVariant, _ path: ComputePath) throws {
    let model: SequenceModel<Float> = try variant.model(path: path)
    let prepared = model.prepared()
    for lengths in [ModelVariant.lengths, [6], [1, 0, 2]] {
      let inputs: SequenceInputs<Float> = variant.inputs(lengths)
      let (found, wanted) = (prepared(inputs), model(inputs))
      #expect(found.outputs.hasSameBits(as: wanted.predictions), "\(lengths)")
      #expect(found.state == wanted.state)
      let (more, moreWanted) = (prepared(inputs, from: wanted.state), model(inputs, from: wanted.state))
      #expect(more.outputs.hasSameBits(as: moreWanted.predictions))
    }
  }

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
  func laterChangesToTheModelDoNotReachIt(_ kind: RecurrentCell.Kind) throws {
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: kind)
    var model: SequenceModel<Double> = try variant.model(path: .fused)
    let (prepared, wanted) = (model.prepared(), model(variant.inputs()))
    model.parameters.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] += 0.25 } }
    #expect(prepared(variant.inputs()).outputs == wanted.predictions)
    #expect(model(variant.inputs()).predictions != wanted.predictions)
  }

  /// A tape that a prepared layer has used knows nothing of its weights.
  @Test func aTapeForgetsTheWeights() throws {
    let layer = try RecurrentLayerTests.layer(.gru, .fused)
    var changed = layer
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

  @Test(arguments: [(true, SequenceArchitecture.Readout.everyStep), (false, .finalState)])
  func probabilitiesAreThoseOfTheModel(_ readsTokens: Bool, _ readout: SequenceArchitecture.Readout) throws {
    let variant = ModelVariant(readsTokens: readsTokens, readout: readout, isBidirectional: false, kind: .gru)
    let model: SequenceModel<Double> = try variant.model(path: .fused)
    let prepared = try model.preparedForProbabilities()
    let wanted = try model.classProbabilities(of: variant.inputs())
    #expect(prepared(variant.inputs()).outputs.hasSameBits(as: wanted))
    // A session goes from one to the other.
    #expect(prepared.identity == model.prepared().identity)
    var session = try model.prepared().session()
    let workspace = prepared.workspace()
    let alone: SequenceInputs<Double> = variant.inputs([1])
    let output =
      switch alone {
      case .features(let features): try prepared.step(features.rows.row(0), &session, in: workspace)
      case .tokens(let tokens): try prepared.step(token: tokens.rows[0, 0], &session, in: workspace)
      }
    #expect(Matrix([output]).hasSameBits(as: try model.classProbabilities(of: alone)))
  }

  @Test func aModelOfNumbersHasNoProbabilities() throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .gru)
    let model: SequenceModel<Float> = try variant.model()
    #expect(throws: SessionError.noProbabilities(loss: "meanSquaredError")) { try model.preparedForProbabilities() }
  }

  @Test func bidirectionalModelsHaveNoSessions() throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: true, kind: .gru)
    let model: SequenceModel<Float> = try variant.model()
    #expect(throws: SessionError.bidirectional) { try model.prepared().session() }
  }
}
