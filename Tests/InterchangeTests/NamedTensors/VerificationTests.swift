import DataIO
import Kernels
import Models
import Testing

@testable import Interchange

@Suite struct VerificationTests {
  /// A model, and vectors that it computed itself: three sequences of up to six steps.
  private func modelAndVectors(
    _ cell: RecurrentCell, layers: Int = 2, isBidirectional: Bool = false,
    readout: SequenceArchitecture.Readout = .everyStep
  ) throws -> (model: SequenceModel<Float>, vectors: [String: Tensor]) {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(cell, layers: layers, isBidirectional: isBidirectional), readout: readout,
      outputSize: 2, loss: .meanSquaredError)
    var model = SequenceModel<Float>(architecture, seed: 3)
    // Initial biases may be zero, and such a model cannot tell whether they are in order.
    model.parameters.withUnsafeMutableBufferPointer { numbers in
      for i in numbers.indices { numbers[i] += Float(i % 7) * 0.05 - 0.1 }
    }
    let inputs: [Float] = (0..<3 * 6 * 4).map { Float(($0 * 37) % 19) / 10 - 0.9 }
    var vectors = ["inputs": Tensor(shape: [3, 6, 4], inputs), "lengths": Tensor(shape: [3], .int64([4, 6, 1]))]
    vectors.merge(try model.outputs(of: vectors)) { $1 }
    return (model, vectors)
  }

  @Test(arguments: RecurrentCell.Kind.allCases, SequenceArchitecture.Readout.allCases)
  func aModelAgreesWithItself(_ kind: RecurrentCell.Kind, _ readout: SequenceArchitecture.Readout) throws {
    let (model, vectors) = try modelAndVectors(
      RecurrentCell(kind, inputSize: 4, hiddenSize: 5), isBidirectional: true, readout: readout)
    let verification = try Verification(of: model, on: vectors, tolerance: 0)
    #expect(verification.agrees)
    #expect(verification.outputs.map(\.name) == model.outputNames)
    #expect(verification.convention == nil)
    #expect(verification.outputs.allSatisfy { $0.largestAbsolute == 0 && $0.largestRelative == 0 })
  }

  @Test func aConventionThatWouldAgreeIsNamed() throws {
    for (cell, wanted) in [
      (
        RecurrentCell.gru(inputSize: 4, hiddenSize: 5),
        "the reset gate before the recurrent product (Keras reset_after=False, ONNX linear_before_reset=0)"
      ),
      (
        .gru(inputSize: 4, hiddenSize: 5, reset: .beforeProduct),
        "the reset gate after the recurrent product (PyTorch, Keras reset_after=True, ONNX linear_before_reset=1)"
      ),
      (.vanilla(inputSize: 4, hiddenSize: 5), "ReLU instead of tanh"),
      (.vanilla(inputSize: 4, hiddenSize: 5, activation: .relu), "tanh instead of ReLU"),
    ] {
      let (model, vectors) = try modelAndVectors(cell)
      let alternative = try #require(model.conventionAlternatives().first)
      let other = try Verification(of: alternative.make() as! SequenceModel<Float>, on: vectors, tolerance: 1e-5)
      #expect(!other.agrees)
      // From the alternative's point of view, the first model is the one with the other convention.
      let (_, theirs) = (model, try alternative.make().outputs(of: vectors))
      let verification = try Verification(of: model, on: vectors.merging(theirs) { $1 }, tolerance: 1e-5)
      #expect(verification.convention == wanted)
    }
  }

  @Test(arguments: [RecurrentCell.Kind.lstm, .gru])
  func anyOrderOfGatesIsRecognised(_ kind: RecurrentCell.Kind) throws {
    let (model, vectors) = try modelAndVectors(RecurrentCell(kind, inputSize: 4, hiddenSize: 5))
    for alternative in model.conventionAlternatives() {
      let theirs = try alternative.make().outputs(of: vectors)
      let verification = try Verification(of: model, on: vectors.merging(theirs) { $1 }, tolerance: 1e-5)
      #expect(verification.convention == alternative.description)
    }
  }

  @Test func theOrdersOfOtherEnginesHaveTheirNames() {
    let (lstm, gru) = (
      RecurrentCell(.lstm, inputSize: 1, hiddenSize: 1), RecurrentCell(.gru, inputSize: 1, hiddenSize: 1)
    )
    #expect(
      RecurrentConvention.gateOrder(places: [0, 2, 3, 1]).description(for: lstm)
        == "the gates in the order i o f g (that of ONNX)")
    #expect(
      RecurrentConvention.gateOrder(places: [1, 0, 2]).description(for: gru)
        == "the gates in the order z r n (that of Keras and ONNX)")
    #expect(
      RecurrentConvention.gateOrder(places: [3, 2, 1, 0]).description(for: lstm) == "the gates in the order o g f i")
  }

  @Test func swappedDirectionsAreRecognised() throws {
    let cell = RecurrentCell(.lstm, inputSize: 4, hiddenSize: 5)
    let (model, vectors) = try modelAndVectors(cell, isBidirectional: true)
    let swapped = try #require(model.conventionAlternatives().last)
    let theirs = try swapped.make().outputs(of: vectors)
    let verification = try Verification(of: model, on: vectors.merging(theirs) { $1 }, tolerance: 1e-5)
    #expect(verification.convention == "the two directions swapped")
  }

  @Test func aDifferenceThatNoConventionExplainsHasNone() throws {
    var (model, vectors) = try modelAndVectors(RecurrentCell(.gru, inputSize: 4, hiddenSize: 5))
    model.parameters["head.weight"] = .zeros(rows: 2, columns: 5)
    vectors["h_n"] = nil
    let verification = try Verification(of: model, on: vectors, tolerance: 1e-5)
    #expect(!verification.agrees)
    #expect(verification.convention == nil)
  }

  @Test func theFirstDifferentElementIsFound() {
    let wanted = Tensor(shape: [2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -20])
    let found = Tensor(shape: [2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9.5, 10, 11, -21])
    let comparison = OutputComparison(name: "y", found: found, wanted: wanted, tolerance: 1e-3)
    #expect(comparison.firstDifferent == .init(index: [1, 0, 2], found: 9.5, wanted: 9))
    #expect(comparison.differentCount == 2)
    #expect(comparison.largestAbsolute == 1)
    #expect(comparison.largestRelative == 0.05)
    #expect(OutputComparison(name: "y", found: found, wanted: wanted, tolerance: 0.05).agrees)
  }

  @Test func nonFiniteNumbersAgreeOnlyWithTheSame() {
    let wanted = Tensor(shape: [3], [.nan, .infinity, 1])
    #expect(OutputComparison(name: "y", found: wanted, wanted: wanted, tolerance: 0).agrees)
    for wrong: [Float] in [[1, .infinity, 1], [.nan, -.infinity, 1], [.nan, .infinity, .nan], [.nan, 1, 1]] {
      let found = Tensor(shape: [3], wrong)
      let comparison = OutputComparison(name: "y", found: found, wanted: wanted, tolerance: 1e9)
      #expect(comparison.differentCount == 1)
      #expect(comparison.largestAbsolute == .infinity)
    }
  }

  @Test func otherShapesDoNotAgree() {
    let comparison = OutputComparison(
      name: "y", found: Tensor(shape: [2], [0, 0]), wanted: Tensor(shape: [1, 2], [0, 0]), tolerance: 1)
    #expect(!comparison.agrees)
    #expect(comparison.firstDifferent == nil)
  }

  @Test func vectorsWithoutOutputsOrWithUnknownNamesAreRefused() throws {
    let (model, vectors) = try modelAndVectors(RecurrentCell(.vanilla, inputSize: 4, hiddenSize: 5))
    #expect(throws: VerificationError.noOutputs(["predictions", "h_n"])) {
      try Verification(of: model, on: ["inputs": vectors["inputs"]!], tolerance: 1)
    }
    #expect(
      throws: VerificationError.unknownNames(
        ["hidden"], known: ["inputs", "lengths", "h_0", "predictions", "h_n"])
    ) {
      try Verification(of: model, on: vectors.merging(["hidden": vectors["h_n"]!]) { $1 }, tolerance: 1)
    }
  }
}
