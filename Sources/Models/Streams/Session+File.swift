internal import Kernels

/// A session's file is a safetensors file.
///
/// | tensor or metadata | holds |
/// | --- | --- |
/// | `format`, `format_version` | `recurrent.session`, `1` |
/// | `model` | the ``ModelIdentity`` of the model that it is of |
/// | `steps` | how many steps it has taken |
/// | `hidden.0`, … | the hidden state of each layer, `[R]` |
/// | `cell.0`, … | the cell state of each layer of an LSTM, `[H]` |
/// | `pooled` | the sum or the maxima of all outputs, where the model's head reads these, `[R]` |
/// | `source.context`, `source.values`, `source.keys` | of a decoder: the context beside its tokens, `[1 × C]`, and what attention may ask, `[S × M]` and `[S × A]` |
extension Session where Scalar: SafetensorsElement {
  /// Writes this session at `path`, to the bit: at any moment, even after a crash, there is what was there before or all of
  /// this.
  ///
  /// - Throws: ``SafetensorsError`` where the system refuses.
  public func write(to path: String) throws(SafetensorsError) { try contents.write(to: path) }

  /// The bytes of that file.
  public func serialized() -> [UInt8] { contents.serialized() }

  private var contents: SafetensorsContents {
    var contents = SafetensorsContents(metadata: [
      SessionKey.format: SessionKey.formatName, SessionKey.version: SessionKey.currentVersion,
      SessionKey.model: model.description, SessionKey.steps: "\(steps)",
    ])
    for part in layout.parts {
      contents.setTensor(part.name, shape: [part.count], elements: numbers(part.offset, part.count))
    }
    for part in source?.parts ?? [] { contents.setMatrix(part.name, part.matrix) }
    return contents
  }
}

extension PreparedModel where Scalar: SafetensorsElement {
  /// The session in the file at `path`, which goes on with the same bits.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - allowsNonFinite: Whether numbers may be infinite or NaN, which is an error otherwise.
  /// - Throws: ``SafetensorsError`` where the file cannot be read, is damaged, or is no session of this model.
  public func session(
    readingFrom path: String, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> Session<Scalar> {
    try session(from: SafetensorsFile(path: path), allowsNonFinite: allowsNonFinite)
  }

  /// The session in a file that is open, or in bytes that ``Session/serialized()`` gave.
  public func session(
    from file: SafetensorsFile, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> Session<Scalar> {
    let context = SafetensorsErrorContext(file: file.name)
    try context.check(file.metadata, SessionKey.format, is: SessionKey.formatName)
    try context.check(file.metadata, SessionKey.version, is: SessionKey.currentVersion)
    try context.check(file.metadata, SessionKey.model, is: identity.description)
    let steps = try context.count(
      file.metadata, SessionKey.steps, in: FileNumbers.counts.lowerBound...FileNumbers.counts.upperBound)
    guard !core.stack.isBidirectional else {
      throw context(.metadata, "a session of a bidirectional model", "one of a model that steps")
    }
    let layout = core.sessionLayout
    let names = Set(layout.parts.map(\.name) + (core.decoder == nil ? [] : StreamSource<Scalar>.partNames))
    if let unknown = file.tensorNames.first(where: { !names.contains($0) }) {
      throw context(
        .unknownTensor, "a tensor that a session of this model does not have", "\(names.count) others", tensor: unknown)
    }
    let storage = SessionStorage.zero(SessionHeader(model: identity, layout: layout, steps: steps))
    for part in layout.parts {
      let context = SafetensorsErrorContext(file: file.name, tensor: part.name)
      guard let entry = file.tensors[part.name] else {
        throw context(.missingTensor, "no such tensor among \(file.tensors.count)", "one of this name")
      }
      guard entry.shape == [part.count] else { throw context(.shape, "shape \(entry.shape)", "[\(part.count)]") }
      guard entry.type == Scalar.safetensorsType else {
        throw context(.elementType, entry.type.rawValue, Scalar.safetensorsType.rawValue)
      }
      let numbers: Matrix<Scalar> = try file.weights(part.name, allowsNonFinite: allowsNonFinite)
      numbers.withUnsafeBufferPointer {
        (storage.numbers + part.offset).copyMemory(
          from: $0.baseAddress!, byteCount: part.count * layout.scalarSize)
      }
    }
    guard core.decoder != nil else { return Session(storage) }
    let matrices = try StreamSource<Scalar>.partNames.map { name throws(SafetensorsError) in
      let matrix: Matrix<Scalar> = try file.weights(name, allowsNonFinite: allowsNonFinite)
      return matrix
    }
    guard core.fits(matrices[0], matrices[1], matrices[2]) else {
      throw context(.shape, "a source of other sizes than the model's", "one of this model", tensor: "source.values")
    }
    return Session(storage, StreamSource(context: matrices[0], values: matrices[1], keys: matrices[2]))
  }
}

/// The names in a session's file.
private enum SessionKey {
  static let format = "format"
  static let formatName = "recurrent.session"
  static let version = "format_version"
  static let currentVersion = "1"
  static let model = "model"
  static let steps = "steps"
}
