internal import CFusedKernels

/// What the fused time loops need to know of a cell: which register tiles it has, and what lies where in a panel.
///
/// The fused path is for cells whose step is one product: vanilla, LSTM without peepholes and projection, GRU that resets
/// after the product. The others take the BLAS path.
struct FusedCell: Sendable {
  enum Kind: Sendable {
    case vanilla(RecurrentCell.Activation)
    case lstm
    case gru
  }

  let kind: Kind
  let cell: RecurrentCell

  /// Vectors for each row and block that the tape keeps of the gates. A vanilla cell's outputs say all.
  var recordedVectors: Int {
    switch kind {
    case .vanilla: 0
    case .lstm: LSTMGate.allCases.count
    // r z n, and U_n h + b_hn.
    case .gru: GRUGate.allCases.count + 1
    }
  }

  /// Vectors for each row and block of the sums before the gates, where input products wait for their step.
  var sumVectors: Int {
    switch kind {
    case .vanilla: 1
    case .lstm, .gru: recordedVectors
    }
  }

  /// Vectors for each row and block of gate gradients: i f g o; n r z n·r in a GRU, whose candidate has one gradient for
  /// its input product and another, scaled by the reset gate, for its recurrent product.
  var gradientVectors: Int { sumVectors }

  /// Which vectors of a gradient row meet a weight matrix.
  struct GradientVectors: Sendable {
    /// The vector of each gate.
    let ofGate: [Int]
    /// The gate of each vector, for the neighbouring ones that take part.
    let gates: [Int]
    /// The first that takes part.
    let first: Int

    init(ofGate: [Int]) {
      self.ofGate = ofGate
      gates = ofGate.indices.sorted { ofGate[$0] < ofGate[$1] }
      first = ofGate.min() ?? 0
    }
  }

  // Stored, because a pass may not allocate them.
  private static let vanillaVectors = GradientVectors(ofGate: [0])
  private static let lstmVectors = GradientVectors(ofGate: [0, 1, 2, 3])
  private static let gruInputVectors = GradientVectors(ofGate: [1, 2, 0])
  private static let gruRecurrentVectors = GradientVectors(ofGate: [1, 2, 3])

  /// Those that meet the input weights.
  var inputGradientVectors: GradientVectors {
    switch kind {
    case .vanilla: Self.vanillaVectors
    case .lstm: Self.lstmVectors
    case .gru: Self.gruInputVectors
    }
  }

  /// Those that meet the recurrent weights.
  var recurrentGradientVectors: GradientVectors {
    switch kind {
    case .vanilla: Self.vanillaVectors
    case .lstm: Self.lstmVectors
    case .gru: Self.gruRecurrentVectors
    }
  }

  /// Whether a panel of forward weights holds the gates of one block; otherwise it holds the blocks of one group.
  var hasPanelPerBlock: Bool {
    switch kind {
    case .vanilla: false
    case .lstm, .gru: true
    }
  }

  /// Whether the cell carries a cell state.
  var hasCellState: Bool { cell.cellStateSize > 0 }

  /// Whether part of the gradient for the hidden state passes straight to the step before.
  var carriesHiddenGradient: Bool {
    switch kind {
    case .gru: true
    case .vanilla, .lstm: false
    }
  }

  /// Whether a vanilla cell rectifies.
  var rectifies: Bool {
    switch kind {
    case .vanilla(let activation): activation == .relu
    case .lstm, .gru: false
    }
  }

  typealias ForwardLoop = @convention(c) (UnsafePointer<CFKForwardStep>?, Int, Int) -> Void
  typealias BackwardLoop = @convention(c) (UnsafePointer<CFKBackwardStep>?, Int, Int) -> Void

  /// The fused loop of a step: over blocks or groups, as ``hasPanelPerBlock`` says.
  func forwardLoop(_ loops: CFKCellLoops) -> ForwardLoop {
    switch kind {
    case .vanilla: loops.vanillaForward
    case .lstm: loops.lstmForward
    case .gru: loops.gruForward
    }
  }

  /// The fused loop of a backward step: over groups.
  func backwardLoop(_ loops: CFKCellLoops) -> BackwardLoop {
    switch kind {
    case .vanilla: loops.vanillaBackward
    case .lstm: loops.lstmBackward
    case .gru: loops.gruBackward
    }
  }
}

extension RecurrentCell {
  /// What the fused time loops need to know of the cell; `nil` where its step is more than one product.
  var fused: FusedCell? {
    switch equations {
    case .vanilla(let activation): FusedCell(kind: .vanilla(activation), cell: self)
    case .lstm(hasPeepholes: false, projectionSize: nil): FusedCell(kind: .lstm, cell: self)
    case .gru(.afterProduct): FusedCell(kind: .gru, cell: self)
    case .lstm, .gru: nil
    }
  }

  /// The path that `pass` takes through the cell.
  func path<Scalar>(of pass: ForwardPass<Scalar>) -> ComputePath {
    guard pass.execution.path == .fused else { return pass.execution.path }
    guard fused != nil else { return .blas }
    return pass.isRecording && pass.layout.rowCount < FusedCell.minRecordedRows ? .blas : .fused
  }
}

extension FusedCell {
  /// Rows from which on a recording takes the fused path. With fewer, packing the weights for both passes costs more than
  /// all the rest.
  ///
  /// LSTM training on the BLAS path and on this one, one thread (Zen 4), in µs: `4,1,64,128` 53, 86; `8,1,64,128` 87, 115;
  /// `16,1,64,128` 156, 178; `32,1,64,128` 296, 301; `4,4,128,256` 589, 535. So speed alone would say some 16; this is as
  /// low as it is so that what the fused path promises about bits holds for more than long batches.
  static let minRecordedRows = 4
}

extension BLASScalar {
  /// The fused loops of the active instruction set.
  static var fusedLoops: CFKCellLoops {
    bitWidth == Float.bitWidth ? VectorLoops.active.floatCells : VectorLoops.active.doubleCells
  }
}
