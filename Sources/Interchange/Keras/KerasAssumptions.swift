public import Kernels
public import Models

/// What weights without settings do not show. Settings in a file take precedence.
public struct KerasAssumptions: Hashable, Sendable {
  /// The activation of SimpleRNN layers.
  var nonlinearity: RecurrentCell.Activation?
  /// Where the reset gate of GRU layers acts; needed only where they have no bias, whose shape shows it otherwise.
  var reset: RecurrentCell.ResetConvention?
  /// Whether the last recurrent layer gives every step (`return_sequences=True`) or the final state.
  var readout: SequenceArchitecture.Readout?
  /// The loss that belongs to the Dense layer's activation.
  var loss: Loss?
  /// The names of the recurrent layers from the input on; needed where several have names that no numbers order.
  var recurrentLayers: [String]?

  /// Assumptions; `nil` for none.
  public init(
    nonlinearity: RecurrentCell.Activation? = nil, reset: RecurrentCell.ResetConvention? = nil,
    readout: SequenceArchitecture.Readout? = nil, loss: Loss? = nil, recurrentLayers: [String]? = nil
  ) {
    self.nonlinearity = nonlinearity
    self.reset = reset
    self.readout = readout
    self.loss = loss
    self.recurrentLayers = recurrentLayers
  }
}
