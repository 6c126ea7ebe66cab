internal import DataIO

/// What a run may still take: the one place where sizes that come from a file or an input are multiplied, added and
/// compared with what they may be.
///
/// A dimension of 0 counts as 1. So nothing that is derived from a shape which was allowed overflows or takes more than
/// was allowed, in whatever order its dimensions are multiplied: strides, rows, or a list with an entry for each row.
final class RunBudget {
  /// The limit on bytes held at once.
  let memory: Int
  /// The limit on elementary operations.
  let operations: Int
  /// Bytes of the values that are alive.
  private(set) var heldBytes = 0
  /// Elementary operations so far.
  private(set) var usedOperations = 0

  /// The budget of `limits`; those that are left open follow from the bytes of the model and of its `inputs`.
  convenience init(_ limits: RunLimits, modelBytes: Int, inputs: some Collection<Tensor>) {
    self.init(
      limits, bytes: inputs.reduce(modelBytes) { $0 + $1.byteCount }, elements: inputs.reduce(0) { $0 + $1.count })
  }

  /// The budget of `limits`; those that are left open follow from the bytes of a model and its inputs and from the
  /// inputs' elements.
  init(_ limits: RunLimits, bytes: Int, elements: Int) {
    memory = limits.memory ?? Self.openMemory(forBytes: bytes)
    operations = limits.operations ?? checkedSum([1 << 26, checkedProduct([4, bytes, elements + 16])]) ?? .max
  }

  /// The limit on memory where none is given, for so many `bytes` of a model and its inputs; `nil` for more than can be
  /// counted.
  static func openMemory(forBytes bytes: Int?) -> Int {
    bytes.flatMap { checkedSum([1 << 26, checkedProduct([16, $0])]) } ?? .max
  }

  /// A new one without limits, for what was counted before.
  static var unlimited: RunBudget { RunBudget(memory: .max, operations: .max) }

  init(memory: Int, operations: Int) {
    self.memory = memory
    self.operations = operations
  }

  /// An array that is to be allocated.
  struct Part {
    let shape: [Int]
    /// Bytes of an element.
    let elementSize: Int

    var byteCount: Int? { checkedProduct(shape + [elementSize]) }
  }

  /// Throws where `parts`, all together, do not fit beside what is held. The error calls them `name`.
  func allow(_ parts: [Part], for name: @autoclosure () -> String) throws(RunExcess) {
    let bytes = checkedSum(parts.map(\.byteCount))
    guard let bytes, let all = checkedSum([bytes, heldBytes]), all <= memory else {
      let shape = parts.first.map { "\($0.shape)" } ?? "[]"
      throw RunExcess(
        found: "\(name()) of shape \(shape) takes \(Self.text(bytes)) bytes beside \(heldBytes) that are held",
        wanted: "at most \(memory) in all, the limit on memory")
    }
  }

  /// Counts the product of `factors` operations. Throws where they are more than are left. The error calls what needs
  /// them `name`.
  func charge(_ factors: [Int], for name: @autoclosure () -> String) throws(RunExcess) {
    let count = checkedProduct(factors)
    guard let count, let all = checkedSum([count, usedOperations]), all <= operations else {
      throw RunExcess(
        found: "\(name()) takes \(Self.text(count)) operations after \(usedOperations) before it",
        wanted: "at most \(operations) in all, the limit on operations")
    }
    usedOperations = all
  }

  /// Notes that a value is alive.
  func hold(_ tensor: Tensor) { heldBytes += tensor.byteCount }

  /// Notes that a value is no longer needed.
  func release(_ tensor: Tensor) { heldBytes -= tensor.byteCount }

  /// Notes that no value is needed any more.
  func releaseAll() { heldBytes = 0 }

  private static func text(_ count: Int?) -> String { count.map(String.init) ?? "more than \(Int.max)" }
}

/// What a run would take more than it may. The caller knows the place.
struct RunExcess: Error, Equatable {
  let found: String
  let wanted: String
}

/// The product of `sizes`, of which those of 0 count as 1; `nil` where it does not fit an `Int`, or a size is negative.
func checkedProduct(_ sizes: some Sequence<Int>) -> Int? {
  var product = 1
  for size in sizes {
    let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
    guard size >= 0, !overflow else { return nil }
    product = next
  }
  return product
}

/// The sum of `terms`; `nil` where it does not fit an `Int`, or there is a term that did not.
func checkedSum(_ terms: some Sequence<Int?>) -> Int? {
  var sum = 0
  for term in terms {
    guard let term, case let (next, overflow) = sum.addingReportingOverflow(term), !overflow else { return nil }
    sum = next
  }
  return sum
}

extension Tensor {
  /// The memory that it takes.
  var part: RunBudget.Part { RunBudget.Part(shape: shape, elementSize: elementSize) }

  /// Bytes of all its elements.
  var byteCount: Int { count * elementSize }

  /// Bytes of an element.
  var elementSize: Int {
    switch elements {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float: 4
    case .uint64, .int64, .double: 8
    }
  }
}
