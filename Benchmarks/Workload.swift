import ArgumentParser
import Kernels
import Models

/// The kinds of cell that are timed.
enum CellKind: String, CaseIterable, Codable, ExpressibleByArgument {
  case rnn, lstm, gru
}

/// What is done to the cell.
enum Pass: String, CaseIterable, Codable {
  /// Forward, from the zero state.
  case inference
  /// Forward and backward, with the gradients of all weights and of the inputs.
  case training
}

/// The number type that is computed with.
enum NumberType: String, CaseIterable, Codable, ExpressibleByArgument {
  case float, double
}

/// One thing to be timed on each path: a pass of a cell over a batch.
struct Workload {
  var cell: CellKind
  var pass: Pass
  var type: NumberType
  var shape: Shape
  /// Length of each sequence, `[B]`.
  var lengths: [Int]

  /// Lengths of a batch of `shape`: all `T`, or uniform in 5 % to 100 % of it, the same on every machine.
  static func lengths(of shape: Shape, isRagged: Bool) -> [Int] {
    guard isRagged else { return [Int](repeating: shape.steps, count: shape.batch) }
    var generator = SeededGenerator(seed: 1)
    let shortest = (shape.steps + 19) / 20
    return (0..<shape.batch).map { _ in generator.uniform(in: shortest..<shape.steps + 1) }
  }

  /// Floating-point operations of the pass, a multiply-add counted as two and only the products: 2·N·G·H·(I + H)
  /// forward, with N rows in the batch, and three times that forward and backward.
  var floatingPointOperations: Double {
    let gates =
      switch cell {
      case .rnn: 1.0
      case .lstm: 4.0
      case .gru: 3.0
      }
    let (rows, hidden) = (Double(lengths.reduce(0, +)), Double(shape.hidden))
    return 2 * rows * gates * hidden * (Double(shape.inputs) + hidden) * (pass == .training ? 3 : 1)
  }

  /// A closure that carries out the pass once. It allocates its buffers the first time.
  func body(_ execution: Execution) throws -> () -> Void {
    switch type {
    case .float: try body(execution, Float.self)
    case .double: try body(execution, Double.self)
    }
  }

  private func body<Scalar: BLASScalar>(_ execution: Execution, _: Scalar.Type) throws -> () -> Void {
    let (inputs, hidden) = (shape.inputs, shape.hidden)
    return switch cell {
    case .rnn: body(try VanillaRNN<Scalar>(inputSize: inputs, hiddenSize: hidden), execution)
    case .lstm: body(try LSTM<Scalar>(inputSize: inputs, hiddenSize: hidden), execution)
    case .gru: body(try GRU<Scalar>(inputSize: inputs, hiddenSize: hidden), execution)
    }
  }

  private func body<Cell, Scalar>(_ layer: RecurrentLayer<Cell, Scalar>, _ execution: Execution) -> () -> Void {
    let layout = PackedLayout(lengths: lengths)
    let stack = layer.architecture
    let zeroState = layer.zeroState(batch: shape.batch)
    let inputs: Matrix<Scalar> = randomMatrix(rows: layout.rowCount, columns: shape.inputs, seed: 2)
    var tape = RecurrentTape<Scalar>()

    func forward(_ mode: PassMode) {
      var state = zeroState
      inputs.withView { inputs in
        layer.parameters.withView { parameters in
          stack.forward(
            inputs, layout: layout, parameters: parameters, state: &state, tape: &tape, mode: mode,
            execution: execution)
        }
      }
    }
    guard pass == .training else { return { forward(.inference) } }

    let dOutputs: Matrix<Scalar> = randomMatrix(rows: layout.rowCount, columns: shape.hidden, seed: 3)
    var dInputs = Matrix<Scalar>.zeros(rows: layout.rowCount, columns: shape.inputs)
    var dParameters = Matrix<Scalar>.zeros(rows: 1, columns: stack.parameterCount)

    func backward() {
      var dState = zeroState
      dInputs.setToZero()
      dParameters.setToZero()
      inputs.withView { inputs in
        layer.parameters.withView { parameters in
          dOutputs.withView { dOutputs in
            dInputs.withMutableView { dInputs in
              dParameters.withMutableView { dParameters in
                stack.backward(
                  inputs, layout: layout, parameters: parameters,
                  gradients: RecurrentGradients(
                    dOutputs: dOutputs, addingInputsTo: dInputs, addingParametersTo: dParameters),
                  dState: &dState, tape: &tape, execution: execution)
              }
            }
          }
        }
      }
    }
    return {
      forward(.training)
      backward()
    }
  }

  private func randomMatrix<Scalar: BLASScalar>(rows: Int, columns: Int, seed: UInt64) -> Matrix<Scalar> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in generator.uniform(in: -1..<1) })
  }
}
