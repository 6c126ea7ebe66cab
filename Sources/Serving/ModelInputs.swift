internal import Kernels
internal import Models

/// The input of a request, as a model reads it: `B` sequences of `T` steps.
struct ModelInputs: Sendable {
  enum Numbers: Sendable {
    /// `[B × T × I]`.
    case features([Float])
    /// `[B × T]`.
    case tokens([Int32])
  }

  /// What the protocol calls the input and the output.
  static let inputName = "INPUT"
  static let outputName = "OUTPUT"

  let numbers: Numbers
  let batch: Int
  let steps: Int
  /// Whether the shape named the batch.
  let hasBatch: Bool

  /// The only input of `request`, whose tensors lie in `bytes`.
  ///
  /// - Throws: ``ServingError`` where it does not fit the model.
  init(_ request: InferRequest, _ bytes: [UInt8], for input: ModelInput) throws(ServingError) {
    guard request.inputs.count == 1, let tensor = request.inputs.first else {
      throw .badRequest("\(request.inputs.count) inputs, and the model reads one, \(Self.inputName)")
    }
    guard tensor.name == Self.inputName else {
      throw .badRequest("unexpected input \(quoted(tensor.name)), and the model reads \(Self.inputName)")
    }
    let shape = tensor.shape
    let batchAndSteps: ArraySlice<Int>
    switch input {
    case .features(let size):
      guard 2...3 ~= shape.count, shape.last == size else {
        throw .badRequest("an input of shape \(shape), wanted [steps, \(size)] or [batch, steps, \(size)]")
      }
      batchAndSteps = shape.dropLast()
    case .tokens:
      guard 1...2 ~= shape.count else {
        throw .badRequest("an input of shape \(shape), wanted [steps] or [batch, steps]")
      }
      batchAndSteps = shape[...]
    }
    hasBatch = batchAndSteps.count == 2
    batch = hasBatch ? batchAndSteps[0] : 1
    steps = batchAndSteps[batchAndSteps.endIndex - 1]
    guard batch > 0, steps > 0 else { throw .badRequest("an input of shape \(shape) has no steps") }
    switch input {
    case .features: numbers = .features(try tensor.floats(bytes))
    case .tokens(let size):
      let tokens = try tensor.tokens(bytes)
      if let unknown = tokens.first(where: { !(0..<size ~= Int($0)) }) {
        throw .badRequest("token \(unknown) is outside a vocabulary of \(size)")
      }
      numbers = .tokens(tokens)
    }
  }

  /// As sequences that a model passes over at once.
  var sequences: SequenceInputs<Float> {
    let lengths = Array(repeating: steps, count: batch)
    return switch numbers {
    case .features(let numbers):
      .features(
        PackedSequence(padded: numbers, .batchMajor, lengths: lengths, features: numbers.count / (batch * steps)))
    case .tokens(let tokens): .tokens(PackedSequence(padded: tokens, .batchMajor, lengths: lengths, features: 1))
    }
  }

  /// The shape of an output of `size` numbers for each step, or for each sequence.
  func outputShape(_ size: Int, everyStep: Bool) -> [Int] {
    switch (everyStep, hasBatch) {
    case (true, true): [batch, steps, size]
    case (true, false): [steps, size]
    case (false, _): [batch, size]
    }
  }
}
