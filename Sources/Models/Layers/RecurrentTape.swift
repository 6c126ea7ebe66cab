public import Kernels

/// What a recurrent network remembers of a forward pass for its backward pass, and the memory both work in.
///
/// Make one per thread of training and keep it: a pass over a batch that is no larger than an earlier one allocates
/// nothing. It holds its own random numbers for dropout, so a run is decided by its seed.
public struct RecurrentTape<Scalar: BLASScalar>: Sendable {
  /// Decides the masks of dropout.
  package var generator: SeededGenerator

  /// The inputs of the recorded pass where the layer, not a model around it, keeps them.
  var inputs: PackedSequence<Scalar>?
  /// One tape for each layer and direction, `[L · D]`.
  var cells: [CellTape<Scalar>] = []
  /// Hidden states by rank, `[L · D]` of `[B × R]`; gradients for them in a backward pass.
  var hidden: [Matrix<Scalar>] = []
  /// Cell states by rank, `[L · D]` of `[B × H]` or `[B × 0]`; gradients for them in a backward pass.
  var cell: [Matrix<Scalar>] = []
  /// Masks of recurrent dropout, `[L · D]` of `[B × R]`.
  var recurrentMasks: [Matrix<Scalar>] = []
  /// Outputs of each layer, `[L]` of `[N × D·R]`.
  var outputs: [Matrix<Scalar>] = []
  /// The same after the dropout in front of the next layer, `[L - 1]` of `[N × D·R]`; empty without dropout.
  var dropped: [Matrix<Scalar>] = []
  /// Masks of dropout behind each layer but the last, `[L - 1]` of `[N × D·R]`.
  var dropoutMasks: [Matrix<Scalar>] = []
  /// Gradients for the outputs of each layer but the last, `[L - 1]` of `[N × D·R]`.
  var dOutputs: [Matrix<Scalar>] = []
  /// Weights that were prepared for the pass that runs, `[L · D]`, or none.
  var prepared: [PreparedWeights<Scalar>?] = []
  /// The layout of a single step, kept between steps.
  var stepLayout: PackedLayout?
  /// Whether the pass used the masks.
  var usesMasks = false

  /// How much it keeps of a recorded pass.
  package let memory: TapeMemory

  /// An empty tape whose dropout masks `seed` decides.
  public init(seed: UInt64 = 0, memory: TapeMemory = .everything) {
    generator = SeededGenerator(seed: seed)
    self.memory = memory
  }

  /// Outputs of the top layer in the last pass, `[N × D·R]`.
  public var lastOutputs: Matrix<Scalar> { outputs.last ?? .zeros(rows: 0, columns: 0) }

  /// Bytes of memory held, without the inputs.
  public var byteCount: Int {
    let matrices = [hidden, cell, recurrentMasks, outputs, dropped, dropoutMasks, dOutputs].joined()
    return cells.reduce(0) { $0 + $1.byteCount }
      + matrices.reduce(0) { $0 + $1.capacity * MemoryLayout<Scalar>.stride }
  }

  /// Gives every buffer the shape that a pass of `stack` over `layout` needs.
  mutating func prepare(for stack: RecurrentStack, layout: PackedLayout) {
    let (shape, count) = (stack.cells[0], stack.layerDirections.count)
    if cells.count != count || outputs.count != stack.layers {
      let empty = Matrix<Scalar>.zeros(rows: 0, columns: 0)
      cells = Array(repeating: CellTape(), count: count)
      hidden = Array(repeating: empty, count: count)
      cell = hidden
      recurrentMasks = hidden
      outputs = Array(repeating: empty, count: stack.layers)
      dropoutMasks = Array(repeating: empty, count: stack.layers - 1)
      dropped = dropoutMasks
      dOutputs = dropoutMasks
    }
    let storage = memory.storage(for: stack, rows: layout.rowCount, stride: MemoryLayout<Scalar>.stride)
    for i in 0..<count {
      cells[i].storage = storage
      hidden[i].discardContents(resizingTo: layout.batch, by: shape.outputSize)
      cell[i].discardContents(resizingTo: layout.batch, by: shape.cellStateSize)
    }
    for i in 0..<stack.layers {
      outputs[i].discardContents(resizingTo: layout.rowCount, by: stack.outputSize)
    }
  }
}
