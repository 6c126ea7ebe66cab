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
    var reader = SafetensorsHeaderText(text, context)
    var (metadata, tensors): ([String: String]?, [String: SafetensorsEntry]) = (nil, [:])
    try reader.object { (name, reader) throws(SafetensorsError) in
      let isNew: Bool
      if name == Self.metadataKey {
        isNew = metadata == nil
        metadata = try Self.metadata(&reader, context)
      } else {
        let entry = try Self.entry(&reader, SafetensorsErrorContext(file: context.file, tensor: name))
        isNew = tensors.updateValue(entry, forKey: name) == nil
      }
      guard isNew else { throw context(.duplicateName, "\"\(name)\" twice", "unique names") }
    }
    try reader.expectEnd()
    (self.metadata, self.tensors) = (metadata ?? [:], tensors)
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

  private static func metadata(
    _ reader: inout SafetensorsHeaderText, _ context: SafetensorsErrorContext
  ) throws(SafetensorsError) -> [String: String] {
    let own = SafetensorsErrorContext(file: context.file, tensor: metadataKey)
    var result: [String: String] = [:]
    let isObject = try reader.objectIfPresent { (name, reader) throws(SafetensorsError) in
      guard case .text(let text) = try reader.field() else {
        throw own(.field, "metadata \"\(name)\" that is not a string", "strings only")
      }
      guard result.updateValue(text, forKey: name) == nil else {
        throw context(.duplicateName, "\"\(name)\" twice", "unique names")
      }
    }
    guard isObject else { throw own(.field, "an entry that is not an object", "an object") }
    return result
  }

  private static func entry(
    _ reader: inout SafetensorsHeaderText, _ context: SafetensorsErrorContext
  ) throws(SafetensorsError) -> SafetensorsEntry {
    var fields: [String: SafetensorsHeaderText.Field] = [:]
    let isObject = try reader.objectIfPresent { (name, reader) throws(SafetensorsError) in
      let field = try reader.field()
      guard fieldNames.contains(name) else {
        throw context(.field, "the unknown field \"\(name)\"", fieldNames.joined(separator: ", "))
      }
      guard fields.updateValue(field, forKey: name) == nil else {
        throw SafetensorsErrorContext(file: context.file)(.duplicateName, "\"\(name)\" twice", "unique names")
      }
    }
    guard isObject else { throw context(.field, "an entry that is not an object", "an object") }
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
    guard shape.count <= maxDimensions else {
      throw context(.shape, "\(shape.count) dimensions", "at most \(maxDimensions)")
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

  private static let fieldNames = ["dtype", "shape", "data_offsets"]
  /// The limit on dimensions, which is NumPy's.
  private static let maxDimensions = 64
}
