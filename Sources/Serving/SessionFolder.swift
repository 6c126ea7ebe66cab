internal import Foundation
internal import Glibc
internal import Kernels
internal import Models
internal import SystemFiles

/// The folder that sessions are written to: a folder for each model, in it a file for each session. One server uses it at a
/// time.
///
/// A file is replaced in one piece, so that whatever ends the server, each session is there as it was at some snapshot.
final class SessionFolder: Sendable {
  let path: String
  private let lock: FileLock
  /// What is on the disk.
  private struct Contents {
    /// The files that are there, by session.
    var files: [SessionTable.Key: String] = [:]
    var folders: Set<String> = []
  }
  private let contents = Guarded(Contents())

  /// Makes the folder where it is not there.
  ///
  /// - Throws: ``ServingError`` where it cannot be used.
  init(path: String) throws(ServingError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      lock = try FileLock(path: "\(path)/.lock")
    } catch let error as FileLockError {
      throw .badRequest("the folder \(path) \(error)")
    } catch { throw .badRequest("the folder \(path) cannot be made: \(error.localizedDescription)") }
  }

  /// Reads the sessions of models that are served into `table`.
  ///
  /// - Returns: How many, and a line for each file that was not read, which stays where it is.
  func restore(to table: SessionTable, from repository: ModelRepository) -> (count: Int, notes: [String]) {
    contents.withLock { restore(to: table, from: repository, &$0) }
  }

  private func restore(
    to table: SessionTable, from repository: ModelRepository, _ contents: inout Contents
  ) -> (count: Int, notes: [String]) {
    var (count, notes): (Int, [String]) = (0, [])
    for name in repository.names {
      let folder = "\(path)/\(name)"
      removeOrphans(in: folder)
      guard let served = try? repository.current(name) else { continue }
      for file in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
        guard let id = SequenceID(fileName: file) else { continue }
        let key = SessionTable.Key(model: name, id: id)
        do {
          let session = try served.prepared.session(readingFrom: "\(folder)/\(file)", allowsNonFinite: true)
          try table.put(session, key, of: served, isSaved: true)
          contents.files[key] = "\(folder)/\(file)"
          count += 1
        } catch { notes.append("session \(quoted(id.text)) is not restored: \(error)") }
      }
    }
    return (count, notes)
  }

  /// Writes the sessions that have changed, and removes the files of those that have ended.
  ///
  /// - Returns: How many were written, and why others could not be.
  func write(_ table: SessionTable) -> (count: Int, failures: [String]) { contents.withLock { write(table, &$0) } }

  private func write(_ table: SessionTable, _ contents: inout Contents) -> (count: Int, failures: [String]) {
    var (count, failures): (Int, [String]) = (0, [])
    var snapshots = table.changedSessions()
    // Those that were in use leave a copy when the request has been answered.
    for attempt in 0..<3 {
      for snapshot in snapshots {
        do {
          try write(snapshot, &contents)
          table.markSaved(snapshot)
          count += 1
        } catch { failures.append("session \(quoted(snapshot.key.id.text)) is not written: \(error)") }
      }
      guard attempt < 2 else { break }
      usleep(50_000)
      snapshots = table.takeCopies()
    }
    for (key, file) in contents.files where !table.contains(key) {
      unlink(file)
      contents.files[key] = nil
    }
    return (count, failures)
  }

  private func write(_ snapshot: SessionTable.Snapshot, _ contents: inout Contents) throws {
    let folder = "\(path)/\(snapshot.key.model)"
    if contents.folders.insert(folder).inserted {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let file = "\(folder)/\(snapshot.key.id.fileName)"
    try snapshot.session.write(to: file)
    contents.files[snapshot.key] = file
  }
}
