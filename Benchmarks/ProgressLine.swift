#if Tools
import Foundation
import ToolSupport

/// Shows progress on standard error: on a terminal in one line that is overwritten, elsewhere a line each time.
struct ProgressLine {
  private let isTerminal = isatty(2) == 1

  func show(_ text: String) {
    write(isTerminal ? "\r\u{1b}[K\(text)" : text + "\n")
  }

  /// Removes the line from a terminal, so that a table can follow.
  func clear() {
    if isTerminal { write("\r\u{1b}[K") }
  }

  private func write(_ text: String) {
    StandardStream.error.log(text)
  }
}
#endif
