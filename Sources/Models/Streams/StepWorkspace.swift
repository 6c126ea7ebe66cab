public import Kernels

/// The memory that steps of a ``PreparedModel`` work in: one for each thread that steps, made by
/// ``PreparedModel/workspace()``.
///
/// Not `Sendable`, so that the compiler keeps two threads from using one. A step of as many sessions as an earlier one in the same
/// workspace allocates nothing, as long as they are at most 64 or as many as in the last step of more.
public final class StepWorkspace<Scalar: BLASScalar> {
  let core: PreparedCore<Scalar>

  // One session.
  /// For each layer; none where the model steps in no such way.
  let steps: UnsafeMutableBufferPointer<SingleStep>
  /// What a layer gives to the next, `[R]`.
  let output: UnsafeMutablePointer<Scalar>
  /// The rows between the maps of the head, `[maps]`.
  var headRows: [Matrix<Scalar>] = []

  /// Embedded tokens, in a decoder with the context beside them, `[N × (E + C)]`.
  var embedded = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// A decoder's outputs with what attention found beside them, `[N × (R + M)]`, and what its head reads, `[N × Q]`.
  var found = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var readouts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var attention = AttentionScratch<Scalar>()

  // Many sessions, or many steps.
  /// The sessions that step, which the caller keeps alive, `[B]`.
  var sessions: [Unmanaged<SessionStorage>] = []
  /// What they are about, `[B]`; none where the model is no decoder.
  var sources: [Unmanaged<StreamSource<Scalar>>] = []
  /// States by rank, `[B × R]` and `[B × H]`.
  var hidden = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var cell = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Outputs of two layers in turn, `[N × R]`.
  var outputs = [Matrix<Scalar>](repeating: .zeros(rows: 0, columns: 0), count: 2)
  /// What the head reads where that is not the outputs, `[B × R]`.
  var read = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var tapes: [CellTape<Scalar>]
  var head: HeadTape<Scalar>
  /// The layouts of single steps by the number of sessions, as far as they are few, and that of the last step of more: a layout
  /// takes memory in proportion to the number, so that all that there may be would take its square.
  private var layouts = [PackedLayout?](repeating: nil, count: StepWorkspace.maxKeptLayout + 1)
  private var largeLayout: PackedLayout?
  private static var maxKeptLayout: Int { 64 }
  /// For each session the last step that it took part in, by which one that is named twice is found.
  private var marks: [UInt64] = []
  private var round: UInt64 = 0

  init(_ core: PreparedCore<Scalar>) {
    self.core = core
    let weights = core.stepsAlone ? core.weights.compactMap { $0 } : []
    steps = .allocate(capacity: weights.count)
    for layer in steps.indices { (steps.baseAddress! + layer).initialize(to: weights[layer].singleStep()) }
    output = .allocate(capacity: core.stack.outputSize)
    tapes = Array(repeating: CellTape(), count: core.stack.layers)
    head = HeadTape(prepared: core.preparedHead)
    headRows = (core.head?.hiddenLayers ?? []).map { .zeros(rows: 1, columns: $0.outputSize) }
  }

  deinit {
    for step in steps { step.deallocate() }
    steps.deallocate()
    output.deallocate()
  }

  /// The layout of one step of `count` sessions.
  func layout(of count: Int) -> PackedLayout {
    let isLarge = count > Self.maxKeptLayout
    if let layout = isLarge ? largeLayout : layouts[count], layout.batch == count { return layout }
    let layout = PackedLayout(batch: count, steps: 1)
    if isLarge { largeLayout = layout } else { layouts[count] = layout }
    return layout
  }

  /// Throws where one of `indices` is outside `count` sessions, or there twice.
  func checkDistinct(_ indices: Span<Int>, count: Int) throws(SessionError) {
    if marks.count < count { marks.append(contentsOf: repeatElement(0, count: count - marks.count)) }
    round += 1
    for i in indices.indices {
      let index = indices[i]
      guard 0..<count ~= index else { throw .noSession(index: index, count: count) }
      guard marks[index] != round else { throw .sessionTwice(index: index) }
      marks[index] = round
    }
  }
}
