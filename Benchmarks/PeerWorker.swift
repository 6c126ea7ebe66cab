#if Tools
import ArgumentParser
import Foundation
import Kernels
import Models

/// Our side of `Scripts/compare-peers.sh`, which runs each engine in a process of its own and sends it requests.
///
/// A request is a JSON object on one line of standard input, its answer one on a line of standard output:
///
///     {"op": "hello"}
///     {"name": "ours", "version": "Recurrent, OpenBLAS 0.3.21 Cooperlake", "machine": {…}}
///     {"op": "prepare", "cell": "lstm", "pass": "training", "shape": "50,4,2,32", "threads": 1, "file": "numbers"}
///     {}
///     {"op": "check", "file": "results"}
///     {}
///     {"op": "run", "warmups": 1, "repetitions": 3}
///     {"seconds": [0.000121, 0.000119, 0.00012]}
///
/// `prepare` may carry `lengths`, `[B]` numbers from 1 to `T`. The file it names is a safetensors file with `inputs`
/// `[T, B, I]`, in training also `dOutputs` `[T, B, H]`, the loss's gradient for the outputs, and the weights under
/// PyTorch's names (`weight_ih_l0`, …); what is there beyond a sequence's length is not read. `check` runs the pass
/// once and writes `outputs` `[T, B, H]`, zero beyond the lengths, and in training the gradients under the weights'
/// names. A failure is answered by `{"error": "why"}`. The end of the input ends the process.
struct PeerWorker {
  private var prepared: Prepared?
  private let stopwatch = Stopwatch()

  private struct Prepared {
    var shape: Shape
    var layout: PackedLayout
    var pass: Pass
    var runner: any PassRunning<Float>
  }

  /// The limit on the runs of one request.
  static let maxRepetitions = 1_000_000

  /// Answers requests until the input ends.
  mutating func serve() throws {
    while let line = readLine() {
      try say(reply(to: line))
    }
  }

  /// The answer to a line.
  mutating func reply(to line: String) -> String {
    var reply: Reply
    do {
      reply = try answer(try JSONDecoder().decode(Request.self, from: Data(line.utf8)))
    } catch let error as DecodingError {
      reply = Reply(error: "the request cannot be read: \(Self.oneLine(error))")
    } catch {
      reply = Reply(error: Self.oneLine(error))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(reply) else { return #"{"error": "the reply cannot be written"}"# }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func answer(_ request: Request) throws -> Reply {
    switch request {
    case .hello:
      let version = "Recurrent, OpenBLAS \(OpenBLASInformation.version) \(OpenBLASInformation.core)"
      return Reply(name: "ours", version: version, machine: .measured())
    case .prepare(let task):
      prepared = nil  // Frees its memory first.
      prepared = try Self.prepare(task)
      return Reply()
    case .check(let file):
      try writeResults(to: file)
      return Reply()
    case .run(let warmups, let repetitions):
      let runner = try wanted().runner
      for _ in 0..<warmups { runner.run() }
      return Reply(
        seconds: (0..<repetitions).map { _ in
          let start = stopwatch.now()
          runner.run()
          return stopwatch.now() - start
        })
    }
  }

  private static func prepare(_ task: Task) throws -> Prepared {
    let shape = task.shape
    let numbers = try SafetensorsFile(path: task.file)
    func rows(_ name: String, features: Int) throws -> Matrix<Float> {
      let wanted = [shape.steps, shape.batch, features]
      guard let found = numbers.tensors[name]?.shape, found == wanted else {
        throw PeerWorkerError(
          reason: "\(name) is \(numbers.tensors[name].map { "\($0.shape)" } ?? "missing"), wanted \(wanted)")
      }
      return PackedSequence(
        padded: try numbers.tensor(name, as: Float.self).elements, .timeMajor, lengths: task.lengths, features: features
      ).rows
    }
    let inputs = try rows("inputs", features: shape.inputs)
    let dOutputs = task.pass == .training ? try rows("dOutputs", features: shape.hidden) : nil
    let workload = Workload(cell: task.cell, pass: task.pass, type: .float, shape: shape, lengths: task.lengths)
    return Prepared(
      shape: shape, layout: PackedLayout(lengths: task.lengths), pass: task.pass,
      runner: try workload.runner(
        parameters: try numbers.parameters(workload.parameterLayout), inputs: inputs, dOutputs: dOutputs,
        wantsInputGradients: false, Execution(threads: task.threads)))
  }

  private func writeResults(to file: String) throws {
    let prepared = try wanted()
    let (shape, runner) = (prepared.shape, prepared.runner)
    runner.run()
    var outputs = PackedSequence(layout: prepared.layout, rows: runner.outputs).padded(.timeMajor, with: 0)
    let missing = shape.steps * shape.batch * shape.hidden - outputs.count
    outputs += [Float](repeating: 0, count: missing)
    var contents = SafetensorsContents()
    contents.setTensor("outputs", shape: [shape.steps, shape.batch, shape.hidden], elements: outputs)
    if prepared.pass == .training { contents.setParameters(runner.dParameters) }
    try contents.write(to: file)
  }

  private func wanted() throws(PeerWorkerError) -> Prepared {
    guard let prepared else { throw PeerWorkerError(reason: "nothing is prepared") }
    return prepared
  }

  private static func oneLine(_ error: any Error) -> String {
    "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

/// A request that cannot be carried out.
struct PeerWorkerError: Error, Hashable, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}

extension PeerWorker {
  /// A pass to prepare.
  struct Task: Decodable {
    var cell: CellKind
    var pass: Pass
    var shape: Shape
    /// Length of each sequence, `[B]`.
    var lengths: [Int]
    var threads: Int
    var file: String

    private enum CodingKeys: String, CodingKey { case cell, pass, shape, lengths, threads, file }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      cell = try values.decode(CellKind.self, forKey: .cell)
      pass = try values.decode(Pass.self, forKey: .pass)
      let text = try values.decode(String.self, forKey: .shape)
      guard let shape = Shape(argument: text) else { throw PeerWorkerError(reason: "no shape is called \(text)") }
      self.shape = shape
      lengths =
        try values.decodeIfPresent([Int].self, forKey: .lengths)
        ?? [Int](repeating: shape.steps, count: shape.batch)
      guard lengths.count == shape.batch, lengths.allSatisfy({ (1...shape.steps).contains($0) }) else {
        throw PeerWorkerError(reason: "lengths must be \(shape.batch) numbers from 1 to \(shape.steps)")
      }
      threads = try values.decode(Int.self, forKey: .threads)
      guard (1...1024).contains(threads) else {
        throw PeerWorkerError(reason: "threads must be from 1 to 1024, not \(threads)")
      }
      file = try values.decode(String.self, forKey: .file)
    }
  }

  enum Request: Decodable {
    case hello
    case prepare(Task)
    case check(file: String)
    case run(warmups: Int, repetitions: Int)

    private enum CodingKeys: String, CodingKey { case op, file, warmups, repetitions }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      switch try values.decode(String.self, forKey: .op) {
      case "hello": self = .hello
      case "prepare": self = .prepare(try Task(from: decoder))
      case "check": self = .check(file: try values.decode(String.self, forKey: .file))
      case "run":
        let warmups = try values.decode(Int.self, forKey: .warmups)
        let repetitions = try values.decode(Int.self, forKey: .repetitions)
        let limit = PeerWorker.maxRepetitions
        guard (0...limit).contains(warmups), (1...limit).contains(repetitions) else {
          throw PeerWorkerError(reason: "cannot run \(warmups) + \(repetitions) times")
        }
        self = .run(warmups: warmups, repetitions: repetitions)
      case let other: throw PeerWorkerError(reason: "there is no request “\(other)”")
      }
    }
  }

  struct Reply: Encodable {
    var error: String?
    var name: String?
    var version: String?
    var machine: Machine?
    var seconds: [Double]?
  }
}
#endif
