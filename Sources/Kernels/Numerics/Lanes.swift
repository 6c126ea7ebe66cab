/// Eight neighbouring elements that a formula treats at once. Explicit, because the optimiser gives up on loops over
/// as many buffers as a cell's gradient reads and writes.
struct Lanes<Scalar: BLASScalar> {
  static var width: Int { 8 }
  /// Index of the first element.
  let start: Int
  /// Number of elements, fewer than ``width`` only at the end of a range.
  let count: Int

  /// The elements of `buffer` at these lanes; lanes past ``count`` are zero.
  @inline(__always)
  func load(_ buffer: UnsafePointer<Scalar>) -> SIMD8<Scalar> {
    if count == Self.width { return UnsafeRawPointer(buffer + start).loadUnaligned(as: SIMD8<Scalar>.self) }
    var lanes = SIMD8<Scalar>()
    for i in 0..<count { lanes[i] = buffer[start + i] }
    return lanes
  }

  @inline(__always)
  func store(_ lanes: SIMD8<Scalar>, _ buffer: UnsafeMutablePointer<Scalar>) {
    if count == Self.width {
      UnsafeMutableRawPointer(buffer + start).storeBytes(of: lanes, as: SIMD8<Scalar>.self)
    } else {
      for i in 0..<count { buffer[start + i] = lanes[i] }
    }
  }

  /// Calls `body` for all lanes of `range`, the short end last.
  @inline(__always)
  static func forEach(in range: Range<Int>, _ body: (Lanes) -> Void) {
    var start = range.lowerBound
    while start + width <= range.upperBound {
      body(Lanes(start: start, count: width))
      start += width
    }
    if start < range.upperBound { body(Lanes(start: start, count: range.upperBound - start)) }
  }
}
