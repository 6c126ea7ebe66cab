import Kernels
import Models

/// The smallest trainable model: numbers p, and for examples that are numbers x the loss ½ mean (pᵢ − x)². Its gradient
/// is the mean of p − x over the number of p, so that every law of training can be computed by hand.
struct QuadraticModel: TrainableModel {
  var parameters: ParameterVector<Double>
  /// Added to the first gradient: a mistake for the gradient checker, or a NaN.
  var gradientMistake = 0.0

  init(_ numbers: [Double]) {
    let split = numbers.count / 2
    parameters = .zeros(
      ParameterLayout([
        ParameterShape("first", rows: split, columns: 1, role: .inputBias),
        ParameterShape("second", rows: numbers.count - split, columns: 1, role: .inputBias),
      ]))
    parameters.withUnsafeMutableBufferPointer { _ = $0.update(from: numbers) }
  }

  var numbers: [Double] { parameters.withUnsafeBufferPointer { Array($0) } }

  struct Tape: Sendable {}
  func makeTape(seed: UInt64) -> Tape { Tape() }
  func reseed(_ tape: inout Tape, with seed: UInt64) {}

  func accumulateGradient(
    of batch: [Double], window: Int, tape: inout Tape, into gradient: inout ParameterVector<Double>
  ) -> LossValue {
    let count = Double(parameters.count)
    let mean = batch.reduce(0, +) / Double(max(1, batch.count))
    if !batch.isEmpty {
      gradient.withUnsafeMutableBufferPointer { gradient in
        for (i, number) in numbers.enumerated() { gradient[i] += (number - mean) / count }
        gradient[0] += gradientMistake
      }
    }
    return loss(of: batch, tape: &tape)
  }

  func loss(of batch: [Double], tape: inout Tape) -> LossValue {
    let errors = batch.flatMap { x in numbers.map { ($0 - x) * ($0 - x) / 2 } }
    return LossValue(mean: errors.reduce(0, +) / Double(max(1, errors.count)), count: errors.count)
  }
}

/// Numbers to be near to.
struct Numbers: TrainingExamples {
  var values: [Double]
  var lengths: [Int] { values.map { _ in 1 } }
  /// The batch; those that are zero are masked.
  func batch(_ indices: [Int]) -> [Double] { indices.map { values[$0] }.filter { $0 != 0 } }
}
