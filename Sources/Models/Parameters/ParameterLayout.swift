public import Kernels

/// Which parameters a model has and where each lies in its one flat buffer: block after block, in order, no gaps.
///
/// Names are PyTorch's, with the part of the model in front: `rnn.weight_ih_l0`, `head.bias`. No two are equal.
public struct ParameterLayout: Sendable {
  /// One block of the buffer.
  public struct Entry: Hashable, Sendable {
    /// Its full name, shape and role.
    public let shape: ParameterShape
    /// Its first number in the buffer.
    public let offset: Int

    /// Its full name.
    public var name: String { shape.name }
    /// Its numbers in the buffer.
    public var range: Range<Int> { offset..<offset + shape.count }
  }

  /// The blocks, in the order in which they lie.
  public let entries: [Entry]
  /// Number of numbers in all of them.
  public let count: Int
  private let indices: [String: Int]

  /// The layout of `shapes` one after the other. Their names must differ.
  public init(_ shapes: [ParameterShape]) {
    var entries: [Entry] = []
    var indices: [String: Int] = [:]
    entries.reserveCapacity(shapes.count)
    var offset = 0
    for shape in shapes {
      let earlier = indices.updateValue(entries.count, forKey: shape.name)
      require(earlier == nil, "two parameters have the name \(shape.name)")
      entries.append(Entry(shape: shape, offset: offset))
      offset = shape.end(from: offset)
    }
    self.entries = entries
    self.indices = indices
    count = offset
  }

  /// The layout of the parts of a model one after the other, each parameter named `prefix.name`. An empty prefix
  /// leaves the names as they are.
  public init(_ parts: [(prefix: String, shapes: [ParameterShape])]) {
    var all = ParameterParts()
    for part in parts { all.append(part.prefix, part.shapes) }
    self.init(all.shapes)
  }

  /// The shapes in order, with full names.
  public var shapes: [ParameterShape] { entries.map(\.shape) }

  /// The block with this full name, or `nil`.
  public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// The numbers of the block with this full name, which must exist.
  public func range(of name: String) -> Range<Int> { entry(name).range }

  /// The first number of the block with this full name, which must exist.
  package func offset(of name: String) -> Int { entry(name).offset }

  /// The numbers of all blocks named `prefix.…`, which must exist and lie side by side. An empty prefix means all.
  /// Costs a comparison for each block: ask once, when a model is built.
  public func range(ofPart prefix: String) -> Range<Int> {
    if prefix.isEmpty { return 0..<count }
    let inPart = entries.indices.filter { entries[$0].name.hasPrefix("\(prefix).") }
    guard let first = inPart.first, let last = inPart.last else {
      fatalError("no part is named \(prefix); the parameters are \(entries.map(\.name))")
    }
    require(last - first + 1 == inPart.count, "the parameters of \(prefix) do not lie side by side")
    return entries[first].offset..<entries[last].range.upperBound
  }

  /// The first number of the blocks named `prefix.…` (see ``range(ofPart:)``).
  package func offset(ofPart prefix: String) -> Int { range(ofPart: prefix).lowerBound }

  func entry(_ name: String) -> Entry {
    guard let entry = self[name] else {
      fatalError("no parameter is named \(name); there are \(entries.map(\.name))")
    }
    return entry
  }

  /// The name of the block that holds number `index`, and the number's place in that block.
  func location(of index: Int) -> (name: String, index: Int) {
    guard let entry = entries.first(where: { $0.range.contains(index) }) else {
      fatalError("number \(index) is outside a layout of \(count)")
    }
    return (entry.name, index - entry.offset)
  }
}

extension ParameterLayout: Hashable {
  /// Whether names, shapes, roles and order are the same.
  public static func == (a: Self, b: Self) -> Bool { a.entries == b.entries }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(entries) }
}
