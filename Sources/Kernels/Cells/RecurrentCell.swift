/// A recurrent cell: the equations of one step and their sizes, without numbers.
///
/// One closed type for all kinds. It says which parameters there are (``parameters``) and runs one direction of one layer
/// through time (``forward(_:tape:)``, ``backward(_:tape:)``). Parameters come as one flat buffer; states, inputs and
/// outputs are borrowed views.
///
///     let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 64)
public struct RecurrentCell: Hashable, Sendable {
  /// The kinds of cell without their options, as files and command lines name them.
  public enum Kind: String, CaseIterable, Codable, Sendable {
    case vanilla, lstm, gru

    /// The gate blocks along the rows of the weights, in order: `G` of them.
    package var gates: [Gate] {
      switch self {
      case .vanilla: Gate.vanilla
      case .lstm: Gate.lstm
      case .gru: Gate.gru
      }
    }

    /// How many these are, `G`, without a look at the array.
    var gateCount: Int {
      switch self {
      case .vanilla: VanillaGate.count
      case .lstm: LSTMGate.count
      case .gru: GRUGate.count
      }
    }

    /// The kind whose weights `[G·H × …]` are `[rows × …]` for `hiddenSize` units: all that files of other engines may show
    /// of it. `nil` where it is none.
    package init?(rows: Int, hiddenSize: Int) {
      guard hiddenSize > 0, rows.isMultiple(of: hiddenSize),
        let kind = Self.allCases.first(where: { $0.gateCount == rows / hiddenSize })
      else { return nil }
      self = kind
    }
  }

  /// The kinds of cell with the options that change what a step computes.
  public enum Equations: Hashable, Sendable {
    /// The vanilla recurrent network (Elman 1990):
    ///
    ///     h_t = φ(W x_t + b_x + U h_{t-1} + b_h)
    case vanilla(Activation)
    /// Long short-term memory (Hochreiter & Schmidhuber 1997), with the forget gate of Gers, Schmidhuber & Cummins (2000):
    ///
    ///     i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          input gate, sometimes called store gate
    ///     f_t = σ(W_f x_t + U_f h_{t-1} + b_f)          forget gate
    ///     g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)       candidate
    ///     o_t = σ(W_o x_t + U_o h_{t-1} + b_o)          output gate
    ///     c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
    ///     h_t = o_t ⊙ tanh(c_t)
    ///
    /// With peepholes (Gers & Schmidhuber 2000) the gates see the cell state: p_i ⊙ c_{t-1} is added inside i, p_f ⊙
    /// c_{t-1} inside f, p_o ⊙ c_t inside o. With a projection (Sak, Senior & Beaufays 2014) the hidden state is
    /// h_t = W_p (o_t ⊙ tanh(c_t)), of `projectionSize` numbers instead of `H`.
    case lstm(hasPeepholes: Bool, projectionSize: Int?)
    /// Gated recurrent unit (Cho et al. 2014):
    ///
    ///     r_t = σ(W_r x_t + b_xr + U_r h_{t-1} + b_hr)          reset gate
    ///     z_t = σ(W_z x_t + b_xz + U_z h_{t-1} + b_hz)          update gate
    ///     h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
    ///
    /// with the candidate n_t in one of two conventions. The recurrent candidate bias b_hn is separate from b_xn: after
    /// the product it is inside the reset.
    case gru(ResetConvention)
  }

  /// What a vanilla cell applies to its sum.
  public enum Activation: String, CaseIterable, Codable, Sendable {
    case tanh, relu
  }

  /// Where the reset gate of a GRU acts.
  public enum ResetConvention: String, CaseIterable, Codable, Sendable {
    /// n_t = tanh(W_n x_t + b_xn + r_t ⊙ (U_n h_{t-1} + b_hn)): PyTorch, cuDNN, Keras `reset_after=True`,
    /// ONNX `linear_before_reset=1`.
    case afterProduct
    /// n_t = tanh(W_n x_t + b_xn + U_n (r_t ⊙ h_{t-1}) + b_hn): the 2014 paper, Keras `reset_after=False`,
    /// ONNX `linear_before_reset=0`.
    case beforeProduct
  }

  /// The kind and its options.
  public let equations: Equations
  /// Features a step, `I`.
  public let inputSize: Int
  /// Hidden units, `H`.
  public let hiddenSize: Int
  /// Whether input and recurrent products each have a bias.
  public let hasBias: Bool

  /// A cell of `hiddenSize` units over `inputSize` features. Stops where a size is not positive.
  public init(_ equations: Equations, inputSize: Int, hiddenSize: Int, hasBias: Bool = true) {
    self.equations = equations
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.hasBias = hasBias
    require(
      inputSize > 0 && hiddenSize > 0 && outputSize > 0,
      "the sizes of a cell must be positive, not \(inputSize) inputs and \(hiddenSize) units"
        + (projectionSize.map { " projected to \($0)" } ?? ""))
    // A product takes the inputs and the last hidden state side by side.
    require(
      hiddenSize <= MatrixSide.max / gates.count && inputSize <= MatrixSide.max && outputSize <= MatrixSide.max
        && inputSize + outputSize <= MatrixSide.max,
      "\(inputSize) inputs and \(hiddenSize) units with \(outputSize) outputs and \(gates.count) gates do not fit a matrix "
        + "with sides of up to \(MatrixSide.max)")
  }

  /// A cell of `kind` as most people mean it: tanh; no peepholes, no projection; reset after the product; with biases.
  public init(_ kind: Kind, inputSize: Int, hiddenSize: Int) {
    let equations: Equations =
      switch kind {
      case .vanilla: .vanilla(.tanh)
      case .lstm: .lstm(hasPeepholes: false, projectionSize: nil)
      case .gru: .gru(.afterProduct)
      }
    self.init(equations, inputSize: inputSize, hiddenSize: hiddenSize)
  }

  /// A vanilla cell, see ``Equations/vanilla(_:)``.
  public static func vanilla(
    inputSize: Int, hiddenSize: Int, activation: Activation = .tanh, hasBias: Bool = true
  ) -> RecurrentCell {
    RecurrentCell(.vanilla(activation), inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
  }

  /// An LSTM cell, see ``Equations/lstm(hasPeepholes:projectionSize:)``.
  public static func lstm(
    inputSize: Int, hiddenSize: Int, projectionSize: Int? = nil, hasPeepholes: Bool = false, hasBias: Bool = true
  ) -> RecurrentCell {
    RecurrentCell(
      .lstm(hasPeepholes: hasPeepholes, projectionSize: projectionSize), inputSize: inputSize, hiddenSize: hiddenSize,
      hasBias: hasBias)
  }

  /// A GRU cell, see ``Equations/gru(_:)``.
  public static func gru(
    inputSize: Int, hiddenSize: Int, reset: ResetConvention = .afterProduct, hasBias: Bool = true
  ) -> RecurrentCell {
    RecurrentCell(.gru(reset), inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
  }

  /// The same cell over `inputSize` features, as a further layer needs it.
  package func withInputSize(_ inputSize: Int) -> RecurrentCell {
    RecurrentCell(equations, inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
  }
}

/// What follows from the equations and the sizes.
extension RecurrentCell {
  /// Which kind it is.
  public var kind: Kind {
    switch equations {
    case .vanilla: .vanilla
    case .lstm: .lstm
    case .gru: .gru
    }
  }

  /// Width of the hidden state and of an output, `R`: `H`, or the projection's size in a projected LSTM.
  public var outputSize: Int { projectionSize ?? hiddenSize }

  /// Width of the cell state: `H` for an LSTM, 0 for the others.
  public var cellStateSize: Int { kind == .lstm ? hiddenSize : 0 }

  /// The gate blocks along the rows of the weights, in order: `G` of them.
  public var gates: [Gate] { kind.gates }

  /// What a vanilla cell applies; `nil` for other kinds.
  public var activation: Activation? {
    if case .vanilla(let activation) = equations { activation } else { nil }
  }

  /// Where the reset gate of a GRU acts; `nil` for other kinds.
  public var reset: ResetConvention? {
    if case .gru(let reset) = equations { reset } else { nil }
  }

  /// Size of the hidden state of a projected LSTM; `nil` for other cells.
  public var projectionSize: Int? {
    if case .lstm(_, let projectionSize) = equations { projectionSize } else { nil }
  }

  /// Whether the cell state of an LSTM looks into the gates.
  public var hasPeepholes: Bool {
    if case .lstm(let hasPeepholes, _) = equations { hasPeepholes } else { false }
  }

  /// Whether the hidden state is a projection of the units.
  package var isProjected: Bool { projectionSize != nil }

  /// The parameters in the order in which they lie in the flat buffer. Names are PyTorch's without the `_l0`;
  /// `weight_ph` (peepholes) has none there.
  public var parameters: [ParameterShape] {
    var shapes = [
      ParameterShape("weight_ih", rows: gateRows, columns: inputSize, role: .inputWeights, gates: gates),
      ParameterShape("weight_hh", rows: gateRows, columns: outputSize, role: .recurrentWeights, gates: gates),
    ]
    if hasBias {
      shapes += [
        ParameterShape("bias_ih", rows: gateRows, columns: 1, role: .inputBias, gates: gates),
        ParameterShape("bias_hh", rows: gateRows, columns: 1, role: .recurrentBias, gates: gates),
      ]
    }
    if isProjected {
      shapes.append(ParameterShape("weight_hr", rows: outputSize, columns: hiddenSize, role: .projection))
    }
    if hasPeepholes {
      shapes.append(
        ParameterShape("weight_ph", rows: LSTMPeephole.allCases.count, columns: hiddenSize, role: .peephole))
    }
    return shapes
  }

  /// Number of parameters.
  public var parameterCount: Int {
    gateRows * (inputSize + outputSize + (hasBias ? 2 : 0))
      + (isProjected ? outputSize * hiddenSize : 0) + (hasPeepholes ? LSTMPeephole.allCases.count * hiddenSize : 0)
  }

  /// Rows of the input and the recurrent weights, `G·H`.
  package var gateRows: Int { kind.gateCount * hiddenSize }

  /// Floating-point operations of a forward pass over one row, counting a multiply-add as two and only the products:
  /// 2·G·H·(I + R), and 2·R·H for a projection. Forward and backward together take three times that.
  package var forwardOperations: Int {
    2 * gateRows * (inputSize + outputSize) + (isProjected ? 2 * outputSize * hiddenSize : 0)
  }
}
