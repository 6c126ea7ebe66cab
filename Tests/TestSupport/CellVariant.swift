package import Kernels

/// Every cell with every option that changes its equations.
package enum CellVariant: String, CaseIterable, Codable, Sendable {
  case vanillaTanh, vanillaReLU, vanillaWithoutBias
  case lstm, lstmWithPeepholes, lstmWithProjection, lstmWithBoth, lstmWithoutBias, lstmWithPeepholesWithoutBias
  case gruResetAfter, gruResetBefore, gruResetAfterWithoutBias, gruResetBeforeWithoutBias

  /// Those that have a fused path: their step is one product.
  package static let fused: [CellVariant] = [
    .vanillaTanh, .vanillaReLU, .vanillaWithoutBias, .lstm, .lstmWithoutBias, .gruResetAfter, .gruResetAfterWithoutBias,
  ]

  /// The cell. A projection narrows its hidden state to `hiddenSize - 1`.
  package func cell(inputSize I: Int, hiddenSize H: Int) -> RecurrentCell {
    switch self {
    case .vanillaTanh: RecurrentCell.vanilla(inputSize: I, hiddenSize: H)
    case .vanillaReLU: RecurrentCell.vanilla(inputSize: I, hiddenSize: H, activation: .relu)
    case .vanillaWithoutBias: RecurrentCell.vanilla(inputSize: I, hiddenSize: H, hasBias: false)
    case .lstm: RecurrentCell.lstm(inputSize: I, hiddenSize: H)
    case .lstmWithPeepholes: RecurrentCell.lstm(inputSize: I, hiddenSize: H, hasPeepholes: true)
    case .lstmWithProjection: RecurrentCell.lstm(inputSize: I, hiddenSize: H, projectionSize: H - 1)
    case .lstmWithBoth: RecurrentCell.lstm(inputSize: I, hiddenSize: H, projectionSize: H - 1, hasPeepholes: true)
    case .lstmWithoutBias: RecurrentCell.lstm(inputSize: I, hiddenSize: H, hasBias: false)
    case .lstmWithPeepholesWithoutBias:
      RecurrentCell.lstm(inputSize: I, hiddenSize: H, hasPeepholes: true, hasBias: false)
    case .gruResetAfter: RecurrentCell.gru(inputSize: I, hiddenSize: H)
    case .gruResetBefore: RecurrentCell.gru(inputSize: I, hiddenSize: H, reset: .beforeProduct)
    case .gruResetAfterWithoutBias: RecurrentCell.gru(inputSize: I, hiddenSize: H, hasBias: false)
    case .gruResetBeforeWithoutBias:
      RecurrentCell.gru(inputSize: I, hiddenSize: H, reset: .beforeProduct, hasBias: false)
    }
  }
}
