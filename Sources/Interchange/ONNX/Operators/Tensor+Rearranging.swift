#if ONNX
internal import DataIO
internal import Kernels

/// Blocks of consecutive numbers to be copied one after the other, the form of every rearrangement of a tensor.
struct BlockCopy {
  /// Where each block begins in the source.
  var starts: [Int]
  /// Numbers in each.
  var length: Int

  /// The numbers of a tensor of `shape` that lie `strides` apart in the source, from `offset` on.
  ///
  /// Inner dimensions whose numbers lie side by side make the blocks.
  init(shape: [Int], strides: [Int], offset: Int = 0) {
    var outer = shape.count
    length = 1
    while outer > 0, shape[outer - 1] == 1 || strides[outer - 1] == length {
      outer -= 1
      length *= shape[outer]
    }
    starts = [offset]
    for dimension in 0..<outer {
      let (size, stride) = (shape[dimension], strides[dimension])
      starts = starts.flatMap { start in (0..<size).map { start + $0 * stride } }
    }
    if length == 0 { starts = [] }
  }

  /// Blocks of `length` numbers at `starts`.
  init(starts: [Int], length: Int) {
    self.starts = starts
    self.length = length
  }
}

extension BlockCopy: ElementsVisitor {
  func visit<Element: TensorElement>(_ elements: [Element]) throws(ONNXRefusal) -> Tensor.Elements {
    Element.elements(copy(elements))
  }

  /// The blocks of `source`.
  func copy<Element: BitwiseCopyable>(_ source: [Element]) -> [Element] {
    let count = starts.count * length
    // With no elements, the initialiser below would write to the empty array that all threads share.
    guard count > 0 else { return [] }
    return [Element](unsafeUninitializedCapacity: count) { target, initialized in
      source.withUnsafeBufferPointer { source in
        for (index, start) in starts.enumerated() {
          require(start >= 0 && start + length <= source.count, "a block lies outside the tensor")
          (target.baseAddress! + index * length).initialize(from: source.baseAddress! + start, count: length)
        }
      }
      initialized = count
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
  func copying(_ blocks: BlockCopy, shape: [Int]) throws(ONNXRefusal) -> Tensor {
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
    if count == 1 { return Tensor(shape: target, try elements.accept(Repetition(count: target.reduce(1, *)))) }
    let missing = target.count - shape.count
    let strides = strides
    let targetStrides = target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : strides[$0 - missing] }
    return try copying(BlockCopy(shape: target, strides: targetStrides), shape: target)
  }
}

/// Numbers from one index to the next, for each dimension of a tensor of `shape` that lies row after row.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for dimension in shape.indices.dropLast().reversed() {
    strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
  }
  return strides
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
