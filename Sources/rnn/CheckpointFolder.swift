#if Tools
import DataIO
import Foundation
import SystemFiles

/// The folder with the checkpoints of one run, and a note that says which.
///
/// The folder may hold other files: only the note, the lock and, beside a note, checkpoints are ever changed. A process
/// has it to itself until it ends.
struct CheckpointFolder {
  let path: String
  private let lock: FileLock
  private let isKept: Bool
  private let wasThere: Bool

  private static let noteName = "recurrent-run.txt"
  private static let lockName = "recurrent-run.lock"

  /// The folder at `path`, which is made where it is not there. Files that a killed run left half written are removed,
  /// and unless it is resumed its checkpoints, too.
  ///
  /// - Throws: `DataError` where it cannot be made, where another process uses it, where the checkpoints are those of
  ///   another run, and where there are checkpoints without a note.
  init(_ path: String, isKept: Bool, purpose: RunPurpose, resumes: Bool) throws(DataError) {
    self.path = path
    self.isKept = isKept
    wasThere = FileManager.default.fileExists(atPath: path)
    try OutputFolder.make(path)
    do { lock = try FileLock(path: "\(path)/\(Self.lockName)") } catch {
      throw DataError(file: path, reason: error.description)
    }
    let note = "\(path)/\(Self.noteName)"
    let names = Self.names(in: path)
    if names.contains(Self.noteName) {
      if resumes { try purpose.check(isThatOf: FileReading.text(of: note), in: path) }
    } else if names.contains(where: { $0.hasSuffix(Self.checkpointSuffix) }) {
      throw DataError(
        file: path, reason: "holds checkpoints but no \(Self.noteName) that says of which run: name another folder")
    }
    removeOrphans(in: path)
    for name in names where !resumes && name.hasSuffix(Self.checkpointSuffix) {
      guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
        throw DataError(file: "\(path)/\(name)", reason: "cannot be removed: \(String(cString: strerror(errno)))")
      }
    }
    try FileWriting.write(Array(purpose.text.utf8), to: note)
  }

  private static let checkpointSuffix = ".checkpoint.safetensors"

  /// Whether there is a checkpoint of this run.
  var holdsCheckpoints: Bool { Self.names(in: path).contains { $0.hasSuffix(Self.checkpointSuffix) } }

  /// Lets other processes use the folder.
  func release() { lock.release() }

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

  /// Removes our files and then the folder, if it is ours and nothing else is in it. Nothing of another run's, where
  /// the folder was removed and made anew meanwhile.
  private func remove(where isOurs: (String) -> Bool) {
    guard lock.isIntact else { return }
    for name in Self.names(in: path) {
      if isOurs(name) { unlink("\(path)/\(name)") }
      // A training that was killed leaves the file of its lock behind.
      if name.hasSuffix("\(Self.checkpointSuffix).lock") { (try? FileLock(path: "\(path)/\(name)"))?.release() }
    }
    release()
    if !wasThere || !isKept { rmdir(path) }
  }

  private static func names(in path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }
}
#endif
