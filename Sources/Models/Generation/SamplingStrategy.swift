internal import Glibc
internal import Kernels

/// How the next token is chosen from the probabilities that a model gives to all.
///
/// A temperature divides the logits: under 1 it sharpens the distribution, above 1 it flattens it.
public enum SamplingStrategy: Hashable, Codable, Sendable {
  /// The most probable token, the first of several.
  case greedy
  /// Any token, by its probability.
  case temperature(Double)
  /// One of the `k` most probable tokens, by its probability among them (Fan, Lewis & Dauphin, "Hierarchical neural
  /// story generation", 2018).
  case topK(Int, temperature: Double = 1)
  /// One of the smallest set of tokens that together have at least probability `p`, by its probability among them (Holtzman
  /// et al., "The curious case of neural text degeneration", 2020). The temperature acts first.
  case nucleus(Double, temperature: Double = 1)

  /// Throws where a temperature is not positive and finite, k not positive or p not a probability above 0.
  package func check() throws(ConfigurationError) {
    func check(temperature: Double) throws(ConfigurationError) {
      try ConfigurationError.require(
        temperature > 0 && temperature.isFinite, "temperature", "\(temperature)", wanted: "a positive number")
    }
    switch self {
    case .greedy: break
    case .temperature(let temperature): try check(temperature: temperature)
    case .topK(let k, let temperature):
      try ConfigurationError.checkPositive(["top-k": k])
      try check(temperature: temperature)
    case .nucleus(let p, let temperature):
      try ConfigurationError.require(p > 0 && p <= 1, "nucleus", "\(p)", wanted: "a probability above 0, at most 1")
      try check(temperature: temperature)
    }
  }
}

/// Chooses tokens as a ``SamplingStrategy`` says, among those that are not forbidden.
public struct TokenSampler: Sendable {
  /// The strategy.
  public let strategy: SamplingStrategy
  /// Tokens that are never chosen, such as a start token or the one for unknown words. They count as absent before the
  /// strategy acts.
  public let forbidden: Set<Int32>

  /// A sampler; throws where a setting of the strategy cannot be.
  public init(_ strategy: SamplingStrategy, forbidding forbidden: Set<Int32> = []) throws(ConfigurationError) {
    try strategy.check()
    self.strategy = strategy
    self.forbidden = forbidden
  }

  /// A token in `0 ..< V` for the logits of one row, `[V]`, drawn from the probabilities that the strategy leaves. Takes
  /// one number of the generator, or none where the strategy is greedy.
  ///
  /// Costs O(V), and a sort of V for a nucleus.
  public func callAsFunction(_ logits: [Double], using generator: inout SeededGenerator) -> Int32 {
    let candidates = candidates(of: logits)
    guard candidates.count > 1 else { return Int32(candidates[0].token) }
    var left = generator.uniform(Double.self) * candidates.reduce(0) { $0 + $1.weight }
    for (token, weight) in candidates {
      left -= weight
      if left < 0 { return Int32(token) }
    }
    // Rounding has eaten what the draw had left of the last.
    return Int32(candidates[candidates.count - 1].token)
  }

  /// The probability with which each token is drawn for the logits of one row, `[V]`.
  ///
  /// A logit that is not a number counts as −∞. Where no token that may be chosen has a logit above −∞, all that may be
  /// chosen are equally probable.
  package func probabilities(of logits: [Double]) -> [Double] {
    let candidates = candidates(of: logits)
    let sum = candidates.reduce(0) { $0 + $1.weight }
    var probabilities = [Double](repeating: 0, count: logits.count)
    for (token, weight) in candidates { probabilities[token] = weight / sum }
    return probabilities
  }

  /// The tokens that may be drawn, at least one, and a positive number for each to which its probability is
  /// proportional.
  private func candidates(of logits: [Double]) -> [(token: Int, weight: Double)] {
    var allowed = logits
    for token in allowed.indices where allowed[token].isNaN { allowed[token] = -.infinity }
    let isForbidden = forbiddenFlags(count: logits.count)
    for token in allowed.indices where isForbidden[token] { allowed[token] = -.infinity }
    let largest = allowed.max() ?? -.infinity
    guard largest > -.infinity else {
      let rest = allowed.indices.filter { !isForbidden[$0] }
      require(!rest.isEmpty, "all \(logits.count) tokens are forbidden")
      return strategy == .greedy ? [(rest[0], 1)] : rest.map { ($0, 1) }
    }
    func weights(_ tokens: some Sequence<Int>, _ temperature: Double) -> [(token: Int, weight: Double)] {
      tokens.compactMap { token in
        // Next to an infinite logit no finite one counts.
        let weight =
          largest == .infinity
          ? (allowed[token] == .infinity ? 1 : 0) : exp((allowed[token] - largest) / temperature)
        return weight > 0 ? (token, weight) : nil
      }
    }
    switch strategy {
    case .greedy:
      return weights(indicesOfLargest(1, of: allowed), 1)
    case .temperature(let temperature):
      return weights(allowed.indices, temperature)
    case .topK(let k, let temperature):
      return weights(indicesOfLargest(k, of: allowed), temperature)
    case .nucleus(let p, let temperature):
      let descending = weights(allowed.indices, temperature)
        .sorted { ($0.weight, $1.token) > ($1.weight, $0.token) }
      let wanted = p * descending.reduce(0) { $0 + $1.weight }
      var sum = 0.0
      let count = descending.firstIndex {
        sum += $0.weight
        return sum >= wanted
      }
      return Array(descending.prefix((count ?? descending.count - 1) + 1))
    }
  }

  private func forbiddenFlags(count: Int) -> [Bool] {
    var flags = [Bool](repeating: false, count: count)
    for token in forbidden where flags.indices.contains(Int(token)) { flags[Int(token)] = true }
    return flags
  }
}

/// The places of the `count` largest of `numbers`, the largest first and of equal ones the first first; of all, where
/// there are no more. What is not a number is not among them.
///
/// Costs O(n) and, for numbers in no particular order, some count² log n moves.
func indicesOfLargest(_ count: Int, of numbers: [Double]) -> [Int] {
  var best: [Int] = []
  best.reserveCapacity(min(count, numbers.count) + 1)
  for (index, number) in numbers.enumerated() {
    if number.isNaN || best.count >= count && number <= numbers[best[best.count - 1]] { continue }
    // The first that is smaller, by bisection.
    var (low, high) = (0, best.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[best[middle]] < number { high = middle } else { low = middle + 1 }
    }
    best.insert(index, at: low)
    if best.count > count { best.removeLast() }
  }
  return best
}
