internal import Glibc

/// The environment variables that the engine reads, and what is wrong with them.
package enum EngineEnvironment {
  /// A variable that the engine reads.
  enum Variable: String, CaseIterable {
    case instructionSet = "RECURRENT_ISA"
    case threads = "RECURRENT_THREADS"
  }

  /// The text of `variable`; `nil` where it is unset or empty.
  static func value(of variable: Variable) -> String? {
    getenv(variable.rawValue).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Values that mean nothing or cannot be had here, a line each.
  package static var invalidValues: [String] { [instructionSetProblem, threadsProblem].compactMap(\.self) }

  /// Variables that are almost called like one that is read, a line each.
  package static var mistypedNames: [String] {
    variableNames.compactMap { name in
      meant(by: name).map { "\(shown(name)) is no variable that is read; \($0.rawValue) is" }
    }
  }

  /// Writes ``invalidValues`` and ``mistypedNames`` to standard error, once in a process, and goes on without them. Tools
  /// refuse the first at their start.
  package static let reportProblems: Void = {
    for problem in invalidValues + mistypedNames {
      let line = Array("\(problem). It is ignored.\n".utf8)
      _ = write(STDERR_FILENO, line, line.count)
    }
  }()

  private static var instructionSetProblem: String? {
    guard let text = value(of: .instructionSet), InstructionSet.requested?.isAvailable != true else { return nil }
    let available = InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
    let reason = InstructionSet.requested == nil ? "which is no instruction set" : "which this processor does not run"
    return "RECURRENT_ISA is \(shown(text)), \(reason); here it may be \(available)"
  }

  private static var threadsProblem: String? {
    guard let text = value(of: .threads), ThreadBudget.requested == nil else { return nil }
    let range = ThreadBudget.requestableThreads
    return
      "RECURRENT_THREADS is \(shown(text)), which is no whole number from \(range.lowerBound) to \(range.upperBound)"
  }

  /// Letters that a name may have too many, too few or wrong and still be taken for a mistyped one.
  private static let maxMistypedLetters = 2

  /// The variable that somebody meant who wrote `name`; `nil` for its very name, and for another.
  static func meant(by name: String) -> Variable? {
    guard Variable(rawValue: name) == nil, name.uppercased().hasPrefix("RECUR") else { return nil }
    let letters = Array(name.uppercased().utf8)
    return Variable.allCases.first { variable in
      let wanted = Array(variable.rawValue.utf8)
      return abs(wanted.count - letters.count) <= maxMistypedLetters
        && editDistance(letters, wanted) <= maxMistypedLetters
    }
  }

  /// Letters to insert, remove or replace to get from one text to the other (Levenshtein 1966).
  private static func editDistance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var row = Array(0...other.count)
    for (i, letter) in one.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, otherLetter) in other.enumerated() {
        let replaced = diagonal + (letter == otherLetter ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }

  /// The names of all variables that this process was started with.
  private static var variableNames: [String] {
    guard let file = fopen("/proc/self/environ", "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { text += buffer[..<count] }
    return text.split(separator: 0).map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
  }

  /// At most 40 characters of `text` in quotes, none of which moves a cursor or breaks the line.
  private static func shown(_ text: String) -> String { String(text.prefix(40)).debugDescription }
}
