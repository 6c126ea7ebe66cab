#if Tools
// Parts of paths, by scalars, as the system reads them. Those of Foundation (of Swift 6.3.1) stop the program at a path
// of one character.
extension String {
  /// The last component.
  var fileName: String { unicodeScalars.split(separator: "/").last.map { String($0) } ?? "/" }

  /// The folder that this path lies in: `.` where it names none.
  var parentFolder: String {
    let path = self[...].withoutSlashesAtEnd
    guard let slash = path.unicodeScalars.lastIndex(of: "/") else { return path.isEmpty && !isEmpty ? "/" : "." }
    let folder = path[..<slash].withoutSlashesAtEnd
    return folder.isEmpty ? "/" : String(folder)
  }

  /// What follows the last point of the last component, in lower case; nothing where that point begins it.
  var fileExtension: String { extensionPoint.map { self[unicodeScalars.index(after: $0)...].lowercased() } ?? "" }

  /// This path without its extension.
  var withoutExtension: String { extensionPoint.map { String(self[..<$0]) } ?? self }

  private var extensionPoint: Index? {
    let scalars = unicodeScalars
    let start = scalars.lastIndex(of: "/").map { scalars.index(after: $0) } ?? startIndex
    guard let point = scalars[start...].lastIndex(of: "."), point > start, scalars.index(after: point) < endIndex
    else { return nil }
    return point
  }
}

extension Substring {
  fileprivate var withoutSlashesAtEnd: Substring {
    var rest = self
    while rest.unicodeScalars.last == "/" { rest.unicodeScalars.removeLast() }
    return rest
  }
}
#endif
