import Kernels
import Models
import TestSupport
import Testing

@Suite struct RecurrentStackPassesTests {
  /// Forward and back over parameters in the middle of a larger buffer, as a model keeps them.
  private func train(
    _ layer: RecurrentLayer<Double>, _ inputs: PackedSequence<Double>,
    _ model: inout (parameters: Matrix<Double>, gradient: Matrix<Double>, dInputs: Matrix<Double>),
    state: inout RecurrentState<Double>, dOutputs: Matrix<Double>, tape: inout RecurrentTape<Double>
  ) {
    let part = 2..<2 + layer.parameters.count
    inputs.rows.withView { rows in
      model.parameters.withView { parameters in
        layer.architecture.forward(
          rows, layout: inputs.layout, parameters: parameters.columns(part), state: &state, tape: &tape,
          mode: .training, execution: layer.execution)
        dOutputs.withView { dOutputs in
          model.gradient.withMutableView { gradient in
            model.dInputs.withMutableView { dInputs in
              layer.architecture.backward(
                rows, layout: inputs.layout, parameters: parameters.columns(part),
                gradients: RecurrentGradients(
                  dOutputs: dOutputs, addingInputsTo: dInputs, addingParametersTo: gradient.columns(part)),
                dState: &state, tape: &tape, execution: layer.execution)
            }
          }
        }
      }
    }
  }

  private func setUp(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws -> (
    layer: RecurrentLayer<Double>, inputs: PackedSequence<Double>,
    model: (parameters: Matrix<Double>, gradient: Matrix<Double>, dInputs: Matrix<Double>)
  ) {
    let layer = try RecurrentLayerTests.layer(kind, isBidirectional: true, dropout: 0.5, recurrentDropout: 0.5, path)
    let inputs = RecurrentLayerTests.sequences()
    let numbers = layer.parameters.withUnsafeBufferPointer { Array($0) }
    return (
      layer, inputs,
      (
        Matrix([[.nan, .nan] + numbers + [.nan]]), .zeros(rows: 1, columns: numbers.count + 3),
        .zeros(rows: inputs.rows.rows, columns: 3)
      )
    )
  }

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func aPartOfAModelsBufferIsALayer(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    var (layer, inputs, model) = try setUp(kind, path)
    let dOutputs = RecurrentLayerTests.sequences(features: 10, seed: 5)
    var state = layer.zeroState(batch: inputs.batch)
    var (tape, layersTape) = (RecurrentTape<Double>(seed: 1), RecurrentTape<Double>(seed: 1))
    train(layer, inputs, &model, state: &state, dOutputs: dOutputs.rows, tape: &tape)

    let (_, final) = layer.forward(inputs, recordingInto: &layersTape)
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let (dInputs, dInitialState) = layer.backward(
      through: &layersTape, dOutputs: dOutputs, dState: final, accumulatingInto: &gradient)
    #expect(model.gradient.elements == [0, 0] + gradient.withUnsafeBufferPointer { Array($0) } + [0])
    #expect(model.dInputs == dInputs.rows)
    #expect(state == dInitialState)
  }

  @Test(.enabled(if: Allocations.areCounted), arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func trainingAllocatesNothingAfterTheFirstPass(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    guard path != .blas || !Self.openBLASAllocates() else { return }
    var (layer, inputs, model) = try setUp(kind, path)
    let dOutputs = RecurrentLayerTests.sequences(features: 10, seed: 5).rows
    var state = layer.zeroState(batch: inputs.batch)
    var tape = RecurrentTape<Double>(seed: 1)
    func pass() { train(layer, inputs, &model, state: &state, dOutputs: dOutputs, tape: &tape) }
    pass()
    pass()
    #expect(Allocations.count { pass() } == 0)
  }

  /// Whether small products of this OpenBLAS allocate by themselves, as those of 0.3.21 for AVX-512 do in its small kernels
  /// for some shapes: asked of products like those of a training step, either side transposed.
  private static func openBLASAllocates() -> Bool {
    var generator = SeededGenerator(seed: 1)
    let sizes = [1, 2, 3, 4, 5, 6, 10, 20, 24]
    let numbers = Matrix<Double>.random(rows: 24, columns: 24, from: &generator)
    var result = Matrix<Double>.zeros(rows: 24, columns: 24)
    return withViews(mutating: &result, reading: numbers) { result, numbers in
      func view(_ rows: Int, _ columns: Int, _ isTransposed: Bool) -> MatrixView<Double> {
        isTransposed
          ? numbers.rows(0..<columns).columns(0..<rows).transposed : numbers.rows(0..<rows).columns(0..<columns)
      }
      for m in sizes {
        for k in sizes {
          for n in sizes {
            for transposes in [(false, false), (true, false), (false, true)] {
              let (a, b) = (view(m, k, transposes.0), view(k, n, transposes.1))
              let c = result.rows(0..<m).columns(0..<n)
              if Allocations.count(in: { multiply(a, b, addingTo: c) }) > 0 { return true }
              if Allocations.count(in: { multiply(a, b, into: c) }) > 0 { return true }
            }
          }
        }
      }
      return false
    }
  }

  /// Large enough that two threads find work, in both directions and with all dropout. Workers of the pool start in the
  /// first pass; what they allocate on their own threads is not counted, but they run the same body as the caller.
  @Test(
    .enabled(if: Allocations.areCounted), arguments: RecurrentCell.Kind.allCases,
    [(1, true), (2, true), (1, false), (2, false)])
  func trainingOnTheFusedPathAllocatesNothingAfterTheFirstPass(
    _ kind: RecurrentCell.Kind, _ the: (threads: Int, isDense: Bool)
  ) throws {
    let stack = try RecurrentStack(
      RecurrentCell(kind, inputSize: 7, hiddenSize: 83), layers: 2, isBidirectional: true, dropout: 0.5,
      recurrentDropout: 0.5)
    let execution = Execution(path: .fused, threads: the.threads)
    let work = stack.cells[0].forwardOperations
    let batch = 1 + the.threads * 200_000 / work
    #expect(execution.threads(forStepWork: batch * work) == the.threads)

    let layout = PackedLayout(lengths: (0..<batch).map { the.isDense ? 9 : $0 % 10 })
    var generator = SeededGenerator(seed: 7)
    let inputs = Matrix<Float>.random(rows: layout.rowCount, columns: 7, from: &generator)
    let dOutputs = Matrix<Float>.random(rows: layout.rowCount, columns: 2 * 83, from: &generator)
    let parameters = Matrix<Float>.random(
      rows: 1, columns: stack.parameterCount, magnitudes: 0.01..<0.1, from: &generator)
    var gradient = Matrix<Float>.zeros(rows: 1, columns: stack.parameterCount)
    var dInputs = Matrix<Float>.zeros(rows: layout.rowCount, columns: 7)
    var state: RecurrentState<Float> = stack.zeroState(batch: batch)
    for memory in [TapeMemory.everything, .least, .budget(bytes: 1 << 20)] {
      var tape = RecurrentTape<Float>(seed: 1, memory: memory)
      func pass() {
        stack.forward(
          inputs.unsafeView, layout: layout, parameters: parameters.unsafeView, state: &state, tape: &tape,
          mode: .training, execution: execution)
        stack.backward(
          inputs.unsafeView, layout: layout, parameters: parameters.unsafeView,
          gradients: RecurrentGradients(
            dOutputs: dOutputs.unsafeView, addingInputsTo: dInputs.unsafeMutableView(),
            addingParametersTo: gradient.unsafeMutableView()),
          dState: &state, tape: &tape, execution: execution)
      }
      pass()
      #expect(Allocations.count { pass() } == 0, "\(memory)")
    }
  }
}
