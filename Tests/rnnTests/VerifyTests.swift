#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import TestSupport
import Testing

@testable import rnn

@Suite struct VerifyTests {
  private let folder = TemporaryFolder()

  /// A GRU at `m.safetensors`, and vectors that it computed itself.
  private func writeModelAndVectors() throws -> (model: String, vectors: String, tensors: [String: Tensor]) {
    let model = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 3, hiddenSize: 5), layers: 2), outputSize: 2,
        loss: .meanSquaredError), seed: 6)
    let (path, vectors) = (folder.path("m.safetensors"), folder.path("v.npz"))
    try model.write(to: path)
    let inputs = model.sampleInputs()
    let tensors = inputs.merging(try model.outputs(of: inputs)) { $1 }
    try write(tensors, to: vectors)
    return (path, vectors, tensors)
  }

  private func write(_ tensors: [String: Tensor], to path: String) throws {
    try NumPyArchive.write(tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, to: path)
  }

  @Test func aModelAgreesWithItsOwnVectors() throws {
    let (model, vectors, _) = try writeModelAndVectors()
    try Verify.parse([model, vectors, "--tolerance", "0"]).run()
  }

  @Test func itsExportAgreesToo() throws {
    let (model, vectors, _) = try writeModelAndVectors()
    let onnx = folder.path("m.onnx")
    try Convert.parse([model, onnx, "--lengths"]).run()
    try Verify.parse([onnx, vectors]).run()
  }

  @Test func aDifferenceEndsWithOne() throws {
    let (model, vectors, tensors) = try writeModelAndVectors()
    var numbers = tensors["h_n"]!.elements.floats
    numbers[7] += 0.5
    try write(tensors.merging(["h_n": Tensor(shape: tensors["h_n"]!.shape, numbers)]) { $1 }, to: vectors)
    #expect(throws: ExitCode(1)) { try Verify.parse([model, vectors]).run() }
    try Verify.parse([model, vectors, "--tolerance", "2"]).run()
  }

  @Test func theReportShowsTheFirstDifferenceAndTheConvention() throws {
    let (path, _, tensors) = try writeModelAndVectors()
    let model = try SequenceModel<Float>.read(from: path).model
    let alternative = try #require(model.conventionAlternatives().first)
    let theirs = try alternative.make().outputs(of: tensors)
    let report = VerificationReport(
      try Verification(of: model, on: tensors.merging(theirs) { $1 }, tolerance: 1e-5)
    ).description
    #expect(report.contains("predictions[0, 0, 0] is the first of"))
    #expect(
      report.hasSuffix(
        "It would agree with the reset gate before the recurrent product (Keras reset_after=False, "
          + "ONNX linear_before_reset=0)."))
  }

  @Test func anONNXModelsConventionIsFoundToo() throws {
    let (path, _, tensors) = try writeModelAndVectors()
    let model = try SequenceModel<Float>.read(from: path).model
    let alternative = try #require(model.conventionAlternatives().first)
    let theirs = try alternative.make().outputs(of: tensors)
    let onnx = try ONNXModel(bytes: ONNXExport(model, .init(hasLengths: true)).serialized())
    let verification = try Verification(of: onnx, on: tensors.merging(theirs) { $1 }, tolerance: 1e-5)
    #expect(verification.convention == alternative.description)
  }

  @Test func vectorsThatDoNotFitAreNamed() throws {
    let (model, vectors, tensors) = try writeModelAndVectors()
    func message(_ tensors: [String: Tensor]) throws -> String {
      try write(tensors, to: vectors)
      do {
        try Verify.parse([model, vectors]).run()
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(
      try message(["h_n": tensors["h_n"]!]) == "\(vectors): the model needs inputs, which is not there")
    #expect(
      try message(["inputs": tensors["h_n"]!, "h_n": tensors["h_n"]!])
        == "\(vectors): input inputs: shape [2, 3, 5], wanted [batch, steps, 3]")
    #expect(
      try message(["y": tensors["h_n"]!])
        == "\(vectors): no input or output is called y; there are inputs, lengths, h_0, predictions, h_n")
  }

  @Test func whatARunMayTakeIsAnOption() throws {
    let (model, vectors, _) = try writeModelAndVectors()
    let onnx = folder.path("m.onnx")
    try Convert.parse([model, onnx, "--lengths"]).run()
    for path in [model, onnx] {
      let memory = #expect(throws: (any Error).self) {
        try Verify.parse([path, vectors, "--memory-limit", "1kB"]).run()
      }
      #expect(memory.map { "\($0)" }?.hasSuffix("wanted at most 1000 in all, the limit on memory") == true)
      let work = #expect(throws: (any Error).self) {
        try Verify.parse([path, vectors, "--operation-limit", "9"]).run()
      }
      #expect(work.map { "\($0)" }?.hasSuffix("wanted at most 9 in all, the limit on operations") == true)
      try Verify.parse([path, vectors, "--memory-limit", "1MB", "--operation-limit", "1000000"]).run()
    }
  }

  /// A file of a few bytes.
  @Test func aBatchOfAnySizeWithoutStepsIsRefused() throws {
    let (model, vectors, tensors) = try writeModelAndVectors()
    let onnx = folder.path("m.onnx")
    try Convert.parse([model, onnx]).run()
    func expectRefusal(_ path: String, _ shape: [Int], _ others: [String: Tensor]) throws {
      try write(others.merging(["inputs": Tensor(shape: shape, [Float]())]) { $1 }, to: vectors)
      let error = #expect(throws: (any Error).self) { try Verify.parse([path, vectors]).run() }
      #expect(error.map { "\($0)" }?.contains("of shape \(shape) takes") == true, "\(String(describing: error))")
    }
    let final = try #require(tensors["h_n"])
    try expectRefusal(model, [1 << 40, 0, 3], ["h_n": final])
    // The graph's initial state is no option.
    let empty = Tensor(shape: [final.shape[0], 0, final.shape[2]], [Float]())
    for path in [model, onnx] { try expectRefusal(path, [0, 1 << 40, 3], ["h_0": empty, "h_n": empty]) }
  }

  @Test(.enabled(if: isOptimized)) func vectorsThatUnpackToMoreThanTheirArchiveJustifiesAreNamed() throws {
    let (model, vectors, tensors) = try writeModelAndVectors()
    let zeros = Tensor(shape: [1, 3 << 20, 3], [Float](repeating: 0, count: 9 << 20))
    let all = [("inputs", zeros), ("predictions", tensors["predictions"]!)]
    try NumPyArchive.write(all.map { ($0.0, $0.1) }, to: vectors, compression: .deflate)
    #expect { try Verify.parse([model, vectors]).run() } throws: {
      "\($0)".hasPrefix(
        "\(vectors): the member “inputs.npy” unpacks to 37748864 bytes, more than the 33554432 that an archive")
    }
    #expect { try Verify.parse([model, vectors, "--max-unpacked", "1MB"]).run() } throws: {
      "\($0)".contains("more than the 1000000")
    }
    // Names are looked at before anything is unpacked.
    try NumPyArchive.write([("surprise", zeros)], to: vectors, compression: .deflate)
    #expect { try Verify.parse([model, vectors]).run() } throws: { "\($0)".contains("is called surprise") }
  }

  @Test func exitCodesAreZeroOneAndTwo() async throws {
    await #expect(processExitsWith: .exitCode(2)) { RNN.main(["verify", "/nowhere.safetensors", "/nowhere.npz"]) }
    await #expect(processExitsWith: .exitCode(2)) { RNN.main(["verify", "--no-such-option"]) }
    await #expect(processExitsWith: .exitCode(0)) { RNN.main(["verify", "--help"]) }
  }
}
#endif
