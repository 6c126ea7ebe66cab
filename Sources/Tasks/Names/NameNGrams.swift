internal import Glibc

/// A baseline for names: 4-grams of their characters, over all languages and within one.
///
/// Characters of a language are scarce, those of all languages say little about a single one. So one model counts a
/// language's characters alone and, where it has seen nothing, uses fewer of them; a second one looks at the language
/// and three characters and, where it has seen nothing, at the same three in all languages. Each beats the other in
/// some languages, and their mean, with weights that suit names that neither has counted, beats both.
struct NameNGrams: Sendable {
  private let withinLanguage: NGramModel
  private let acrossLanguages: NGramModel
  /// Of the first.
  private(set) var weight = 0.5

  /// Characters of an n-gram.
  static let order = 4

  /// Counts the names of `collection` that are to learn from, and weighs the two models by those to choose by.
  init(_ collection: NameCollection) {
    let count = collection.characters.count
    func model(
      _ order: Int, _ context: @escaping (Int32, ArraySlice<Int32>) -> [Int32]
    ) -> NGramModel {
      NGramModel(
        order: order, vocabularySize: count,
        events: collection.training.lazy.flatMap { entry in
          Self.events(of: entry).map { (context: context($0, $1)[...], token: $2) }
        })
    }
    withinLanguage = model(Self.order + 1, Self.nearLanguage)
    acrossLanguages = model(Self.order + 1, Self.farLanguage)
    let weights = stride(from: 0.0, through: 1, by: 0.05)
    let losses = weights.map { weight in
      var mixed = self
      mixed.weight = weight
      return (loss: mixed.loss(of: collection.validation), weight: weight)
    }
    weight = losses.min { $0.loss < $1.loss }?.weight ?? weight
  }

  /// The mean of −log P over the characters of `names` and their ends, in nats.
  func loss(of names: [NameCollection.Entry]) -> Double {
    var (sum, count) = (0.0, 0)
    for entry in names {
      for (language, before, character) in Self.events(of: entry) {
        let (within, across) = (Self.nearLanguage(language, before), Self.farLanguage(language, before))
        sum -= log(
          weight * withinLanguage.probability(of: character, after: within[...])
            + (1 - weight) * acrossLanguages.probability(of: character, after: across[...]))
        count += 1
      }
    }
    return sum / Double(max(count, 1))
  }

  /// The language as a token, the characters before and the character, for each of a name and its end.
  private static func events(
    of entry: NameCollection.Entry
  ) -> [(language: Int32, before: ArraySlice<Int32>, character: Int32)] {
    let characters = [NameCollection.start] + entry.characters + [NameCollection.end]
    return characters.indices.dropFirst().map { t in
      (Int32(-2 - entry.language), characters[max(0, t - order + 1)..<t], characters[t])
    }
  }

  /// Characters are forgotten first: those of the language remain.
  private static func nearLanguage(_ language: Int32, _ before: ArraySlice<Int32>) -> [Int32] { before + [language] }

  /// The language is forgotten first: those of all languages remain.
  private static func farLanguage(_ language: Int32, _ before: ArraySlice<Int32>) -> [Int32] { [language] + before }
}
