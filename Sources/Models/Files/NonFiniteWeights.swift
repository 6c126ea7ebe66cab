internal import Kernels

extension ParameterVector {
  /// The first number that is infinite or NaN, for an error: what it is, of which parameter and where there; `nil` where all
  /// are finite.
  package var nonFiniteWeight: (name: String, found: String)? {
    guard let (name, index, value) = firstNonFinite(), let shape = layout[name]?.shape else { return nil }
    let place = shape.isVector ? [index] : [index / shape.columns, index % shape.columns]
    return (name, "\(value) at \(place)")
  }
}

/// What weights should be, for an error.
package let finiteWeights = "finite numbers, or --allow-non-finite to read others"
