import Dispatch
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Models

/// Steps of sessions: one, many in a call, and several at once give the bits of the whole sequence.
@Suite struct PreparedModelStepsTests {
  private static let lengths = [5, 3, 9, 1]

  private func expectSame<Scalar: BLASScalar>(
    _ found: [Scalar], _ wanted: [Scalar], _ path: ComputePath, _ place: String
  ) {
    if path == .blas {
      let (found, wanted) = (found.map { Double($0) }, wanted.map { Double($0) })
      #expect(
        maximumRelativeDifference(Matrix([found]), Matrix([wanted])) < Tolerance.gemm(k: 100, Scalar.self), "\(place)")
    } else {
      #expect(bits(found) == bits(wanted), "\(place): \(found), \(wanted)")
    }
  }

  @Test(arguments: StreamingModel<Float>.variants, ComputePath.allCases)
  func oneStepAfterAnotherIsTheSequence(_ variant: ModelVariant, _ path: ComputePath) throws {
    try expectStepsToBeTheSequence(StreamingModel<Float>(variant, path), path)
    try expectStepsToBeTheSequence(StreamingModel<Double>(variant, path), path)
  }

  private func expectStepsToBeTheSequence<Scalar>(_ model: StreamingModel<Scalar>, _ path: ComputePath) throws {
    let inputs: SequenceInputs<Scalar> = model.variant.inputs([7])
    var session = try model.prepared.session()
    let workspace = model.prepared.workspace()
    for t in 0..<7 {
      let output = try model.step(inputs, 0, at: t, &session, in: workspace)
      expectSame(output, model.wanted(inputs, 0, steps: t + 1), path, "\(Scalar.self), step \(t)")
    }
    #expect(session.steps == 7)
    if path != .blas {
      let state = model.model(inputs).state
      #expect(zip(session.hidden, state.hidden).allSatisfy { $0.hasSameBits(as: $1) })
      #expect(zip(session.cell, state.cell).allSatisfy { $0.hasSameBits(as: $1) })
      #expect(session.cell.count == state.cell.count)
    }
  }

  /// Sessions that are behind one another, any of them in any order.
  @Test(arguments: StreamingModel<Float>.variants, ComputePath.allCases)
  func anySessionsMayStepInOneCall(_ variant: ModelVariant, _ path: ComputePath) throws {
    let model = try StreamingModel<Float>(variant, path)
    let inputs: SequenceInputs<Float> = variant.inputs(Self.lengths)
    var sessions = try Self.lengths.map { _ in try model.prepared.session() }
    let workspace = model.prepared.workspace()
    let size = model.prepared.outputSize
    for indices in [[2, 0], [3, 2, 1, 0], [2], [], [0, 1, 2], [2, 1, 0], [0, 2], [2], [2], [2]] {
      let times = indices.map { sessions[$0].steps }
      let outputs = try model.step(inputs, &sessions, at: indices, times: times, in: workspace)
      for (place, index) in indices.enumerated() {
        expectSame(
          Array(outputs[place * size..<(place + 1) * size]), model.wanted(inputs, index, steps: times[place] + 1), path,
          "session \(index) after \(times[place]) steps")
      }
    }
    #expect(sessions.map(\.steps) == [5, 3, 9, 1])
  }

  @Test(arguments: StreamingModel<Float>.variants, ComputePath.allCases)
  func severalStepsAtOnceAreThoseSteps(_ variant: ModelVariant, _ path: ComputePath) throws {
    let model = try StreamingModel<Float>(variant, path)
    let inputs: SequenceInputs<Float> = variant.inputs(Self.lengths)
    var sessions = try Self.lengths.map { _ in try model.prepared.session() }
    let workspace = model.prepared.workspace()
    var whole = sessions
    let once = try model.prepared.run(inputs, &whole, in: workspace)
    let wanted = model.model(inputs).predictions
    if path != .blas { #expect(once.hasSameBits(as: wanted)) }
    // In three pieces, of which some are empty.
    for range in [0..<1, 1..<4, 4..<9] {
      let piece = Self.piece(of: inputs, range)
      let outputs = try model.prepared.run(piece, &sessions, in: workspace)
      for (index, length) in Self.lengths.enumerated() {
        let steps = min(length, range.upperBound)
        guard steps > range.lowerBound || variant.readout != .everyStep else { continue }
        let row =
          variant.readout == .everyStep
          ? Self.lastRow(of: index, piece.layout).map { outputs.row($0) } ?? [] : outputs.row(index)
        expectSame(row, model.wanted(inputs, index, steps: steps), path, "session \(index) in \(range)")
      }
    }
    #expect(sessions.map(\.steps) == Self.lengths && whole.map(\.steps) == Self.lengths)
    if path != .blas { #expect(sessions == whole) }
  }

  /// Steps `range` of every sequence, as far as it has them.
  private static func piece(of inputs: SequenceInputs<Float>, _ range: Range<Int>) -> SequenceInputs<Float> {
    switch inputs {
    case .features(let sequences):
      .features(
        PackedSequence(
          lengths.indices.map { sequences.sequence($0).selectingRows(Array(range.clamped(to: 0..<lengths[$0]))) },
          features: sequences.features))
    case .tokens(let sequences):
      .tokens(
        PackedSequence(
          lengths.indices.map { Array(sequences.sequence($0).elements[range.clamped(to: 0..<lengths[$0])]) })
      )
    }
  }

  private static func lastRow(of sequence: Int, _ layout: PackedLayout) -> Int? {
    guard let rank = layout.order.firstIndex(of: sequence), layout.lengths[sequence] > 0 else { return nil }
    return layout.offsets[layout.lengths[sequence] - 1] + rank
  }

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func aLayerStreamsItsHiddenStates(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try RecurrentLayerTests.layer(kind, path)
    let (prepared, inputs) = (layer.prepared(), RecurrentLayerTests.sequences([6]))
    let (workspace, wanted) = (prepared.workspace(), layer(inputs))
    var session = try prepared.session()
    for t in 0..<6 {
      expectSame(
        try prepared.step(inputs.rows.row(t), &session, in: workspace), wanted.outputs.rows.row(t), path, "step \(t)")
    }
    var sessions = [try prepared.session()]
    let run = try prepared.run(.features(inputs), &sessions, in: workspace)
    if path != .blas {
      #expect(run.hasSameBits(as: wanted.outputs.rows))
      #expect(sessions == [session])
    }
  }

  /// Cells without a fused path, and weights that a layer's own step shares among threads.
  @Test(arguments: [
    RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 4, hasPeepholes: true),
    .gru(inputSize: 3, hiddenSize: 5, reset: .beforeProduct),
  ])
  func cellsWithoutAFusedPathStream(_ cell: RecurrentCell) throws {
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell, layers: 2), seed: 6)
    layer.execution = Execution(path: .naive, threads: 1)
    let inputs = RecurrentLayerTests.sequences([6])
    let wanted = layer(inputs).outputs.rows
    for path in ComputePath.allCases {
      layer.execution = Execution(path: path, threads: 2)
      let prepared = layer.prepared()
      var session = try prepared.session()
      let workspace = prepared.workspace()
      for t in 0..<6 {
        let output = try prepared.step(inputs.rows.row(t), &session, in: workspace)
        #expect(maximumRelativeDifference(Matrix([output]), Matrix([wanted.row(t)])) < RecurrentLayerTests.rounding)
      }
    }
  }

  @Test func hiddenLayersOfAHeadStream() throws {
    let model = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 17)), outputSize: 2, loss: .meanSquaredError,
        headSizes: [9, 33]), scheme: .pyTorch(hiddenSize: 2), seed: 4)
    let (prepared, inputs) = (model.prepared(), RecurrentLayerTests.sequences([6]).rows.converted(to: Float.self))
    let wanted = model(PackedSequence([inputs], features: 3)).predictions.rows
    var session = try prepared.session()
    let workspace = prepared.workspace()
    for t in 0..<6 { #expect(try prepared.step(inputs.row(t), &session, in: workspace) == wanted.row(t)) }
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func manySessionsHaveTheSameBitsOnAnyThreads(_ kind: RecurrentCell.Kind) throws {
    let stack = try RecurrentStack(RecurrentCell(kind, inputSize: 3, hiddenSize: 70), layers: 2)
    var generator = SeededGenerator(seed: 8)
    let inputs = Matrix<Float>.random(rows: 33, columns: 3, from: &generator).elements
    let outputs = try (1...3).map { threads in
      var layer = RecurrentLayer<Float>(stack, seed: 3)
      layer.execution = Execution(path: .fused, threads: threads)
      let prepared = layer.prepared()
      let workspace = prepared.workspace()
      var sessions = try (0..<33).map { _ in try prepared.session() }
      var outputs = [Float](repeating: 0, count: 33 * 70)
      for _ in 0..<3 {
        var span = outputs.mutableSpan
        try prepared.step(inputs.span, &sessions, at: Array(0..<33).span, in: workspace, into: &span)
      }
      return outputs
    }
    #expect(bits(outputs[0]) == bits(outputs[1]) && bits(outputs[0]) == bits(outputs[2]))
  }

  /// A workspace serves every copy of its model, also one on another path.
  @Test(arguments: ComputePath.allCases, ComputePath.allCases)
  func aWorkspaceServesTheModelOnAnyPath(_ path: ComputePath, _ other: ComputePath) throws {
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .lstm)
    let (model, stranger) = (try StreamingModel<Float>(variant, path), try StreamingModel<Float>(variant, other))
    var (session, wanted) = (try model.prepared.session(), try model.prepared.session())
    let (workspace, own) = (stranger.prepared.workspace(), model.prepared.workspace())
    for token: Int32 in [3, 5, 1] {
      let output = try model.prepared.step(token: token, &session, in: workspace)
      #expect(try bits(output) == bits(model.prepared.step(token: token, &wanted, in: own)))
    }
    #expect(session == wanted)
  }

  // MARK: - Sessions are values

  @Test(arguments: StreamingModel<Float>.variants)
  func aForkGoesOnByItself(_ variant: ModelVariant) throws {
    let model = try StreamingModel<Float>(variant)
    let inputs: SequenceInputs<Float> = variant.inputs([7])
    var session = try model.prepared.session()
    let workspace = model.prepared.workspace()
    for t in 0..<3 { _ = try model.step(inputs, 0, at: t, &session, in: workspace) }
    var fork = session
    #expect(fork == session)
    _ = try model.step(inputs, 0, at: 6, &fork, in: workspace)
    #expect(fork != session && session.steps == 3)
    var again = [session, session]
    _ = try model.step(inputs, &again, at: [0], times: [6], in: workspace)
    #expect(again[0] == fork && again[1] == session)
    for t in 3..<7 { _ = try model.step(inputs, 0, at: t, &session, in: workspace) }
    let wanted: SequenceInputs<Float> = variant.inputs([7])
    var whole = [try model.prepared.session()]
    _ = try model.prepared.run(wanted, &whole, in: workspace)
    #expect(session == whole[0])
  }

  @Test func threadsMayStepThroughOneModel() throws {
    let variant = ModelVariant(readsTokens: true, readout: .meanState, isBidirectional: false, kind: .lstm)
    let model = try StreamingModel<Double>(variant)
    let inputs: SequenceInputs<Double> = variant.inputs([9])
    let wanted = model.wanted(inputs, 0, steps: 9)
    let start = try model.prepared.session()
    let mistakes = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let workspace = model.prepared.workspace()
      for _ in 0..<20 {
        var (session, output) = (start, [Double]())
        for t in 0..<9 { output = (try? model.step(inputs, 0, at: t, &session, in: workspace)) ?? [] }
        if bits(output) != bits(wanted) { mistakes.add(1, ordering: .relaxed) }
      }
    }
    #expect(mistakes.load(ordering: .relaxed) == 0)
  }

  // MARK: - Mistakes

  @Test func aSessionOfAnotherModelIsAnError() throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .gru)
    let model = try StreamingModel<Float>(variant)
    var other = model.model
    other.parameters.withUnsafeMutableBufferPointer { $0[3] += 1 }
    let stranger = other.prepared()
    let (workspace, row) = (model.prepared.workspace(), [Float](repeating: 1, count: 3))
    var session = try stranger.session()
    let wanted = SessionError.otherModel(found: stranger.identity, wanted: model.prepared.identity)
    #expect(throws: wanted) { try model.prepared.step(row, &session, in: workspace) }
    var sessions = [try model.prepared.session(), session]
    #expect(throws: wanted) {
      try model.prepared.run(
        .features(PackedSequence([Matrix([row]), Matrix([row])], features: 3)), &sessions, in: workspace)
    }
    #expect(sessions.map(\.steps) == [0, 0])
    // So is a workspace of another, but not one of a copy.
    var own = try model.prepared.session()
    #expect(throws: SessionError.self) { try model.prepared.step(row, &own, in: stranger.workspace()) }
    _ = try model.prepared.step(row, &own, in: model.model.prepared().workspace())
    #expect(own.steps == 1)
  }

  @Test func whatDoesNotFitIsAnErrorAndChangesNothing() throws {
    let features = try StreamingModel<Float>(
      ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .lstm))
    let tokens = try StreamingModel<Float>(
      ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .lstm))
    var (a, b) = (try features.prepared.session(), try tokens.prepared.session())
    let (first, second) = (features.prepared.workspace(), tokens.prepared.workspace())
    #expect(throws: SessionError.count(of: "features", found: 2, wanted: 3)) {
      try features.prepared.step([1, 2], &a, in: first)
    }
    #expect(throws: SessionError.inputs(found: "tokens", wanted: "features")) {
      try features.prepared.step(token: 1, &a, in: first)
    }
    #expect(throws: SessionError.inputs(found: "features", wanted: "tokens")) {
      try tokens.prepared.step([1, 2, 3], &b, in: second)
    }
    for token: Int32 in [-1, 7, .max, .min] {
      #expect(throws: SessionError.token(token, vocabularySize: 7)) {
        try tokens.prepared.step(token: token, &b, in: second)
      }
    }
    var outputs = [Float](repeating: 5, count: 3)
    #expect(throws: SessionError.count(of: "outputs", found: 3, wanted: 2)) {
      var span = outputs.mutableSpan
      try features.prepared.step([1, 2, 3].span, &a, in: first, into: &span)
    }
    var sessions = [a, a, a]
    let mistakes: [([Int], SessionError)] = [
      ([0, 1, 0], .sessionTwice(index: 0)), ([3], .noSession(index: 3, count: 3)),
      ([0, -1], .noSession(index: -1, count: 3)),
    ]
    for (indices, error) in mistakes {
      var outputs = [Float](repeating: 5, count: indices.count * 2)
      let row = [Float](repeating: 1, count: indices.count * 3)
      #expect(throws: error) {
        var span = outputs.mutableSpan
        try features.prepared.step(row.span, &sessions, at: indices.span, in: first, into: &span)
      }
      #expect(outputs.allSatisfy { $0 == 5 })
    }
    #expect(throws: SessionError.count(of: "sessions", found: 3, wanted: 1)) {
      try features.prepared.run(.features(PackedSequence([Matrix([[1, 2, 3]])], features: 3)), &sessions, in: first)
    }
    #expect(([a, b] + sessions).allSatisfy { $0.steps == 0 })
    #expect(outputs == [5, 5, 5])
  }

  /// More sessions than a workspace keeps layouts for, in changing numbers.
  @Test func anyNumberOfSessionsMayStepInOneCall() throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .gru)
    let model = try StreamingModel<Float>(variant)
    let workspace = model.prepared.workspace()
    var one = try model.prepared.session()
    let wanted = try model.prepared.step([1, 2, 3], &one, in: workspace)
    for count in [64, 65, 200, 66, 65, 1] {
      var sessions = try (0..<count).map { _ in try model.prepared.session() }
      let (rows, indices) = ((0..<count).flatMap { _ in [1, 2, 3] as [Float] }, Array(0..<count))
      var outputs = [Float](repeating: 0, count: count * 2)
      var span = outputs.mutableSpan
      try model.prepared.step(rows.span, &sessions, at: indices.span, in: workspace, into: &span)
      #expect(outputs == (0..<count).flatMap { _ in wanted })
    }
  }

  // MARK: - Memory

  @Test(.enabled(if: Allocations.areCounted), arguments: StreamingModel<Float>.variants)
  func aStepAllocatesNothingAfterTheFirst(_ variant: ModelVariant) throws {
    let model = try StreamingModel<Float>(variant)
    var session = try model.prepared.session()
    let workspace = model.prepared.workspace()
    var output = [Float](repeating: 0, count: model.prepared.outputSize)
    let row = [Float](repeating: 0.5, count: 3)
    func step() throws {
      var span = output.mutableSpan
      if variant.readsTokens {
        try model.prepared.step(token: 2, &session, in: workspace, into: &span)
      } else {
        try model.prepared.step(row.span, &session, in: workspace, into: &span)
      }
    }
    try step()
    #expect(try Allocations.count { for _ in 0..<5 { try step() } } == 0)
    let fork = session
    #expect(try Allocations.count { try step() } == 1, "the first step after a fork")
    #expect(try Allocations.count { for _ in 0..<5 { try step() } } == 0)
    #expect(fork.steps == 6)
  }

  @Test(.enabled(if: Allocations.areCounted), arguments: StreamingModel<Float>.variants)
  func stepsOfManySessionsAllocateNothingAfterTheFirst(_ variant: ModelVariant) throws {
    let model = try StreamingModel<Float>(variant)
    var sessions = try (0..<5).map { _ in try model.prepared.session() }
    let workspace = model.prepared.workspace()
    var output = [Float](repeating: 0, count: 5 * model.prepared.outputSize)
    let (row, tokens) = ([Float](repeating: 0.5, count: 15), [Int32](repeating: 2, count: 5))
    let indices = [3, 1, 4, 0, 2]
    func step() throws {
      var span = output.mutableSpan
      if variant.readsTokens {
        try model.prepared.step(tokens: tokens.span, &sessions, at: indices.span, in: workspace, into: &span)
      } else {
        try model.prepared.step(row.span, &sessions, at: indices.span, in: workspace, into: &span)
      }
    }
    try step()
    try step()
    #expect(try Allocations.count { for _ in 0..<5 { try step() } } == 0)
  }

  /// A session that was opened and has not stepped is a reference.
  @Test(.enabled(if: Allocations.areCounted)) func openingAllocatesNothingAndTheFirstStepOnce() throws {
    let layer = try LSTM<Float>(inputSize: 64, hiddenSize: 128, seed: 1)
    let prepared = layer.prepared()
    let workspace = prepared.workspace()
    var output = [Float](repeating: 0, count: 128)
    let row = [Float](repeating: 0.5, count: 64)
    #expect(try Allocations.count { _ = try prepared.session() } == 0)
    var session = try prepared.session()
    let count = try Allocations.count {
      var span = output.mutableSpan
      try prepared.step(row.span, &session, in: workspace, into: &span)
    }
    #expect(count == 1)
    #expect(session.byteCount == 2 * 128 * 4)
  }
}
