import Kernels
import Models

/// The time of a step as Swift takes it, for those who call the engine from elsewhere: Tests/Examples/c/speed.c does the same.
enum StepTime {
  private static let rounds = 200
  private static let steps = 2000

  /// Nanoseconds of a step of an LSTM with a head of one number: the least of many rounds.
  static func nanoseconds(inputs: Int, hidden: Int) throws -> Double {
    let stack = try RecurrentStack(.lstm(inputSize: inputs, hiddenSize: hidden))
    let architecture = try SequenceArchitecture(recurrent: stack, outputSize: 1, loss: .meanSquaredError)
    let model = SequenceModel<Float>(architecture, seed: 1).prepared()
    let workspace = model.workspace()
    var session = try model.session()
    var (features, outputs) = ([Float](repeating: 0, count: inputs), [Float](repeating: 0, count: 1))
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<rounds {
      let elapsed = try clock.measure {
        for step in 0..<steps {
          features[0] = Float(step % 7)
          var span = outputs.mutableSpan
          try model.step(features.span, &session, in: workspace, into: &span)
        }
      }
      best = min(best, (elapsed / steps) / .nanoseconds(1))
    }
    return (best * 10).rounded() / 10
  }
}
