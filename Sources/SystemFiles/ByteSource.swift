/// The bytes of a file, with random access.
package enum ByteSource: Sendable {
  /// A file in memory.
  case memory([UInt8])
  /// A file that is read on demand.
  case file(ReadOnlyFile)

  package var count: Int {
    switch self {
    case .memory(let bytes): bytes.count
    case .file(let file): file.count
    }
  }

  /// The bytes in `range`, which must lie within `0..<count`.
  package func bytes(_ range: Range<Int>) throws(SystemCallError) -> [UInt8] {
    switch self {
    case .memory(let bytes): Array(bytes[range])
    case .file(let file): try file.bytes(range)
    }
  }
}
