internal import CAllocationCounter

/// Allocations of memory.
package enum Allocations {
  /// Whether their count depends on the source alone: not under a sanitiser, and not in a debug build, where
  /// generic code of the standard library allocates temporaries that no optimised program has.
  package static var areCounted: Bool {
    #if DEBUG
    false
    #else
    CACIsCounting()
    #endif
  }

  /// How often the calling thread allocates memory in `body`.
  package static func count(in body: () throws -> Void) rethrows -> Int {
    let before = CACAllocationsOnThisThread()
    try body()
    return CACAllocationsOnThisThread() - before
  }
}
