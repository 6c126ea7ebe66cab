/// What one run of a model may take. A file of a few bytes can ask for any amount of memory and time, so everything is
/// counted before it is allocated or computed.
///
///     let outputs = try model(inputs, limits: RunLimits(memory: 4 << 30))
public struct RunLimits: Hashable, Sendable {
  /// The bytes that computed tensors and the memory to compute them may take at once, beside the model and its inputs;
  /// `nil` for 64 MiB and 16 times the bytes of model and inputs.
  public var memory: Int?
  /// The elementary operations, such as a multiplication with its addition or an element copied; `nil` for 2²⁸ and 4 for
  /// each byte of the model and element of the inputs, and each pair of these.
  public var operations: Int?

  /// Limits; `nil` for one that depends on the model and its inputs.
  public init(memory: Int? = nil, operations: Int? = nil) {
    self.memory = memory
    self.operations = operations
  }
}
