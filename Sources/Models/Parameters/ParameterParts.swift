public import Kernels

/// Named parts one after the other: from them follow which parameters a model has, how many numbers those are, and where
/// the numbers of each part lie in the one flat buffer. No architecture computes an offset of its own.
///
///     var parts = ParameterParts()
///     let hidden = parts.append("hidden", hiddenLayer.parameters)
///     let output = parts.append("output", outputLayer.parameters)
///     let parameters = ParameterVector<Float>.zeros(parts.layout)   // hidden.weight, hidden.bias, output.weight, …
///
/// Costs allocations of strings: build it once, with the architecture.
public struct ParameterParts: Hashable, Sendable {
  /// All parameters in order, with full names.
  public private(set) var shapes: [ParameterShape] = []
  /// Number of numbers in all of them.
  public private(set) var count = 0

  /// No parts.
  public init() {}

  /// Appends the part `name`, each of whose parameters is then called `name.…`; an empty name leaves theirs as they are.
  /// Returns where its numbers lie in the flat buffer: nowhere for a part without parameters.
  @discardableResult
  public mutating func append(_ name: String, _ part: [ParameterShape]) -> Range<Int> {
    append(part) { name.isEmpty ? $0 : "\(name).\($0)" }
  }

  /// Appends a part whose parameters get names that `rename` makes of theirs.
  mutating func append(_ part: [ParameterShape], renamed rename: (String) -> String) -> Range<Int> {
    let start = count
    for var shape in part {
      shape.name = rename(shape.name)
      shapes.append(shape)
      count = shape.end(from: count)
    }
    return start..<count
  }

  /// The layout of all parts. Their full names must differ.
  public var layout: ParameterLayout { ParameterLayout(shapes) }
}
