public import Kernels
internal import SystemFiles

/// A safetensors file open for reading: the names, types and shapes of its tensors, whose numbers are read when asked
/// for.
///
/// The format (github.com/huggingface/safetensors): the header's length in 8 little-endian bytes, a JSON header that
/// gives each tensor's type, shape and place, then the raw numbers. Opening checks all of the header against the
/// length of the file before memory is taken for any tensor; it costs the header's length, not the file's. A file that
/// is replaced by a rename while open still gives what it held.
public struct SafetensorsFile: Sendable {
  /// The file's path, or what the caller called the bytes.
  public let name: String
  /// What the writer noted beside the tensors.
  public let metadata: [String: String]
  /// All tensors, by name.
  public let tensors: [String: SafetensorsEntry]
  private let source: ByteSource
  private let dataStart: Int

  /// Opens the file at `path`.
  public init(path: String) throws(SafetensorsError) {
    let file: ReadOnlyFile
    do { file = try ReadOnlyFile(path: path) } catch {
      throw SafetensorsError(
        file: path, tensor: nil, problem: .cannotRead, found: error.description, wanted: "a readable file")
    }
    try self.init(name: path, source: .file(file))
  }

  /// Reads a file that is already in memory; errors call it `name`.
  public init(bytes: [UInt8], name: String = "bytes in memory") throws(SafetensorsError) {
    try self.init(name: name, source: .memory(bytes))
  }

  private init(name: String, source: ByteSource) throws(SafetensorsError) {
    let context = SafetensorsErrorContext(file: name)
    guard source.count >= 8 else {
      throw context(.headerLength, "\(source.count) bytes", "at least 8, for the length of the header")
    }
    let length = try source.read(0..<8, context).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let limit = min(Self.headerLimit, source.count - 8)
    guard length <= UInt64(limit) else {
      throw context(.headerLength, "a header of \(length) bytes", "at most \(limit)")
    }
    dataStart = 8 + Int(length)
    let header = try SafetensorsHeader(source.read(8..<dataStart, context), context)
    try header.checkPlaces(bytes: source.count - dataStart, context)
    self.name = name
    self.source = source
    metadata = header.metadata
    tensors = header.tensors
  }

  /// The most bytes that a header may have: the format's own limit.
  static let headerLimit = 100_000_000

  /// The names of all tensors, sorted.
  public var tensorNames: [String] { tensors.keys.sorted() }

  /// The shape and the numbers of a tensor, row after row.
  ///
  /// Floating-point types convert into each other with rounding, integers into each other as long as they fit. Throws
  /// where no tensor has the name or its numbers cannot be had as `Element`.
  public func tensor<Element: SafetensorsElement>(
    _ tensorName: String, as type: Element.Type = Element.self
  ) throws(SafetensorsError) -> (shape: [Int], elements: [Element]) {
    let context = SafetensorsErrorContext(file: name, tensor: tensorName)
    let entry = try entry(tensorName, context)
    guard entry.type.isFloatingPoint == Element.safetensorsType.isFloatingPoint else {
      throw context(.elementType, entry.type.rawValue, "what converts to \(Element.safetensorsType.rawValue)")
    }
    let start = dataStart + entry.range.lowerBound
    let bytes = try source.read(start..<start + entry.range.count, context)
    guard let elements = entry.type.decode(bytes, as: Element.self) else {
      throw context(
        .elementType, "numbers that need \(entry.type.rawValue)",
        "numbers that fit \(Element.safetensorsType.rawValue)")
    }
    return (entry.shape, elements)
  }

  /// A tensor of one or two dimensions as a matrix; one dimension gives one column.
  public func matrix<Scalar: BLASScalar & SafetensorsElement>(
    _ tensorName: String, as type: Scalar.Type = Scalar.self
  ) throws(SafetensorsError) -> Matrix<Scalar> {
    let context = SafetensorsErrorContext(file: name, tensor: tensorName)
    let shape = try entry(tensorName, context).shape
    guard shape.count == 1 || shape.count == 2 else {
      throw context(.shape, "shape \(shape)", "one or two dimensions")
    }
    let elements = try tensor(tensorName, as: Scalar.self).elements
    return Matrix(rows: shape[0], columns: shape.count == 2 ? shape[1] : 1, elements)
  }

  /// A tensor as ``matrix(_:as:)`` gives it. Throws at the first number that is infinite or NaN, with its place, unless
  /// `allowsNonFinite`.
  package func weights<Scalar: BLASScalar & SafetensorsElement>(
    _ tensorName: String, as type: Scalar.Type = Scalar.self, allowsNonFinite: Bool, allowsInfinity: Bool = false
  ) throws(SafetensorsError) -> Matrix<Scalar> {
    let matrix: Matrix<Scalar> = try matrix(tensorName)
    if !allowsNonFinite, let place = matrix.firstNonFinite(allowsInfinity: allowsInfinity) {
      let isVector = tensors[tensorName]?.shape.count == 1
      throw SafetensorsErrorContext(file: name, tensor: tensorName)(
        .notFinite, "\(matrix[place.row, place.column]) at \(isVector ? [place.row] : [place.row, place.column])",
        finiteWeights)
    }
    return matrix
  }

  /// The parameters of a model, read from the tensors named `prefix` + parameter name. Each must have the shape that
  /// `layout` says, which is checked for all before the first is read; vectors have one dimension. A number that is infinite
  /// or NaN is an error unless `allowsNonFinite`.
  public func parameters<Scalar: BLASScalar & SafetensorsElement>(
    _ layout: ParameterLayout, prefix: String = "", as type: Scalar.Type = Scalar.self, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> ParameterVector<Scalar> {
    for shape in layout.shapes {
      let context = SafetensorsErrorContext(file: name, tensor: prefix + shape.name)
      let found = try entry(prefix + shape.name, context).shape
      guard found == shape.dimensions else { throw context(.shape, "shape \(found)", "\(shape.dimensions)") }
    }
    var result = ParameterVector<Scalar>.zeros(layout)
    for shape in layout.shapes {
      result[shape.name] = try weights(prefix + shape.name, allowsNonFinite: allowsNonFinite)
    }
    return result
  }

  /// A sum over all of it but the metadata `key`, as ``SafetensorsContents`` has it. Reads the whole file.
  func sum(without key: String) throws(SafetensorsError) -> String {
    var sum = SafetensorsSum(metadata: metadata.filter { $0.key != key })
    for name in tensorNames {
      let context = SafetensorsErrorContext(file: self.name, tensor: name)
      let entry = try entry(name, context)
      let start = dataStart + entry.range.lowerBound
      sum.add(name, entry.type, entry.shape, try source.read(start..<start + entry.range.count, context))
    }
    return sum.text
  }

  private func entry(
    _ tensorName: String, _ context: SafetensorsErrorContext
  ) throws(SafetensorsError) -> SafetensorsEntry {
    guard let entry = tensors[tensorName] else {
      throw context(.missingTensor, "no such tensor among \(tensors.count)", "one of this name")
    }
    return entry
  }
}

/// One tensor in a file: what it is and where it lies.
public struct SafetensorsEntry: Hashable, Sendable {
  /// The type of its numbers.
  public let type: SafetensorsType
  /// Its dimensions, outermost first; none for a single number.
  public let shape: [Int]
  /// Its bytes, counted from the end of the header.
  let range: Range<Int>
}

extension ParameterShape {
  /// The dimensions under which it is stored in files: PyTorch's.
  var dimensions: [Int] { isVector ? [rows] : [rows, columns] }
}

/// Makes errors about one file.
struct SafetensorsErrorContext {
  let file: String
  var tensor: String?

  func callAsFunction(
    _ problem: SafetensorsError.Problem, _ found: String, _ wanted: String, tensor: String? = nil
  ) -> SafetensorsError {
    SafetensorsError(file: file, tensor: tensor ?? self.tensor, problem: problem, found: found, wanted: wanted)
  }
}

extension Matrix where Element: BLASScalar {
  /// The place of the first number that is infinite or NaN; `nil` where all are finite.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  fileprivate func firstNonFinite(allowsInfinity: Bool) -> (row: Int, column: Int)? {
    withUnsafeBufferPointer { numbers in
      for index in numbers.indices where !numbers[index].isFinite && !(allowsInfinity && numbers[index].isInfinite) {
        return (index / columns, index % columns)
      }
      return nil
    }
  }
}

extension ByteSource {
  /// The bytes in `range`, or an error as this format words it.
  fileprivate func read(_ range: Range<Int>, _ context: SafetensorsErrorContext) throws(SafetensorsError) -> [UInt8] {
    do { return try bytes(range) } catch {
      throw context(.cannotRead, error.description, "\(range.count) bytes from \(range.lowerBound)")
    }
  }
}
