internal import SystemFiles

/// The secret that clients send as `Authorization: Bearer …`.
package struct BearerToken: Sendable {
  private let secret: [UInt8]

  /// - Throws: ``ServingError`` where that is no token: empty, or with other than visible ASCII.
  init(_ text: String) throws(ServingError) {
    secret = Array(text.utf8)
    guard !secret.isEmpty, secret.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw .badRequest("a token is a line of visible ASCII characters")
    }
  }

  /// The first line of the file at `path`, and nothing may follow it.
  ///
  /// - Throws: ``ServingError``.
  package init(contentsOf path: String) throws(ServingError) {
    let bytes: [UInt8]
    do throws(SystemCallError) {
      let file = try ReadOnlyFile(path: path)
      bytes = try file.bytes(0..<min(file.count, Self.maxFile))
    } catch { throw .badRequest("\(path): \(error)") }
    var text = String(decoding: bytes, as: UTF8.self)
    while text.last?.isNewline == true { text.removeLast() }
    do throws(ServingError) { try self.init(text) } catch { throw .badRequest("\(path): \(error.message)") }
  }

  private static let maxFile = 8192

  /// Whether `header`, the value of `Authorization`, names this token. The time that takes depends on the header alone.
  func accepts(_ header: String?) -> Bool {
    let scheme = "bearer "
    guard let header, header.utf8.count > scheme.utf8.count,
      zip(header.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 })
    else { return false }
    var difference = UInt8(0)
    var count = 0
    for byte in header.utf8.dropFirst(scheme.utf8.count) {
      difference |= byte ^ secret[count % secret.count]
      count += 1
    }
    return (difference == 0) && count == secret.count
  }
}
