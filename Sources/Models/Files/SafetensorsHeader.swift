internal import FoundationEssentials

/// The JSON header of a safetensors file, read with suspicion.
struct SafetensorsHeader {
  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [String: SafetensorsEntry] = [:]

  /// The key of the header's one entry that is not a tensor.
  static let metadataKey = "__metadata__"

  init(_ text: [UInt8], _ context: SafetensorsErrorContext) throws(SafetensorsError) {
    guard text.first == UInt8(ascii: "{") else {
      throw context(.headerText, text.isEmpty ? "an empty header" : "a header that does not begin with {", "{")
    }
    guard String(validating: text, as: UTF8.self) != nil else {
      throw context(.headerText, "a header that is not UTF-8", "UTF-8")
    }
    try Self.checkTokens(text, context)
    do {
      for (name, value) in try JSONDecoder().decode([String: Value].self, from: Data(text)) {
        let context = SafetensorsErrorContext(file: context.file, tensor: name)
        if name == Self.metadataKey {
          metadata = try value.metadata(context)
        } else {
          tensors[name] = try value.entry(context)
        }
      }
    } catch let error as SafetensorsError {
      throw error
    } catch {
      throw context(.headerText, "a header that is not valid JSON", "an object of tensors and \(Self.metadataKey)")
    }
  }

  /// The numbers must fill the file after the header exactly: none outside, no two in the same place, no gap.
  func checkPlaces(bytes: Int, _ context: SafetensorsErrorContext) throws(SafetensorsError) {
    var end = 0
    let places = tensors.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
    }
    for (name, tensor) in places {
      let range = tensor.range
      guard range.upperBound <= bytes else {
        throw context(
          .dataOffsets, "numbers up to byte \(range.upperBound)", "no more than the file's \(bytes)", tensor: name)
      }
      guard range.lowerBound >= end else {
        throw context(.overlap, "numbers from byte \(range.lowerBound)", "from \(end)", tensor: name)
      }
      guard range.lowerBound == end else {
        throw context(.gap, "numbers from byte \(range.lowerBound)", "from \(end)", tensor: name)
      }
      end = range.upperBound
    }
    guard end == bytes else { throw context(.gap, "\(bytes) bytes after the header", "\(end)") }
  }

  /// Refuses what JSON allows and this header does not, and what a JSON decoder passes over in silence: numbers that
  /// are not written in digits alone, commas before a closing bracket, names that occur twice in one object, nesting
  /// deeper than the format's.
  ///
  /// Names are compared as written, so two spellings of one name by escapes pass here; the bytes of the tensor that
  /// is then lost are found as a gap.
  private static func checkTokens(_ text: [UInt8], _ context: SafetensorsErrorContext) throws(SafetensorsError) {
    var namesInOpenObjects: [Set<ArraySlice<UInt8>>] = []
    var arrays = 0
    var lastString: ArraySlice<UInt8> = []
    var followsComma = false
    var i = 0
    while i < text.count {
      let character = text[i]
      switch character {
      case UInt8(ascii: "\""):
        let start = i + 1
        i = start
        while i < text.count, text[i] != UInt8(ascii: "\"") { i += text[i] == UInt8(ascii: "\\") ? 2 : 1 }
        lastString = text[start..<max(start, min(i, text.count))]
      case UInt8(ascii: ":"):
        guard let last = namesInOpenObjects.indices.last else { break }
        guard namesInOpenObjects[last].insert(lastString).inserted else {
          throw context(.duplicateName, "\"\(String(decoding: lastString, as: UTF8.self))\" twice", "unique names")
        }
      case UInt8(ascii: "{"): namesInOpenObjects.append([])
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard !followsComma else { throw context(.headerText, "a comma before a closing bracket", "none there") }
        if character == UInt8(ascii: "}") { _ = namesInOpenObjects.popLast() } else { arrays -= 1 }
      case UInt8(ascii: "["): arrays += 1
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\n"),
        UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        break
      default:
        throw context(
          .headerText, "the character \(UnicodeScalar(character)) outside strings",
          "objects, arrays, strings and whole numbers")
      }
      guard namesInOpenObjects.count <= 2, arrays <= 1 else {
        throw context(.headerText, "a header nested deeper", "an object of objects with arrays of numbers")
      }
      if !Self.whitespace.contains(character) { followsComma = character == UInt8(ascii: ",") }
      i += 1
    }
  }

  private static let whitespace = [" ", "\n", "\r", "\t"].map { UInt8(ascii: $0) }
}

/// What stands behind a name in the header: a tensor's entry or the metadata, with fields of any type.
private struct Value: Decodable {
  enum Field: Decodable {
    case text(String)
    case numbers([Int])
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let numbers = try? container.decode([Int].self) {
        self = .numbers(numbers)
      } else {
        self = .other
      }
    }
  }

  /// `nil` where it is not an object.
  let fields: [String: Field]?

  init(from decoder: any Decoder) throws {
    fields = try? decoder.singleValueContainer().decode([String: Field].self)
  }

  func metadata(_ context: SafetensorsErrorContext) throws(SafetensorsError) -> [String: String] {
    var result: [String: String] = [:]
    for (name, field) in try allFields(context) {
      guard case .text(let text) = field else {
        throw context(.field, "metadata \"\(name)\" that is not a string", "strings only")
      }
      result[name] = text
    }
    return result
  }

  func entry(_ context: SafetensorsErrorContext) throws(SafetensorsError) -> SafetensorsEntry {
    let fields = try allFields(context)
    if let unknown = fields.keys.filter({ !Self.names.contains($0) }).min() {
      throw context(.field, "the unknown field \"\(unknown)\"", Self.names.joined(separator: ", "))
    }
    guard case .text(let typeName) = fields["dtype"] else {
      throw context(.field, "no string \"dtype\"", "the type of the numbers")
    }
    guard case .numbers(let shape) = fields["shape"] else {
      throw context(.field, "no \"shape\" of whole numbers", "the dimensions")
    }
    guard case .numbers(let offsets) = fields["data_offsets"], offsets.count == 2 else {
      throw context(.field, "no \"data_offsets\" of two whole numbers", "begin and end")
    }
    guard let type = SafetensorsType(rawValue: typeName) else {
      throw context(
        .elementType, "numbers of type \(typeName)", SafetensorsType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard offsets[0] <= offsets[1] else {
      throw context(.dataOffsets, "numbers from byte \(offsets[0]) to \(offsets[1])", "an end after the begin")
    }
    let length = shape.reduce((partialValue: type.size, overflow: false)) { product, side in
      let (partialValue, overflow) = product.partialValue.multipliedReportingOverflow(by: side)
      return (partialValue, product.overflow || overflow)
    }
    guard !length.overflow else { throw context(.shape, "shape \(shape)", "one that memory can hold") }
    guard offsets[1] - offsets[0] == length.partialValue else {
      throw context(
        .dataOffsets, "\(offsets[1] - offsets[0]) bytes", "\(length.partialValue) for shape \(shape) of \(typeName)")
    }
    return SafetensorsEntry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static let names = ["dtype", "shape", "data_offsets"]

  private func allFields(_ context: SafetensorsErrorContext) throws(SafetensorsError) -> [String: Field] {
    guard let fields else { throw context(.field, "an entry that is not an object", "an object") }
    return fields
  }
}
