import ArgumentParser
import Kernels
import Models

/// The network that `rnn train` makes, and how it is trained. What is left out is chosen by what is learned.
struct NetworkOptions: ParsableArguments {
  @Option(help: "The recurrent cell: gru for a table, lstm for a text, unless given.")
  var cell: RecurrentCell.Kind?

  @Option(help: "Recurrent layers.")
  var layers = 1

  @Option(help: "Hidden units of each layer: 64 for a table, 256 for a text, unless given.")
  var hidden: Int?

  @Option(help: "Probability with which an output between two layers is dropped in training.")
  var dropout = 0.0

  @Option(help: "Passes over the data, at most: 40 over a table, 10 over a text, unless given.")
  var epochs: Int?

  @Option(help: "Windows of a table, or streams of a text, in a batch: 64 or 32 unless given.")
  var batch: Int?

  @Option(help: "The learning rate at its highest; it falls along a cosine.")
  var learningRate = 2e-3

  @Option(help: "Decides everything that is random.")
  var seed: UInt64 = 1

  /// Those of a network of more would take over 20 GB in training.
  private static let mostWeights = 1e9

  /// Deeper networks are a slip of the finger too.
  private static let mostLayers = 100

  func validate() throws {
    for (name, value) in [("layers", layers), ("hidden", hidden ?? 1), ("epochs", epochs ?? 1), ("batch", batch ?? 1)] {
      try checkCount(value, of: name)
    }
    guard layers <= Self.mostLayers else {
      throw ValidationError("--layers takes a number up to \(Self.mostLayers), not \(layers)")
    }
    // Those of an LSTM, whose layers read the one below and themselves.
    let weights = 8 * Double(layers) * Double(hidden ?? 1) * Double(hidden ?? 1)
    guard weights <= Self.mostWeights else {
      throw ValidationError("--layers \(layers) of --hidden \(hidden ?? 1) units need more memory than there is")
    }
    guard 0..<1 ~= dropout else {
      throw ValidationError("--dropout takes a number from 0 up to but not 1, not \(dropout)")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw ValidationError("--learning-rate takes a positive number, not \(learningRate)")
    }
  }
}

extension RecurrentCell.Kind: HyphenatedArgument {}

/// Throws unless `value` can be a number of things; more than a million are a slip of the finger, and would overflow.
func checkCount(_ value: Int, of name: String) throws(ValidationError) {
  guard value >= 1 else { throw ValidationError("--\(name) takes a number from 1 up, not \(value)") }
  guard value <= 1_000_000 else { throw ValidationError("--\(name) takes a number up to 1000000, not \(value)") }
}
