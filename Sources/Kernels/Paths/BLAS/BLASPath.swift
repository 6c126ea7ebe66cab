/// The BLAS path: one product for all inputs, one or two a step for the recurrence, and one each for the gradients.
extension RecurrentCell {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): blasForwardVanilla(pass, activation: activation, tape: &tape)
    case .lstm: blasForwardLSTM(pass, tape: &tape)
    case .gru(.afterProduct): blasForwardGRUResetAfter(pass, tape: &tape)
    case .gru(.beforeProduct): blasForwardGRUResetBefore(pass, tape: &tape)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): blasBackwardVanilla(pass, activation: activation, tape: &tape)
    case .lstm: blasBackwardLSTM(pass, tape: &tape)
    case .gru(.afterProduct): blasBackwardGRUResetAfter(pass, tape: &tape)
    case .gru(.beforeProduct): blasBackwardGRUResetBefore(pass, tape: &tape)
    }
  }
}
