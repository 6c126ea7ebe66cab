#if Tools
import DataIO
import Foundation

/// The folder with the checkpoints of one run, and a note that says which.
///
/// The folder may hold other files: only the note and, beside one, checkpoints are ever changed.
struct CheckpointFolder {
  let path: String
  private let isKept: Bool
  private let wasThere: Bool

  private static let noteName = "recurrent-run.txt"

  /// The folder at `path`, which is made where it is not there. Files that a killed run left half written are removed,
  /// and unless it is resumed its checkpoints, too.
  ///
  /// - Throws: `DataError` where it cannot be made, where the checkpoints are those of another run, and where there
  ///   are checkpoints without a note.
  init(_ path: String, isKept: Bool, purpose: String, resumes: Bool) throws(DataError) {
    self.path = path
    self.isKept = isKept
    wasThere = FileManager.default.fileExists(atPath: path)
    try OutputFolder.make(path)
    let note = "\(path)/\(Self.noteName)"
    let names = Self.names(in: path)
    if names.contains(Self.noteName) {
      let found = try FileReading.text(of: note)
      guard !resumes || found == purpose else {
        throw DataError(file: path, reason: "holds checkpoints of a run with other options, other data or another task")
      }
    } else if names.contains(where: { $0.hasSuffix(Self.checkpointSuffix) }) {
      throw DataError(
        file: path, reason: "holds checkpoints but no \(Self.noteName) that says of which run: name another folder")
    }
    for name in names where Self.isHalfWritten(name) || !resumes && name.hasSuffix(Self.checkpointSuffix) {
      guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
        throw DataError(file: "\(path)/\(name)", reason: "cannot be removed: \(String(cString: strerror(errno)))")
      }
    }
    try FileWriting.write(Array(purpose.utf8), to: note)
  }

  private static let checkpointSuffix = ".checkpoint.safetensors"

  /// Whether `name` is that of one of our files which was being written when its process ended.
  private static func isHalfWritten(_ name: String) -> Bool {
    name.hasSuffix(".tmp") && (name.contains("\(checkpointSuffix).") || name.hasPrefix("\(noteName)."))
  }

  /// Whether there is a checkpoint of this run.
  var holdsCheckpoints: Bool { Self.names(in: path).contains { $0.hasSuffix(Self.checkpointSuffix) } }

  /// Removes the folder, unless it was asked for.
  func removeUnlessKept() {
    guard !isKept else { return }
    remove(where: { $0 == Self.noteName || $0.hasSuffix(Self.checkpointSuffix) })
  }

  /// Removes the folder of a run that ended before its first checkpoint.
  func removeIfEmpty() {
    guard !holdsCheckpoints else { return }
    remove(where: { $0 == Self.noteName })
  }

  /// Removes our files and then the folder, if it is ours and nothing else is in it.
  private func remove(where isOurs: (String) -> Bool) {
    for name in Self.names(in: path) where isOurs(name) { unlink("\(path)/\(name)") }
    if !wasThere || !isKept { rmdir(path) }
  }

  private static func names(in path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }
}
#endif
