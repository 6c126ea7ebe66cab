#if Tools
import ArgumentParser

/// A number of bytes on a command line: `800kB`, `200MB`, `1.5GB`.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units = ["kB": 1e3, "MB": 1e6, "GB": 1e9]
    guard let unit = units[String(argument.suffix(2))], let number = Double(argument.dropLast(2)),
      1..<1e18 ~= number * unit
    else { return nil }
    bytes = Int(number * unit)
  }
}
#endif
