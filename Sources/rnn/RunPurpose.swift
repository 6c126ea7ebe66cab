#if Tools
import DataIO

/// What a run of the tool does, part by part: checkpoints of another purpose are not resumed.
struct RunPurpose {
  /// The parts, such as `data`, and what says whether two are the same. In one line each.
  let parts: KeyValuePairs<String, String>

  /// A line for each part.
  var text: String { parts.map { "\($0.key): \($0.value)\n" }.joined() }

  /// Throws unless `note` is the ``text`` of this purpose, with the parts that differ. The checkpoints are in `folder`.
  func check(isThatOf note: String, in folder: String) throws(DataError) {
    guard note != text else { return }
    let lines = note.split(separator: "\n")
    let different = parts.filter { part in !lines.contains { $0 == "\(part.key): \(part.value)" } }.map(\.key)
    let isComplete =
      !different.isEmpty && parts.allSatisfy { part in lines.contains { $0.hasPrefix("\(part.key): ") } }
    throw DataError(
      file: folder,
      reason: isComplete
        ? "holds checkpoints of a run that differs in its \(different.joined(separator: ", "))"
        : "holds checkpoints of other work, or of another version of this tool")
  }
}
#endif
