#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Models
import Tasks

/// `rnn generate`: text from a language model.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continues a beginning with a language model that rnn train wrote.")

  @Argument(help: ArgumentHelp("What rnn train wrote.", valueName: "model"))
  var model: String

  @Option(help: "The beginning; a new line unless given.")
  var prompt: String?

  @Option(help: "Characters or words to write.")
  var length = 500

  @Option(help: "Divides the logits: under 1 more certain, above 1 more surprising; 0 always takes the most probable.")
  var temperature = 1.0

  @Option(help: "Takes one of the k most probable.")
  var topK: Int?

  @Option(help: "Takes one of the smallest set that together has this probability.")
  var topP: Double?

  @Option(help: "Decides what is drawn.")
  var seed: UInt64 = 1

  @OptionGroup var trust: TrustOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func validate() throws {
    guard topK == nil || topP == nil else { throw ValidationError("--top-k and --top-p: give one of them") }
    try checkCount(length, of: "length")
    guard prompt != "" else { throw ValidationError("--prompt takes at least one character") }
    if temperature != 0 { try strategy.check() }
  }

  private var strategy: SamplingStrategy {
    if temperature == 0 { return .greedy }
    if let topK { return .topK(topK, temperature: temperature) }
    return topP.map { .nucleus($0, temperature: temperature) } ?? .temperature(temperature)
  }

  func run() throws {
    let console = Console(consoleOptions)
    let model = try LanguageModel(contentsOf: self.model, allowsNonFinite: trust.allowNonFinite)
    let prompt = self.prompt ?? model.usualBeginning
    let continuation: String
    do {
      continuation = try model.continuation(of: prompt, length: length, strategy: strategy, seed: seed)
    } catch let error as UnknownTokens {
      throw DataError(file: "--prompt", line: error.line, column: error.column, reason: error.description)
    }
    let shown = self.prompt ?? ""
    let joint = model.level == .word && !shown.isEmpty ? " " : ""
    try console.result(
      Result(model: self.model, prompt: prompt, continuation: continuation, seed: seed),
      text: isatty(STDOUT_FILENO) == 1 ? shown + joint + Self.printable(continuation) : shown + joint + continuation)
  }

  /// Text of several lines for a terminal: a model's tokens are anything that its file says.
  static func printable(_ text: String) -> String {
    text.unicodeScalars
      .map { $0 == "\n" || $0 == "\t" ? String($0) : Kernels.printable(String($0), limit: 1) }.joined()
  }

  private struct Result: Encodable {
    let model: String
    let prompt: String
    let continuation: String
    let seed: UInt64
  }
}
#endif
