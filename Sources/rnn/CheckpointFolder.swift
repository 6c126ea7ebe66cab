import DataIO
import Foundation

/// The folder with the checkpoints of one run, and a note that says which.
struct CheckpointFolder {
  /// Where it is.
  let path: String
  private let isKept: Bool

  private static let noteName = "run.txt"

  /// The folder at `path`, which is made where it is not there. What a killed run left half written is removed.
  ///
  /// - Throws: `DataError` where it cannot be made, and where a run is to be resumed that was another one's.
  init(_ path: String, isKept: Bool, purpose: String, resumes: Bool) throws(DataError) {
    self.path = path
    self.isKept = isKept
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: path) {
        let isOld = !resumes && name.hasSuffix(Self.checkpointSuffix)
        if isOld || name.hasSuffix(Self.temporarySuffix) {
          try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
      }
    } catch { throw DataError(file: path, reason: "cannot be a folder for checkpoints: \(error.localizedDescription)") }
    let note = "\(path)/\(Self.noteName)"
    if resumes, FileManager.default.fileExists(atPath: note) {
      let found = try FileReading.text(of: note)
      guard found == purpose else {
        throw DataError(file: path, reason: "holds checkpoints of a run with other options, other data or another task")
      }
    } else {
      try FileWriting.write(Array(purpose.utf8), to: note)
    }
  }

  private static let checkpointSuffix = ".checkpoint.safetensors"
  private static let temporarySuffix = ".tmp"

  /// Removes the folder, unless somebody asked for it.
  func removeUnlessKept() {
    guard !isKept else { return }
    remove(where: { $0 == Self.noteName || $0.hasSuffix(Self.checkpointSuffix) })
  }

  /// Removes the folder if no checkpoint is in it.
  func removeIfEmpty() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if names == [Self.noteName] { remove(where: { $0 == Self.noteName }) }
  }

  /// Removes our files and then the folder, if nothing else is in it.
  private func remove(where isOurs: (String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where isOurs(name) {
      unlink("\(path)/\(name)")
    }
    rmdir(path)
  }
}
