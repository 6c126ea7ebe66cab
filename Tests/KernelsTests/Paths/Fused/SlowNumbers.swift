import TestSupport

@testable import Kernels

/// A way to make numbers that processors, or functions, may be slow at.
enum SlowNumbers: String, CaseIterable, Codable, Sendable {
  case denormalStates, denormalGradients, saturatedGates

  func make(_ probe: CellProbe<Float>) -> CellProbe<Float> {
    var probe = probe
    switch self {
    case .denormalStates:
      probe.inputs.rows.scale(by: 1e-38)
      probe.state.hidden.scale(by: 1e-38)
      probe.state.cell.scale(by: 1e-38)
      probe.parameters.scale(by: 1e-3)
      // Biases would be all that is left.
      let shape = probe.cell
      let weights = shape.gates.count * shape.hiddenSize * (shape.inputSize + shape.outputSize)
      probe.parameters.withUnsafeMutableBufferPointer { for i in weights..<$0.count { $0[i] *= 1e-38 } }
    case .denormalGradients:
      probe.outputWeights.rows.scale(by: 1e-38)
      probe.stateWeights.hidden.scale(by: 1e-38)
      probe.stateWeights.cell.scale(by: 1e-38)
    case .saturatedGates:
      probe.inputs.rows.scale(by: 1e4)
    }
    return probe
  }
}

extension Matrix<Float> {
  fileprivate mutating func scale(by factor: Float) {
    withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] *= factor } }
  }
}
