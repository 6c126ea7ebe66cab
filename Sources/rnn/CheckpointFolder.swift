import DataIO
import Foundation

/// The folder with the checkpoints of one run, and a note that says which.
///
/// It may be anybody's folder: only our note and, beside one, checkpoints are ever touched.
struct CheckpointFolder {
  /// Where it is.
  let path: String
  private let isKept: Bool
  /// Whether it was there before.
  private let wasThere: Bool

  private static let noteName = "recurrent-run.txt"

  /// The folder at `path`, which is made where it is not there. What a killed run left half written is removed, and
  /// without resuming its checkpoints too.
  ///
  /// - Throws: `DataError` where it cannot be made, where a run is to be resumed that was another one's, and where there
  ///   are checkpoints of which no note says what they are of.
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

  /// Removes the folder, unless somebody asked for it.
  func removeUnlessKept() {
    guard !isKept else { return }
    remove(where: { $0 == Self.noteName || $0.hasSuffix(Self.checkpointSuffix) })
  }

  /// Removes what a run has made that ended before its first checkpoint.
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
