import Kernels
import Models
import TestSupport

@testable import Serving

/// Small models, and a service over them.
enum ServedModels {
  /// Three features, four outputs for every step.
  static func features(seed: UInt64 = 1) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5)), outputSize: 4,
        loss: .meanSquaredError), seed: seed)
  }

  /// A vocabulary of seven, one output of two classes for a sequence.
  static func tokens(seed: UInt64 = 2) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 4, hiddenSize: 6)), readout: .finalState,
        outputSize: 2,
        loss: .softmaxCrossEntropy), seed: seed)
  }

  /// Both directions, three features, one output for every step.
  static func bidirectional() throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5), isBidirectional: true),
        outputSize: 1, loss: .meanSquaredError), seed: 3)
  }

  /// A service over `features` and `tokens`, whose files are in `folder`.
  static func service(
    in folder: TemporaryFolder, limits: ServingLimits = ServingLimits(), token: BearerToken? = nil
  ) throws -> InferenceService {
    let models = ["features": try features(), "tokens": try tokens(), "both": try bidirectional()]
    for (name, model) in models { try model.write(to: folder.path("\(name).safetensors")) }
    let sources = try models.keys.sorted().map { try ModelSource(name: $0, path: folder.path("\($0).safetensors")) }
    let repository = try ModelRepository(sources, limits: limits, metrics: NoMetrics())
    return InferenceService(repository, limits: limits, token: token, metrics: NoMetrics())
  }
}

/// Counts nothing.
struct NoMetrics: ServingMetrics {
  func stepped(model: String, _ report: StepScheduler<Float>.BatchReport) {}
  func answered(_ kind: String, model: String?, status: Int, after duration: Duration) {}
  func reloaded(model: String, succeeded: Bool) {}
  func wroteSessions(_ count: Int, failures: Int) {}
}

/// An inference request with JSON data and, where it has any, a session.
func requestBody(_ shape: [Int], _ data: [some Any], datatype: String = "FP32", parameters: String = "") -> [UInt8] {
  let text = """
    {"inputs":[{"name":"INPUT","datatype":"\(datatype)","shape":\(shape),"data":[\(data.map { "\($0)" }.joined(separator: ","))]}],\
    "parameters":{\(parameters)}}
    """
  return Array(text.utf8)
}

/// The status of what a call throws; 200 where it throws nothing.
func statusOf(_ call: () throws(ServingError) -> Void) -> Int {
  do throws(ServingError) { try call() } catch { return error.status }
  return 200
}
