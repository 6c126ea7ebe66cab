import Glibc

/// Elements that end where memory ends: behind the last of them is a page that may be neither read nor written, and in
/// front of the first a guard that says afterwards whether it was written.
final class FencedMemory<Scalar: BinaryFloatingPoint> {
  /// The first element. Its alignment is that of a single element, as the count wants it.
  let start: UnsafeMutablePointer<Scalar>
  let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let size: Int
  private static var guardCount: Int { 32 }

  /// Memory for `elements`. What the guard holds is in no result of small whole numbers.
  init(_ elements: [Scalar]) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    count = elements.count
    let bytes = (count + Self.guardCount) * MemoryLayout<Scalar>.stride
    let usable = (bytes + page - 1) / page * page
    size = usable + page
    mapping = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(mapping != MAP_FAILED && mprotect(mapping + usable, page, PROT_NONE) == 0)
    start = (mapping + usable - count * MemoryLayout<Scalar>.stride).assumingMemoryBound(to: Scalar.self)
    (start - Self.guardCount).update(repeating: .nan, count: Self.guardCount)
    start.update(from: elements, count: count)
  }

  deinit { munmap(mapping, size) }

  var elements: [Scalar] { Array(UnsafeBufferPointer(start: start, count: count)) }

  /// Whether nobody wrote in front of the first element.
  var isIntactInFront: Bool {
    UnsafeBufferPointer(start: start - Self.guardCount, count: Self.guardCount).allSatisfy(\.isNaN)
  }
}
