/// What a session's numbers are and where they lie: for each layer its hidden state and its cell state, and behind them what
/// was pooled. Each begins on a cache line and has whole ones, so that a step may load and store its last vector whole.
struct SessionLayout: Hashable, Sendable {
  /// Layers, `L`.
  let layers: Int
  /// Width of a hidden state, `R`.
  let hiddenSize: Int
  /// Width of a cell state, `H` in an LSTM; 0 elsewhere.
  let cellSize: Int
  /// Width of the sums or maxima over the outputs of all steps so far; 0 where the head reads no such thing.
  let pooledSize: Int
  /// Bytes of a number.
  let scalarSize: Int

  private static let cacheLine = 64

  private func lines(_ count: Int) -> Int {
    (count * scalarSize + Self.cacheLine - 1) / Self.cacheLine * Self.cacheLine
  }

  private var layerBytes: Int { lines(hiddenSize) + lines(cellSize) }

  /// Bytes from the start to the hidden state of `layer`.
  func hidden(_ layer: Int) -> Int { layer * layerBytes }
  /// Bytes from the start to the cell state of `layer`.
  func cell(_ layer: Int) -> Int { layer * layerBytes + lines(hiddenSize) }
  /// Bytes from the start to what was pooled.
  var pooled: Int { layers * layerBytes }
  /// Bytes of all of it.
  var byteCount: Int { layers * layerBytes + lines(pooledSize) }

  /// Each part that there is: what a file calls it, where it begins, and its numbers.
  var parts: [(name: String, offset: Int, count: Int)] {
    var parts: [(name: String, offset: Int, count: Int)] = []
    for layer in 0..<layers {
      parts.append(("hidden.\(layer)", hidden(layer), hiddenSize))
      if cellSize > 0 { parts.append(("cell.\(layer)", cell(layer), cellSize)) }
    }
    if pooledSize > 0 { parts.append(("pooled", pooled, pooledSize)) }
    return parts
  }
}

/// What a session says of itself in front of its numbers.
struct SessionHeader {
  /// Which model's session it is.
  let model: ModelIdentity
  let layout: SessionLayout
  /// Steps taken.
  var steps: Int
}

/// The memory of a session, in one allocation.
final class SessionStorage: ManagedBuffer<SessionHeader, UInt8> {
  private static let alignment = 64

  /// Memory that the caller fills.
  static func uninitialized(_ header: SessionHeader) -> SessionStorage {
    unsafeDowncast(
      create(minimumCapacity: header.layout.byteCount + alignment - 1) { _ in header }, to: SessionStorage.self)
  }

  /// The state before the first step.
  static func zero(_ header: SessionHeader) -> SessionStorage {
    let storage = uninitialized(header)
    storage.numbers.initializeMemory(as: UInt8.self, repeating: 0, count: header.layout.byteCount)
    return storage
  }

  /// All numbers, as the layout says.
  @inline(__always)
  var numbers: UnsafeMutableRawPointer {
    withUnsafeMutablePointerToElements {
      UnsafeMutableRawPointer($0).alignedUp(toMultipleOf: Self.alignment)
    }
  }

  func copy() -> SessionStorage {
    let copy = SessionStorage.uninitialized(header)
    copy.numbers.copyMemory(from: numbers, byteCount: header.layout.byteCount)
    return copy
  }
}
