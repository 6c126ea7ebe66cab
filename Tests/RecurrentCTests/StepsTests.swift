import CRecurrent
import Kernels
import Models
import TestSupport
import Testing

@testable import RecurrentC

@Suite struct StepsTests {
  static let readouts = SequenceArchitecture.Readout.allCases

  /// Lengths in no order, with an empty sequence among them.
  private let lengths = [3, 0, 7, 2, 7]
  private var stepCount: Int { lengths.reduce(0, +) }

  private func model(tokens: Bool, _ readout: SequenceArchitecture.Readout, isBidirectional: Bool = false) throws
    -> SequenceModel<Float>
  {
    SequenceModel(
      try SequenceArchitecture(
        embedding: tokens ? EmbeddingTable(vocabularySize: 11, dimension: 3) : nil,
        recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5), layers: 2, isBidirectional: isBidirectional),
        readout: readout, outputSize: 4, loss: .meanSquaredError),
      seed: 1)
  }

  private func held(_ model: SequenceModel<Float>) throws -> Held {
    try withTemporaryFolder { folder in
      try model.write(to: folder + "/model")
      return try .model(at: folder + "/model")
    }
  }

  private var features: [Float] { (0..<stepCount * 3).map { Float($0 * 7 % 19) / 19 - 0.5 } }
  private var tokens: [Int32] { (0..<stepCount).map { Int32($0 * 5 % 11) } }

  /// What the engine gives for the same sequences, in the caller's order.
  private func expected(_ model: SequenceModel<Float>, tokens isOfTokens: Bool) -> [Float] {
    var (sequences, words): ([Matrix<Float>], [[Int32]]) = ([], [])
    var start = 0
    for length in lengths {
      sequences.append(Matrix(rows: length, columns: 3, features[3 * start..<3 * (start + length)]))
      words.append(Array(tokens[start..<start + length]))
      start += length
    }
    let inputs: SequenceInputs<Float> =
      isOfTokens ? .tokens(PackedSequence(words)) : .features(PackedSequence(sequences, features: 3))
    let outputs = model.prepared()(inputs).outputs
    guard model.architecture.readout == .everyStep else { return outputs.elements }
    return PackedSequence(layout: inputs.layout, rows: outputs).sequences.flatMap(\.elements)
  }

  @Test(arguments: readouts, [false, true])
  func aRaggedBatchComesInTheCallersOrder(_ readout: SequenceArchitecture.Readout, tokens isOfTokens: Bool) throws {
    let model = try model(tokens: isOfTokens, readout)
    let expected = expected(model, tokens: isOfTokens)
    let held = try held(model)
    var outputs = [Float](repeating: .nan, count: expected.count)
    try withSequences(lengths, features: isOfTokens ? [] : features, tokens: isOfTokens ? tokens : []) {
      try check(recurrent_run(held.pointer, $0, &outputs, outputs.count))
    }
    #expect(outputs == expected)
  }

  @Test(arguments: readouts, [false, true])
  func sessionsGiveTheBitsOfTheBatch(_ readout: SequenceArchitecture.Readout, tokens isOfTokens: Bool) throws {
    let model = try model(tokens: isOfTokens, readout)
    let expected = expected(model, tokens: isOfTokens)
    let held = try held(model)
    let workspace = try Held.workspace(held)
    // Half of the steps at once, the others one by one, each of all sessions that have it.
    let sessions = try lengths.map { _ in try Held.session(held) }
    let halves = lengths.map { $0 / 2 }
    let starts = lengths.indices.map { lengths[..<$0].reduce(0, +) }
    func rows(_ steps: [Int]) -> (features: [Float], tokens: [Int32]) {
      isOfTokens ? ([], steps.map { tokens[$0] }) : (steps.flatMap { features[3 * $0..<3 * $0 + 3] }, [])
    }
    var found = [Float](repeating: .nan, count: expected.count)
    func note(_ outputs: [Float], _ places: [Int]) {
      for (row, place) in places.enumerated() { found[4 * place..<4 * place + 4] = outputs[4 * row..<4 * row + 4] }
    }
    let everyStep = readout == .everyStep
    let first = lengths.indices.flatMap { b in (0..<halves[b]).map { starts[b] + $0 } }
    var outputs = [Float](repeating: .nan, count: 4 * (everyStep ? first.count : lengths.count))
    try withSequences(halves, features: rows(first).features, tokens: rows(first).tokens) {
      try check(
        recurrent_run_sessions(workspace.pointer, $0, sessions.map { $0.pointer }, &outputs, outputs.count))
    }
    note(outputs, everyStep ? first : Array(lengths.indices))
    for t in 0..<4 {
      let running = lengths.indices.filter { halves[$0] + t < lengths[$0] }.reversed() as [Int]
      let steps = running.map { starts[$0] + halves[$0] + t }
      let pointers: [OpaquePointer?] = running.map { sessions[$0].pointer }
      outputs = [Float](repeating: .nan, count: 4 * running.count)
      let (features, tokens) = rows(steps)
      try check(
        isOfTokens
          ? recurrent_step_many_tokens(
            workspace.pointer, pointers, pointers.count, tokens, tokens.count, &outputs, outputs.count)
          : recurrent_step_many(
            workspace.pointer, pointers, pointers.count, features, features.count, &outputs, outputs.count))
      note(outputs, everyStep ? steps : running)
    }
    #expect(found == expected)
  }

  @Test func aBidirectionalModelRunsAndHasNoSession() throws {
    let model = try model(tokens: false, .everyStep, isBidirectional: true)
    let held = try held(model)
    var outputs = [Float](repeating: .nan, count: 4 * stepCount)
    try withSequences(lengths, features: features) {
      try check(recurrent_run(held.pointer, $0, &outputs, outputs.count))
    }
    #expect(outputs == expected(model, tokens: false))
    let failure = #expect(throws: CallFailure.self) { try Held.session(held) }
    #expect(failure?.status == RECURRENT_UNSUPPORTED)
  }

  @Test func aFailedCallOfManyChangesNoSession() throws {
    let held = try held(model(tokens: false, .everyStep))
    let workspace = try Held.workspace(held)
    let (a, b) = (try Held.session(held), try Held.session(held))
    let x: [Float] = [1, 2, 3, 4, 5, 6]
    var outputs = [Float](repeating: .nan, count: 8)
    let twice = recurrent_step_many(workspace.pointer, [a.pointer, a.pointer], 2, x, 6, &outputs, 8)
    #expect(twice == RECURRENT_INVALID_ARGUMENT && outputs.allSatisfy(\.isNaN))
    var equal: Int32 = 0
    try check(recurrent_session_equal(a.pointer, b.pointer, &equal))
    #expect(equal == 1)
    // And the same two sessions step after it.
    try check(recurrent_step_many(workspace.pointer, [a.pointer, b.pointer], 2, x, 6, &outputs, 8))
  }

  @Test func outputsMayNotOverlapTheInputs() throws {
    let held = try held(model(tokens: false, .everyStep))
    let (workspace, session) = (try Held.workspace(held), try Held.session(held))
    let sessions: [OpaquePointer?] = [session.pointer]
    var numbers = [Float](repeating: 0.5, count: 7)
    let statuses = numbers.withUnsafeMutableBufferPointer { numbers in
      let start = numbers.baseAddress!
      return (0...3).flatMap {
        [
          recurrent_step(workspace.pointer, session.pointer, start, 3, start + $0, 4),
          recurrent_step_many(workspace.pointer, sessions, 1, start, 3, start + $0, 4),
        ]
      }
    }
    #expect(statuses.prefix(6).allSatisfy { $0 == RECURRENT_INVALID_ARGUMENT })
    #expect(statuses.suffix(2).allSatisfy { $0 == RECURRENT_OK })
    var steps = 0
    try check(recurrent_session_steps(session.pointer, &steps))
    #expect(steps == 2)
  }

  @Test func misalignedNumbersAreRefused() throws {
    let held = try held(model(tokens: false, .everyStep))
    let (workspace, session) = (try Held.workspace(held), try Held.session(held))
    let count = 4 * stepCount
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * count + 16, alignment: 16)
    defer { memory.deallocate() }
    let (aligned, misaligned) = (
      memory.assumingMemoryBound(to: Float.self), (memory + 1).assumingMemoryBound(to: Float.self)
    )
    let statuses: [recurrent_status] = [
      recurrent_step(workspace.pointer, session.pointer, misaligned, 3, aligned, 4),
      recurrent_step(workspace.pointer, session.pointer, aligned, 3, misaligned, 4),
      withSequences(lengths, features: features) { recurrent_run(held.pointer, $0, misaligned, count) },
    ]
    #expect(statuses.allSatisfy { $0 == RECURRENT_INVALID_ARGUMENT })
  }

  @Test(.enabled(if: Allocations.areCounted)) func aStepAllocatesNothing() throws {
    let held = try held(model(tokens: false, .everyStep))
    let workspace = try Held.workspace(held)
    let sessions = try (0..<3).map { _ in try Held.session(held) }
    let pointers: [OpaquePointer?] = sessions.map { $0.pointer }
    let x = [Float](repeating: 0.5, count: 9)
    var outputs = [Float](repeating: 0, count: 12)
    func step() throws {
      try check(recurrent_step(workspace.pointer, pointers[0], x, 3, &outputs, 4))
      try check(recurrent_step_many(workspace.pointer, pointers, 3, x, 9, &outputs, 12))
    }
    try withExtendedLifetime(sessions) {
      try step()
      #expect(try Allocations.count { try step() } == 0)
    }
  }
}
