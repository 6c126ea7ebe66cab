internal import Glibc

/// Calls `body` with the path of a file that holds `bytes`, and removes the file afterwards.
@discardableResult
package func withTemporaryFile<Result>(_ bytes: some Collection<UInt8>, _ body: (String) throws -> Result) throws
  -> Result
{
  try withTemporaryFolder { folder in
    let path = folder + "/file"
    writeFile(bytes, to: path)
    return try body(path)
  }
}

/// Calls `body` with the path of an empty folder, and removes the folder and what is in it afterwards.
@discardableResult
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// An empty folder, removed with its contents when this object is released.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/recurrent-XXXXXX".utf8CString)
    guard let created = mkdtemp(&template) else { fatalError("cannot make a folder in \(parent): errno \(errno)") }
    path = String(cString: created)
  }

  /// The path of the file `name` in it.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  deinit { removeFolder(path) }
}

/// Makes the folder `path`, whose parent is there, unless it is there already.
package func makeFolder(_ path: String) {
  guard mkdir(path, 0o755) == 0 || errno == EEXIST else { fatalError("cannot make \(path): errno \(errno)") }
}

private func removeFolder(_ path: String) {
  for name in fileNames(in: path) where unlink("\(path)/\(name)") != 0 { removeFolder("\(path)/\(name)") }
  rmdir(path)
}

/// Writes `bytes` to a new file at `path`.
package func writeFile(_ bytes: some Collection<UInt8>, to path: String) {
  guard let file = fopen(path, "w") else { fatalError("cannot write \(path): errno \(errno)") }
  let bytes = Array(bytes)
  fwrite(bytes, 1, bytes.count, file)
  fclose(file)
}

/// The names of the files in `folder`, in no order.
package func fileNames(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}
