#if Tools
import DataIO
import Foundation
import Models
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
  /// and unless it is resumed its checkpoints, too; where it `isKept`, because somebody named it, only those of this run.
  ///
  /// - Throws: `DataError` where it cannot be made, where another process uses it, where the checkpoints are those of
  ///   another run, and where there are checkpoints without a note, or other files with the names of checkpoints.
  init(_ path: String, isKept: Bool, purpose: RunPurpose, resumes: Bool) throws(DataError) {
    self.path = path
    self.isKept = isKept
    wasThere = FileManager.default.fileExists(atPath: path)
    try OutputFolder.make(path)
    do { lock = try FileLock(path: "\(path)/\(Self.lockName)") } catch {
      if !wasThere { rmdir(path) }
      throw DataError(locking: path, error)
    }
    let note = "\(path)/\(Self.noteName)"
    let names = try Self.names(in: path)
    if names.contains(Self.noteName) {
      if resumes || isKept { try purpose.check(isThatOf: FileReading.text(of: note), in: path) }
    } else if names.contains(where: { $0.hasSuffix(Self.checkpointSuffix) }) {
      throw DataError(
        file: path, reason: "holds checkpoints but no \(Self.noteName) that says of which run: name another folder")
    }
    removeOrphans(in: path)
    for name in names where !resumes && name.hasSuffix(Self.checkpointSuffix) {
      guard Self.isCheckpoint("\(path)/\(name)") else {
        throw DataError(
          file: "\(path)/\(name)",
          reason: "is no checkpoint, and has the name of one: name another folder for checkpoints")
      }
      guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
        throw DataError(file: "\(path)/\(name)", reason: "cannot be removed: \(String(cString: strerror(errno)))")
      }
    }
    do { try FileWriting.write(Array(purpose.text.utf8), to: note) } catch {
      lock.release()
      if !wasThere { rmdir(path) }
      throw error
    }
  }

  private static let checkpointSuffix = ".checkpoint.safetensors"

  private static func isCheckpoint(_ path: String) -> Bool {
    path.hasSuffix(checkpointSuffix) && (try? SafetensorsFile(path: path))?.isCheckpoint == true
  }

  /// Throws where one of `outputs` would be taken for a checkpoint or another file of the folder at `path`.
  static func check(_ outputs: [String], besides path: String) throws(DataError) {
    guard !path.isEmpty else { throw DataError(file: "--checkpoints", reason: "names no folder") }
    func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    for output in outputs {
      guard !output.hasSuffix(checkpointSuffix) else {
        throw DataError(file: output, reason: "has the name of a checkpoint, …\(checkpointSuffix)")
      }
      guard ![path, "\(path)/\(noteName)", "\(path)/\(lockName)"].map(resolved).contains(resolved(output)) else {
        throw DataError(file: output, reason: "belongs to the checkpoints in \(path)")
      }
    }
  }

  /// Whether there is a checkpoint of this run.
  var holdsCheckpoints: Bool { (try? Self.names(in: path))?.contains { $0.hasSuffix(Self.checkpointSuffix) } ?? false }

  /// Lets other processes use the folder.
  func release() { lock.release() }

  /// Removes the folder, unless it was asked for.
  func removeUnlessKept() {
    guard !isKept else { return }
    remove(where: { $0 == Self.noteName || Self.isCheckpoint("\(path)/\($0)") })
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
    for name in (try? Self.names(in: path)) ?? [] {
      if isOurs(name) { unlink("\(path)/\(name)") }
      // A training that was killed leaves the file of its lock behind.
      if name.hasSuffix("\(Self.checkpointSuffix).lock") { (try? FileLock(path: "\(path)/\(name)"))?.release() }
    }
    release()
    if !wasThere || !isKept { rmdir(path) }
  }

  private static func names(in path: String) throws(DataError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw DataError(file: path, reason: "cannot be listed: \(error.localizedDescription)")
    }
  }
}
#endif
