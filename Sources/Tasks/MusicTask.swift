internal import Figures
internal import Glibc
internal import Kernels
internal import Models

/// Finishing a musical work from its beginning: networks that predict the notes of the next quarter of Bach's chorales
/// from all quarters before, and so can continue a chorale (Boulanger-Lewandowski, Bengio & Vincent, "Modeling temporal
/// dependencies in high-dimensional sequences", 2012).
///
/// The loss is counted as by Bai, Kolter & Koltun, "An empirical evaluation of generic convolutional and recurrent
/// networks for sequence modeling", 2018: the sum over the 88 notes of the binary cross entropy, in nats, in the mean
/// over all frames of all pieces together. The first frame of a piece is seen and not predicted.
package enum MusicTask: RecurrentTask {
  package static let description = TaskDescription(
    "music", "Predicts the next notes of Bach's chorales and writes one on.", topology: "many-to-many",
    dataSets: [.chorales])

  /// Trains the cells, chooses by the validation pieces when to stop, and scores on the test pieces.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let folder = try context.dataFolder(for: .chorales)
    let chorales = try Chorales(path: folder(DataSet.chorales.files[0]))
    context.note(
      "\(chorales.training.count) chorales to learn from, \(chorales.validation.count) to choose by, "
        + "\(chorales.test.count) to predict")

    // Models and training.
    let frequencies = NoteFrequencies(of: chorales.training)
    var networks: [Network] = []
    let cells: [RecurrentCell.Kind] = context.choose(quick: [.lstm, .gru], full: [.lstm, .gru, .vanilla])
    for cell in cells {
      let network = try Network(cell, learning: chorales, from: frequencies, context)
      context.note("\(cell.name): \(fixed(try network.loss(over: chorales.validation), decimals: 3)) on validation")
      networks.append(network)
    }

    // Scores.
    var scores = try networks.map { network in
      Score(
        "loss on test, \(network.cell.name) of \(hiddenSize) units", try network.loss(over: chorales.test), unit,
        bar: network.cell == .vanilla ? nil : .atMost(context.choose(quick: 10.3, full: 8.6)),
        comparison: "published: \(network.published) (Bai et al. 2018)")
    }
    scores.append(Score("loss on test, frequencies of notes", frequencies.loss(over: chorales.test), unit))

    // The second half of a chorale.
    let writing = Writing(networks[0].model, chorales.test, seed: context.seed)
    let gates = try networks[0].gates(over: writing.original)
    return TaskResult(
      Self.self, context, scores: scores, examples: [writing.example],
      figures: [.lineChart(losses(of: networks))] + writing.rolls.map(Figure.heatMap) + [.heatMap(gates)],
      attachments: writing.attachments)
  }

  private static let unit = "nats per frame"
  private static let hiddenSize = 256
  /// Below 1, because improbable notes sound dissonant.
  private static let temperature = 0.7

  /// A cell that has learned the chorales.
  private struct Network {
    let cell: RecurrentCell.Kind
    let model: SequenceModel<Float>
    let report: TrainingReport

    init(
      _ cell: RecurrentCell.Kind, learning chorales: Chorales, from frequencies: NoteFrequencies,
      _ context: TaskContext
    ) throws {
      self.cell = cell
      let architecture = try SequenceArchitecture(
        recurrent: RecurrentStack(
          RecurrentCell(cell, inputSize: Piece.notes.count, hiddenSize: hiddenSize), recurrentDropout: 0.3),
        outputSize: Piece.notes.count, loss: .binaryCrossEntropy)
      var start = SequenceModel<Float>(architecture, seed: context.seed)
      start.parameters["head.bias"] = Matrix(rows: Piece.notes.count, columns: 1, frequencies.logits.map(Float.init))
      let examples = PieceExamples(pieces: chorales.training, semitones: 5)
      var options = TrainingOptions(
        epochs: context.choose(quick: 20, full: 400), batchSize: 16, seed: context.seed)
      options.schedule = .cosine(
        peak: 3e-3, warmUpSteps: 20,
        totalSteps: options.epochs * options.batchesPerEpoch(examples: chorales.training.count))
      (model, report) = try context.session.train(
        cell.name, start, on: examples, validatingOn: PieceExamples(pieces: chorales.validation), options)
    }

    /// The loss over `pieces` in nats per frame: that of the model is the mean over all notes of all frames.
    func loss(over pieces: [Piece]) throws -> Double {
      try model.loss(over: PieceExamples(pieces: pieces)).mean * Double(Piece.notes.count)
    }

    /// The activity of its gates over `piece`.
    func gates(over piece: Piece) throws -> HeatMap {
      HeatMap(
        "Gates of the \(cell.name) over the chorale",
        try model.gateActivity(on: PieceExamples(pieces: [piece]).batch([0]).inputs), unitsOf: "forget", units: 12,
        steps: (piece.steps.indices.dropLast().map { "\($0 + 1)" }, "quarter"))
    }

    /// Published results.
    var published: Double {
      switch cell {
      case .vanilla: 8.91
      case .lstm: 8.45
      case .gru: 8.43
      }
    }
  }

  // MARK: - Results

  /// The losses after each epoch.
  private static func losses(of networks: [Network]) -> LineChart {
    func line(_ name: String, _ losses: [Double], isReference: Bool) -> LineChart.Line {
      LineChart.Line(
        name, losses.enumerated().map { FigurePoint(Double($0 + 1), $1 * Double(Piece.notes.count)) },
        isReference: isReference)
    }
    return LineChart(
      "Loss by epoch", x: FigureAxis("epoch"), y: FigureAxis("loss", unit: unit),
      lines: networks.flatMap { network in
        [
          line("\(network.cell.name), validation", network.report.validationLosses, isReference: false),
          line("\(network.cell.name), training", network.report.losses, isReference: true),
        ]
      })
  }

  /// A chorale as Bach wrote it, and with a second half by a network.
  private struct Writing {
    let original: Piece
    /// How many steps the network was given.
    let given: Int
    let written: Piece
    /// The probability of each note in each step but the first, given the steps before as Bach wrote them, `[T × 88]`.
    let expected: Matrix<Float>

    /// The first of `pieces` that is about a minute long, its second half written by `model`.
    init(_ model: SequenceModel<Float>, _ pieces: [Piece], seed: UInt64) {
      original = pieces.first { 60...80 ~= $0.steps.count } ?? pieces[0]
      given = original.steps.count / 2
      let beginning = Piece(Array(original.steps.prefix(given)))
      var generator = SeededGenerator(seed: seed, stream: 5)
      let writer = PieceWriter(model: model, temperature: temperature)
      written = Piece(
        beginning.steps
          + writer.steps(after: beginning, count: original.steps.count - given, using: &generator))
      let inputs = PieceExamples(pieces: [original]).batch([0]).inputs
      expected = model(inputs).predictions
    }

    /// The notes of the steps after those that were given.
    var example: TaskExample {
      let rows = (given..<min(given + 12, original.steps.count)).map { step in
        ["\(step + 1)", names(original.steps[step]), names(written.steps[step])]
      }
      return TaskExample(
        "A chorale of the test set after its first \(given) quarters", tableLines([["quarter", "Bach", "LSTM"]] + rows))
    }

    private func names(_ notes: [Int]) -> String { notes.map(Piece.name(of:)).joined(separator: " ") }

    /// Three piano rolls over the same notes: Bach's, the network's, and what it expected of Bach.
    var rolls: [HeatMap] {
      let sounding = (original.steps + written.steps).flatMap { $0 }
      guard let lowest = sounding.min(), let highest = sounding.max() else { return [] }
      func roll(_ title: String, _ unit: String, _ value: (_ note: Int, _ step: Int) -> Double) -> HeatMap {
        let notes = (lowest...highest).reversed()
        return HeatMap(
          title, rows: notes.map(Piece.name(of:)), columns: original.steps.indices.map { "\($0 + 1)" },
          values: notes.map { note in original.steps.indices.map { value(note, $0) } },
          axes: (row: "note", column: "quarter"), value: FigureAxis(unit))
      }
      return [
        roll("As Bach wrote it", "1 sounds") { original.steps[$1].contains($0) ? 1 : 0 },
        roll("The second half by the LSTM", "0.5 given, 1 written") { note, step in
          written.steps[step].contains(note) ? (step < given ? 0.5 : 1) : 0
        },
        roll("What the LSTM expects, knowing all quarters before", "probability") { note, step in
          step == 0 ? 0 : 1 / (1 + exp(-Double(expected[step - 1, note - Piece.notes.lowerBound])))
        },
      ]
    }

    /// Both as files that players open.
    var attachments: [Attachment] {
      [
        Attachment("chorale-bach.mid", MIDIFile.bytes(of: original, title: "Chorale, as Bach wrote it")),
        Attachment("chorale-lstm.mid", MIDIFile.bytes(of: written, title: "Chorale, second half by an LSTM")),
      ]
    }
  }
}
