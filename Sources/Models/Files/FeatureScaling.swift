public import Kernels

/// How each feature was brought to a common scale before a network saw it: (x − offset) / scale.
public struct FeatureScaling: Hashable, Sendable {
  /// What is subtracted from each feature, `[F]`.
  public let offsets: [Double]
  /// What each is divided by then, `[F]`; positive.
  public let scales: [Double]

  /// A scaling from its numbers. Throws where they are not as many, not finite, or a scale is not positive.
  public init(offsets: [Double], scales: [Double]) throws(ConfigurationError) {
    try ConfigurationError.require(
      scales.count == offsets.count, "scales", "\(scales.count) numbers", wanted: "\(offsets.count), as offsets")
    for offset in offsets {
      try ConfigurationError.require(offset.isFinite, "offset", "\(offset)", wanted: "a finite number")
    }
    for scale in scales {
      try ConfigurationError.require(
        scale.isFinite && scale > 0, "scale", "\(scale)", wanted: "a finite, positive number")
    }
    self.offsets = offsets
    self.scales = scales
  }

  /// The scaling that gives every feature of `sequences`, `[length × F]` each, the mean 0 and the variance 1. A feature
  /// that does not vary is only shifted. Throws where there is no step or a number is not finite.
  public init<Scalar: BLASScalar>(standardizing sequences: [Matrix<Scalar>]) throws(ConfigurationError) {
    let rows = sequences.reduce(0) { $0 + $1.rows }
    try ConfigurationError.require(rows > 0, "steps to standardise", "0", wanted: "at least 1")
    func means(_ value: (Double, Int) -> Double) -> [Double] {
      var sums = [Double](repeating: 0, count: sequences[0].columns)
      for sequence in sequences {
        require(sequence.columns == sums.count || sequence.rows == 0, "sequences of different features")
        sequence.withView { rows in
          for t in 0..<rows.rows { for j in sums.indices { sums[j] += value(Double(rows[t, j]), j) } }
        }
      }
      return sums.map { $0 / Double(rows) }
    }
    let mean = means { x, _ in x }
    let deviations = means { x, j in (x - mean[j]) * (x - mean[j]) }.map { $0.squareRoot() }
    try self.init(offsets: mean, scales: deviations.map { $0 == 0 ? 1 : $0 })
  }

  /// Number of features, `F`.
  public var features: Int { offsets.count }

  /// (x − offset) / scale of every row of `matrix`, `[… × F]`.
  public func scaled<Scalar: BLASScalar>(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> {
    mapped(matrix) { ($0 - offsets[$1]) / scales[$1] }
  }

  /// What ``scaled(_:)`` was given: x · scale + offset of every row, `[… × F]`.
  public func restored<Scalar: BLASScalar>(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> {
    mapped(matrix) { $0 * scales[$1] + offsets[$1] }
  }

  private func mapped<Scalar: BLASScalar>(
    _ matrix: Matrix<Scalar>, _ function: (Double, Int) -> Double
  ) -> Matrix<Scalar> {
    require(matrix.columns == features, "\(matrix.columns) features cannot be scaled as \(features)")
    var result = matrix
    result.withMutableView { rows in
      for i in 0..<rows.rows { for j in 0..<rows.columns { rows[i, j] = Scalar(function(Double(rows[i, j]), j)) } }
    }
    return result
  }
}

extension FeatureScaling: Codable {
  private enum CodingKeys: String, CodingKey { case offsets, scales }

  /// Reads a scaling from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      offsets: values.decode([Double].self, forKey: .offsets), scales: values.decode([Double].self, forKey: .scales))
  }
}
