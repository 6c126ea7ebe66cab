internal import CAllocationCounter

/// Allocations of memory.
public enum Allocations {
  /// Whether counting them says something about the source: not under a sanitiser, and not in a debug build, where
  /// generic code of the standard library allocates temporaries that no optimised program has.
  public static var areCounted: Bool {
    #if DEBUG
      false
    #else
      CACIsCounting()
    #endif
  }

  /// How often the calling thread allocates memory in `body`.
  public static func count(in body: () throws -> Void) rethrows -> Int {
    let before = CACAllocationsOnThisThread()
    try body()
    return CACAllocationsOnThisThread() - before
  }
}
