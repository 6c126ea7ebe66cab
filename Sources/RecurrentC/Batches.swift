// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CRecurrent
internal import Kernels
internal import Models

@c @implementation
public func recurrent_run(
  _ model: OpaquePointer?, _ sequences: UnsafePointer<recurrent_sequences>?, _ outputs: UnsafeMutablePointer<Float>?,
  _ outputCount: Int
) -> recurrent_status {
  call {
    let contents = try Handle<ModelContents>(model).contents.pointee
    let packing = try SequencePacking(sequences, contents.prepared.input)
    try packing.checkOutputs(outputs, outputCount, of: contents.prepared, contents.readout)
    try packing.memoryForRun(contents.stack, contents.sizeBesideLayers, contents.prepared.outputSize).check()
    let inputs = packing.inputs()
    let rows = contents.prepared(inputs).outputs
    packing.unpack(rows, inputs.layout, contents.readout, into: outputs)
  }
}

@c @implementation
public func recurrent_run_sessions(
  _ workspace: OpaquePointer?, _ sequences: UnsafePointer<recurrent_sequences>?,
  _ sessions: UnsafePointer<OpaquePointer?>?, _ outputs: UnsafeMutablePointer<Float>?, _ outputCount: Int
) -> recurrent_status {
  call {
    let contents = try Handle<WorkspaceContents>(workspace).contents.pointee
    let (workspace, model) = (contents.workspace, contents.workspace.model)
    let packing = try SequencePacking(sequences, model.input)
    try packing.checkOutputs(outputs, outputCount, of: model, contents.readout)
    try packing.memoryForRun(contents.stack, contents.sizeBesideLayers, model.outputSize).check()
    try hold(sessions, packing.lengths.count, in: workspace)
    let inputs = packing.inputs()
    let rows = try model.runHeld(inputs, in: workspace)
    packing.unpack(rows, inputs.layout, contents.readout, into: outputs)
  }
}

/// Sequences as C gives them, checked: one after another, which the engine wants step after step.
struct SequencePacking {
  /// Steps of each sequence, `[B]`.
  let lengths: [Int]
  /// Steps of all, `N`.
  let stepCount: Int
  private let numbers: Numbers

  /// The caller's memory.
  private enum Numbers {
    /// `[N × I]`.
    case features(UnsafePointer<Float>?, inputSize: Int)
    /// `[N]`.
    case tokens(UnsafePointer<Int32>?)
  }

  /// Throws where the sequences are none for a model that reads `input`.
  init(_ sequences: UnsafePointer<recurrent_sequences>?, _ input: ModelInput) throws {
    let sequences = try present(sequences, "sequences").pointee
    guard 0...MatrixSide.max ~= sequences.count else {
      throw CallError.argument("\(UInt(bitPattern: sequences.count)) sequences, wanted at most \(MatrixSide.max)")
    }
    try checkPresent(sequences.lengths, sequences.count, "lengths")
    let caller = UnsafeBufferPointer(start: sequences.lengths, count: sequences.count)
    stepCount = try Self.sum(caller)
    switch input {
    case .features(let size):
      try checkAbsent(sequences.tokens == nil, sequences.token_count, "tokens", "features")
      try checkCount("feature_count", sequences.feature_count, stepCount, size)
      try checkPresent(sequences.features, stepCount, "features")
      numbers = .features(sequences.features, inputSize: size)
    case .tokens(let vocabularySize):
      try checkAbsent(sequences.features == nil, sequences.feature_count, "features", "tokens")
      try checkCount("token_count", sequences.token_count, stepCount, 1)
      try checkPresent(sequences.tokens, stepCount, "tokens")
      let tokens = UnsafeBufferPointer(start: sequences.tokens, count: stepCount)
      if let token = tokens.first(where: { !(0..<vocabularySize ~= Int($0)) }) {
        throw SessionError.token(token, vocabularySize: vocabularySize)
      }
      numbers = .tokens(sequences.tokens)
    }
    lengths = Array(caller)
  }

  private static func sum(_ lengths: UnsafeBufferPointer<Int>) throws -> Int {
    var sum = 0
    for (index, length) in lengths.enumerated() {
      guard 0...MatrixSide.max ~= length else {
        throw CallError.argument("length \(index) is \(UInt(bitPattern: length)), wanted at most \(MatrixSide.max)")
      }
      sum += length
      guard sum <= MatrixSide.max else {
        throw CallError.argument("more than \(MatrixSide.max) steps in all sequences")
      }
    }
    return sum
  }

  /// Rows that a model gives back.
  func rowCount(_ readout: SequenceArchitecture.Readout) -> Int {
    readout == .everyStep ? stepCount : lengths.count
  }

  func checkOutputs(
    _ outputs: UnsafeMutablePointer<Float>?, _ count: Int, of model: PreparedModel<Float>,
    _ readout: SequenceArchitecture.Readout
  ) throws {
    try checkCount("output_count", count, rowCount(readout), model.outputSize)
    try checkPresent(UnsafePointer(outputs), count, "outputs")
  }

  func memoryForRun(_ stack: RecurrentStack, _ sizeBesideLayers: Int, _ outputs: Int) -> MemoryNeed {
    .run(stack, besideLayers: sizeBesideLayers, outputs: outputs, rows: stepCount, batch: lengths.count)
  }

  func memoryForTraining(_ architecture: SequenceArchitecture) -> MemoryNeed {
    .training(
      architecture.recurrent, besideLayers: architecture.sizeBesideLayers, outputs: architecture.outputSize,
      rows: stepCount, batch: lengths.count)
  }

  /// The sequences, packed.
  func inputs() -> SequenceInputs<Float> {
    switch numbers {
    case .features(let features, let size): .features(pack(features, width: size))
    case .tokens(let tokens): .tokens(pack(tokens, width: 1))
    }
  }

  /// What the caller has for each step, `[N × width]`, packed like the inputs.
  func pack<Element: BitwiseCopyable & Sendable>(
    _ source: UnsafePointer<Element>?, width: Int
  ) -> PackedSequence<Element> {
    let layout = PackedLayout(lengths: lengths)
    var rows = Matrix<Element>(uninitializedRows: layout.rowCount, columns: width)
    if let source {
      rows.withUnsafeMutableBufferPointer { packed in
        forEachRow(of: layout) { (packed.baseAddress! + $1 * width).update(from: source + $0 * width, count: width) }
      }
    }
    return PackedSequence(layout: layout, rows: rows)
  }

  /// Copies what a model gave back to the caller, in the caller's order.
  func unpack(
    _ rows: Matrix<Float>, _ layout: PackedLayout, _ readout: SequenceArchitecture.Readout,
    into outputs: UnsafeMutablePointer<Float>?
  ) {
    guard let outputs else { return }
    let width = rows.columns
    rows.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress, source.count > 0 else { return }
      guard readout == .everyStep else { return outputs.update(from: start, count: source.count) }
      forEachRow(of: layout) { (outputs + $0 * width).update(from: start + $1 * width, count: width) }
    }
  }

  /// Calls `body` with the place of each step in the caller's order and in the layout's.
  private func forEachRow(of layout: PackedLayout, _ body: (_ caller: Int, _ packed: Int) -> Void) {
    var caller = 0
    for (sequence, length) in lengths.enumerated() {
      let rank = layout.ranks[sequence]
      for t in 0..<length {
        body(caller, layout.offsets[t] + rank)
        caller += 1
      }
    }
  }
}

/// Throws unless `found` numbers are `rows` times `width`.
func checkCount(_ name: String, _ found: Int, _ rows: Int, _ width: Int) throws {
  guard found == rows * width else { throw CallError.count(name, found, wanted: rows * width) }
}

/// Throws where memory for `count` numbers is NULL or misaligned.
func checkPresent<Element>(_ pointer: UnsafePointer<Element>?, _ count: Int, _ name: StaticString) throws {
  guard pointer != nil || count == 0 else { throw CallError.null("\(name)") }
  try checkAligned(pointer, name)
}

/// Throws where there is what the model does not take.
func checkAbsent(_ isNull: Bool, _ count: Int, _ name: String, _ wanted: String) throws {
  guard isNull, count == 0 else { throw CallError.argument("\(name), but the model takes \(wanted)") }
}
