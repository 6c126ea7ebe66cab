internal import Kernels

/// What dropout does to the rows of a pass, and the mask it did it with: an element is dropped with the given
/// probability, and what is kept grows by as much, so that the mean stays (Srivastava et al. 2014).
struct DropoutMask<Scalar: BLASScalar>: Sendable {
  /// 0 or 1 / (1 − rate) for each element, `[N × F]`.
  private var mask = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Whether the latest pass dropped anything.
  private var isActive = false

  /// Draws a mask and multiplies `rows`, `[N × F]`, by it; does nothing where the rate is 0 or the pass no training.
  mutating func forward(
    _ rows: MutableMatrixView<Scalar>, rate: Double, mode: PassMode, from generator: inout SeededGenerator
  ) {
    isActive = mode == .training && rate > 0
    guard isActive else { return }
    mask.discardContents(resizingTo: rows.rows, by: rows.columns)
    drawMask(&mask, dropping: rate, from: &generator)
    multiplyElements(rows, by: mask.unsafeView)
  }

  /// Turns the gradient for what came out, `[N × F]`, into that for what went in.
  func backward(_ dRows: MutableMatrixView<Scalar>) {
    if isActive { multiplyElements(dRows, by: mask.unsafeView) }
  }

  /// Throws where `rate` is no probability that leaves something.
  static func check(_ rate: Double) throws(ConfigurationError) {
    try ConfigurationError.require(
      0..<1 ~= rate, "dropout", "\(rate)", wanted: "a probability from 0 up to but not 1")
  }
}
