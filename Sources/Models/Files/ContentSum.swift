internal import Kernels

/// A sum over contents, which tells whether they are the same as others.
///
/// Every step maps different sums to different sums, so that a difference within eight neighbouring bytes never goes
/// unseen, and any other with a probability of 2⁻⁶⁴. It is no protection from those who change contents on purpose.
struct ContentSum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Adds bytes, and how many they are. About a nanosecond for each eight.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    let wordSize = MemoryLayout<UInt64>.size
    let words = bytes.count / wordSize
    for word in 0..<words { add(bytes.loadUnaligned(fromByteOffset: word * wordSize, as: UInt64.self)) }
    let rest = bytes.dropFirst(words * wordSize)
    if !rest.isEmpty { add(rest.reversed().reduce(0) { $0 << 8 | UInt64($1) }) }
  }

  /// Adds text, and how long it is.
  mutating func add(_ text: String) { Array(text.utf8).withUnsafeBytes { add($0) } }

  mutating func add(_ word: UInt64) {
    // Multiplication by an odd number and this shift can both be undone.
    state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
    state ^= state >> 32
  }

  /// The sum.
  var value: UInt64 { state }

  /// The sum in 16 hexadecimal digits.
  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension ContentSum {
  /// Adds what `value` holds: numbers and text as they are, structures, enumerations and collections part by part.
  ///
  /// Of ``ParameterVector`` only the layout counts, of an architecture what its file says, and nothing of
  /// `Execution`, objects and functions.
  mutating func add(reflecting value: Any) {
    switch value {
    case let value as any ContentSummable: value.add(to: &self)
    case let numbers as [Float]: numbers.withUnsafeBytes { add($0) }
    case let numbers as [Double]: numbers.withUnsafeBytes { add($0) }
    case let numbers as [Int32]: numbers.withUnsafeBytes { add($0) }
    case let numbers as [Int]: numbers.withUnsafeBytes { add($0) }
    case let bytes as [UInt8]: bytes.withUnsafeBytes { add($0) }
    case let architecture as any StoredArchitecture: add(json(architecture))
    case is Execution: break
    default: addParts(of: value)
    }
  }

  private mutating func addParts(of value: Any) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .class: break
    case .set, .dictionary:
      // Their order is another in every process.
      let sums = mirror.children.map { child in
        var sum = ContentSum()
        sum.add(reflecting: child.value)
        return sum.state
      }
      for sum in sums.sorted() { add(sum) }
      add(UInt64(sums.count))
    case _ where mirror.children.isEmpty: add(String(describing: value))
    case let style:
      for child in mirror.children {
        if style == .enum, let label = child.label { add(label) }
        add(reflecting: child.value)
      }
      add(UInt64(mirror.children.count))
    }
  }
}

/// What adds itself to a sum.
private protocol ContentSummable {
  func add(to sum: inout ContentSum)
}

extension Matrix: ContentSummable {
  func add(to sum: inout ContentSum) {
    sum.add(UInt64(rows))
    sum.add(UInt64(columns))
    withUnsafeBufferPointer { sum.add(UnsafeRawBufferPointer($0)) }
  }
}

extension ParameterVector: ContentSummable {
  func add(to sum: inout ContentSum) { sum.add(reflecting: layout.shapes) }
}
