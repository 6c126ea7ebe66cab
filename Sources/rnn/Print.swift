#if Tools
import Foundation
import ToolSupport

/// Prints to standard output in the standard library's place, in all of this tool: where that fails the tool ends with exit
/// code 1 and a line that says so, and not with 0.
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
  let text = items.map { "\($0)" }.joined(separator: separator) + terminator
  do { try StandardStream.output.write(text) } catch { RNN.end(because: error) }
}
#endif
