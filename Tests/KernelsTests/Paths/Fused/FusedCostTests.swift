import Models
import TestSupport
import Testing

@testable import Kernels

/// What a pass costs depends on its shape and not on its data.
@Suite(.serialized, .enabled(if: TimeRatio.isMeaningful)) struct FusedCostTests {
  private static let cells: [CellVariant] = [.vanillaTanh, .lstm, .gruResetAfter]
  /// How much more than expected a pass may take.
  private static let tolerance = 1.1

  // MARK: - Numbers that are slow or strange

  /// T = 80, B = 6, I = 24, H = 48.
  private func ordinary(_ variant: CellVariant) -> CellProbe<Float> {
    CellProbe(variant.cell(inputSize: 24, hiddenSize: 48), lengths: [Int](repeating: 80, count: 6))
  }

  /// A way to make numbers that processors, or functions, may be slow at.
  enum Strange: CaseIterable, Sendable {
    case denormalStates, denormalGradients, saturatedGates

    func make(_ probe: CellProbe<Float>) -> CellProbe<Float> {
      var probe = probe
      func scale(_ matrix: inout Matrix<Float>, _ factor: Float) {
        matrix.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] *= factor } }
      }
      switch self {
      case .denormalStates:
        scale(&probe.inputs.rows, 1e-38)
        scale(&probe.state.hidden, 1e-38)
        scale(&probe.state.cell, 1e-38)
        scale(&probe.parameters, 1e-3)
        // Biases would be all that is left.
        let shape = probe.cell
        let weights = shape.gates.count * shape.hiddenSize * (shape.inputSize + shape.outputSize)
        probe.parameters.withUnsafeMutableBufferPointer { for i in weights..<$0.count { $0[i] *= 1e-38 } }
      case .denormalGradients:
        scale(&probe.outputWeights.rows, 1e-38)
        scale(&probe.stateWeights.hidden, 1e-38)
        scale(&probe.stateWeights.cell, 1e-38)
      case .saturatedGates:
        scale(&probe.inputs.rows, 1e4)
      }
      return probe
    }
  }

  @Test(arguments: cells, Strange.allCases)
  func anInferenceTakesNoLongerForStrangeNumbers(_ variant: CellVariant, _ strange: Strange) {
    let (reference, subject) = (Pass(ordinary(variant)), Pass(strange.make(ordinary(variant))))
    let ratio = TimeRatio(
      of: { subject.infer() }, to: { reference.infer() }, limit: Self.tolerance, repetitions: 10)
    #expect(ratio.value <= Self.tolerance, "\(ratio)")
  }

  @Test(arguments: cells, Strange.allCases)
  func trainingTakesNoLongerForStrangeNumbers(_ variant: CellVariant, _ strange: Strange) {
    let (reference, subject) = (Pass(ordinary(variant)), Pass(strange.make(ordinary(variant))))
    let ratio = TimeRatio(
      of: { subject.train() }, to: { reference.train() }, limit: Self.tolerance, repetitions: 10)
    #expect(ratio.value <= Self.tolerance, "\(ratio)")
  }

  // MARK: - Shapes

  /// T = 100, B = 32, I = 128, H = 256 is too much for the loops of another instruction set than this processor's best.
  private static let isAtItsBest = InstructionSet.active == .best

  private static let steps = 100
  private static let dense = [Int](repeating: steps, count: 32)
  private static let ragged: [Int] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<32).map { _ in 5 + generator.uniform(below: steps - 4) }
  }()

  private func usual(_ variant: CellVariant, _ lengths: [Int]) -> CellProbe<Float> {
    CellProbe(variant.cell(inputSize: 128, hiddenSize: 256), lengths: lengths)
  }

  @Test(.enabled(if: isAtItsBest), arguments: cells)
  func anInferenceOfARaggedBatchCostsWhatItsRowsCost(_ variant: CellVariant) {
    let (dense, ragged) = (Pass(usual(variant, Self.dense)), Pass(usual(variant, Self.ragged)))
    let limit = Self.tolerance * Double(ragged.rows) / Double(dense.rows)
    let ratio = TimeRatio(of: { ragged.infer() }, to: { dense.infer() }, limit: limit, repetitions: 5)
    #expect(ratio.value <= limit, "\(ratio)")
  }

  @Test(.enabled(if: isAtItsBest), arguments: cells)
  func trainingOnARaggedBatchCostsWhatItsRowsCost(_ variant: CellVariant) {
    let (dense, ragged) = (Pass(usual(variant, Self.dense)), Pass(usual(variant, Self.ragged)))
    let limit = Self.tolerance * Double(ragged.rows) / Double(dense.rows)
    let ratio = TimeRatio(of: { ragged.train() }, to: { dense.train() }, limit: limit, repetitions: 3)
    #expect(ratio.value <= limit, "\(ratio)")
  }

  // MARK: - Memory

  /// A row's outputs, and beside them gates and cell state of an LSTM, four vectors of a GRU, nothing of a vanilla cell.
  @Test(.enabled(if: isAtItsBest), arguments: zip(cells, [1, 6, 5]))
  func aRecordingTakesTheMemoryOfWhatItMustKeep(_ variant: CellVariant, _ numbersPerUnit: Int) {
    let probe = usual(variant, Self.dense)
    var tape = CellTape<Float>()
    _ = probe.run(fused, tape: &tape)
    let weights = [tape.fused.forwardWeights, tape.fused.backwardWeights, tape.fused.inputWeights]
    let kept = MemoryLayout<Float>.stride * 256 * probe.layout.rowCount
    let bytes = kept + tape.byteCount - MemoryLayout<Float>.stride * weights.reduce(0) { $0 + $1.capacity }
    let limit = 1.15 * Double(numbersPerUnit * kept)
    #expect(Double(bytes) <= limit, "\(Double(bytes) / Double(kept)) numbers for each unit and row")
  }
}

/// Passes on memory that was allocated before.
private final class Pass {
  private let probe: CellProbe<Float>
  private var ranked: CellState<Float>
  private var outputs: Matrix<Float>
  private var dInputs: Matrix<Float>
  private var dParameters: Matrix<Float>
  private var tape = CellTape<Float>()

  init(_ probe: CellProbe<Float>) {
    self.probe = probe
    ranked = probe.state
    let (rows, shape) = (probe.layout.rowCount, probe.cell)
    outputs = .zeros(rows: rows, columns: shape.outputSize)
    dInputs = .zeros(rows: rows, columns: shape.inputSize)
    dParameters = .zeros(rows: 1, columns: shape.parameterCount)
  }

  var rows: Int { probe.layout.rowCount }

  func infer() { forward(isRecording: false) }

  func train() {
    let pass = forward(isRecording: true)
    ranked = probe.stateWeights
    dInputs.setToZero()
    dParameters.setToZero()
    probe.cell.backward(
      BackwardPass(
        of: pass, dOutputs: probe.outputWeights.rows.unsafeView,
        dState: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()),
        dInputs: dInputs.unsafeMutableView(), dParameters: dParameters.unsafeMutableView()),
      tape: &tape)
  }

  @discardableResult
  private func forward(isRecording: Bool) -> ForwardPass<Float> {
    ranked = probe.state
    let pass = ForwardPass(
      layout: probe.layout, inputs: probe.inputs.rows.unsafeView, parameters: probe.parameters.unsafeView,
      state: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()), outputs: outputs.unsafeMutableView(),
      options: PassOptions(isRecording: isRecording, execution: fused))
    probe.cell.forward(pass, tape: &tape)
    return pass
  }
}
