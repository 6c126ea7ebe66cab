internal import Glibc

/// Memory for `count` elements on a cache-line boundary, so that a vector load never crosses a line, and of whole cache
/// lines, so that the last vector may be loaded and stored whole.
///
/// Unchecked `Sendable`: a ``Matrix`` writes only while it holds the sole reference.
@usableFromInline
final class AlignedStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  @usableFromInline let elements: UnsafeMutablePointer<Element>
  @usableFromInline let count: Int

  /// Bytes in a cache line and in the widest vector register.
  static var alignment: Int { 64 }

  init(uninitialized count: Int) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    require(count >= 0 && !overflow, "a buffer of \(count) elements does not fit the address space")
    var memory: UnsafeMutableRawPointer?
    let (wholeLines, isTooMuch) = bytes.addingReportingOverflow(Self.alignment - 1)
    require(!isTooMuch, "a buffer of \(count) elements does not fit the address space")
    let size = max(wholeLines / Self.alignment, 1) * Self.alignment
    guard posix_memalign(&memory, Self.alignment, size) == 0, let memory else {
      fatalError("no memory for a buffer of \(bytes) bytes")
    }
    elements = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
  }

  deinit { free(elements) }
}
