package import DataIO

/// What one run of a model may take. A file of a few bytes can ask for any amount of memory and time, so everything is
/// counted before it is allocated or computed.
///
///     let outputs = try model(inputs, limits: RunLimits(memory: 4 << 30))
public struct RunLimits: Hashable, Sendable {
  /// The bytes that computed tensors and the memory to compute them may take at once, beside the model and its inputs;
  /// `nil` for 64 MiB and 16 times the bytes of model and inputs.
  public var memory: Int?
  /// The elementary operations, of about a nanosecond each, such as a multiplication with its addition; `nil` for 2²⁶ and
  /// 4 for each pair of a byte of the model and its inputs and one of the inputs' elements, of which there count 16 more.
  public var operations: Int?

  /// Limits; `nil` for one that depends on the model and its inputs.
  public init(memory: Int? = nil, operations: Int? = nil) {
    self.memory = memory
    self.operations = operations
  }
}

extension RunLimits {
  /// These, with those that are left open as the bytes of two files justify them: what vectors unpack to may be a thousand
  /// times as much. A model may multiply each row of `vectors` with all of its weights, and what it does beside that takes
  /// some seconds at most.
  package func justified(modelBytes: Int, vectorBytes: Int, vectors: [String: Tensor]) -> RunLimits {
    let rows = vectors.values.map { $0.count / max(1, $0.shape.last ?? 1) }.max() ?? 0
    return RunLimits(
      memory: memory ?? RunBudget.openMemory(forBytes: checkedSum([modelBytes, vectorBytes])),
      operations: operations ?? max(1 << 33, checkedProduct([2, modelBytes, rows]) ?? .max))
  }
}
