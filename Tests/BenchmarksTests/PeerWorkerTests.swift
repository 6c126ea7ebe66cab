#if Tools
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct PeerWorkerTests {
  let shape = Shape(7, 2, 3, 5)

  /// What a driver writes: numbers for `workload`, the weights those that `seed` gives.
  private func numbers(_ cell: CellKind, lengths: [Int]) throws -> SafetensorsContents {
    let workload = Workload(cell: cell, pass: .training, type: .float, shape: shape, lengths: lengths)
    var parameters = ParameterVector<Float>.zeros(try workload.parameterLayout)
    var generator = SeededGenerator(seed: 5)
    func random(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform(in: -1..<1) } }
    parameters.withUnsafeMutableBufferPointer { numbers in
      for i in numbers.indices { numbers[i] = generator.uniform(in: -1..<1) }
    }
    var contents = SafetensorsContents()
    contents.setParameters(parameters)
    contents.setTensor("inputs", shape: [7, 2, 3], elements: random(7 * 2 * 3))
    contents.setTensor("dOutputs", shape: [7, 2, 5], elements: random(7 * 2 * 5))
    return contents
  }

  private func prepare(_ cell: CellKind, _ pass: Pass, in folder: String, lengths: [Int]? = nil) -> String {
    let lengths = lengths.map { #", "lengths": \#($0)"# } ?? ""
    return #"{"op": "prepare", "cell": "\#(cell)", "pass": "\#(pass)", "shape": "7,2,3,5", "threads": 2, "#
      + #""file": "\#(folder)/numbers"\#(lengths)}"#
  }

  @Test(arguments: CellKind.allCases, [nil, [4, 6]])
  func outputsAndGradientsAreThoseOfTheLayer(cell: CellKind, lengths: [Int]?) throws {
    try withTemporaryFolder { folder in
      let given = try numbers(cell, lengths: lengths ?? [7, 7])
      try given.write(to: folder + "/numbers")
      var worker = PeerWorker()
      #expect(worker.reply(to: prepare(cell, .training, in: folder, lengths: lengths)) == "{}")
      #expect(worker.reply(to: #"{"op": "check", "file": "\#(folder)/results"}"#) == "{}")

      let results = try SafetensorsFile(path: folder + "/results")
      let expected = try expectedResults(cell, of: SafetensorsFile(path: folder + "/numbers"), lengths ?? [7, 7])
      #expect(results.tensorNames == expected.keys.sorted())
      for (name, elements) in expected {
        let found = try results.tensor(name, as: Float.self).elements
        #expect(zip(found, elements).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name) differs")
        #expect(found.count == elements.count)
      }
    }
  }

  /// The same by the layer's own calls, on the naive path.
  private func expectedResults(
    _ cell: CellKind, of file: SafetensorsFile, _ lengths: [Int]
  ) throws -> [String: [Float]] {
    func packed(_ name: String, _ features: Int) throws -> PackedSequence<Float> {
      PackedSequence(
        padded: try file.tensor(name, as: Float.self).elements, .timeMajor, lengths: lengths, features: features)
    }
    let (inputs, dOutputs) = (try packed("inputs", 3), try packed("dOutputs", 5))
    func results(_ initial: RecurrentLayer<Float>) throws -> [String: [Float]] {
      var layer = initial
      layer.parameters = try file.parameters(initial.parameters.layout)
      layer.execution = Execution(path: .naive, threads: 1)
      var tape = RecurrentTape<Float>()
      var gradient = ParameterVector<Float>.zeros(layer.parameters.layout)
      let (outputs, _) = layer.forward(inputs, recordingInto: &tape)
      _ = layer.backward(through: &tape, dOutputs: dOutputs, accumulatingInto: &gradient)
      let padded = outputs.padded(.timeMajor, with: 0)
      var expected = ["outputs": padded + [Float](repeating: 0, count: 7 * 2 * 5 - padded.count)]
      for shape in gradient.layout.shapes { expected[shape.name] = gradient[shape.name].elements }
      return expected
    }
    return switch cell {
    case .rnn: try results(RecurrentLayer<Float>(.vanilla, inputSize: 3, hiddenSize: 5))
    case .lstm: try results(LSTM<Float>(inputSize: 3, hiddenSize: 5))
    case .gru: try results(RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: 5))
    }
  }

  @Test func inferenceWritesOutputsAloneAndRunsAsOftenAsAsked() throws {
    try withTemporaryFolder { folder in
      try numbers(.gru, lengths: [7, 7]).write(to: folder + "/numbers")
      var worker = PeerWorker()
      #expect(worker.reply(to: prepare(.gru, .inference, in: folder)) == "{}")
      #expect(worker.reply(to: #"{"op": "check", "file": "\#(folder)/results"}"#) == "{}")
      #expect(try SafetensorsFile(path: folder + "/results").tensorNames == ["outputs"])

      struct Times: Decodable { var seconds: [Double] }
      let reply = worker.reply(to: #"{"op": "run", "warmups": 1, "repetitions": 3}"#)
      let times = try JSONDecoder().decode(Times.self, from: Data(reply.utf8)).seconds
      #expect(times.count == 3 && times.allSatisfy { $0 > 0 })
    }
  }

  @Test(arguments: [
    ("", "cannot be read"), ("[]", "cannot be read"), (#"{"op": 1}"#, "cannot be read"),
    (#"{"op": "sing"}"#, "there is no request “sing”"), (#"{"op": "check", "file": "f"}"#, "nothing is prepared"),
    (#"{"op": "run", "warmups": 0, "repetitions": 1}"#, "nothing is prepared"),
    (#"{"op": "run", "warmups": 0, "repetitions": 0}"#, "cannot run 0 + 0 times"),
    (#"{"op": "prepare", "cell": "lstm"}"#, "cannot be read"),
  ])
  func badLinesAreAnsweredByAnError(line: String, reason: String) throws {
    var worker = PeerWorker()
    #expect(try error(in: worker.reply(to: line)).contains(reason))
  }

  @Test(arguments: [
    (["shape", "1,2,3"], "no shape is called 1,2,3"), (["shape", "7,2,4,5"], "inputs is [7, 2, 3], wanted [7, 2, 4]"),
    (["shape", "7,2,3,6"], "dOutputs is [7, 2, 5], wanted [7, 2, 6]"), (["lengths", "[7]"], "lengths must be 2"),
    (["lengths", "[0, 7]"], "lengths must be 2"), (["threads", "0"], "threads must be"),
    (["cell", "gru"], "wanted [15"), (["file", "/no/such/file"], "/no/such/file"),
  ])
  func badTasksAreAnsweredByAnError(change: [String], reason: String) throws {
    try withTemporaryFolder { folder in
      try numbers(.lstm, lengths: [7, 7]).write(to: folder + "/numbers")
      let line = prepare(.lstm, .training, in: folder)
      var task = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      task[change[0]] = try JSONSerialization.jsonObject(
        with: Data((change[0] == "lengths" || change[0] == "threads" ? change[1] : "\"\(change[1])\"").utf8),
        options: .fragmentsAllowed)
      var worker = PeerWorker()
      let changed = String(decoding: try JSONSerialization.data(withJSONObject: task), as: UTF8.self)
      #expect(try error(in: worker.reply(to: changed)).contains(reason))
    }
  }

  private func error(in reply: String) throws -> String {
    try JSONDecoder().decode([String: String].self, from: Data(reply.utf8))["error", default: ""]
  }
}
#endif
