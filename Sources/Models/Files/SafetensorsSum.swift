/// A sum over all that a file holds, which tells whether it is as it was written: see ``ContentSum``.
struct SafetensorsSum {
  private var sum = ContentSum()

  /// Begins with what is noted beside the tensors, which then follow in the order of their names.
  init(metadata: [String: String]) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      sum.add(key)
      sum.add(value)
    }
  }

  /// Adds a tensor.
  mutating func add(_ name: String, _ type: SafetensorsType, _ shape: [Int], _ bytes: [UInt8]) {
    sum.add(name)
    sum.add("\(type.rawValue) \(shape)")
    bytes.withUnsafeBytes { sum.add($0) }
  }

  /// The sum in 16 hexadecimal digits.
  var text: String { sum.text }
}
