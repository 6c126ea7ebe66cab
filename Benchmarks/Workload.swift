#if Tools
import ArgumentParser
import Kernels
import Models

/// The kinds of cell that are timed.
enum CellKind: String, CaseIterable, Codable, ExpressibleByArgument {
  case rnn, lstm, gru
}

enum Pass: String, CaseIterable, Codable {
  /// Forward, from the zero state.
  case inference
  /// Forward and backward, with the gradients of all weights and of the inputs.
  case training
}

enum NumberType: String, CaseIterable, Codable, ExpressibleByArgument {
  case float, double
}

/// A pass of a cell over a batch, to be timed on each path.
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

  /// The cell's parameters, under PyTorch's names.
  var parameterLayout: ParameterLayout {
    get throws {
      let kind: RecurrentCell.Kind =
        switch cell {
        case .rnn: .vanilla
        case .lstm: .lstm
        case .gru: .gru
        }
      let cell = RecurrentCell(kind, inputSize: shape.inputs, hiddenSize: shape.hidden)
      return ParameterLayout(try RecurrentStack(cell).parameters)
    }
  }

  /// A closure that runs the pass once, on random numbers. It allocates its buffers the first time.
  func body(_ execution: Execution) throws -> () -> Void {
    switch type {
    case .float: try body(execution, Float.self)
    case .double: try body(execution, Double.self)
    }
  }

  private func body<Scalar: BLASScalar>(_ execution: Execution, _: Scalar.Type) throws -> () -> Void {
    let rows = lengths.reduce(0, +)
    let inputs: Matrix<Scalar> = randomMatrix(rows: rows, columns: shape.inputs, seed: 2)
    let dOutputs: Matrix<Scalar>? =
      pass == .training ? randomMatrix(rows: rows, columns: shape.hidden, seed: 3) : nil
    let runner = try runner(
      parameters: nil, inputs: inputs, dOutputs: dOutputs, wantsInputGradients: true, execution)
    return { runner.run() }
  }

  /// A runner of the pass on given numbers.
  ///
  /// - Parameters:
  ///   - parameters: The cell's, or `nil` for random ones.
  ///   - inputs: `[N × I]`, packed.
  ///   - dOutputs: The loss's gradient for the outputs, `[N × H]`, packed; `nil` in inference.
  ///   - wantsInputGradients: Whether training computes the gradients for the inputs too.
  ///   - execution: Path and threads.
  func runner<Scalar: BLASScalar>(
    parameters: ParameterVector<Scalar>?, inputs: Matrix<Scalar>, dOutputs: Matrix<Scalar>?,
    wantsInputGradients: Bool, _ execution: Execution
  ) throws -> any PassRunning<Scalar> {
    func runner(_ initial: RecurrentLayer<Scalar>) -> any PassRunning<Scalar> {
      PassRunner(
        layer: parameters.map { RecurrentLayer(initial.architecture, parameters: $0) } ?? initial,
        layout: PackedLayout(lengths: lengths), inputs: inputs, dOutputs: dOutputs,
        wantsInputGradients: wantsInputGradients, execution: execution)
    }
    return switch cell {
    case .rnn: runner(try RecurrentLayer<Scalar>(.vanilla, inputSize: shape.inputs, hiddenSize: shape.hidden))
    case .lstm: runner(try LSTM<Scalar>(inputSize: shape.inputs, hiddenSize: shape.hidden))
    case .gru: runner(try RecurrentLayer<Scalar>(.gru, inputSize: shape.inputs, hiddenSize: shape.hidden))
    }
  }

  private func randomMatrix<Scalar: BLASScalar>(rows: Int, columns: Int, seed: UInt64) -> Matrix<Scalar> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in generator.uniform(in: -1..<1) })
  }
}
#endif
