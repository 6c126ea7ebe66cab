/// The naive path: the equations of each cell as loops over single numbers, the reference for the other paths.
extension RecurrentCell {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveForward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): naiveForwardVanilla(pass, activation: activation, tape: &tape)
    case .lstm: naiveForwardLSTM(pass, tape: &tape)
    case .gru(let reset): naiveForwardGRU(pass, reset: reset, tape: &tape)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveBackward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): naiveBackwardVanilla(pass, activation: activation, tape: &tape)
    case .lstm: naiveBackwardLSTM(pass, tape: &tape)
    case .gru(let reset): naiveBackwardGRU(pass, reset: reset, tape: &tape)
    }
  }
}
