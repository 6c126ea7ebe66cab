/// How a computation is carried out: on which path, and on how many threads.
///
/// The paths give the same numbers to rounding. A value of this type travels with each layer; no global setting exists.
public struct Execution: Hashable, Sendable {
  /// The path.
  public var path: ComputePath
  /// The maximum number of threads, at least 1. Small problems use fewer (see `minimumWorkPerThread` and `minimumFusedWorkPerThread`).
  public var threads: Int

  /// An execution on `path` with at most `threads` threads.
  public init(path: ComputePath = .fused, threads: Int = ThreadBudget.available) {
    require(threads >= 1, "at least one thread must compute, not \(threads)")
    self.path = path
    self.threads = threads
  }

  /// The fastest path on all the threads that the process may use.
  public static let automatic = Execution()

  /// Floating-point operations of one time step that each thread must have to be worth its barriers, on the BLAS path.
  ///
  /// Set by `Benchmarks --paths blas --threads 1,2` on two cores with AVX-512, inference, one thread and two in µs:
  /// LSTM `100,4,32,64` (197 kFLOP a step) 191, 334; LSTM `100,1,64,128` (197 k) 332, 297; GRU `100,1,128,256` (590 k)
  /// 1047, 703; LSTM `100,1,128,256` (786 k) 1453, 889. So two threads begin at 400 k.
  static let minimumWorkPerThread = 200_000

  /// The same on the fused path, which has one barrier a step instead of two.
  ///
  /// Set likewise with `--paths fused` (Zen 4, 2 cores): LSTM `50,4,2,32` (35 kFLOP a step) 28.7, 23.0 and in training
  /// 86.5, 94.2; vanilla `100,1,64,128` (49 k) 71.6, 52.1 with a median of 72.8, 74.1; LSTM `100,1,64,128` (197 k) 294, 164;
  /// vanilla `100,1,128,256` (197 k) 298, 169. So two threads begin at 80 k.
  static let minimumFusedWorkPerThread = 40_000

  /// Floating-point operations that a whole pass on the fused path must have for a second thread.
  ///
  /// A pool that has slept wakes in some 60 µs: GRU `1,1,64,128` (147 kFLOP) takes 4.2 µs on one thread, on two 3.7 while
  /// the other is awake and 61.6 where it slept.
  static let minimumFusedPassWork = 400_000

  /// Floating-point operations up to which a single step of a single sequence stays on one thread, which for that size is
  /// faster than handing it over: some 30 µs.
  package static let maxSingleStepWork = 2_000_000

  /// Threads for a pass of the fused path over `layout`, a row of which has `rowWork` floating-point operations.
  func threads(for layout: PackedLayout, rowWork: Int) -> Int {
    layout.rowCount * rowWork < Self.minimumFusedPassWork ? 1 : threads(forStepWork: layout.batch * rowWork)
  }

  /// Threads for a time loop whose steps have `stepWork` floating-point operations.
  package func threads(forStepWork stepWork: Int) -> Int {
    switch path {
    case .naive: 1
    case .blas: min(threads, max(1, stepWork / Self.minimumWorkPerThread))
    case .fused: min(threads, max(1, stepWork / Self.minimumFusedWorkPerThread))
    }
  }
}

/// One of the ways to the same numbers.
///
/// ``RecurrentCell`` switches over this in one place for its forward pass and one for its backward pass; a further path is a
/// case here and a folder in `Paths`.
public enum ComputePath: String, CaseIterable, Codable, Sendable {
  /// Plain Swift loops, as the textbook writes them: the reference in tests and the baseline in benchmarks.
  case naive
  /// OpenBLAS: one GEMM for all input projections, one per step for the recurrence, one each for the weight and input
  /// gradients after the loop, and vectorised activations.
  ///
  /// OpenBLAS picks a kernel by the number of rows, so results may differ in the last bits with the batch, the number
  /// of threads and where a sequence is split.
  case blas
  /// Packed weights and register tiles of our own, in which a step's products end in its gates: the default.
  ///
  /// A row of an inference has the same bits on any number of threads, in any batch, cut at any step; gradients have the
  /// same bits on any number of threads. Cells whose step is more than one product (an LSTM with peepholes or a
  /// projection, a GRU that resets before the product) take the BLAS path, and so do recordings of a handful of rows, for
  /// which packing weights would cost more than it saves.
  case fused
}
