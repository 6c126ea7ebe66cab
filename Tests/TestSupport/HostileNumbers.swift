internal import Models

/// Numbers that a file may claim and that nothing can be: in range or refused, but never the end of the process.
package enum HostileNumbers {
  package static let all = [
    "0", "-1", "1", "2147483648", "9223372036854775807", "-9223372036854775808", "1e25", "-1e25", "1e-320", "0.5",
    "\"nan\"",
  ]

  /// Of an array of numbers no more than these are replaced.
  private static let maxElements = 2

  /// `text` with one number in it replaced, for each number and each of ``all``. Numbers in JSON are meant, also in JSON that
  /// is a string in JSON, and a text that is a number.
  package static func variants(of text: String) -> [(change: String, text: String)] {
    let bytes = Array(text.utf8)
    var (variants, position, elements): ([(String, String)], Int, Int) = ([], 0, 0)
    while position < bytes.count {
      let start = position
      let before = start == 0 ? nil : bytes[start - 1]
      while position < bytes.count, "0123456789+-.eE".utf8.contains(bytes[position]) { position += 1 }
      let after = position == bytes.count ? nil : bytes[position]
      guard position > start, before.map(":,[".utf8.contains) ?? true, after.map(",]}".utf8.contains) ?? true else {
        position += 1
        continue
      }
      elements = before == UInt8(ascii: ",") ? elements + 1 : 0
      guard elements < maxElements else { continue }
      let head = String(decoding: bytes[..<start], as: UTF8.self)
      let isNested = head.split(separator: "\"", omittingEmptySubsequences: false).dropLast().last?.hasSuffix("\\")
      for number in all {
        let spelled = isNested == true ? number.replacing("\"", with: "\\\"") : number
        variants.append(
          (
            "\(head.suffix(40))\(spelled), not \(String(decoding: bytes[start..<position], as: UTF8.self))",
            head + spelled + String(decoding: bytes[position...], as: UTF8.self)
          ))
      }
    }
    return variants
  }

  /// Of so many variants one is tried: a debug build, above all under a sanitizer, takes twenty times as long for each.
  package static let sampling = isOptimized ? 1 : 5

  /// The safetensors file at `path` with one number in its metadata replaced, for each number and each of ``all``, or for some
  /// of them, see ``sampling``. A sum over the file, as checkpoints have it, is right.
  package static func files(from path: String) throws -> [(change: String, bytes: [UInt8])] {
    let contents = try SafetensorsContents(copying: path)
    var files: [(String, [UInt8])] = []
    for (key, value) in contents.metadata.sorted(by: { $0.key < $1.key }) where key != "sum" && key != "format_version"
    {
      for (index, (change, text)) in variants(of: value).enumerated() where index.isMultiple(of: sampling) {
        var changed = contents
        changed.metadata[key] = text
        if changed.metadata.removeValue(forKey: "sum") != nil { changed.metadata["sum"] = changed.sum() }
        files.append(("\(key): \(change)", changed.serialized()))
      }
    }
    return files
  }
}
