import Kernels
import Models
import TestSupport
import Testing

@Suite struct RecurrentLayerFileTests {
  @Test func theParametersOfALayerAreAFileOfTheirOwn() throws {
    let gru = try RecurrentLayer<Double>(.gru, inputSize: 3, hiddenSize: 5, layers: 2, isBidirectional: true, seed: 4)
    try withTemporaryFolder { folder in
      try gru.writeParameters(to: folder + "/gru")
      var other = try RecurrentLayer<Double>(
        .gru, inputSize: 3, hiddenSize: 5, layers: 2, isBidirectional: true, seed: 5)
      try other.readParameters(from: folder + "/gru")
      #expect(other.parameters == gru.parameters)
      var smaller = try RecurrentLayer<Double>(.gru, inputSize: 3, hiddenSize: 5, layers: 2, seed: 5)
      let before = smaller.parameters
      let error = try #require(throws: SafetensorsError.self) { try smaller.readParameters(from: folder + "/gru") }
      #expect(error.problem == .unknownTensor && error.tensor == "bias_hh_l0_reverse")
      #expect(smaller.parameters == before)
    }
  }
}
