internal import COpenBLAS

/// Runs `body` as a parallel region of at most `threads` members with OpenBLAS single-threaded inside it, because two pools
/// fight for the cores. It is as before when it returns.
func withRegion(threads: Int, _ body: @Sendable (Team) -> Void) {
  OpenBLASThreads.withOne { ThreadPool.shared.run(threads: threads, body) }
}

/// OpenBLAS's own thread count: a process-wide setting, borrowed by the regions that run at the moment.
enum OpenBLASThreads {
  private struct Borrowed {
    var regions = 0
    var threadsBefore: Int32 = 1
  }
  private static let borrowed = Guarded(Borrowed())

  /// Runs `body` with OpenBLAS on one thread. The first of several concurrent callers saves the host's setting and the
  /// last one puts it back.
  static func withOne<Result>(_ body: () -> Result) -> Result {
    _ = ForkHandlers.areInstalled
    borrowed.withLock {
      if $0.regions == 0 {
        $0.threadsBefore = openblas_get_num_threads()
        if $0.threadsBefore != 1 { openblas_set_num_threads(1) }
      }
      $0.regions += 1
    }
    defer { borrowed.withLock { giveBack(&$0) } }
    return body()
  }

  private static func giveBack(_ borrowed: inout Borrowed) {
    borrowed.regions -= 1
    if borrowed.regions == 0, borrowed.threadsBefore != 1 { openblas_set_num_threads(borrowed.threadsBefore) }
  }

  /// Before a `fork`: no thread is changing the setting while it happens.
  static func willFork() { borrowed.lock() }

  static func didFork() { borrowed.unlock() }

  /// In the child, which has none of the regions that other threads were in.
  static func didForkAsChild() {
    borrowed.unlock()
    borrowed.withLock {
      guard $0.regions > 0 else { return }
      $0.regions = 1
      giveBack(&$0)
    }
  }
}

extension Team {
  /// This member's part of C = A B, C [m × n] cut along its longer side. No barrier follows.
  func multiply<Scalar: BLASScalar>(
    _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>
  ) {
    let (a, b, c) = share(ofProduct: a, b, c)
    Kernels.multiply(a, b, into: c)
  }

  /// This member's part of C += A B, cut as for ``multiply(_:_:into:)``. No barrier follows.
  func multiply<Scalar: BLASScalar>(
    _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, addingTo c: MutableMatrixView<Scalar>
  ) {
    let (a, b, c) = share(ofProduct: a, b, c)
    Kernels.multiply(a, b, addingTo: c)
  }

  private func share<Scalar: BLASScalar>(
    ofProduct a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ c: MutableMatrixView<Scalar>
  ) -> (MatrixView<Scalar>, MatrixView<Scalar>, MutableMatrixView<Scalar>) {
    let (rows, columns) = share(ofProduct: c)
    return (a.rows(rows), b.columns(columns), c.rows(rows).columns(columns))
  }

  /// This member's rows and columns of a product, which is cut along its longer side.
  func share<Scalar: BLASScalar>(ofProduct c: MutableMatrixView<Scalar>) -> (rows: Range<Int>, columns: Range<Int>) {
    c.rows > c.columns
      ? (share(of: c.rows, unit: Self.cutUnit), 0..<c.columns) : (0..<c.rows, share(of: c.columns, unit: Self.cutUnit))
  }

  /// Rows or columns at which work is cut: a cache line of floats, and a multiple of every GEMM micro-tile's side.
  static let cutUnit = 16
}
