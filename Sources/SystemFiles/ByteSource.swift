/// Where the bytes of a file come from, of which any part can be had at any time.
package enum ByteSource: Sendable {
  /// A file that was read, or made, before.
  case memory([UInt8])
  /// A file that is read as far as it is asked for.
  case file(ReadOnlyFile)

  /// Number of bytes.
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
