#if ONNX
internal import DataIO
internal import Kernels

/// Blocks of consecutive numbers to be copied one after the other, the form of every rearrangement of a tensor.
struct BlockCopy<Starts: Sequence<Int>> {
  /// Where each block begins in the source.
  let starts: Starts
  /// The number of blocks.
  let count: Int
  /// Numbers in each.
  let length: Int
}

extension BlockCopy<StridedStarts> {
  /// The numbers of a tensor of `shape` that lie `strides` apart in the source, from `offset` on. `shape` is one that was
  /// counted.
  ///
  /// Inner dimensions whose numbers lie side by side make the blocks.
  init(shape: [Int], strides: [Int], offset: Int = 0) {
    var outer = shape.count
    var length = 1
    while outer > 0, shape[outer - 1] == 1 || strides[outer - 1] == length {
      outer -= 1
      length *= shape[outer]
    }
    let isEmpty = shape.contains(0)
    starts = StridedStarts(
      shape: isEmpty ? [0] : Array(shape[..<outer]), strides: isEmpty ? [0] : Array(strides[..<outer]), offset: offset)
    count = isEmpty ? 0 : elementCount(shape[..<outer])
    self.length = length
  }
}

extension BlockCopy<[Int]> {
  /// Blocks of `length` numbers at `starts`.
  init(starts: [Int], length: Int) {
    self.starts = starts
    count = starts.count
    self.length = length
  }
}

/// Where the elements of a tensor lie in a source, one after the other, without a list of them.
struct StridedStarts: Sequence, IteratorProtocol {
  /// All dimensions but the last.
  private let shape: [Int]
  private let strides: [Int]
  private var index: [Int]
  /// Where the row of the last dimension begins.
  private var rowStart: Int
  private let rowCount: Int
  private let rowStride: Int
  private var indexInRow = 0
  private var isAtEnd: Bool

  /// Those of a tensor of `shape` that lie `strides` apart, from `offset` on.
  init(shape: [Int], strides: [Int], offset: Int) {
    self.shape = shape.dropLast()
    self.strides = strides.dropLast()
    index = self.shape.map { _ in 0 }
    rowStart = offset
    (rowCount, rowStride) = (shape.last ?? 1, strides.last ?? 0)
    isAtEnd = shape.contains(0)
  }

  mutating func next() -> Int? {
    guard !isAtEnd else { return nil }
    let start = rowStart + indexInRow * rowStride
    indexInRow += 1
    if indexInRow == rowCount { beginNextRow() }
    return start
  }

  private mutating func beginNextRow() {
    indexInRow = 0
    for dimension in shape.indices.reversed() {
      index[dimension] += 1
      rowStart += strides[dimension]
      if index[dimension] < shape[dimension] { return }
      index[dimension] = 0
      rowStart -= strides[dimension] * shape[dimension]
    }
    isAtEnd = true
  }
}

extension BlockCopy: ElementsVisitor {
  func visit<Element: TensorElement>(_ elements: [Element]) throws(ONNXRefusal) -> Tensor.Elements {
    Element.elements(copy(elements))
  }

  /// The blocks of `source`.
  func copy<Element: BitwiseCopyable>(_ source: [Element]) -> [Element] {
    let total = elementCount([count, length])
    // With no elements, the initialiser below would write to the empty array that all threads share.
    guard total > 0 else { return [] }
    return [Element](unsafeUninitializedCapacity: total) { target, initialized in
      source.withUnsafeBufferPointer { source in
        var place = 0
        for start in starts {
          require(
            start >= 0 && start <= source.count - length && place <= total - length, "a block lies outside the tensor")
          (target.baseAddress! + place).initialize(from: source.baseAddress! + start, count: length)
          place += length
        }
        initialized = place
      }
    }
  }
}

/// A single number, repeated.
private struct Repetition: ElementsVisitor {
  let count: Int

  func visit<Element: TensorElement>(_ elements: [Element]) -> Tensor.Elements {
    Element.elements([Element](repeating: elements[0], count: count))
  }
}

extension Tensor {
  /// A tensor of `shape` made of blocks of this one's numbers.
  func copying(_ blocks: BlockCopy<some Sequence<Int>>, shape: [Int]) throws(ONNXRefusal) -> Tensor {
    Tensor(shape: shape, try elements.accept(blocks))
  }

  /// The same numbers in another shape with as many.
  func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, elements) }

  /// Numbers from one index to the next, for each dimension.
  var strides: [Int] { rowMajorStrides(shape) }

  /// The tensor with its dimensions in the order `permutation`.
  func transposed(_ permutation: [Int]) throws(ONNXRefusal) -> Tensor {
    let strides = strides
    let newShape = permutation.map { shape[$0] }
    return try copying(
      BlockCopy(shape: newShape, strides: permutation.map { strides[$0] }), shape: newShape)
  }

  /// The tensor repeated along dimensions of size 1 and new outer ones until it has `target`, which it must fit
  /// (``broadcastShape(_:_:)``).
  func expanded(to target: [Int]) throws(ONNXRefusal) -> Tensor {
    guard target != shape else { return self }
    if count == 1 { return Tensor(shape: target, try elements.accept(Repetition(count: elementCount(target)))) }
    let missing = target.count - shape.count
    let strides = strides
    let targetStrides = target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : strides[$0 - missing] }
    return try copying(BlockCopy(shape: target, strides: targetStrides), shape: target)
  }
}

/// Numbers from one index to the next, for each dimension of a tensor of `shape` that lies row after row.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  shape.indices.map { elementCount(shape[($0 + 1)...]) }
}

/// The shape to which NumPy broadcasts two shapes: aligned at the innermost dimension, sizes equal or one of them 1.
func broadcastShape(_ a: [Int], _ b: [Int]) throws(ONNXRefusal) -> [Int] {
  let rank = max(a.count, b.count)
  var result: [Int] = []
  for dimension in 0..<rank {
    let sizeOfA = dimension < rank - a.count ? 1 : a[dimension - (rank - a.count)]
    let sizeOfB = dimension < rank - b.count ? 1 : b[dimension - (rank - b.count)]
    guard sizeOfA == sizeOfB || sizeOfA == 1 || sizeOfB == 1 else {
      throw .input("the shapes \(a) and \(b) do not go together")
    }
    result.append(sizeOfA == 1 ? sizeOfB : sizeOfA)
  }
  return result
}
#endif
