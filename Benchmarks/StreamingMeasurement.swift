#if Tools
/// One row of the streaming table: one step of one sequence on one thread.
struct StreamingMeasurement: Codable, Hashable {
  var cell: CellKind
  /// The path's name.
  var path: String
  var type: NumberType
  var I: Int
  var H: Int
  /// Steps that were timed alone.
  var steps: Int
  var fastestNanoseconds: Double
  var medianNanoseconds: Double
  var percentile99Nanoseconds: Double
  var percentile999Nanoseconds: Double
  /// Over blocks of steps, with the clock read between blocks alone.
  var meanNanoseconds: Double
  /// ``Workload/floatingPointOperations`` over the median, in 10⁹ a second.
  var gflops: Double
  /// `gflops` over the ceiling of a core.
  var ceilingShare: Double
  /// See ``StreamingTiming/bestRound``.
  var bestRoundNanoseconds: Double
  /// See ``StreamingTiming/noise``.
  var noise: Double

  init(of workload: Workload, path: String, timing: StreamingTiming, ceilingPerCore: Double) {
    (cell, type) = (workload.cell, workload.type)
    self.path = path
    (I, H) = (workload.shape.inputs, workload.shape.hidden)
    steps = timing.steps
    fastestNanoseconds = timing.fastest
    // A step shorter than the clock's resolution still took time.
    medianNanoseconds = max(timing.median, 1)
    bestRoundNanoseconds = max(timing.bestRound, 1)
    percentile99Nanoseconds = timing.percentile99
    percentile999Nanoseconds = timing.percentile999
    meanNanoseconds = timing.mean
    gflops = workload.floatingPointOperations / medianNanoseconds
    ceilingShare = gflops / ceilingPerCore
    noise = timing.noise
  }
}
#endif
