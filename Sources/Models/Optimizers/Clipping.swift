internal import Kernels

extension ParameterVector {
  /// Scales a gradient down to the Euclidean norm `maximum` if its norm, over all parameters together, is larger; its
  /// direction stays (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013).
  ///
  /// A gradient whose norm is infinite or NaN is left as it is, for the caller to see (``firstNonFinite()``).
  ///
  /// - Returns: The norm before.
  @discardableResult
  package mutating func clip(toGlobalNorm maximum: Scalar) -> Scalar {
    require(maximum > 0, "a gradient cannot be clipped to the norm \(maximum)")
    let norm = norm
    if norm > maximum, norm.isFinite { scale(by: maximum / norm) }
    return norm
  }
}
