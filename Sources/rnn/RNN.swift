import ArgumentParser

/// The command line tool.
@main
struct RNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rnn", abstract: "Recurrent networks on a CPU: convert models, verify them.")
}
