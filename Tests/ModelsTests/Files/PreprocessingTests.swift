import Kernels
import Models
import TestSupport
import Testing

/// What can be wrong with preprocessing; what fits is in ``SequenceModelFileTests``.
@Suite struct PreprocessingTests {
  @Test(arguments: [false, true])
  func whatCannotBelongToTheModelIsRefused(readsTokens: Bool) throws {
    let model: SequenceModel<Float> = try ModelVariant(
      readsTokens: readsTokens, readout: .everyStep, isBidirectional: false, kind: .gru
    ).model()
    func scaling(_ features: Int) throws -> FeatureScaling {
      try FeatureScaling(
        offsets: Array(repeating: 0, count: features), scales: Array(repeating: 2, count: features))
    }
    // Features: 3 in, 2 out. Tokens: a vocabulary of 7 in 4 dimensions, 6 classes out.
    let wrong: [(String, Preprocessing)] = [
      ("inputScaling that is 4 entries", Preprocessing(inputScaling: try scaling(4))),
      ("targetScaling that is 3 entries", Preprocessing(targetScaling: try scaling(3))),
      ("inputVocabulary that is 1 entries", Preprocessing(inputVocabulary: ["a"])),
      ("classNames that is 1 entries", Preprocessing(classNames: ["a"])),
    ]
    try withTemporaryFolder { folder in
      for (what, preprocessing) in wrong {
        let error = try #require(throws: SafetensorsError.self) {
          try model.write(to: folder + "/model", preprocessing: preprocessing)
        }
        #expect(error.problem == .metadata && error.found.hasSuffix(what))
      }
      #expect(fileNames(in: folder).isEmpty)
    }
  }
}
