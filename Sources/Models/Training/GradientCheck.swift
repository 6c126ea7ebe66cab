internal import Glibc
internal import Kernels

/// How well the gradient that a model computes agrees with differences of its loss.
///
/// The derivative for a parameter p is compared with (L(p + h) − L(p − h)) / 2h, where h = ∛ulp · max(1, |p|) balances
/// the error of the formula, of order h², with the rounding of L over h. In `Double` that resolves about 10⁻¹⁰ of the
/// loss, and a right gradient agrees to better than 10⁻⁶; in `Float` it resolves about 10⁻⁴, enough for coarse mistakes.
/// Where the loss has a kink, as at the zeros of a ReLU, the two may rightly differ.
public struct GradientCheck: Hashable, Sendable {
  /// The worst number of one parameter.
  public struct Entry: Hashable, Sendable {
    /// The parameter's full name.
    public let parameter: String
    /// The number's place in it, row after row.
    public let index: Int
    /// What the model computed.
    public let analytic: Double
    /// What the differences say.
    public let numeric: Double
    /// |analytic − numeric| over the larger of the two, or over a floor where both are smaller. Infinite
    /// where one is NaN.
    public let relativeError: Double
  }

  /// The worst number of each parameter, in the order in which they lie. A parameter without numbers has none.
  public let entries: [Entry]
  /// The size up to which a derivative counts as this large: ``floorShare`` of the loss.
  package let floor: Double

  /// The part of the loss that a derivative must be for differences in `Double` to resolve six digits of it.
  package static let floorShare = 1e-4

  /// The worst of all.
  public var worst: Entry? { entries.max { $0.relativeError < $1.relativeError } }
}

extension GradientCheck: CustomStringConvertible {
  /// A line for each parameter: name, worst relative error, where, and the two derivatives there.
  public var description: String {
    let names = entries.map { "\($0.parameter)[\($0.index)]" }
    let width = names.map(\.count).max() ?? 0
    return zip(names, entries).map { name, entry in
      name + String(repeating: " ", count: width - name.count)
        + "  relative error \(entry.relativeError), analytic \(entry.analytic), numeric \(entry.numeric)"
    }.joined(separator: "\n")
  }
}

extension TrainableModel {
  /// Compares the gradient that this model computes for `batch` with central differences of its loss, in training mode.
  ///
  /// Dropout acts, with the same masks in every pass. Where backpropagation through time is truncated the first window is
  /// checked: later ones start from a state whose gradient is cut, so theirs is not the gradient of the loss.
  ///
  /// Costs two training passes for each number checked.
  ///
  /// - Parameters:
  ///   - batch: What to compute the loss of.
  ///   - limit: The most numbers to check of each parameter, drawn at random; all if `nil`.
  ///   - seed: Decides the masks of dropout and which numbers are drawn.
  public func checkGradient(on batch: Batch, atMost limit: Int? = nil, seed: UInt64 = 0) -> GradientCheck {
    require((limit ?? 0) >= 0, "there cannot be \(limit ?? 0) numbers to check")
    var moved = self
    var tape = makeTape(seed: seed)
    var scratch = ParameterVector<Scalar>.zeros(parameters.layout)
    func evaluate(_ model: Self) -> Double {
      model.reseed(&tape, with: seed)
      return model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &scratch).mean
    }
    let loss = evaluate(self)
    let gradient = scratch
    let floor = max(GradientCheck.floorShare * abs(loss), .leastNormalMagnitude)

    let entries = parameters.layout.entries.enumerated().compactMap { place, block in
      var generator = SeededGenerator(seed: seed, stream: UInt64(place))
      var indices = Array(0..<block.shape.count)
      if let limit, limit < indices.count {
        generator.shuffle(&indices)
        indices = indices.prefix(limit).sorted()
      }
      return indices.map { index in
        let i = block.offset + index
        let (original, analytic) = (parameters.number(at: i), Double(gradient.number(at: i)))
        let step = Scalar(cbrt(Double(Scalar.ulpOfOne))) * max(1, abs(original))
        moved.parameters.setNumber(at: i, to: original + step)
        let above = evaluate(moved)
        moved.parameters.setNumber(at: i, to: original - step)
        let below = evaluate(moved)
        moved.parameters.setNumber(at: i, to: original)
        // The step that was taken is the one that survived rounding.
        let numeric = (above - below) / (Double(original + step) - Double(original - step))
        let error = abs(analytic - numeric) / max(abs(analytic), abs(numeric), floor)
        return GradientCheck.Entry(
          parameter: block.name, index: index, analytic: analytic, numeric: numeric,
          relativeError: error.isNaN ? .infinity : error)
      }.max { $0.relativeError < $1.relativeError }
    }
    return GradientCheck(entries: entries, floor: floor)
  }
}

extension ParameterVector {
  fileprivate func number(at index: Int) -> Scalar { withUnsafeBufferPointer { $0[index] } }
  fileprivate mutating func setNumber(at index: Int, to value: Scalar) {
    withUnsafeMutableBufferPointer { $0[index] = value }
  }
}
