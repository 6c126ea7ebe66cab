internal import Figures
internal import Kernels
internal import Models

/// Memory over long lags, for the three cells: the vanilla network, which forgets after a few dozen steps, and LSTM and
/// GRU, whose gates keep what matters; and the norms of the gradients that explain it (Hochreiter & Schmidhuber, "Long
/// short-term memory", 1997).
///
/// Gates begin with memories as long as the sequences (Tallec & Ollivier, "Can recurrent neural networks warp time?",
/// 2018). Every sequence of training is a new one.
package enum MemoryTask: RecurrentTask {
  package static let description = TaskDescription(
    "memory", "Remembers over 20 to 1000 steps, or does not: sums, orders and copies.", topology: "many-to-one")

  /// Trains the three cells on every problem and lag, and scores them on new sequences.
  package static func run(in context: TaskContext) throws -> TaskResult {
    var trials: [Trial] = []
    for course in context.choose(quick: quickCourses, full: fullCourses) {
      for cell in course.cells {
        let trial = try Trial(course, cell, context)
        context.note("\(trial.name): \(course.problem.errorName) \(fixed(trial.error, decimals: 4))")
        trials.append(trial)
      }
    }
    let measured = trials.filter { $0.course.isMeasured }
    return TaskResult(
      Self.self, context, scores: scores(of: measured, context), examples: tables(of: trials) + [answers(of: measured)],
      figures: (MemoryProblem.allCases.compactMap { errors(of: trials, in: $0) } + gradientNorms(of: measured))
        .map(Figure.lineChart))
  }

  // MARK: - Training

  /// A problem at one lag, how long it is learned, and by which cells.
  struct Course: Sendable {
    var problem: MemoryProblem
    var lag: Int
    /// Epochs of ``stepsPerEpoch`` steps.
    var epochs: Int
    var cells = RecurrentCell.Kind.allCases
    /// Whether the bars are for this one.
    var isMeasured = false
  }

  static let quickCourses = [Course(problem: .adding, lag: 50, epochs: 12, isMeasured: true)]
  static let fullCourses =
    [20, 100, 200].map { Course(problem: .adding, lag: $0, epochs: 20) }
    + [
      Course(problem: .adding, lag: 400, epochs: 30, isMeasured: true),
      Course(problem: .adding, lag: 1000, epochs: 30, cells: [.lstm, .gru]),
    ]
    + [20, 50, 100, 200].map { Course(problem: .temporalOrder, lag: $0, epochs: 20) }
    + [20, 50, 100, 200].map { Course(problem: .copy, lag: $0, epochs: 30) }

  private static let hiddenSize = 64
  private static let batchSize = 32
  private static let stepsPerEpoch = 100
  private static let learningRate = 2e-3

  /// A cell that has learned a problem.
  private struct Trial {
    let course: Course
    let cell: RecurrentCell.Kind
    /// The model before training.
    let beginning: SequenceModel<Float>
    let model: SequenceModel<Float>
    /// Sequences for the test.
    let test: MemoryExamples
    let error: Double
    /// The error of a constant answer.
    let errorOfConstant: Double

    var name: String { "\(course.problem.name) over \(course.lag) steps, \(cell.name)" }

    init(_ course: Course, _ cell: RecurrentCell.Kind, _ context: TaskContext) throws {
      (self.course, self.cell) = (course, cell)
      let problem = course.problem
      let architecture = try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(cell, inputSize: problem.inputSize, hiddenSize: hiddenSize)),
        readout: problem.readout, outputSize: problem.outputSize, loss: problem.loss)
      beginning = SequenceModel(architecture, scheme: .recommended.remembering(steps: course.lag), seed: context.seed)
      func examples(_ count: Int, stream: UInt64) -> MemoryExamples {
        var seeds = SeededGenerator(seed: context.seed, stream: stream)
        return MemoryExamples(problem: problem, lag: course.lag, count: count, seed: seeds.next())
      }
      test = examples(1000, stream: 3)
      let options = TrainingOptions(
        epochs: course.epochs, batchSize: batchSize,
        schedule: .cosine(peak: learningRate, warmUpSteps: 50, totalSteps: course.epochs * stepsPerEpoch),
        seed: context.seed)
      model = try context.session.train(
        "\(problem.name) over \(course.lag) steps, \(cell.name)", beginning,
        on: examples(stepsPerEpoch * batchSize, stream: 1), validatingOn: examples(200, stream: 2), options
      ).model
      error = test.error(of: model)
      errorOfConstant = test.error(ofAlwaysAnswering: 1)
    }
  }

  // MARK: - Results

  private static func scores(of trials: [Trial], _ context: TaskContext) -> [Score] {
    trials.map { trial in
      let bar: Score.Bar? =
        switch trial.cell {
        case .vanilla: context.choose(quick: nil, full: .atLeast(0.1))
        case .lstm, .gru: .atMost(context.choose(quick: 0.05, full: 0.01))
        }
      return Score("\(trial.name), \(trial.course.problem.errorName)", trial.error, "", bar: bar)
    }
      + trials.prefix(1).map { trial in
        Score(
          "always answering 1, \(trial.course.problem.errorName)", trial.errorOfConstant, "",
          comparison: "expected 1/6")
      }
  }

  /// The errors of each problem, a line for each lag.
  private static func tables(of trials: [Trial]) -> [TaskExample] {
    MemoryProblem.allCases.compactMap { problem in
      let trials = trials.filter { $0.course.problem == problem }
      guard !trials.isEmpty else { return nil }
      let cells = RecurrentCell.Kind.allCases
      let rows = Set(trials.map(\.course.lag)).sorted().map { lag in
        let ofLag = trials.filter { $0.course.lag == lag }
        let errors = cells.map { cell in ofLag.first { $0.cell == cell }?.error } + [ofLag[0].errorOfConstant]
        return ["\(lag)"] + errors.map { $0.map { fixed($0, decimals: 4) } ?? "–" }
      }
      return TaskExample(
        "\(problem.name): \(problem.errorName)",
        tableLines([["lag"] + cells.map(\.name) + ["always \(problem == .adding ? "1" : "the same")"]] + rows))
    }
  }

  /// Some sums and the cells' answers.
  private static func answers(of trials: [Trial]) -> TaskExample {
    let shown = Array(0..<5)
    var columns = [["sum"]]
    if case .finalValues(let sums)? = trials.first?.test.batch(shown).targets {
      columns[0] += sums.elements.map { fixed(Double($0), decimals: 3) }
    }
    for trial in trials {
      let predictions = trial.model(trial.test.batch(shown).inputs).predictions
      columns.append([trial.cell.name] + predictions.elements.map { fixed(Double($0), decimals: 3) })
    }
    let rows = (0...shown.count).map { row in columns.map { $0[row] } }
    return TaskExample("Sums of two numbers among \(trials.first?.course.lag ?? 0)", tableLines(rows))
  }

  /// Error by lag of a problem, a line for each cell; `nil` for a single lag.
  private static func errors(of trials: [Trial], in problem: MemoryProblem) -> LineChart? {
    let trials = trials.filter { $0.course.problem == problem }
    guard Set(trials.map(\.course.lag)).count > 1 else { return nil }
    func points(_ trials: [Trial], _ error: (Trial) -> Double) -> [FigurePoint] {
      trials.map { FigurePoint(Double($0.course.lag), error($0)) }
    }
    let cells = RecurrentCell.Kind.allCases.map { cell in (cell, trials.filter { $0.cell == cell }) }
    return LineChart(
      "\(problem.name): error by lag", x: FigureAxis("lag", unit: "steps", isLogarithmic: true),
      y: FigureAxis(problem.errorName),
      lines: cells.map { LineChart.Line($0.name, points($1, \.error)) }
        + [LineChart.Line("always the same answer", points(cells[1].1, \.errorOfConstant), isReference: true)])
  }

  /// The norm of the gradient of the answer for the state at each lag before the end, before and after training: the
  /// cell state of an LSTM, the hidden state of the others.
  private static func gradientNorms(of trials: [Trial]) -> [LineChart] {
    [("before training", \Trial.beginning), ("after training", \Trial.model)].map { title, model in
      let lines = trials.map { trial in
        LineChart.Line(trial.cell.name, gradientNorms(of: trial[keyPath: model], on: trial.test))
      }
      return LineChart(
        "Gradient of the answer for the state, \(title)",
        x: FigureAxis("lag before the last step", unit: "steps"),
        y: FigureAxis("norm of the gradient", isLogarithmic: true), lines: lines)
    }
  }

  private static func gradientNorms(of model: SequenceModel<Float>, on test: MemoryExamples) -> [FigurePoint] {
    guard case .features(let inputs) = test.batch(Array(0..<10)).inputs else { return [] }
    let weights = model.parameters["head.weight"].row(0)
    let analysis = model.recurrentLayer.analyzeMemory(
      on: inputs, dLastOutputs: Matrix(Array(repeating: weights, count: inputs.batch)))
    let norms = analysis.cellNorms.isEmpty ? analysis.meanHiddenNorms(layer: 0) : analysis.meanCellNorms(layer: 0)
    // A norm that underflows is zero, which a logarithmic axis cannot show.
    return norms.enumerated().filter { $1 > minNorm }.map { FigurePoint(Double($0), $1) }
  }

  /// Smaller norms are not drawn: rounding errors dominate them.
  private static let minNorm = 1e-12
}

extension RecurrentCell.Kind {
  var name: String {
    switch self {
    case .vanilla: "vanilla"
    case .lstm: "LSTM"
    case .gru: "GRU"
    }
  }
}

extension MemoryProblem {
  var name: String {
    switch self {
    case .adding: "adding"
    case .temporalOrder: "temporal order"
    case .copy: "copy"
    }
  }

  var errorName: String { self == .adding ? "mean squared error" : "part of answers that are wrong" }
}
