public import Kernels

/// A ``SequenceModel`` that is trained with a loss of one's own instead of its architecture's.
///
/// Gradients are as exact as the loss's own, which ``TrainableModel/checkGradient(on:atMost:seed:)`` tells. The loss belongs
/// to training alone: the ``model`` that is trained, and its file, are as of any other loss.
///
///     var objective = model.minimizing(PinballLoss(quantiles: [0.1, 0.5, 0.9]))
///     try objective.train(on: examples, validatingOn: heldOut, options)
///     let trained = objective.model
public struct SequenceObjective<Scalar: BLASScalar, Objective: LossFunction>: TrainableModel {
  /// The model.
  public var model: SequenceModel<Scalar>
  /// What training minimises.
  public let loss: Objective

  /// Training of `model` with `loss`.
  public init(_ model: SequenceModel<Scalar>, minimizing loss: Objective) {
    self.model = model
    self.loss = loss
  }

  /// The model's.
  public var parameters: ParameterVector<Scalar> {
    get { model.parameters }
    _modify { yield &model.parameters }
  }

  /// Throws where the inputs are not the model's or there are not as many targets as predictions. Their width and kind are
  /// the loss's affair.
  public func check(_ batch: SequenceBatch<Scalar>) throws(ConfigurationError) {
    try model.checkInputs(of: batch)
    try model.checkRows(of: batch)
  }

  /// As of the model.
  public func windowCount(of batch: SequenceBatch<Scalar>) -> Int { model.windowCount(of: batch) }

  /// The mean loss over a window of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: SequenceBatch<Scalar>, window: Int, tape: inout SequenceTape<Scalar>,
    into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    model.accumulateGradient(of: batch, window: window, minimizing: loss, tape: &tape, into: &gradient)
  }

  /// The mean loss over `batch`, without dropout.
  public func loss(of batch: SequenceBatch<Scalar>, tape: inout SequenceTape<Scalar>) -> LossValue {
    model.evaluate(loss, on: batch, tape: &tape)
  }

  /// As of the model.
  public func carriedState(of tape: SequenceTape<Scalar>) -> [Matrix<Scalar>] { model.carriedState(of: tape) }

  /// As of the model.
  public func carry(_ state: [Matrix<Scalar>], on tape: inout SequenceTape<Scalar>) -> Bool {
    model.carry(state, on: &tape)
  }
}

extension SequenceModel {
  /// This model for training with a loss of one's own instead of its architecture's.
  public func minimizing<Objective: LossFunction>(_ loss: Objective) -> SequenceObjective<Scalar, Objective> {
    SequenceObjective(self, minimizing: loss)
  }
}
