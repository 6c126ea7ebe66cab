#if Tools
import DataIO

/// The length of the file at `path` and a sum over its bytes (FNV-1a, 64 bits), which show whether it changed.
func fingerprint(of path: String) throws(DataError) -> String {
  let bytes = try FileReading.bytes(of: path)
  let sum = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  return "\(bytes.count) bytes \(String(sum, radix: 16))"
}
#endif
