internal import CFusedKernels

/// What the fused time loops need to know of a cell: its sizes, its register tiles, and what lies where in a panel. It is
/// looked up once a pass (``RecurrentCell/fused``); behind that no code asks which kind of cell it is.
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
  /// The fused loop of a step among those of an instruction set: over blocks or groups, as ``hasPanelPerBlock`` says.
  let forwardLoop: @Sendable (CFKCellLoops) -> ForwardLoop
  /// The fused loop of a backward step: over groups.
  let backwardLoop: @Sendable (CFKCellLoops) -> BackwardLoop

  var inputSize: Int { recurrentCell.inputSize }
  var hiddenSize: Int { recurrentCell.hiddenSize }
  var outputSize: Int { recurrentCell.outputSize }
  var gateCount: Int { inputGradients.ofGate.count }
  var hasCellState: Bool { recurrentCell.cellStateSize > 0 }
  var rectifies: Bool { recurrentCell.activation == .relu }
}

/// Which vectors of a row of gate gradients are multiplied with a weight matrix.
struct GradientVectors: Sendable {
  /// The vector of each gate.
  let ofGate: [Int]
  /// The gate of each vector, for the neighbouring ones that take part.
  let gates: [Int]
  /// The first that takes part.
  let first: Int

  private init(ofGate: [Int]) {
    self.ofGate = ofGate
    gates = ofGate.indices.sorted { ofGate[$0] < ofGate[$1] }
    first = ofGate.min() ?? 0
  }

  // Stored, because a pass may not allocate them.
  static let vanilla = GradientVectors(ofGate: [0])
  static let lstm = GradientVectors(ofGate: [0, 1, 2, 3])
  static let gruInput = GradientVectors(ofGate: [1, 2, 0])
  static let gruRecurrent = GradientVectors(ofGate: [1, 2, 3])
}

extension RecurrentCell {
  /// What the fused time loops need to know of the cell; `nil` where its step is more than one product: an LSTM with
  /// peepholes or a projection and a GRU that resets before the product take the BLAS path.
  var fused: FusedCell? {
    switch equations {
    case .vanilla:
      FusedCell(
        recurrentCell: self, vectors: 1, recordsGates: false, inputGradients: .vanilla, recurrentGradients: .vanilla,
        hasPanelPerBlock: false, gateWithOwnRecurrentBias: nil, carriesHiddenGradient: false,
        hiddenStatesInChainRule: .after, forwardLoop: { $0.vanillaForward }, backwardLoop: { $0.vanillaBackward })
    case .lstm(hasPeepholes: false, projectionSize: nil):
      FusedCell(
        recurrentCell: self, vectors: 4, recordsGates: true, inputGradients: .lstm, recurrentGradients: .lstm,
        hasPanelPerBlock: true, gateWithOwnRecurrentBias: nil, carriesHiddenGradient: false,
        hiddenStatesInChainRule: .none, forwardLoop: { $0.lstmForward }, backwardLoop: { $0.lstmBackward })
    case .gru(.afterProduct):
      FusedCell(
        recurrentCell: self, vectors: 4, recordsGates: true, inputGradients: .gruInput,
        recurrentGradients: .gruRecurrent, hasPanelPerBlock: true,
        gateWithOwnRecurrentBias: GRUGate.candidate.rawValue, carriesHiddenGradient: true,
        hiddenStatesInChainRule: .before, forwardLoop: { $0.gruForward }, backwardLoop: { $0.gruBackward })
    case .lstm, .gru: nil
    }
  }
}
