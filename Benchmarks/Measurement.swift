#if Tools
/// One row of the speed table.
struct Measurement: Codable, Hashable {
  var cell: CellKind
  var pass: Pass
  /// The path's name.
  var path: String
  var type: NumberType
  var T: Int
  var B: Int
  var I: Int
  var H: Int
  var threads: Int
  /// Whether the sequences have lengths from 5 % to 100 % of `T` instead of `T`.
  var ragged: Bool
  var bestSeconds: Double
  var medianSeconds: Double
  /// ``Workload/floatingPointOperations`` over the best time, in 10⁹ a second.
  var gflops: Double
  /// `gflops` over the ceiling of that many cores.
  var ceilingShare: Double
  /// See ``Timing/noise``; missing in what earlier versions wrote.
  var noise: Double?

  init(of workload: Workload, path: String, threads: Int, isRagged: Bool, timing: Timing, ceilingPerCore: Double) {
    (cell, pass, type) = (workload.cell, workload.pass, workload.type)
    self.path = path
    (T, B, I, H) = (workload.shape.steps, workload.shape.batch, workload.shape.inputs, workload.shape.hidden)
    self.threads = threads
    ragged = isRagged
    bestSeconds = timing.best
    medianSeconds = timing.median
    gflops = workload.floatingPointOperations / timing.best / 1e9
    ceilingShare = gflops / (ceilingPerCore * Double(threads))
    noise = timing.noise
  }
}
#endif
