internal import Glibc

/// What a decoder reads in training: always the tokens that should have been there, or at some places those that it would
/// have written itself.
///
/// With scheduled sampling (Bengio, Vinyals, Jaitly & Shazeer, "Scheduled sampling for sequence prediction with recurrent
/// neural networks", 2015) it learns to go on after its own mistakes. A token is the true one with a probability ε that
/// falls as training goes on. The others come from a first pass over the true tokens, of which each position is drawn
/// from what the model predicts there (parallel scheduled sampling: Duckworth, Neelakantan, Goodrich, Kaiser & Bengio,
/// 2019): so both passes keep the recurrence in one piece. No gradient flows through what was drawn.
public enum TeacherForcing: Hashable, Codable, Sendable {
  /// The true tokens: ε = 1.
  case always
  /// ε falls from 1 to `final` over `steps` training steps, and stays there.
  case linear(to: Double, overSteps: Int)
  /// ε = k / (k + e^(i / k)) at step i: it stays near 1, falls, and goes to 0.
  case inverseSigmoid(k: Double)

  /// ε at training step `step`, from 0.
  package func truthProbability(atStep step: Int) -> Double {
    switch self {
    case .always: 1
    case .linear(let final, let steps): max(final, 1 - (1 - final) * Double(step) / Double(steps))
    case .inverseSigmoid(let k): k / (k + exp(Double(step) / k))
    }
  }

  /// Throws where the settings are no schedule.
  func check() throws(ConfigurationError) {
    switch self {
    case .always: break
    case .linear(let final, let steps):
      try ConfigurationError.require(
        0...1 ~= final, "final probability of teacher forcing", "\(final)", wanted: "a probability from 0 to 1")
      try ConfigurationError.checkPositive(["steps of teacher forcing": steps])
    case .inverseSigmoid(let k):
      try ConfigurationError.require(
        k >= 1 && k.isFinite, "k of teacher forcing", "\(k)", wanted: "a number from 1 upwards")
    }
  }
}
