import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct ModelIdentityTests {
  private static func model(_ kind: RecurrentCell.Kind = .gru, seed: UInt64 = 1) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(kind, inputSize: 3, hiddenSize: 5)), outputSize: 2,
        loss: .meanSquaredError), seed: seed)
  }

  @Test func equalModelsHaveOne() throws {
    let (a, b) = (try Self.model().prepared(), try Self.model().prepared())
    #expect(a.identity == b.identity && "\(a.identity)" == "\(b.identity)")
  }

  /// Known from another process, so that files of sessions stay good.
  @Test func itIsTheSameInEveryProcess() throws {
    var model = try Self.model()
    model.parameters.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] = Float(i) / 64 } }
    #expect("\(model.prepared().identity)" == Self.known)
  }

  private static let known = "04d2e66fb690a92a"

  @Test func whateverIsDifferentMakesAnother() throws {
    let model = try Self.model()
    var changed = [try Self.model(seed: 2), try Self.model(.lstm), model, model]
    changed[2].parameters.withUnsafeMutableBufferPointer { $0[7] = $0[7].nextUp }
    changed[3].parameters.withUnsafeMutableBufferPointer { $0[0] = -$0[0] }
    let identities = Set(([model] + changed).map { $0.prepared().identity })
    #expect(identities.count == 5)
    let double = SequenceModel<Double>(model.architecture, seed: 1)
    #expect(double.prepared().identity != model.prepared().identity)
  }

  /// Path and threads change no state's meaning.
  @Test func executionDoesNotMatter() throws {
    var model = try Self.model()
    let identity = model.prepared().identity
    for path in ComputePath.allCases {
      model.execution = Execution(path: path, threads: 2)
      #expect(model.prepared().identity == identity)
    }
  }

  @Test func itsTextReadsBack() throws {
    let identity = try Self.model().prepared().identity
    #expect(ModelIdentity("\(identity)") == identity)
    for text in [
      "", "0", "0123456789abcdeF", "+123456789abcdef", "0123456789abcdefa", "0123456789abcdeg", "-123456789abcdef",
    ] {
      #expect(ModelIdentity(text) == nil)
    }
  }
}
