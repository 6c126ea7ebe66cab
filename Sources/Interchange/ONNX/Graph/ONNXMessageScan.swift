#if ONNX
/// Counts the messages and texts in the bytes of a file, before any of them is decoded: an empty message takes two bytes in
/// the file and hundreds in memory.
struct ONNXMessageScan {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// Messages inside messages.
  private(set) var messages = 0
  /// Texts and packed numbers.
  private(set) var texts = 0
  /// Whether there is a group, whose fields decoding skips: they do not count, and hide what follows from a count.
  private(set) var hasGroups = false

  /// Bytes of memory for an empty message, and for a text beside its letters: rounded up from those of the largest
  /// message, AttributeProto, and of a `String` and the places that refer to it.
  private static let (messageSize, textSize) = (512, 64)

  /// Throws where decoding `bytes` would take far more memory than they do.
  static func check(_ bytes: [UInt8]) throws(ONNXRefusal) {
    let scan = bytes.withUnsafeBufferPointer { bytes in
      var scan = ONNXMessageScan(bytes: bytes)
      // Where this fails decoding does, too, and says why.
      _ = scan.count(.model, 0..<bytes.count, depth: ONNXModel.depthLimit)
      return scan
    }
    guard !scan.hasGroups else {
      throw .malformed("has groups of fields, an encoding that the format does not use, wanted an ONNX model")
    }
    let memory = scan.messages * messageSize + scan.texts * textSize
    let limit = 1 << 26 + 8 * bytes.count
    guard memory <= limit else {
      throw .malformed(
        "has \(scan.messages) messages and \(scan.texts) texts in \(bytes.count) bytes, which take \(memory) bytes of "
          + "memory, wanted at most \(limit)")
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Kinds of messages that have messages inside.
  private enum Kind {
    case model, graph, node, attribute, tensor, sparseTensor, value, type, tensorType, shape, other

    /// The kind of the message in a field; `nil` for other fields.
    func kind(ofField number: UInt64) -> Kind? {
      switch (self, number) {
      case (.model, 7): .graph
      case (.model, 8), (.model, 14), (.model, 20), (.model, 25): .other
      case (.graph, 1): .node
      case (.graph, 5): .tensor
      case (.graph, 11), (.graph, 12), (.graph, 13): .value
      case (.graph, 15): .sparseTensor
      case (.graph, 16): .other
      case (.node, 5): .attribute
      case (.node, 9): .other
      case (.attribute, 5), (.attribute, 10): .tensor
      case (.attribute, 6), (.attribute, 11): .graph
      case (.attribute, 14), (.attribute, 15): .type
      case (.attribute, 22), (.attribute, 23): .sparseTensor
      case (.tensor, 3), (.tensor, 13): .other
      case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
      case (.value, 2): .type
      case (.type, 1): .tensorType
      case (.type, 4), (.type, 5), (.type, 7), (.type, 8), (.type, 9): .other
      case (.tensorType, 2): .shape
      case (.shape, 1): .other
      default: nil
      }
    }
  }

  /// Counts what is in the message of `kind` at `range`. Stops, with `false`, at a group and where decoding fails, too.
  private mutating func count(_ kind: Kind, _ range: Range<Int>, depth: Int) -> Bool {
    guard depth > 0 else { return false }
    var place = range.lowerBound
    while place < range.upperBound {
      guard let tag = varint(&place, range.upperBound) else { return false }
      switch tag & 7 {
      case 0: guard varint(&place, range.upperBound) != nil else { return false }
      case 1: place += 8
      case 5: place += 4
      case 2:
        guard let length = varint(&place, range.upperBound), length <= range.upperBound - place else { return false }
        let end = place + Int(length)
        if let inner = kind.kind(ofField: tag >> 3) {
          messages += 1
          guard count(inner, place..<end, depth: depth - 1) else { return false }
        } else {
          texts += 1
        }
        place = end
      case 3, 4:
        hasGroups = true
        return false
      default: return false
      }
    }
    return place == range.upperBound
  }

  /// The variable-length integer at `place`, which moves behind it; `nil` where there is none.
  private func varint(_ place: inout Int, _ end: Int) -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard place < end else { return nil }
      let byte = bytes[place]
      place += 1
      number |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return number }
    }
    return nil
  }
}
#endif
