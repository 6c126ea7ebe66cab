internal import CZlib
internal import Kernels

/// A stream that was compressed by the deflate algorithm (RFC 1951), under way.
final class Inflation {
  /// What stands around the compressed bytes.
  enum Wrapping {
    /// Nothing, as in a ZIP archive.
    case none
    /// The header and the trailer of a gzip file of one member (RFC 1952), whose checksum and length are checked.
    case gzip
  }

  /// Compressed bytes; set where all before them are consumed.
  var input: [UInt8] = [] { didSet { consumed = 0 } }
  private var consumed = 0
  /// Whether the stream came to its end with the last byte of the input.
  var isAtEnd: Bool { hasEnded && consumed == input.count }
  private var hasEnded = false
  /// At one address as long as it lives, which zlib checks.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init(_ wrapping: Wrapping = .none) {
    stream.initialize(to: z_stream())
    // zlib's signs: a negative size of the window for no wrapping, 16 added to it for gzip's.
    let windowBits = wrapping == .gzip ? 16 + MAX_WBITS : -MAX_WBITS
    let status = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    require(status == Z_OK, "zlib cannot start: no memory is left")
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Unpacks into `buffer`, which is not empty. Returns how many bytes there were: none where it needs more input or the
  /// stream has ended. `nil` for what is damaged.
  func inflate(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard !hasEnded else { return consumed == input.count ? 0 : nil }
    return input.withUnsafeBufferPointer { input in
      // zlib counts in 32 bits, and does not write to its input.
      let chunk = UnsafeBufferPointer(rebasing: input[consumed...].prefix(1 << 30))
      let output = buffer.prefix(1 << 30)
      stream.pointee.next_in = UnsafeMutablePointer(mutating: chunk.baseAddress)
      stream.pointee.avail_in = UInt32(chunk.count)
      stream.pointee.next_out =
        UnsafeMutableRawBufferPointer(rebasing: output).assumingMemoryBound(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(output.count)
      let status = CZlib.inflate(stream, Z_NO_FLUSH)
      // An error that it could go no further is none: it needs more input.
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return nil }
      consumed += chunk.count - Int(stream.pointee.avail_in)
      hasEnded = status == Z_STREAM_END
      return output.count - Int(stream.pointee.avail_out)
    }
  }
}
