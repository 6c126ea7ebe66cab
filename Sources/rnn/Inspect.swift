#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import Tasks
import TextTable

/// `rnn inspect`: what a file with a model, or a checkpoint, holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows architecture, parameters, metadata, spectral radii and where training stood.",
    discussion: """
      Takes models of any kind that rnn convert reads, and checkpoints of a training. A spectral radius is the largest \
      absolute eigenvalue of what a gate multiplies the last hidden state with: near 1 signals neither fade nor explode.
      """)

  @Argument(help: ArgumentHelp("A model or a checkpoint.", valueName: "file"))
  var file: String

  @OptionGroup(title: "What a file does not say") var reading: ReadingOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let inspection = try Inspection(of: file, reading)
    try Console(consoleOptions).result(inspection, text: inspection.description)
  }
}

/// The contents of a file, as text and JSON.
struct Inspection: Encodable, CustomStringConvertible {
  /// A parameter.
  struct Parameter: Encodable {
    let name: String
    let shape: [Int]
    /// The Euclidean norm.
    let norm: Double
    /// The root of the mean square of an element.
    let rootMeanSquare: Double
  }

  private let file: String
  private let summary: String
  private let architecture: SequenceArchitecture?
  private let parameters: [Parameter]
  private let preprocessing: Preprocessing?
  /// Of a file that is no model of Recurrent's.
  private let metadata: [String: String]
  private let spectralRadii: [GateRadius]
  private let training: TrainingSummary?
  private let course: TrainingCourse?

  /// Descriptions of models that the tool shows and does not run, by their format names.
  private static let kinds = [
    EncoderDecoderArchitecture.formatName: "an encoder-decoder of Recurrent's",
    ConditionedArchitecture.formatName: "a conditioned decoder of Recurrent's",
    GapArchitecture.formatName: "a model of Recurrent's that fills gaps",
  ]

  /// Reads the file at `path`.
  init(of path: String, _ options: ReadingOptions) throws {
    file = path
    if try FileKind(path) == .safetensors {
      let tensors = try SafetensorsFile(path: path)
      let isModel = ModelFileDescription<SequenceArchitecture>.isPresent(in: tensors.metadata)
      if tensors.isCheckpoint {
        (architecture, preprocessing, training) = (nil, nil, nil)
        course = try TrainingCourse.read(fromCheckpoint: path)
        metadata = tensors.metadata.filter { $0.key != "course" }
        summary = "a checkpoint of a training"
        parameters = try tensors.summaries(options.trust) { $0.hasPrefix("parameters.") || $0.hasPrefix("optimizer.") }
        spectralRadii = try options.trust.radii { try tensors.spectralRadii(prefix: "parameters.") }
        return
      }
      // A safetensors file can be anybody's: without a readout to make a model of it, its tensors can still be shown.
      if !isModel, options.readout == nil {
        (architecture, preprocessing, spectralRadii, training, course) = (nil, nil, [], nil, nil)
        metadata = tensors.metadata
        let kind = metadata["format"].flatMap { Self.kinds[$0] }
        summary =
          kind ?? "\(tensors.tensors.count) tensors; give --readout to see them as a model of PyTorch's or Keras's"
        parameters = try tensors.summaries(options.trust) { _ in true }
        return
      }
    }
    let file = try ModelFile.read(path, options)
    summary = file.description
    architecture = file.model.architecture
    preprocessing = file.preprocessing
    metadata = [:]
    course = nil
    training = try file.preprocessing.note(TrainingSummary.noteKey, file: path)
    switch file.model {
    case .float(let model):
      parameters = model.parameters.summaries
      spectralRadii = try options.trust.radii { try model.recurrentLayer.spectralRadii() }
    case .double(let model):
      parameters = model.parameters.summaries
      spectralRadii = try options.trust.radii { try model.recurrentLayer.spectralRadii() }
    }
  }

  var description: String {
    var parts = ["\(file): \(summary)"]
    if let architecture { parts.append(section("Architecture", lines(of: architecture))) }
    if let course { parts.append(section("Training", lines(of: course))) }
    if let training { parts.append(section("Training", lines(of: training))) }
    if let preprocessing { parts.append(section("Data", lines(of: preprocessing))) }
    if !metadata.isEmpty {
      parts.append(
        section("Metadata", metadata.sorted { $0.key < $1.key }.map { "\(shortened($0.key)): \(shortened($0.value))" }))
    }
    parts.append(
      table(parameters) {
        [
          Column(title: "parameter", value: shortened($0.name)),
          Column(title: "shape", value: $0.shape.map(String.init).joined(separator: " × ")),
          Column(title: "norm", value: significant($0.norm), align: .right),
          Column(title: "root mean square", value: significant($0.rootMeanSquare), align: .right),
        ]
      })
    if !spectralRadii.isEmpty {
      parts.append(
        table(spectralRadii) {
          [
            Column(title: "recurrent weights", value: shortened($0.parameter)), Column(title: "gate", value: $0.gate),
            Column(title: "spectral radius", value: significant($0.radius), align: .right),
          ]
        })
    }
    return parts.joined(separator: "\n\n")
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    ([title] + lines.map { "  \($0)" }).joined(separator: "\n")
  }

  private func lines(of architecture: SequenceArchitecture) -> [String] {
    let stack = architecture.recurrent
    var lines: [String] = []
    if let embedding = architecture.embedding {
      lines.append("embedding of \(embedding.vocabularySize) tokens in \(embedding.dimension) numbers")
    }
    let directions = stack.isBidirectional ? ", both directions" : ""
    lines.append(
      "\(stack.cells[0].name): \(stack.layers) × \(stack.cells[0].hiddenSize) units on \(stack.inputSize) features\(directions)"
    )
    if stack.dropout > 0 { lines.append("dropout \(stack.dropout) between layers") }
    if stack.recurrentDropout > 0 { lines.append("recurrent dropout \(stack.recurrentDropout)") }
    lines.append("head of \(architecture.head.outputSize) outputs, reads \(architecture.readout.rawValue)")
    lines.append("loss \(architecture.loss.rawValue)")
    if let truncation = architecture.truncation { lines.append("backpropagation cut after \(truncation) steps") }
    return lines
  }

  private func lines(of course: TrainingCourse) -> [String] {
    var lines = [
      "epoch \(course.epoch + 1), batch \(course.batch + 1), step \(course.steps), after \(duration(course.seconds))"
    ]
    if course.steps > 0 { lines.append("loss of this epoch so far \(significant(course.epochLoss.mean))") }
    return lines + losses(course.losses, course.validationLosses, bestEpoch: course.bestEpoch.map { $0 + 1 })
  }

  private func lines(of training: TrainingSummary) -> [String] {
    [
      "\(training.losses.count) of \(training.options.epochs) epochs, \(training.steps) steps, on \(training.examples) "
        + "examples; ended by \(ending(training.ending)); seed \(training.options.seed)"
    ] + losses(training.losses, training.validationLosses, bestEpoch: training.bestEpoch)
  }

  private func losses(_ losses: [Double], _ validation: [Double], bestEpoch: Int?) -> [String] {
    guard let last = losses.last else { return [] }
    var lines = ["last epoch: loss \(significant(last))"]
    if let loss = validation.last { lines[0] += ", validation \(significant(loss))" }
    if let bestEpoch { lines.append("best epoch: \(bestEpoch), validation \(significant(validation[bestEpoch - 1]))") }
    return lines
  }

  private func ending(_ ending: TrainingReport.Ending) -> String {
    switch ending {
    case .allEpochs: "the last epoch"
    case .outOfPatience: "patience, as validation no longer fell"
    case .stopped: "somebody"
    }
  }

  private func lines(of preprocessing: Preprocessing) -> [String] {
    var lines: [String] = []
    if let words = preprocessing.inputVocabulary {
      let shown = words.prefix(40).map { shortened("\($0.debugDescription)") }.joined(separator: " ")
      lines.append("\(words.count) tokens: \(shown)\(words.count > 40 ? " …" : "")")
    }
    if let names = preprocessing.classNames { lines.append("classes: \(shortened(names.joined(separator: ", ")))") }
    if let scaling = preprocessing.inputScaling { lines.append("scaled features: \(scaling.features)") }
    if let scaling = preprocessing.targetScaling {
      lines.append("scaled targets: \(scaling.features), the first by \(significant(scaling.scales.first ?? 1))")
    }
    for (key, note) in preprocessing.notes.sorted(by: { $0.key < $1.key }) where key != TrainingSummary.noteKey {
      lines.append("\(shortened(key)): \(shortened(note))")
    }
    return lines
  }

  /// What a file holds, for a terminal.
  private func shortened(_ text: String) -> String {
    printable(text.prefix(300).replacingOccurrences(of: "\n", with: "⏎"), limit: 300) + (text.count > 300 ? "…" : "")
  }
}

extension ParameterVector {
  fileprivate var summaries: [Inspection.Parameter] {
    layout.shapes.map { shape in
      Inspection.Parameter(
        shape.name, shape: shape.isVector ? [shape.rows] : [shape.rows, shape.columns],
        self[shape.name].elements.map { Double($0) })
    }
  }
}

extension SafetensorsFile {
  /// The radii of all recurrent weights whose name begins with `prefix`; not of cells with a projection.
  fileprivate func spectralRadii(prefix: String) throws -> [GateRadius] {
    try tensorNames.filter { $0.hasPrefix(prefix) && $0.contains("weight_hh") }.flatMap { name in
      guard tensors[name.replacing("weight_hh", with: "weight_hr")] == nil else { return [GateRadius]() }
      return try GateRadius.radii(of: try matrix(name), called: String(name.dropFirst(prefix.count)))
    }
  }

  /// Summaries of the floating-point tensors whose names fit.
  fileprivate func summaries(_ trust: TrustOptions, _ fits: (String) -> Bool) throws -> [Inspection.Parameter] {
    try tensorNames.filter { fits($0) && tensors[$0]?.type.isFloatingPoint == true }.map { name in
      let (shape, elements) = try tensor(name, as: Double.self)
      if !trust.allowNonFinite, let (place, value) = Tensor(shape: shape, .double(elements)).firstNonFinite {
        throw DataError(
          file: self.name, reason: "tensor \(quoted(name)) holds \(value) at \(place), wanted \(finiteWeights)")
      }
      return Inspection.Parameter(name, shape: shape, elements)
    }
  }
}

extension TrustOptions {
  /// Spectral radii, which only finite weights have.
  fileprivate func radii(_ radii: () throws -> [GateRadius]) throws -> [GateRadius] {
    do { return try radii() } catch  where allowNonFinite { return [] }
  }
}

extension Inspection.Parameter {
  fileprivate init(_ name: String, shape: [Int], _ elements: [Double]) {
    let squares = elements.reduce(0) { $0 + $1 * $1 }
    self.name = name
    self.shape = shape
    norm = squares.squareRoot()
    rootMeanSquare = elements.isEmpty ? 0 : (squares / Double(elements.count)).squareRoot()
  }
}
#endif
