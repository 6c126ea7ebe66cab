internal import Kernels

/// The prediction that learned models are measured against: whatever moves goes on as in the last step that was seen.
///
/// It beats many networks on walking people (Schöller et al., "What the constant velocity model can teach us about
/// pedestrian motion prediction", 2020).
package enum ConstantVelocity {
  /// The `count` positions after `observed`, which must hold two positions at least.
  package static func positions(after observed: [Point], count: Int) -> [Point] {
    require(observed.count >= 2, "a velocity is seen in two positions at least, not \(observed.count)")
    let last = observed[observed.count - 1]
    let displacement = last - observed[observed.count - 2]
    return (0..<count).map { last + Double($0 + 1) * displacement }
  }
}
