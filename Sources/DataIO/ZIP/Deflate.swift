internal import CZlib
internal import Kernels

/// Compression by the deflate algorithm (RFC 1951), without any wrapping, and CRC-32: zlib's. ``Inflation`` unpacks.
enum Deflate {
  /// The most bytes that one compressed byte stands for: a copy of 258 bytes takes at least two bits.
  static let largestRatio: UInt64 = 1032

  /// CRC-32 of `bytes`.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
  }

  /// CRC-32 of `bytes` after others whose CRC-32 is `checksum`.
  static func checksum(_ bytes: UnsafeRawBufferPointer, after checksum: UInt32) -> UInt32 {
    UInt32(
      truncatingIfNeeded: crc32_z(
        UInt(checksum), bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count))
  }

  /// `bytes` compressed, with zlib's usual effort.
  static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let memoryLevel: Int32 = 8  // zlib's default, as level and strategy
    let status = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    require(status == Z_OK, "zlib cannot start: no memory is left")
    defer { deflateEnd(&stream) }
    var result: [UInt8] = []
    let isWhole = pump(bytes, through: &stream) { result += $0 }
    require(isWhole, "zlib did not compress what any bytes can be compressed to")
    return result
  }

  /// Feeds `input` to a stream and hands on what comes out, piece by piece. Returns whether the stream came to its end.
  private static func pump(
    _ input: [UInt8], through stream: inout z_stream, take: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { output in
      input.withUnsafeBufferPointer { input in
        var consumed = 0
        var status = Z_OK
        while status == Z_OK {
          // zlib counts in 32 bits.
          let chunk = input[consumed...].prefix(1 << 30)
          let isLast = consumed + chunk.count == input.count
          // zlib does not write to its input.
          stream.next_in = UnsafeMutablePointer(mutating: UnsafeBufferPointer(rebasing: chunk).baseAddress)
          stream.avail_in = UInt32(chunk.count)
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          let produced = output.count - Int(stream.avail_out)
          let used = chunk.count - Int(stream.avail_in)
          // With no room left for more, zlib calls it an error that it could not finish; it is none where it went on.
          if status == Z_BUF_ERROR, produced > 0 || used > 0 { status = Z_OK }
          consumed += used
          take(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(output)[..<produced]))
        }
        return status == Z_STREAM_END && consumed == input.count
      }
    }
  }
}
