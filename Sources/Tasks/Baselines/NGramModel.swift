internal import Glibc
internal import Kernels
package import Models

/// An n-gram model: the probability of a token given the last few before it, by interpolated Kneser-Ney
/// smoothing with three discounts (Chen & Goodman, "An empirical study of smoothing techniques for language modeling",
/// 1999, section 4.1.6). The baseline that a recurrent network has to beat.
///
///     let model = NGramModel(order: 4, vocabularySize: 60, sequences: names)
///     let loss = model.loss(of: heldOut).mean
///
/// With c for the count of token w after the context h, and h′ for h without its farthest token,
///
///     P(w | h) = (max(c(h, w) − D(c), 0) + γ(h) · P(w | h′)) / Σ c(h, ·),
///
/// where γ(h) is what the discounts took, and the lowest order falls back to 1 / V. Below the
/// highest order, a count is the number of different tokens that an n-gram follows, not the number of its
/// occurrences; only n-grams at the start of a sequence keep that.
package struct NGramModel: Sendable {
  /// Tokens of an n-gram, `n`: the last is predicted from the n − 1 before it.
  package let order: Int
  /// Number of tokens, `V`.
  package let vocabularySize: Int

  /// The context before the first token of a sequence; never predicted.
  package static let start: Int32 = -1

  /// The contexts as a tree: the root is the empty one, a child has one more token to the left.
  private var contexts = [Context(length: 0, parent: 0)]
  /// The child of a context by its additional token.
  private var children: [Pair: Int32] = [:]
  /// By the length of the context.
  private var discounts: [Discounts] = []
  /// The probability of each token without a context, `[V]`.
  private var unigrams: [Double] = []
  /// The tokens found after each context, in the order of tokens, contexts one after the other; and the index at which
  /// each context's begin.
  private var followers: [Follower] = []
  private var firstFollowers: [Int] = []

  /// A node of the tree.
  private struct Context {
    let length: Int
    let parent: Int32
    /// Σ c(h, ·).
    var total = 0.0
    /// γ(h).
    var discounted = 0.0
  }

  /// A token that was found after a context.
  private struct Follower {
    let token: Int32
    let count: Int32
  }

  /// A context and a token, a key that is quick to hash.
  private struct Pair: Hashable {
    let bits: UInt64

    init(_ context: Int32, _ token: Int32) {
      bits = UInt64(UInt32(bitPattern: context)) << 32 | UInt64(UInt32(bitPattern: token))
    }

    var context: Int32 { Int32(truncatingIfNeeded: bits >> 32) }
    var token: Int32 { Int32(truncatingIfNeeded: bits) }
  }

  /// Counts `sequences` of tokens in `0 ..< vocabularySize`. Where the end of a sequence shall be predicted too, it
  /// ends with a token for that.
  package init(order: Int, vocabularySize: Int, sequences: [[Int32]]) {
    self.init(
      order: order, vocabularySize: vocabularySize,
      events: sequences.lazy.flatMap { sequence in
        let tokens = [Self.start] + sequence
        return tokens.indices.dropFirst().lazy.map { t in (context: tokens[max(0, t - order + 1)..<t], token: tokens[t])
        }
      })
  }

  /// Counts tokens, each after a context whose last token is the nearest. The context may be anything, such as a class
  /// in front of the characters so far; tokens in front of the last `order` − 1 do not count.
  package init(
    order: Int, vocabularySize: Int, events: some Sequence<(context: ArraySlice<Int32>, token: Int32)>
  ) {
    require(order > 0 && vocabularySize > 0, "an n-gram of \(order) of \(vocabularySize) tokens")
    self.order = order
    self.vocabularySize = vocabularySize
    var counts: [Pair: Int32] = [:]
    for (context, token) in events {
      require(
        0..<vocabularySize ~= Int(token), "token \(token) is outside a vocabulary of \(vocabularySize)")
      counts[Pair(place(of: context), token), default: 0] += 1
    }
    countContinuations(in: &counts)
    listFollowers(counts)
    discount()
    unigrams = (0..<vocabularySize).map { refined(1 / Double(vocabularySize), at: 0, Int32($0)) }
  }

  /// The index of `context` in the tree, to which it is added if it is new.
  private mutating func place(of context: ArraySlice<Int32>) -> Int32 {
    var place: Int32 = 0
    for token in context.suffix(order - 1).reversed() {
      let key = Pair(place, token)
      if let child = children[key] {
        place = child
      } else {
        contexts.append(Context(length: contexts[Int(place)].length + 1, parent: place))
        place = Int32(contexts.count - 1)
        children[key] = place
      }
    }
    return place
  }

  /// Adds 1 to the count of a token after a context for each longer context by a token after which it occurs.
  private func countContinuations(in counts: inout [Pair: Int32]) {
    var keys = [[Pair]](repeating: [], count: order)
    for key in counts.keys { keys[contexts[Int(key.context)].length].append(key) }
    for length in stride(from: order - 1, to: 0, by: -1) {
      for key in keys[length] {
        let shorter = Pair(contexts[Int(key.context)].parent, key.token)
        let count = counts[shorter, default: 0]
        if count == 0 { keys[length - 1].append(shorter) }
        counts[shorter] = count + 1
      }
    }
  }

  /// Lists `counts` by their contexts.
  private mutating func listFollowers(_ counts: [Pair: Int32]) {
    firstFollowers = Array(repeating: 0, count: contexts.count + 1)
    for key in counts.keys { firstFollowers[Int(key.context) + 1] += 1 }
    for place in contexts.indices { firstFollowers[place + 1] += firstFollowers[place] }
    followers = counts.sorted { $0.key.bits < $1.key.bits }.map { Follower(token: $0.key.token, count: $0.value) }
  }

  /// Finds the discounts, and what each context loses to them.
  private mutating func discount() {
    var countsOfCounts = [[Int]](repeating: [0, 0, 0, 0], count: order)
    for place in contexts.indices {
      for follower in followers(at: place) where follower.count <= 4 {
        countsOfCounts[contexts[place].length][Int(follower.count) - 1] += 1
      }
    }
    discounts = countsOfCounts.map(Discounts.init)
    for place in contexts.indices {
      let discounts = discounts[contexts[place].length]
      contexts[place].total = followers(at: place).reduce(0) { $0 + Double($1.count) }
      contexts[place].discounted = followers(at: place).reduce(0) { $0 + discounts[$1.count] }
    }
  }

  /// What was found after the context at `place`.
  private func followers(at place: Int) -> ArraySlice<Follower> {
    followers[firstFollowers[place]..<firstFollowers[place + 1]]
  }

  /// How often `token` was found after the context at `place`.
  private func count(of token: Int32, at place: Int) -> Int32 {
    let followers = followers(at: place)
    var (low, high) = (followers.startIndex, followers.endIndex)
    while low < high {
      let middle = (low + high) / 2
      if followers[middle].token < token { low = middle + 1 } else { high = middle }
    }
    return low < followers.endIndex && followers[low].token == token ? followers[low].count : 0
  }
}

extension NGramModel {
  /// The probability of `token` after `context`, whose last token is the nearest; ``start`` is in front of a sequence.
  package func probability(of token: Int32, after context: ArraySlice<Int32>) -> Double {
    var place: Int32 = 0
    var probability = unigrams[Int(token)]
    for previous in context.suffix(order - 1).reversed() {
      guard let child = children[Pair(place, previous)] else { break }
      place = child
      probability = refined(probability, at: place, token)
    }
    return probability
  }

  /// The probability of every token after `context`, `[V]`, as ``probability(of:after:)`` gives it but for rounding.
  ///
  /// Costs a product for each token and each known context, and a step for each follower of those.
  package func probabilities(after context: ArraySlice<Int32>) -> [Double] {
    var place: Int32 = 0
    var probabilities = unigrams
    for previous in context.suffix(order - 1).reversed() {
      guard let child = children[Pair(place, previous)] else { break }
      place = child
      let context = contexts[Int(place)]
      guard context.total > 0 else { continue }
      let share = context.discounted / context.total
      for token in probabilities.indices { probabilities[token] *= share }
      let discounts = discounts[context.length]
      for follower in followers(at: Int(place)) {
        probabilities[Int(follower.token)] += (Double(follower.count) - discounts[follower.count]) / context.total
      }
    }
    return probabilities
  }

  /// P(w | h) from P(w | h′).
  private func refined(_ probability: Double, at place: Int32, _ token: Int32) -> Double {
    let context = contexts[Int(place)]
    guard context.total > 0 else { return probability }
    let count = count(of: token, at: Int(place))
    let kept = Double(count) - discounts[context.length][count]
    return (kept + context.discounted * probability) / context.total
  }

  /// The mean of −log P over the tokens of `sequences`, in nats.
  package func loss(of sequences: [[Int32]]) -> LossValue {
    var (sum, count) = (0.0, 0)
    for sequence in sequences {
      let tokens = [Self.start] + sequence
      for t in tokens.indices.dropFirst() { sum -= log(probability(of: tokens[t], after: tokens[..<t])) }
      count += sequence.count
    }
    return LossValue(mean: sum / Double(max(count, 1)), count: count)
  }
}

/// The discounts of counts of 1, of 2 and of more.
private struct Discounts {
  private let discounts: [Double]

  /// Estimates them from how many counts are 1, 2, 3 and 4 (Chen & Goodman, equation 26).
  ///
  /// Where a small sample has none of one of these, as the characters of an alphabet all follow many others, there is
  /// nothing to estimate from, and the discount is a half of the first count.
  init(_ countsOfCounts: [Int]) {
    let n = countsOfCounts.map(Double.init)
    let y = n[0] / (n[0] + 2 * n[1])
    discounts =
      [0]
      + (1...3).map { k in
        let estimate = Double(k) - Double(k + 1) * y * n[k] / n[k - 1]
        return estimate.isFinite && n.allSatisfy { $0 > 0 } ? min(max(estimate, 0.1), Double(k)) : 0.5
      }
  }

  subscript(count: Int32) -> Double { discounts[min(Int(count), 3)] }
}
