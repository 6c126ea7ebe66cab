/// A sum over all that a file holds, which tells whether it is as it was written.
///
/// Every step maps different sums to different sums, so that damage within eight neighbouring bytes never goes unseen,
/// and other damage with a probability of 2⁻⁶⁴. It is no protection from those who change a file on purpose.
struct SafetensorsSum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Begins with what is noted beside the tensors, which then follow in the order of their names.
  init(metadata: [String: String]) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      add(key)
      add(value)
    }
  }

  /// Adds a tensor.
  mutating func add(_ name: String, _ type: SafetensorsType, _ shape: [Int], _ bytes: [UInt8]) {
    add(name)
    add("\(type.rawValue) \(shape)")
    add(bytes)
  }

  /// Adds bytes, and how many they are.
  private mutating func add(_ bytes: [UInt8]) {
    add(UInt64(bytes.count))
    let wordSize = MemoryLayout<UInt64>.size
    bytes.withUnsafeBytes { bytes in
      let words = bytes.count / wordSize
      for word in 0..<words { add(bytes.loadUnaligned(fromByteOffset: word * wordSize, as: UInt64.self)) }
      let rest = bytes.dropFirst(words * wordSize)
      if !rest.isEmpty { add(rest.reversed().reduce(0) { $0 << 8 | UInt64($1) }) }
    }
  }

  private mutating func add(_ text: String) { add(Array(text.utf8)) }

  private mutating func add(_ word: UInt64) {
    // Multiplication by an odd number and this shift can both be undone.
    state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
    state ^= state >> 32
  }

  /// The sum in 16 hexadecimal digits.
  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
