internal import CFusedKernels

/// What the fused time loops need to know of a cell: its sizes, its register tiles, and what lies where in a panel. It is
/// looked up once a pass (``RecurrentCell/fused``); behind that no code asks which kind of cell it is. Plain numbers alone,
/// because a pass over a few steps of few units would notice references that are counted.
struct FusedCell: Sendable {
  /// Which hidden states the chain rule of a step reads.
  enum HiddenStates: Sendable { case none, before, after }

  typealias ForwardLoop = @convention(c) (UnsafePointer<CFKForwardStep>?, Int, Int) -> Void
  typealias BackwardLoop = @convention(c) (UnsafePointer<CFKBackwardStep>?, Int, Int) -> Void

  /// The cell described.
  let recurrentCell: RecurrentCell
  /// Vectors for each row and block of the sums before the gates, of recorded gates and of gate gradients: i f g o; r z n
  /// and U_n h + b_hn in a GRU, whose gradients are n r z n·r, because its candidate has one gradient for its input product
  /// and another, scaled by the reset gate, for its recurrent product.
  let vectors: Int
  /// Whether the tape keeps gates. A vanilla cell's outputs say all.
  let recordsGates: Bool
  /// Which vectors of a gradient row are multiplied with the input weights.
  let inputGradients: GradientVectors
  /// Which vectors of a gradient row are multiplied with the recurrent weights.
  let recurrentGradients: GradientVectors
  /// Whether a panel of forward weights holds the gates of one block; otherwise it holds the blocks of one group.
  let hasPanelPerBlock: Bool
  /// The gate whose recurrent bias stays apart from its input bias; `nil` for none.
  let gateWithOwnRecurrentBias: Int?
  /// Whether part of the gradient for the hidden state passes straight to the step before.
  let carriesHiddenGradient: Bool
  let hiddenStatesInChainRule: HiddenStates

  var inputSize: Int { recurrentCell.inputSize }
  var hiddenSize: Int { recurrentCell.hiddenSize }
  var outputSize: Int { recurrentCell.outputSize }
  var gateCount: Int { inputGradients.count }
  var hasCellState: Bool { recurrentCell.cellStateSize > 0 }
  var rectifies: Bool { recurrentCell.activation == .relu }

  /// The fused loop of a step among those of an instruction set: over blocks or groups, as ``hasPanelPerBlock`` says.
  func forwardLoop(_ loops: CFKCellLoops) -> ForwardLoop {
    switch recurrentCell.kind {
    case .vanilla: loops.vanillaForward
    case .lstm: loops.lstmForward
    case .gru: loops.gruForward
    }
  }

  /// The fused loop of a backward step: over groups.
  func backwardLoop(_ loops: CFKCellLoops) -> BackwardLoop {
    switch recurrentCell.kind {
    case .vanilla: loops.vanillaBackward
    case .lstm: loops.lstmBackward
    case .gru: loops.gruBackward
    }
  }
}

/// Which vectors of a row of gate gradients are multiplied with a weight matrix: neighbouring ones, one for each gate, in the
/// order of the gates or rotated.
struct GradientVectors: Sendable {
  /// The first that takes part.
  let first: Int
  /// Those that take part: `G`.
  let count: Int
  /// How far the vector of the first gate lies behind the first.
  let rotation: Int

  static let vanilla = GradientVectors(first: 0, count: 1, rotation: 0)
  static let lstm = GradientVectors(first: 0, count: 4, rotation: 0)
  /// n r z
  static let gruInput = GradientVectors(first: 0, count: 3, rotation: 1)
  /// r z n·r, behind n
  static let gruRecurrent = GradientVectors(first: 1, count: 3, rotation: 0)

  /// The vector of `gate`.
  func vector(ofGate gate: Int) -> Int { first + (gate + rotation) % count }

  /// The gate of the vector `index` behind the first.
  func gate(ofVector index: Int) -> Int { (index + count - rotation) % count }
}

extension RecurrentCell {
  /// Whether the cell has a fused path. An LSTM with peepholes or a projection and a GRU that resets before the product take
  /// the BLAS path, because their step is more than one product.
  var hasFusedPath: Bool {
    switch equations {
    case .vanilla, .lstm(hasPeepholes: false, projectionSize: nil), .gru(.afterProduct): true
    case .lstm, .gru: false
    }
  }

  /// What the fused time loops need to know of the cell; `nil` where it has no fused path.
  var fused: FusedCell? {
    guard hasFusedPath else { return nil }
    return switch kind {
    case .vanilla:
      FusedCell(
        recurrentCell: self, vectors: 1, recordsGates: false, inputGradients: .vanilla, recurrentGradients: .vanilla,
        hasPanelPerBlock: false, gateWithOwnRecurrentBias: nil, carriesHiddenGradient: false,
        hiddenStatesInChainRule: .after)
    case .lstm:
      FusedCell(
        recurrentCell: self, vectors: 4, recordsGates: true, inputGradients: .lstm, recurrentGradients: .lstm,
        hasPanelPerBlock: true, gateWithOwnRecurrentBias: nil, carriesHiddenGradient: false,
        hiddenStatesInChainRule: .none)
    case .gru:
      FusedCell(
        recurrentCell: self, vectors: 4, recordsGates: true, inputGradients: .gruInput,
        recurrentGradients: .gruRecurrent, hasPanelPerBlock: true,
        gateWithOwnRecurrentBias: GRUGate.candidate.rawValue, carriesHiddenGradient: true,
        hiddenStatesInChainRule: .before)
    }
  }
}
