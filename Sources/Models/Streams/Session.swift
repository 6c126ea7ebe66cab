internal import FoundationEssentials
public import Kernels

/// The state of one stream through a ``PreparedModel``: a value that holds hidden and cell states and nothing else.
///
///     var session = try model.session()
///     try model.step(sample, &session, in: workspace, into: &output)
///     let fork = session                       // goes on from here by itself
///     try session.write(to: "stream.safetensors")
///
/// A copy costs a reference; the first step of either copy then allocates its own memory, once. It knows which model it is
/// of, and steps through no other.
///
/// Unchecked `Sendable`: its memory is written only while no other session shares it.
public struct Session<Scalar: BLASScalar>: @unchecked Sendable {
  var storage: SessionStorage
  /// What a decoder's stream is about.
  let source: StreamSource<Scalar>?

  init(_ storage: SessionStorage, _ source: StreamSource<Scalar>? = nil) {
    self.storage = storage
    self.source = source
  }

  /// The model that it is of.
  public var model: ModelIdentity { storage.header.model }
  /// Steps that it has taken.
  public var steps: Int { storage.header.steps }
  /// Bytes of its numbers.
  public var byteCount: Int { storage.header.layout.byteCount }
  /// The hidden state of each layer, `[1 × R]`.
  public var hidden: [Matrix<Scalar>] { (0..<layout.layers).map { matrix(layout.hidden($0), layout.hiddenSize) } }
  /// The cell state of each layer of an LSTM, `[1 × H]`; empty for other cells.
  public var cell: [Matrix<Scalar>] {
    layout.cellSize == 0 ? [] : (0..<layout.layers).map { matrix(layout.cell($0), layout.cellSize) }
  }

  var layout: SessionLayout { storage.header.layout }

  /// Makes the memory its own before it is written.
  @inline(__always)
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
  }

  private func matrix(_ offset: Int, _ count: Int) -> Matrix<Scalar> {
    Matrix(rows: 1, columns: count, numbers(offset, count))
  }

  func numbers(_ offset: Int, _ count: Int) -> [Scalar] {
    defer { withExtendedLifetime(storage) {} }
    return Array(
      UnsafeBufferPointer(
        start: (storage.numbers + offset).assumingMemoryBound(to: Scalar.self), count: count))
  }
}

extension Session: Equatable {
  /// Whether both are the same state of the same model, to the bit.
  public static func == (a: Session, b: Session) -> Bool {
    guard a.model == b.model, a.steps == b.steps, a.layout == b.layout, a.source == b.source else { return false }
    return a.layout.parts.allSatisfy { part in
      a.bytes(part.offset, part.count) == b.bytes(part.offset, part.count)
    }
  }

  fileprivate func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
    numbers(offset, count).withUnsafeBytes { Array($0) }
  }
}

extension Session: Codable {
  private enum CodingKeys: String, CodingKey {
    case model, steps, layers, hiddenSize, cellSize, pooledSize, scalarType, numbers, source
  }

  /// Reads a session from a place that is not trusted. That it fits a model is checked when it steps.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func refuse(_ key: CodingKeys, _ text: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: text)
    }
    guard let model = ModelIdentity(try values.decode(String.self, forKey: .model)) else {
      throw refuse(.model, "the model is not 16 hexadecimal digits")
    }
    let type = try values.decode(String.self, forKey: .scalarType)
    guard type == "\(Scalar.self)" else { throw refuse(.scalarType, "numbers of type \(type), wanted \(Scalar.self)") }
    let sizes = 0...FileNumbers.sizes.upperBound
    let layout = SessionLayout(
      layers: try values.decode(forKey: .layers, in: 1...RecurrentStack.maxLayers),
      hiddenSize: try values.decodeSize(forKey: .hiddenSize), cellSize: try values.decode(forKey: .cellSize, in: sizes),
      pooledSize: try values.decode(forKey: .pooledSize, in: sizes), scalarSize: MemoryLayout<Scalar>.stride)
    let steps = try values.decodeCount(forKey: .steps)
    let count = layout.parts.reduce(0) { $0 + $1.count } * layout.scalarSize
    guard let data = Data(base64Encoded: try values.decode(String.self, forKey: .numbers)), data.count == count else {
      throw refuse(.numbers, "the numbers are not \(count) bytes in base 64")
    }
    let storage = SessionStorage.zero(SessionHeader(model: model, layout: layout, steps: steps))
    var start = data.startIndex
    for part in layout.parts {
      let size = part.count * layout.scalarSize
      data[start..<start + size].withUnsafeBytes {
        (storage.numbers + part.offset).copyMemory(from: $0.baseAddress!, byteCount: size)
      }
      start += size
    }
    self.storage = storage
    let stored = try values.decodeIfPresent([StoredMatrix].self, forKey: .source)
    guard let matrices = try stored?.map({ try $0.matrix(as: Scalar.self, in: decoder) }) else {
      source = nil
      return
    }
    guard matrices.count == StreamSource<Scalar>.partNames.count else {
      throw refuse(.source, "a source of \(matrices.count) matrices, wanted \(StreamSource<Scalar>.partNames.count)")
    }
    source = StreamSource(context: matrices[0], values: matrices[1], keys: matrices[2])
  }

  /// Writes the numbers to the bit.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(model.description, forKey: .model)
    try values.encode(steps, forKey: .steps)
    try values.encode(layout.layers, forKey: .layers)
    try values.encode(layout.hiddenSize, forKey: .hiddenSize)
    try values.encode(layout.cellSize, forKey: .cellSize)
    try values.encode(layout.pooledSize, forKey: .pooledSize)
    try values.encode("\(Scalar.self)", forKey: .scalarType)
    var data = Data()
    for part in layout.parts { data.append(contentsOf: bytes(part.offset, part.count)) }
    try values.encode(data.base64EncodedString(), forKey: .numbers)
    try values.encodeIfPresent(source?.parts.map { StoredMatrix($0.matrix) }, forKey: .source)
  }
}

/// One of the matrices of what a decoder's stream is about, as JSON.
private struct StoredMatrix: Codable {
  let rows: Int
  let columns: Int
  /// In base 64.
  let numbers: String

  init<Scalar: BLASScalar>(_ matrix: Matrix<Scalar>) {
    (rows, columns) = (matrix.rows, matrix.columns)
    numbers = matrix.elements.withUnsafeBytes { Data($0) }.base64EncodedString()
  }

  /// The matrix, from a place that is not trusted.
  func matrix<Scalar: BLASScalar>(as _: Scalar.Type, in decoder: any Decoder) throws -> Matrix<Scalar> {
    let (count, isTooMuch) = rows.multipliedReportingOverflow(by: columns)
    let (bytes, overflows) = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.stride)
    let sizes = 0...FileNumbers.sizes.upperBound
    guard sizes ~= rows, sizes ~= columns, !isTooMuch, !overflows, let data = Data(base64Encoded: numbers),
      data.count == bytes
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "the numbers of a source are not \(rows) × \(columns)"))
    }
    var elements = [Scalar](repeating: 0, count: count)
    elements.withUnsafeMutableBytes { _ = data.copyBytes(to: $0) }
    return Matrix(rows: rows, columns: columns, elements)
  }
}
