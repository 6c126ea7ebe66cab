internal import DataIO
internal import Models

/// Names by language, in three parts: training, validation and test.
///
/// A name occurs once in a language, however often the list repeats it, and is in one part only, in whatever languages
/// it occurs: no name of the test is in training.
struct NameCollection: Hashable, Sendable {
  /// A name of a language.
  struct Entry: Hashable, Sendable {
    /// The language's place among ``NameCollection/languages``.
    let language: Int
    /// The name, in numbers of its characters.
    let characters: [Int32]
  }

  let languages: [String]
  /// The characters that names are made of; ``start`` and ``end`` are among them.
  let characters: Vocabulary
  /// Eight tenths of each language.
  let training: [Entry]
  /// A tenth of each.
  let validation: [Entry]
  /// A tenth of each.
  let test: [Entry]

  static let start: Int32 = 0
  static let end: Int32 = 1

  /// The parts of `lists` of names, which `seed` decides. A name that a language shares with an earlier one is in the
  /// same part as there.
  init(_ lists: [(language: String, names: [String])], seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var parts: [String: Int] = [:]
    var entries: [[(language: Int, name: String)]] = [[], [], []]
    for (language, (_, names)) in lists.enumerated() {
      var distinct = Set(names).sorted()
      generator.shuffle(&distinct)
      for (place, name) in distinct.enumerated() {
        // Of every ten names eight, one and one.
        let part = parts[name, default: [8: 1, 9: 2][place % 10, default: 0]]
        parts[name] = part
        entries[part].append((language, name))
      }
    }
    languages = lists.map(\.language)
    let characters = Vocabulary(["start", "end"] + Set(lists.flatMap(\.names).joined().map(String.init)).sorted())
    self.characters = characters
    func numbers(_ part: [(language: Int, name: String)]) -> [Entry] {
      part.map { Entry(language: $0.language, characters: characters.numbers(of: $0.name.map(String.init))) }
    }
    (training, validation, test) = (numbers(entries[0]), numbers(entries[1]), numbers(entries[2]))
  }

  /// The limit on the bytes of a name, which is a sequence with a step for each character.
  private static let maxLength = 1000

  /// The lists of `folder`, each of one name at least.
  init(_ folder: DataDirectory, seed: UInt64) throws(DataError) {
    var lists: [(language: String, names: [String])] = []
    for file in DataSet.names.files {
      let names = try folder.lines(of: file).map { $0.trimmingPrefix { $0 == " " } }.map { name in
        String(name[..<(name.lastIndex { $0 != " " }.map(name.index(after:)) ?? name.startIndex)])
      }
      if let line = names.firstIndex(where: { $0.utf8.count > Self.maxLength }) {
        throw DataError(
          file: folder(file), line: line + 1,
          reason: "is a name of \(names[line].utf8.count) bytes; one has at most \(Self.maxLength)")
      }
      let list = names.filter { !$0.isEmpty }
      guard !list.isEmpty else { throw DataError(file: folder(file), reason: "holds no name") }
      lists.append((String(file.split(separator: "/")[1].dropLast(4)), list))
    }
    self.init(lists, seed: seed)
  }

  func name(of characters: some Sequence<Int32>) -> String { self.characters.words(of: characters).joined() }
}
