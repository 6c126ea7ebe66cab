internal import Kernels
package import SystemFiles

/// What is wrong with data from outside, and where it stands.
///
/// Its description is always one line of printable text, whatever the file held.
public struct DataError: Error, Hashable, Sendable {
  /// The path of the file, as the caller gave it.
  public var file: String
  /// The line, counted from 1; `nil` where the whole file is meant.
  public var line: Int?
  /// Which of the line's columns, counted from 1; `nil` where the whole line is meant.
  public var column: Int?
  /// What was found, and what was wanted.
  public var reason: String
  /// Why a whole file could not be written or locked; `nil` where something else is wrong.
  package var writeFailure: SystemCallError?
  /// Whether the disk is full, or a quota or limit on sizes is reached.
  package var isOutOfSpace: Bool { writeFailure?.isOutOfSpace == true }

  /// An error in `file`.
  public init(file: String, line: Int? = nil, column: Int? = nil, reason: String) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// A file or folder that cannot be written, as `action` says, because of `failure`.
  package init(file: String, _ action: String = "cannot be written", because failure: SystemCallError) {
    self.init(file: file, reason: "\(action): \(failure)")
    writeFailure = failure
  }

  /// A file or folder whose lock was not taken.
  package init(locking file: String, _ error: FileLockError) {
    self.init(file: file, reason: error.description)
    writeFailure = error.systemError
  }
}

extension DataError: CustomStringConvertible {
  /// `file:line:column: reason`, without the parts that are not known.
  public var description: String {
    let place = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
    return "\(printable(file, limit: 4096))\(place): \(printable(reason, limit: 4096))"
  }
}

/// `text` in quotes for an error message: at most 40 characters of it, none of which moves a cursor or breaks the line.
package func quoted(_ text: some StringProtocol) -> String { "“\(printable(text, limit: 40))”" }

/// `count` of what `noun` is called, as people say it: `1 row`, `2 rows`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
