#if Tools
import ArgumentParser
import Foundation
import Models
import Synchronization
import Tasks
import ToolSupport

/// The amount and form of a command's output.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Say nothing but the result.")
  var quiet = false

  @Flag(help: "Write JSON for machines: one object a line on standard output, and nothing else there.")
  var json = false
}

/// The output of a command while it works and when it is done.
///
/// Results go to standard output, everything else to standard error: progress as a line that is redrawn where that is a
/// terminal, and as plain lines now and then where it is none. As JSON, everything goes to standard output, an event a
/// line.
final class Console: Sendable {
  private enum Mode { case bar, lines, results, json }

  private struct State {
    /// Whether a progress line is on the terminal.
    var isLineShown = false
    /// When a line was last drawn or written, by the terminal's clock.
    var lastTime = -Double.infinity
    /// The end of an epoch that was not logged yet.
    var untold: (stage: String, progress: TrainingProgress)?
    var stage: String?
    /// Why standard output could not be written, where it could not. Nothing more is written there then: the rest of a
    /// line that was cut would not be JSON.
    var outputFailure: OutputError?
    /// Whether that was said.
    var isFailureReported = false
  }

  /// Between two drawings of the progress line.
  private static let secondsBetweenDrawings = 0.1
  /// Between two plain lines at the end of an epoch.
  private static let secondsBetweenLines = 10.0
  /// After which there is a plain line in the middle of an epoch.
  private static let maxSecondsWithoutLine = 60.0

  private let mode: Mode
  /// Whether only results are printed, in whatever form.
  private let isQuiet: Bool
  private let terminal: Terminal
  private let state = Mutex(State())

  init(_ options: ConsoleOptions, terminal: Terminal = .standard) {
    self.terminal = terminal
    isQuiet = options.quiet
    mode = options.json ? .json : options.quiet ? .results : terminal.columns() == nil ? .lines : .bar
  }

  var isJSON: Bool { mode == .json }

  func note(_ line: String) {
    guard !isQuiet else { return }
    if mode == .json { return log(NoteEvent(text: line)) }
    state.withLock { state in
      erase(&state)
      terminal.writeError("\(line)\n")
    }
  }

  /// Shows the progress of the training `stage`.
  func show(_ stage: String, _ progress: TrainingProgress) {
    guard !isQuiet else { return }
    if mode == .json {
      if progress.isEndOfEpoch { log(ProgressEvent(stage, progress)) }
      return reportLostLog()
    }
    state.withLock { state in
      if state.stage != stage {
        logEpoch(&state)
        state.stage = stage
        if mode == .lines { state.lastTime = -.infinity }
      }
      if progress.isEndOfEpoch { state.untold = (stage, progress) }
      let seconds = terminal.seconds() - state.lastTime
      if mode == .bar {
        if seconds >= Self.secondsBetweenDrawings { draw(ProgressLine(stage, progress), &state) }
      } else if progress.isEndOfEpoch ? seconds >= Self.secondsBetweenLines : isOverdue(state) {
        state.untold = nil
        write(ProgressLine(stage, progress), &state)
      }
    }
  }

  /// Logs that the work was stopped and how to resume it.
  func interrupted(_ line: String, resume command: String?) {
    finish()
    if mode == .json { log(InterruptionEvent(text: line, resume: command)) }
    terminal.writeError("\(line)\n")
  }

  /// Prints the result: `text` for people, `value` as JSON. Must be the last output.
  ///
  /// - Throws: `OutputError` where it cannot be written, and where a line before it could not.
  func result(_ value: some Encodable, text: @autoclosure () -> String) throws(OutputError) {
    finish()
    try write(mode == .json ? jsonLine(ResultEvent(result: value)) : text())
  }

  /// Ends the progress line, and logs the end of the last training if that was not done.
  private func finish() { state.withLock { logEpoch(&$0) } }

  private func isOverdue(_ state: State) -> Bool {
    state.lastTime.isFinite && terminal.seconds() - state.lastTime >= Self.maxSecondsWithoutLine
  }

  private func logEpoch(_ state: inout State) {
    erase(&state)
    guard let (stage, progress) = state.untold else { return }
    state.untold = nil
    write(ProgressLine(stage, progress), &state)
  }

  private func write(_ line: ProgressLine, _ state: inout State) {
    terminal.writeError("\(line)\n")
    state.lastTime = terminal.seconds()
  }

  private func draw(_ line: ProgressLine, _ state: inout State) {
    // Where the window has just become narrower the old line has wrapped, and only its last part is overwritten.
    terminal.writeError("\r\(line.drawn(columns: (terminal.columns() ?? 80) - 1))\(Self.eraseToEnd)")
    state.isLineShown = true
    state.lastTime = terminal.seconds()
  }

  private func erase(_ state: inout State) {
    guard state.isLineShown else { return }
    terminal.writeError("\r\(Self.eraseToEnd)")
    state.isLineShown = false
  }

  private static let eraseToEnd = "\u{1B}[K"

  /// Writes `event` as a line of a log; where that fails the work goes on without it.
  private func log(_ event: some Encodable) { try? write(jsonLine(event)) }

  /// Says once that a training goes on although its log cannot be written.
  private func reportLostLog() {
    state.withLock { state in
      guard let failure = state.outputFailure, !state.isFailureReported else { return }
      state.isFailureReported = true
      terminal.writeError("\(failure): going on without this log\n")
    }
  }

  /// Writes a line to standard output.
  private func write(_ line: String) throws(OutputError) {
    let failure = state.withLock { state in
      if state.outputFailure == nil {
        do throws(OutputError) { try terminal.writeOutput("\(line)\n") } catch { state.outputFailure = error }
      }
      return state.outputFailure
    }
    if let failure { throw failure }
  }
}

/// The output and the clock of a console.
struct Terminal: Sendable {
  var writeOutput: @Sendable (String) throws(OutputError) -> Void
  /// Does nothing where standard error cannot be written.
  var writeError: @Sendable (String) -> Void
  /// Columns of the terminal; `nil` where standard error is none.
  var columns: @Sendable () -> Int?
  /// Seconds since some moment.
  var seconds: @Sendable () -> Double

  /// The process's own.
  static let standard = Terminal(
    writeOutput: { text throws(OutputError) in try StandardStream.output.write(text) },
    writeError: StandardStream.error.log,
    columns: {
      guard isatty(STDERR_FILENO) == 1 else { return nil }
      var size = winsize()
      return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    },
    seconds: { ProcessInfo.processInfo.systemUptime })
}
#endif
