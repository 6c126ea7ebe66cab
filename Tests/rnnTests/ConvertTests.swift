#if Tools
import ArgumentParser
import DataIO
import Interchange
import Kernels
import Models
import TestSupport
import Testing

@testable import rnn

@Suite struct ConvertTests {
  private let folder = TemporaryFolder()

  private func convert(_ arguments: String...) throws {
    try Convert.parse(arguments).run()
  }

  /// A model of each kind of cell, of tokens or features, at `path`.
  private func write(
    _ cell: RecurrentCell, tokens: Bool, readout: SequenceArchitecture.Readout, to path: String
  ) throws -> SequenceModel<Float> {
    let architecture = try SequenceArchitecture(
      embedding: tokens ? EmbeddingTable(vocabularySize: 11, dimension: 3) : nil,
      recurrent: RecurrentStack(cell, layers: 2, isBidirectional: readout == .finalState), readout: readout,
      outputSize: 2, loss: .softmaxCrossEntropy)
    let model = SequenceModel<Float>(architecture, seed: 4)
    try model.write(to: path, preprocessing: Preprocessing(notes: ["from": "a test"]))
    return model
  }

  @Test(arguments: RecurrentCell.Kind.allCases, [SequenceArchitecture.Readout.everyStep, .finalState])
  func throughONNXAndBackEveryBitStays(
    _ kind: RecurrentCell.Kind, _ readout: SequenceArchitecture.Readout
  ) throws {
    let (ours, onnx, back) = (folder.path("m.safetensors"), folder.path("m.onnx"), folder.path("back.safetensors"))
    let model = try write(
      RecurrentCell(kind, inputSize: 3, hiddenSize: 5), tokens: kind == .gru, readout: readout, to: ours)
    try convert(ours, onnx)
    try convert(onnx, back)
    let (same, preprocessing) = try SequenceModel<Float>.read(from: back)
    #expect(same.architecture == model.architecture)
    #expect(same.parameters == model.parameters)
    #expect(preprocessing.notes == ["from": "a test"])
  }

  @Test(arguments: [["--lengths"], ["--no-states"], ["--lengths", "--no-states"]])
  func optionsOfONNXAreFollowed(_ options: [String]) throws {
    let (ours, onnx) = (folder.path("m.safetensors"), folder.path("m.onnx"))
    _ = try write(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5), tokens: true, readout: .everyStep, to: ours)
    try Convert.parse([ours, onnx] + options).run()
    let inputs = try ONNXModel(path: onnx).inputs.map(\.name)
    #expect(inputs.contains("lengths") == options.contains("--lengths"))
    #expect(inputs.contains("h_0") != options.contains("--no-states"))
  }

  @Test func aProjectedNetworkAndOneOfDoublesGoThroughONNX() throws {
    let (ours, onnx) = (folder.path("m.safetensors"), folder.path("m.onnx"))
    _ = try write(
      .lstm(inputSize: 3, hiddenSize: 5, projectionSize: 2), tokens: false, readout: .everyStep, to: ours)
    try convert(ours, onnx)
    let double = SequenceModel<Double>(
      try SequenceModel<Float>.read(from: ours).model.architecture, seed: 8)
    try double.write(to: ours)
    try convert(ours, onnx)
    try convert(onnx, ours)
    #expect(try SequenceModel<Double>.read(from: ours).model.parameters == double.parameters)
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func throughPyTorchAndBackEveryBitStays(_ kind: RecurrentCell.Kind) throws {
    let (ours, torch, back) = (folder.path("m.safetensors"), folder.path("t.safetensors"), folder.path("b.safetensors"))
    let model = try write(
      RecurrentCell(kind, inputSize: 3, hiddenSize: 5), tokens: true, readout: .finalState, to: ours)
    try convert(ours, torch, "--for", "pytorch", "--recurrent", "encoder.rnn", "--head", "fc")
    #expect(try SafetensorsFile(path: torch).tensors["encoder.rnn.weight_ih_l0"] != nil)
    try convert(
      torch, back, "--readout", "final-state", "--loss", "softmax-cross-entropy", "--activation", "tanh")
    let same = try SequenceModel<Float>.read(from: back).model
    #expect(same.architecture == model.architecture)
    #expect(same.parameters == model.parameters)
  }

  @Test func throughKerasAndBackItComputesTheSame() throws {
    let (ours, keras, back) = (folder.path("m.safetensors"), folder.path("k.npz"), folder.path("b.safetensors"))
    let model = try write(
      .gru(inputSize: 3, hiddenSize: 5), tokens: true, readout: .finalState, to: ours)
    try convert(ours, keras)
    try convert(keras, back, "--readout", "final-state", "--loss", "softmax-cross-entropy")
    let same = try SequenceModel<Float>.read(from: back).model
    #expect(same.architecture == model.architecture)
    #expect(same.parameters == model.parameters)
  }

  @Test func doublesOfKerasStayDoubles() throws {
    let (ours, keras) = (folder.path("m.safetensors"), folder.path("k.npz"))
    _ = try write(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5), tokens: false, readout: .everyStep, to: ours)
    let double = SequenceModel<Double>(try SequenceModel<Float>.read(from: ours).model.architecture, seed: 8)
    try double.write(to: ours)
    try convert(ours, keras)
    try convert(keras, ours, "--readout", "every-step")
    let same = try SequenceModel<Double>.read(from: ours).model
    let inputs = double.sampleInputs()
    let vectors = inputs.merging(try double.outputs(of: inputs)) { $1 }
    #expect(try Verification(of: same, on: vectors, tolerance: 1e-14).agrees)
  }

  @Test func unreadableAndUnwritableFilesAreReportedInALine() throws {
    let (ours, torch) = (folder.path("m.safetensors"), folder.path("t.safetensors"))
    _ = try write(RecurrentCell(.gru, inputSize: 3, hiddenSize: 5), tokens: false, readout: .everyStep, to: ours)
    try convert(ours, torch, "--for", "pytorch")
    func message(_ arguments: String...) -> String {
      do {
        try Convert.parse(arguments).run()
        return "nothing"
      } catch { return Convert.message(for: error) }
    }
    #expect(
      message(torch, folder.path("m.onnx"))
        == "\(torch): does not say what its head reads: give --readout every-step, final-state, mean-state or max-state"
    )
    #expect(
      message(ours, folder.path("m.keras"))
        == "\(folder.path("m.keras")): no such file is written, only .safetensors, .onnx, .npz")
    #expect(
      message(ours, folder.path("m.bin"))
        == "\(folder.path("m.bin")): no model has the extension “bin”, wanted one of "
        + ".safetensors, .onnx, .npz, .keras, .h5")
    #expect(message(ours, ours) == "IN and OUT are the same file")
    // Equal strings to Swift, but two names to Linux.
    let names = ["\u{E9}.safetensors", "e\u{301}.safetensors"].map(folder.path)
    #expect(message(names[0], names[1]) != "IN and OUT are the same file")
    #expect(
      message(ours, "a\u{1B}\n.npz", "--lengths")
        == "--lengths and --no-states are for an .onnx file, and OUT is a\\u{1b}\\u{a}.npz")
    #expect(
      message(ours, folder.path("m.npz"), "--lengths")
        == "--lengths and --no-states are for an .onnx file, and OUT is \(folder.path("m.npz"))")
    #expect(
      message(ours, folder.path("m.onnx"), "--for", "pytorch")
        == "--for is for a .safetensors file, and OUT is \(folder.path("m.onnx"))")
  }

  @Test(arguments: [["m.npz"], ["t.safetensors", "--for", "pytorch"]])
  func aLimitOnSizesIsNoBadInput(_ arguments: [String]) throws {
    let ours = folder.path("m.safetensors")
    _ = try write(RecurrentCell(.gru, inputSize: 3, hiddenSize: 5), tokens: false, readout: .everyStep, to: ours)
    let run = ShellRun(
      "(ulimit -f 0; \"$rnn\" convert m.safetensors \(arguments.joined(separator: " ")) 2>&1 >/dev/null; echo $?) | cat",
      in: folder.path)
    #expect(run.output.contains("\(arguments[0]): write: File too large (errno 27), wanted a file "))
    #expect(run.output.hasSuffix("\n1\n") && !run.output.contains("can be read"))
  }

  @Test func peepholesHaveNoPlaceInPyTorchAndNothingIsWritten() throws {
    let (ours, torch) = (folder.path("m.safetensors"), folder.path("t.safetensors"))
    _ = try write(
      .lstm(inputSize: 3, hiddenSize: 5, hasPeepholes: true), tokens: false, readout: .everyStep, to: ours)
    #expect(throws: WeightsError.self) { try convert(ours, torch, "--for", "pytorch") }
    #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: torch) }
  }
}
#endif
