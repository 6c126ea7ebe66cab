import Foundation
import Kernels
import TestSupport
import Testing

@testable import Models

/// Streams of decoders, each about a source or a context.
@Suite struct PreparedModelDecodersTests {
  private static let variants = DecoderVariant.all + DecoderVariant.attentive
  private static let tokens: [[Int32]] = [[0, 3, 2], [0, 6, 6], [0, 5, 1], [0, 2, 4]]

  /// A model of each kind with a session for each of four sources or contexts, and the logits of its pass over ``tokens``.
  private struct Decoder {
    let prepared: PreparedModel<Double>
    var sessions: [Session<Double>]
    let wanted: PackedSequence<Double>

    init(translating variant: DecoderVariant, _ path: ComputePath) throws {
      var model = try variant.encoderDecoder(as: Double.self)
      model.execution = Execution(path: path, threads: 1)
      let prepared = model.prepared()
      self.prepared = prepared
      sessions = try DecoderVariant.sources.map { try prepared.session(translating: $0) }
      wanted = model(PackedSequence(tokens), sources: PackedSequence(DecoderVariant.sources))
    }

    init(conditioned variant: DecoderVariant, _ path: ComputePath) throws {
      var model = try variant.conditioned(as: Double.self)
      model.execution = Execution(path: path, threads: 1)
      let (prepared, contexts) = (model.prepared(), DecoderVariant.contexts(as: Double.self))
      self.prepared = prepared
      sessions = try (0..<contexts.rows).map { try prepared.session(from: contexts.row($0)) }
      wanted = model(PackedSequence(tokens), context: contexts)
    }

    func wantedRow(_ sequence: Int, _ t: Int) -> [Double] {
      wanted.rows.row(wanted.layout.row(of: sequence, at: t))
    }
  }

  @Test(arguments: variants, ComputePath.allCases)
  func stepsOfATranslationAreThePassOverTheTarget(_ variant: DecoderVariant, _ path: ComputePath) throws {
    try expectStepsToBeThePass(Decoder(translating: variant, path), path)
  }

  @Test(arguments: DecoderVariant.all, ComputePath.allCases)
  func stepsOfAConditionedDecoderAreThePassOverTheTarget(_ variant: DecoderVariant, _ path: ComputePath) throws {
    try expectStepsToBeThePass(Decoder(conditioned: variant, path), path)
  }

  private func expectStepsToBeThePass(_ decoder: Decoder, _ path: ComputePath) throws {
    let (workspace, size) = (decoder.prepared.workspace(), decoder.prepared.outputSize)
    var (alone, together, several) = (decoder.sessions, decoder.sessions, decoder.sessions)
    let run = try decoder.prepared.run(.tokens(PackedSequence(Self.tokens)), &several, in: workspace)
    let order = [2, 0, 3, 1]
    for t in 0..<3 {
      let (read, count) = (order.map { Self.tokens[$0][t] }, 4 * size)
      var outputs = [Double](repeating: .nan, count: count)
      var span = outputs.mutableSpan
      try decoder.prepared.step(tokens: read.span, &together, at: order.span, in: workspace, into: &span)
      for (place, sequence) in order.enumerated() {
        let output = try decoder.prepared.step(token: Self.tokens[sequence][t], &alone[sequence], in: workspace)
        #expect(
          maximumRelativeDifference(Matrix([output]), Matrix([decoder.wantedRow(sequence, t)]))
            < Tolerance.gemm(k: 50, Double.self))
        guard path != .blas else { continue }
        #expect(bits(output) == bits(Array(outputs[place * size..<(place + 1) * size])))
        #expect(bits(output) == bits(run.row(decoder.wanted.layout.row(of: sequence, at: t))))
      }
    }
    if path != .blas { #expect(alone == together && alone == several) }
    #expect(several.allSatisfy { $0.steps == 3 })
  }

  @Test(arguments: variants)
  func aSessionIsSavedWithItsSource(_ variant: DecoderVariant) throws {
    let decoder = try Decoder(translating: variant, .fused)
    let workspace = decoder.prepared.workspace()
    for session in decoder.sessions {
      var session = session
      _ = try decoder.prepared.step(token: 3, &session, in: workspace)
      let json = try JSONEncoder().encode(session)
      #expect(try JSONDecoder().decode(Session<Double>.self, from: json) == session)
      var again = try decoder.prepared.session(from: SafetensorsFile(bytes: session.serialized()))
      #expect(again == session)
      #expect(
        try bits(decoder.prepared.step(token: 5, &again, in: workspace))
          == bits(decoder.prepared.step(token: 5, &session, in: workspace)))
    }
  }

  /// A source of other sizes steps nowhere, whatever its sum says.
  @Test func aForgedSourceIsAnError() throws {
    let decoder = try Decoder(translating: DecoderVariant.attentive[0], .fused)
    let whole = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(decoder.sessions[0])) as? [String: Any])
    func session(_ source: Any?) throws -> Session<Double> {
      var changed = whole
      changed["source"] = source
      return try JSONDecoder().decode(
        Session<Double>.self, from: try JSONSerialization.data(withJSONObject: changed))
    }
    func matrix(_ rows: Int, _ columns: Int, _ count: Int) -> [String: Any] {
      ["rows": rows, "columns": columns, "numbers": Data(count: count * 8).base64EncodedString()]
    }
    let none = matrix(0, 0, 0)
    for source in [
      [none, none], [none, matrix(2, 3, 5), none], [none, matrix(-1, -1, 1), none], [none, matrix(.max, 2, 0), none],
      [none, matrix(0, 10_000_000_000, 0), none], [none, matrix(0, .max, 0), none], [none, matrix(.max, 0, 0), none],
    ] {
      #expect(throws: DecodingError.self) { try session(source) }
    }
    for source in [
      nil, [none, none, none], [none, matrix(2, 6, 12), matrix(2, 4, 8)], [none, matrix(2, 5, 10), none],
    ] {
      var forged = try session(source)
      #expect(throws: SessionError.self) {
        try decoder.prepared.step(token: 1, &forged, in: decoder.prepared.workspace())
      }
    }
    _ = try session(whole["source"])
  }

  @Test func aStreamBeginsAsItsModelSays() throws {
    let translator = try Decoder(translating: DecoderVariant.attentive[0], .fused).prepared
    let conditioned = try Decoder(conditioned: DecoderVariant.all[0], .fused).prepared
    #expect(throws: SessionError.start(found: "nothing", wanted: "a source: session(translating:)")) {
      try translator.session()
    }
    #expect(throws: SessionError.start(found: "a context", wanted: "a source: session(translating:)")) {
      try translator.session(from: [1])
    }
    #expect(throws: SessionError.start(found: "a source", wanted: "a context: session(from:)")) {
      try conditioned.session(translating: [1])
    }
    #expect(throws: SessionError.token(8, vocabularySize: 8)) { try translator.session(translating: [1, 8]) }
    #expect(throws: SessionError.count(of: "numbers of a context", found: 2, wanted: 3)) {
      try conditioned.session(from: [1, 2])
    }
  }

  @Test(.enabled(if: Allocations.areCounted), arguments: variants)
  func aStepAllocatesNothingAfterTheFirst(_ variant: DecoderVariant) throws {
    let decoder = try Decoder(translating: variant, .fused)
    var (sessions, workspace) = (decoder.sessions, decoder.prepared.workspace())
    var output = [Double](repeating: 0, count: decoder.prepared.outputSize)
    func step() throws {
      for index in sessions.indices {
        var span = output.mutableSpan
        try decoder.prepared.step(token: 2, &sessions[index], in: workspace, into: &span)
      }
    }
    try step()
    #expect(try Allocations.count { try step() } == 0)
    workspace = decoder.prepared.workspace()
  }
}
