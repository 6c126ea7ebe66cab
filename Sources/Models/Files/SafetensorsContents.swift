public import Kernels
internal import SystemFiles

/// What a safetensors file is to hold: tensors and notes, to be written in one go.
///
/// The same contents give the same bytes, whatever the order in which they were added.
public struct SafetensorsContents: Sendable, Equatable {
  /// What the writer notes beside the tensors.
  public var metadata: [String: String]
  private var tensors: [String: Tensor] = [:]

  private struct Tensor: Equatable {
    let type: SafetensorsType
    let shape: [Int]
    let bytes: [UInt8]
  }

  /// No tensors yet.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds or replaces a tensor. `elements`, row after row, must fill `shape`.
  public mutating func setTensor<Element: SafetensorsElement>(_ name: String, shape: [Int], elements: [Element]) {
    require(name != SafetensorsHeader.metadataKey, "\(name) is the name of the metadata, not of a tensor")
    let count = shape.reduce(1 as Int?) { count, side in
      let (product, isTooLarge) = (count ?? 0).multipliedReportingOverflow(by: side)
      return isTooLarge ? nil : count.map { _ in product }
    }
    require(
      shape.allSatisfy { $0 >= 0 } && count == elements.count,
      "\(elements.count) elements cannot fill the shape \(shape) of \(name)")
    tensors[name] = elements.withUnsafeBytes {
      Tensor(type: Element.safetensorsType, shape: shape, bytes: Array($0))
    }
  }

  /// Adds or replaces a matrix, as a tensor of two dimensions.
  package mutating func setMatrix<Scalar: BLASScalar & SafetensorsElement>(_ name: String, _ matrix: Matrix<Scalar>) {
    setTensor(name, shape: [matrix.rows, matrix.columns], elements: matrix.elements)
  }

  /// Adds or replaces all parameters, each as a tensor named `prefix` + parameter name; vectors have one dimension.
  public mutating func setParameters<Scalar: BLASScalar & SafetensorsElement>(
    _ parameters: ParameterVector<Scalar>, prefix: String = ""
  ) {
    for shape in parameters.layout.shapes {
      setTensor(prefix + shape.name, shape: shape.dimensions, elements: parameters[shape.name].elements)
    }
  }

  /// The file's bytes: the header with sorted names, padded by spaces so that the numbers start at a multiple of 8;
  /// then the numbers, wide types first, so that each tensor starts at a multiple of its numbers' size.
  public func serialized() -> [UInt8] {
    let inOrder = tensors.sorted { ($1.value.type.size, $0.key) < ($0.value.type.size, $1.key) }
    var entries: [String: String] = [:]
    var data: [UInt8] = []
    data.reserveCapacity(inOrder.reduce(0) { $0 + $1.value.bytes.count })
    for (name, tensor) in inOrder {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries[name] =
        #"{"data_offsets":[\#(data.count),\#(data.count + tensor.bytes.count)],"#
        + #""dtype":"\#(tensor.type.rawValue)","shape":[\#(shape)]}"#
      data += tensor.bytes
    }
    if !metadata.isEmpty { entries[SafetensorsHeader.metadataKey] = jsonObject(metadata.mapValues(jsonString)) }

    var header = Array(jsonObject(entries).utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    let length = UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
  }

  /// A sum over all of it.
  package func sum() -> String {
    var sum = SafetensorsSum(metadata: metadata)
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      sum.add(name, tensor.type, tensor.shape, tensor.bytes)
    }
    return sum.text
  }

  /// Writes the file at `path`, so that whoever opens it at any moment, even after a crash, finds either what was there
  /// before or all of this: a new file beside it is written, flushed to the disk and renamed.
  ///
  /// Throws where the system refuses; the old file is then untouched and nothing new left behind.
  public func write(to path: String) throws(SafetensorsError) {
    let bytes = serialized()
    do {
      try replaceFile(at: path) { descriptor throws(SystemCallError) in try writeAll(bytes, to: descriptor) }
    } catch {
      var failure = SafetensorsError(
        file: path, tensor: nil, problem: .cannotWrite, found: error.description,
        wanted: "a file of \(bytes.count) bytes")
      failure.isOutOfSpace = error.isOutOfSpace
      throw failure
    }
  }
}

/// A JSON object of values that are JSON already, names sorted.
private func jsonObject(_ values: [String: String]) -> String {
  let fields = values.sorted { $0.key < $1.key }.map { "\(jsonString($0.key)):\($0.value)" }
  return "{\(fields.joined(separator: ","))}"
}

private func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
