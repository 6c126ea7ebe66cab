internal import CFusedKernels
internal import COpenBLAS

/// Runs `body` as a parallel region of at most `threads` members, in the engine's own conditions: OpenBLAS
/// single-threaded inside it, because two pools fight for the cores, and denormals flushed on every member. Both are
/// as before when it returns.
func withRegion(threads: Int, _ body: @Sendable (Team) -> Void) {
  OpenBLASThreads.withOne {
    ThreadPool.shared.run(threads: threads) { team in
      let mode = CFKFlushDenormals()
      defer { CFKRestoreFloatingPointMode(mode) }
      body(team)
    }
  }
}

/// The body of a parallel region that does not call OpenBLAS: a value with all that the members share.
protocol RegionBody: Sendable {
  /// What each member of the team does.
  func run(_ team: Team)
}

/// Runs `body` as a parallel region of at most `threads` members, denormals flushed on every member. Allocates nothing,
/// which a region on a closure cannot promise.
@inline(__always)
func withRegion<Body: RegionBody>(threads: Int, _ body: Body) {
  withUnsafePointer(to: body) {
    ThreadPool.shared.run(
      threads: threads,
      RegionWork(body: UnsafeRawPointer($0)) { body, team in
        let mode = CFKFlushDenormals()
        defer { CFKRestoreFloatingPointMode(mode) }
        body.assumingMemoryBound(to: Body.self).pointee.run(team)
      })
  }
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
    borrowed.withLock {
      if $0.regions == 0 {
        $0.threadsBefore = openblas_get_num_threads()
        if $0.threadsBefore != 1 { openblas_set_num_threads(1) }
      }
      $0.regions += 1
    }
    defer {
      borrowed.withLock {
        $0.regions -= 1
        if $0.regions == 0, $0.threadsBefore != 1 { openblas_set_num_threads($0.threadsBefore) }
      }
    }
    return body()
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
