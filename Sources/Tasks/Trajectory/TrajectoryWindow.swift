package import Kernels
package import Models

/// A position or a displacement in the plane, in metres.
package typealias Point = SIMD2<Double>

extension SIMD2<Double> {
  /// Distance from the origin.
  var length: Double { (x * x + y * y).squareRoot() }

  /// This vector turned by the angle whose cosine and sine are given, anticlockwise.
  func rotated(cosine: Double, sine: Double) -> SIMD2<Double> {
    SIMD2(cosine * x - sine * y, sine * x + cosine * y)
  }
}

/// A history of positions and the future that follows it.
///
/// Positions are equally spaced in time. A learned model reads the ``displacements`` between them, which do not depend
/// on where in the world the motion happened, and predicts the ``residuals`` to ``ConstantVelocity``.
package struct TrajectoryWindow: Hashable, Sendable {
  /// The positions that are seen, oldest first; at least two.
  package let observed: [Point]
  /// The positions that follow.
  package let future: [Point]

  /// A window of positions that follow one another.
  package init(observed: [Point], future: [Point]) {
    require(observed.count >= 2, "a motion is seen in two positions at least, not \(observed.count)")
    self.observed = observed
    self.future = future
  }

  /// The vector from each observed position to the next, one fewer than positions.
  package var displacements: [Point] { zip(observed, observed.dropFirst()).map { $1 - $0 } }

  /// The vector from the position at constant velocity to the true one, for each future step.
  package var residuals: [Point] {
    zip(future, ConstantVelocity.positions(after: observed, count: future.count)).map { $0 - $1 }
  }

  /// The inverse of ``residuals``.
  package func positions(fromResiduals residuals: [Point]) -> [Point] {
    zip(ConstantVelocity.positions(after: observed, count: residuals.count), residuals).map { $0 + $1 }
  }

  /// The same motion of which only the latest `count` observed positions are known; all of them, where there are fewer.
  package func remembering(_ count: Int) -> TrajectoryWindow {
    TrajectoryWindow(observed: Array(observed.suffix(count)), future: future)
  }

  /// The same motion seen from another direction: turned by the angle whose cosine and sine are given, anticlockwise
  /// about the origin.
  package func rotated(cosine: Double, sine: Double) -> TrajectoryWindow {
    TrajectoryWindow(
      observed: observed.map { $0.rotated(cosine: cosine, sine: sine) },
      future: future.map { $0.rotated(cosine: cosine, sine: sine) })
  }

  /// The same motion turned by a random angle, all angles equally probable: what a training example is each time it is
  /// seen, because people and balls on a floor know no preferred direction. Not for motion under gravity.
  package func randomlyRotated(using generator: inout SeededGenerator) -> TrajectoryWindow {
    // A random point of the unit disc has a random angle, and needs no cosine whose last bit depends on the machine.
    while true {
      let point = Point(2 * generator.uniform(Double.self) - 1, 2 * generator.uniform(Double.self) - 1)
      let length = point.length
      if length > 0.01, length < 1 {
        return rotated(cosine: point.x / length, sine: point.y / length)
      }
    }
  }
}

// MARK: - As tensors

extension PackedSequence where Element: BLASScalar {
  /// The inputs for `windows`: their displacements, two features (x, y) a step, observed lengths as they are.
  package init(displacementsOf windows: some Collection<TrajectoryWindow>) {
    self.init(
      windows.map { window in
        let displacements = window.displacements
        return Matrix(rows: displacements.count, columns: 2, displacements.flatMap { [Element($0.x), Element($0.y)] })
      }, features: 2)
  }
}

extension Matrix where Element: BLASScalar {
  /// The targets for `windows`: their residuals, `[B × 2F]`, a row `x₁ y₁ x₂ y₂ …` of `F` future steps
  /// for each window. All must have the same number of those.
  package init(residualsOf windows: some Collection<TrajectoryWindow>) {
    self.init(windows.map { $0.residuals.flatMap { [Element($0.x), Element($0.y)] } })
  }

  /// The points of row `index`, which lie as ``init(residualsOf:)`` lays them.
  package func points(inRow index: Int) -> [Point] {
    stride(from: 0, to: columns - 1, by: 2).map { Point(Double(self[index, $0]), Double(self[index, $0 + 1])) }
  }
}
