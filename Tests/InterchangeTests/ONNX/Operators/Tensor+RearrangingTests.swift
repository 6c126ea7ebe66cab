#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct TensorRearrangingTests {
  @Test func innerDimensionsThatLieSideBySideAreOneBlock() {
    let blocks = BlockCopy(shape: [2, 3, 4], strides: [24, 4, 1], offset: 5)
    #expect(Array(blocks.starts) == [5, 29] && blocks.length == 12)
    let whole = BlockCopy(shape: [2, 1, 3], strides: [3, 99, 1])
    #expect(Array(whole.starts) == [0] && whole.length == 6)
    let single = BlockCopy(shape: [2, 2], strides: [1, 2])
    #expect(Array(single.starts) == [0, 2, 1, 3] && single.length == 1)
    #expect(BlockCopy(shape: [1 << 20, 0], strides: [0, 1]).copy([Float]()) == [])
  }

  @Test func aTransposedTensorHasEachNumberAtItsPlace() throws {
    let tensor = counting(2, 3, 4)
    let transposed = try tensor.transposed([2, 0, 1])
    #expect(transposed.shape == [4, 2, 3])
    for (i, j, k) in [(0, 0, 0), (1, 2, 3), (1, 0, 2), (0, 2, 1)] {
      #expect(transposed.elements.floats[k * 6 + i * 3 + j] == tensor.elements.floats[i * 12 + j * 4 + k])
    }
    #expect(try transposed.transposed([1, 2, 0]) == tensor)
  }

  @Test func shapesBroadcastAsInNumPy() throws {
    #expect(try broadcastShape([3, 1], [2, 1, 4]) == [2, 3, 4])
    #expect(try broadcastShape([], [2]) == [2])
    #expect(try broadcastShape([0], [1]) == [0])
    #expect(throws: ONNXRefusal.self) { try broadcastShape([2], [3]) }
    #expect(try floats(1, 2).expanded(to: [2, 2]) == Tensor(shape: [2, 2], [1, 2, 1, 2]))
    #expect(try Tensor(shape: [2, 1], [1, 2]).expanded(to: [2, 2]) == Tensor(shape: [2, 2], [1, 1, 2, 2]))
  }

  @Test func everyTypeIsRearranged() throws {
    let all: [Tensor.Elements] = [
      .bool([true, false]), .uint8([1, 2]), .int8([1, 2]), .uint16([1, 2]), .int16([1, 2]), .uint32([1, 2]),
      .int32([1, 2]), .uint64([1, 2]), .int64([1, 2]), .float16([1, 2]), .float([1, 2]), .double([1, 2]),
    ]
    for elements in all {
      let tensor = Tensor(shape: [2], elements)
      let reversed = try tensor.copying(BlockCopy(starts: [1, 0], length: 1), shape: [2])
      #expect(reversed.type == tensor.type)
      #expect(reversed.elements.doubles == tensor.elements.doubles.reversed())
    }
  }
}
#endif
