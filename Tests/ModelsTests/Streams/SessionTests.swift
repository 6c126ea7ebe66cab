import Foundation
import Kernels
import TestSupport
import Testing

@testable import Models

/// Sessions as JSON.
@Suite struct SessionTests {
  /// A session after four steps.
  static func session<Scalar: BLASScalar>(
    _ variant: ModelVariant, as _: Scalar.Type = Scalar.self
  ) throws -> (model: StreamingModel<Scalar>, session: Session<Scalar>) {
    let model = try StreamingModel<Scalar>(variant)
    let inputs: SequenceInputs<Scalar> = variant.inputs([4])
    var sessions = [try model.prepared.session()]
    _ = try model.prepared.run(inputs, &sessions, in: model.prepared.workspace())
    return (model, sessions[0])
  }

  @Test(arguments: StreamingModel<Float>.variants)
  func jsonHoldsTheBits(_ variant: ModelVariant) throws {
    try expectJSONToHoldTheBits(variant, as: Float.self)
    try expectJSONToHoldTheBits(variant, as: Double.self)
  }

  private func expectJSONToHoldTheBits<Scalar: BLASScalar>(_ variant: ModelVariant, as _: Scalar.Type) throws {
    let (_, session) = try Self.session(variant, as: Scalar.self)
    let data = try JSONEncoder().encode(session)
    #expect(try JSONDecoder().decode(Session<Scalar>.self, from: data) == session)
  }

  @Test func numbersThatAreNotFiniteAreKept() throws {
    var (_, session) = try Self.session(StreamingModel<Float>.variants[0], as: Float.self)
    session.makeUnique()
    let numbers = session.storage.numbers.assumingMemoryBound(to: Float.self)
    (numbers[0], numbers[1], numbers[2]) = (.nan, -.infinity, -0.0)
    let again = try JSONDecoder().decode(Session<Float>.self, from: try JSONEncoder().encode(session))
    #expect(again == session && again.hidden[0][0, 0].isNaN)
  }

  @Test func jsonThatIsNoSessionIsAnError() throws {
    let (model, session) = try Self.session(
      ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .lstm), as: Float.self)
    let whole = try #require(
      JSONSerialization.jsonObject(with: try JSONEncoder().encode(session)) as? [String: Any])
    let numbers = try #require(whole["numbers"] as? String)
    let changes: [(String, Any?)] = [
      ("model", "0123"), ("model", "0123456789ABCDEF"), ("model", "+123456789abcdef"), ("model", nil), ("steps", -1),
      ("steps", Int.max), ("layers", 0), ("layers", 1_000_000), ("hiddenSize", 0), ("hiddenSize", Int.max),
      ("hiddenSize", 6), ("cellSize", -1), ("cellSize", 4), ("pooledSize", 1), ("scalarType", "Double"),
      ("numbers", String(numbers.dropLast(4))), ("numbers", numbers + "AAAA"), ("numbers", "?"), ("numbers", nil),
    ]
    for (key, value) in changes {
      var changed = whole
      changed[key] = value
      let data = try JSONSerialization.data(withJSONObject: changed)
      #expect(throws: DecodingError.self, "\(key)") { try JSONDecoder().decode(Session<Float>.self, from: data) }
    }
    // Of a bidirectional model there are none, whatever a sum says.
    let twoWay = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: true, kind: .lstm)
    let bidirectional = (try twoWay.model(path: .fused) as SequenceModel<Float>).prepared()
    var impossible = whole
    impossible["model"] = bidirectional.identity.description
    var none = try JSONDecoder().decode(
      Session<Float>.self, from: try JSONSerialization.data(withJSONObject: impossible))
    #expect(throws: SessionError.bidirectional) {
      try bidirectional.step([1, 2, 3], &none, in: bidirectional.workspace())
    }
    // What is a session, but of a model of other sizes that has the same sum, steps nowhere.
    var forged = whole
    (forged["hiddenSize"], forged["cellSize"]) = (4, 6)
    var stranger = try JSONDecoder().decode(
      Session<Float>.self, from: try JSONSerialization.data(withJSONObject: forged))
    #expect(throws: SessionError.self) {
      try model.prepared.step([1, 2, 3], &stranger, in: model.prepared.workspace())
    }
  }
}
