public import Kernels

/// Every cell with every option that changes its equations.
public enum CellVariant: String, CaseIterable, Codable, Sendable {
  case vanillaTanh, vanillaReLU, vanillaWithoutBias
  case lstm, lstmWithPeepholes, lstmWithProjection, lstmWithBoth, lstmWithoutBias, lstmWithPeepholesWithoutBias
  case gruResetAfter, gruResetBefore, gruResetAfterWithoutBias, gruResetBeforeWithoutBias

  /// Those that have a fused path: their step is one product.
  public static let fused: [CellVariant] = [
    .vanillaTanh, .vanillaReLU, .vanillaWithoutBias, .lstm, .lstmWithoutBias, .gruResetAfter, .gruResetAfterWithoutBias,
  ]

  /// The cell. A projection narrows its hidden state to `hiddenSize - 1`.
  public func cell(inputSize I: Int, hiddenSize H: Int) -> any RecurrentCell {
    switch self {
    case .vanillaTanh: VanillaCell(inputSize: I, hiddenSize: H)
    case .vanillaReLU: VanillaCell(inputSize: I, hiddenSize: H, activation: .relu)
    case .vanillaWithoutBias: VanillaCell(inputSize: I, hiddenSize: H, hasBias: false)
    case .lstm: LSTMCell(inputSize: I, hiddenSize: H)
    case .lstmWithPeepholes: LSTMCell(inputSize: I, hiddenSize: H, hasPeepholes: true)
    case .lstmWithProjection: LSTMCell(inputSize: I, hiddenSize: H, projectionSize: H - 1)
    case .lstmWithBoth: LSTMCell(inputSize: I, hiddenSize: H, projectionSize: H - 1, hasPeepholes: true)
    case .lstmWithoutBias: LSTMCell(inputSize: I, hiddenSize: H, hasBias: false)
    case .lstmWithPeepholesWithoutBias: LSTMCell(inputSize: I, hiddenSize: H, hasPeepholes: true, hasBias: false)
    case .gruResetAfter: GRUCell(inputSize: I, hiddenSize: H)
    case .gruResetBefore: GRUCell(inputSize: I, hiddenSize: H, reset: .beforeProduct)
    case .gruResetAfterWithoutBias: GRUCell(inputSize: I, hiddenSize: H, hasBias: false)
    case .gruResetBeforeWithoutBias: GRUCell(inputSize: I, hiddenSize: H, reset: .beforeProduct, hasBias: false)
    }
  }
}
