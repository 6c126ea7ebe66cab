#if Tools
import Foundation

/// What a process that transfers writes to its standard output: a byte for the kind, the length in 8 bytes and the
/// contents.
enum TransferFrame {
  case answer(Download.Answer)
  case bytes([UInt8])
  /// Why the transfer failed. Nothing follows it.
  case failure(String)
  /// The transfer succeeded. Nothing follows it.
  case end

  /// The bytes before the contents.
  static let headCount = 9
  /// The most bytes of contents.
  static let maxCount = 1 << 20

  fileprivate enum Kind: UInt8 {
    case answer = 65
    case bytes = 66
    case end = 69
    case failure = 70
  }

  /// The kind and the length at the beginning of a frame; `nil` where there can be no such frame.
  struct Head {
    fileprivate let kind: Kind
    let count: Int

    init?(_ bytes: some Collection<UInt8>) {
      guard bytes.count == headCount, let kind = bytes.first.flatMap(Kind.init) else { return nil }
      let count = bytes.dropFirst().reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard count <= UInt64(maxCount) else { return nil }
      self.kind = kind
      self.count = Int(count)
    }
  }

  /// The frame with `contents` behind `head`; `nil` where these mean nothing.
  init?(_ head: Head, _ contents: some Collection<UInt8>) {
    switch head.kind {
    case .answer:
      guard let answer = try? JSONDecoder().decode(Download.Answer.self, from: Data(contents)) else { return nil }
      self = .answer(answer)
    case .bytes: self = .bytes(Array(contents))
    case .failure: self = .failure(String(decoding: contents, as: UTF8.self))
    case .end: self = .end
    }
  }

  /// The frame as it is written. Its contents must not be longer than ``maxCount``.
  func encoded() throws -> [UInt8] {
    let (kind, contents): (Kind, [UInt8]) =
      switch self {
      case .answer(let answer): (.answer, Array(try JSONEncoder().encode(answer)))
      case .bytes(let bytes): (.bytes, bytes)
      case .failure(let reason): (.failure, Array(reason.utf8.prefix(Self.maxCount)))
      case .end: (.end, [])
      }
    precondition(contents.count <= Self.maxCount, "the contents of a frame are limited")
    return [kind.rawValue] + (0..<8).map { UInt8(truncatingIfNeeded: contents.count >> ($0 * 8)) } + contents
  }
}
#endif
