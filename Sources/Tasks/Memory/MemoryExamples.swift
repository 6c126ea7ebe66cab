internal import Kernels
internal import Models

/// Examples of one problem and lag. In training each is drawn anew every time; otherwise example `i` is always the
/// same.
struct MemoryExamples: TrainingExamples {
  let problem: MemoryProblem
  let lag: Int
  /// Number of examples.
  let count: Int
  /// Seed of the examples outside training.
  let seed: UInt64

  var lengths: [Int] { Array(repeating: problem.steps(lag: lag), count: count) }

  func batch(_ indices: [Int]) -> SequenceBatch<Float> {
    batch(
      of: indices.map { index in
        var generator = SeededGenerator(seed: seed, stream: UInt64(index))
        return problem.example(lag: lag, using: &generator)
      })
  }

  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> SequenceBatch<Float> {
    batch(of: indices.map { _ in problem.example(lag: lag, using: &generator) })
  }

  private func batch(of examples: [MemoryProblem.Example]) -> SequenceBatch<Float> {
    SequenceBatch(
      inputs: .features(PackedSequence(examples.map(\.inputs), features: problem.inputSize)),
      targets: targets(examples.map(\.answer)))
  }

  private func targets(_ answers: [MemoryProblem.Answer]) -> SequenceTargets<Float> {
    var (sums, orders, symbols): ([[Float]], [Int32], [[Int32]]) = ([], [], [])
    for answer in answers {
      switch answer {
      case .sum(let sum): sums.append([sum])
      case .order(let order): orders.append(order)
      case .symbols(let classes): symbols.append(classes)
      }
    }
    switch problem {
    case .adding: return .finalValues(Matrix(sums))
    case .temporalOrder: return .finalClasses(orders)
    case .copy: return .classes(PackedSequence(symbols))
    }
  }
}

extension MemoryExamples {
  /// The error of `model` on all examples, as ``error(of:)`` defines it.
  func error(of model: SequenceModel<Float>) -> Double {
    error { batch in model(batch.inputs).predictions }
  }

  /// The error of the constant answer `answer`: the sum, or the class of that number.
  func error(ofAlwaysAnswering answer: Int) -> Double {
    error { batch in
      let rows = problem.readout == .everyStep ? batch.inputs.layout.rowCount : batch.inputs.layout.batch
      var predictions = Matrix<Float>.zeros(rows: rows, columns: problem.outputSize)
      for row in 0..<rows {
        if problem == .adding { predictions[row, 0] = Float(answer) } else { predictions[row, answer] = 1 }
      }
      return predictions
    }
  }

  /// The error of `predict`, whose rows are sums or class scores: the mean squared error of sums, otherwise the share
  /// of answers whose best class is wrong.
  private func error(of predict: (SequenceBatch<Float>) -> Matrix<Float>) -> Double {
    var (sum, answers) = (0.0, 0)
    for start in stride(from: 0, to: count, by: Self.examplesInAPass) {
      let batch = batch(Array(start..<min(start + Self.examplesInAPass, count)))
      let predictions = predict(batch)
      switch batch.targets {
      case .finalValues(let values):
        for row in 0..<values.rows {
          let difference = Double(predictions[row, 0] - values[row, 0])
          sum += difference * difference
        }
        answers += values.rows
      case .finalClasses(let classes): count(classes, predictions, wrong: &sum, of: &answers)
      case .classes(let classes): count(classes.rows.elements, predictions, wrong: &sum, of: &answers)
      case .values: fatalError("no problem has numbers for every step")
      }
    }
    return sum / Double(answers)
  }

  private static let examplesInAPass = 100

  private func count(_ classes: [Int32], _ predictions: Matrix<Float>, wrong: inout Double, of answers: inout Int) {
    for (row, wanted) in classes.enumerated() where wanted >= 0 {
      let best = (1..<predictions.columns).reduce(0) { predictions[row, $1] > predictions[row, $0] ? $1 : $0 }
      if best != Int(wanted) { wrong += 1 }
      answers += 1
    }
  }
}
