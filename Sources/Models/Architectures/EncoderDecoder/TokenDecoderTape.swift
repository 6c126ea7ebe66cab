internal import Kernels

/// What a decoder remembers of a pass for its backward pass, and the memory both work in.
struct TokenDecoderTape<Scalar: BLASScalar>: Sendable {
  /// The recurrent layers' recording.
  var recurrent: RecurrentTape<Scalar>
  /// The state: initial on entry to a pass, final after it.
  var state = RecurrentState<Scalar>(hidden: [])
  /// The attention's recording.
  var attention = AttentionTape<Scalar>()
  /// Decides what is dropped of embedded tokens and of what the head reads.
  var generator = SeededGenerator(seed: 0)

  /// The tokens that were read, `[N × 1]`.
  var tokens = Matrix<Int32>(uninitializedRows: 0, columns: 1)
  /// For each row the caller's sequence it belongs to, `[N]`; empty where there is no context beside the tokens.
  var owners: [Int] = []
  /// For each row of the attention the row of the pass, `[N]`.
  var rowsBySequence: [Int] = []
  /// Embedded tokens with the context beside them, `[N × (E + C)]`.
  var inputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var inputMask = DropoutMask<Scalar>()
  /// Outputs with what attention found beside them, `[N × (R + M)]`.
  var found = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The readout after tanh, `[N × Q]`.
  var readouts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// What the head reads, after dropout, `[N × Q]`.
  var read = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var readMask = DropoutMask<Scalar>()
  var head = HeadTape<Scalar>()
  /// `[N × V]`.
  var logits = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of.
  var dLogits = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dRead = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dFound = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dInputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For the final state on entry to a backward pass, for the initial one after it.
  var dState = RecurrentState<Scalar>(hidden: [])

  init(memory: TapeMemory = .everything) { recurrent = RecurrentTape(memory: memory) }

  /// Starts everything random anew from `seed`.
  mutating func reseed(with seed: UInt64) {
    recurrent.generator = SeededGenerator(seed: seed, stream: 0)
    generator = SeededGenerator(seed: seed, stream: 1)
  }
}

/// What a decoder is given beside its tokens, borrowed.
struct DecoderConditions<Scalar: BLASScalar> {
  /// The context beside every embedded token, `[B × C]` in the caller's order; `nil` for a decoder that has no such place.
  var context: MatrixView<Scalar>?
  /// What attention may ask, and where its rows lie; `nil` for a decoder without attention.
  var memory: (rows: MatrixView<Scalar>, layout: PackedLayout)?
}

extension RecurrentState {
  /// Gives this state the shape of `stack` for `batch` sequences, without a promise about the numbers where it had it.
  mutating func prepare(for stack: RecurrentStack, batch: Int) {
    let count = stack.layers * stack.directions
    if self.batch != batch || hidden.count != count { self = stack.zeroState(batch: batch) }
  }

  /// Gives this state the shape of `stack` for `batch` sequences, and zeros.
  mutating func setToZero(for stack: RecurrentStack, batch: Int) {
    prepare(for: stack, batch: batch)
    for i in hidden.indices { hidden[i].setToZero() }
    for i in cell.indices { cell[i].setToZero() }
  }
}
