internal import Glibc
internal import Kernels

/// Corpus BLEU of translations that are given as tokens, one reference each (Papineni, Roukos, Ward & Zhu, "BLEU: a
/// method for automatic evaluation of machine translation", 2002), as sacrebleu computes it with `tokenize="none"` and
/// its default smoothing `exp` (Post, "A call for clarity in reporting BLEU scores", 2018).
///
/// The geometric mean of the precisions of 1-grams to 4-grams, each counted over the whole corpus and no n-gram more
/// often than in its reference, times a penalty where the translations are shorter than the references.
package struct BLEU: Hashable, Sendable {
  /// The order of the longest n-grams.
  package static let order = 4

  /// n-grams of the translations that are in their references, for n from 1.
  package private(set) var matches = [Int](repeating: 0, count: order)
  /// n-grams of the translations, for n from 1.
  package private(set) var totals = [Int](repeating: 0, count: order)
  /// Tokens of all translations.
  package private(set) var length = 0
  /// Tokens of all references.
  package private(set) var referenceLength = 0

  /// The BLEU of `translations`, each beside the reference in its place.
  package init<Token: Hashable>(of translations: [[Token]], references: [[Token]]) {
    require(
      translations.count == references.count, "\(translations.count) translations for \(references.count) references")
    for (translation, reference) in zip(translations, references) { add(translation, reference) }
  }

  private mutating func add<Token: Hashable>(_ translation: [Token], _ reference: [Token]) {
    length += translation.count
    referenceLength += reference.count
    for n in 1...Self.order {
      let found = Self.count(n, in: translation)
      let wanted = Self.count(n, in: reference)
      totals[n - 1] += max(0, translation.count - n + 1)
      matches[n - 1] += found.reduce(0) { $0 + min($1.value, wanted[$1.key] ?? 0) }
    }
  }

  private static func count<Token: Hashable>(_ n: Int, in tokens: [Token]) -> [ArraySlice<Token>: Int] {
    var counts: [ArraySlice<Token>: Int] = [:]
    guard tokens.count >= n else { return counts }
    for start in 0...tokens.count - n { counts[tokens[start..<start + n], default: 0] += 1 }
    return counts
  }

  /// The precisions in per cent, for n from 1. The k-th that has no match, but n-grams, counts as 2⁻ᵏ matches.
  package var precisions: [Double] {
    var share = 1.0
    return zip(matches, totals).map { matches, total in
      guard total > 0 else { return 0 }
      guard matches == 0 else { return 100 * Double(matches) / Double(total) }
      share /= 2
      return 100 * share / Double(total)
    }
  }

  /// e^(1 − r / c) where the translations have fewer tokens (c) than the references (r); else 1.
  package var brevityPenalty: Double {
    if length >= referenceLength { return 1 }
    return length == 0 ? 0 : exp(1 - Double(referenceLength) / Double(length))
  }

  /// The score, from 0 to 100. 0 where nothing matches, and where no translation has four tokens.
  package var score: Double {
    guard matches.contains(where: { $0 > 0 }), !totals.contains(0) else { return 0 }
    return brevityPenalty * exp(precisions.reduce(0) { $0 + log($1) } / Double(Self.order))
  }
}
