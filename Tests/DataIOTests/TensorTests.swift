import DataIO
import Testing

@Suite struct TensorTests {
  @Test func numbersOfEveryTypeAreTheSameAsDoublesFloatsAndIntegers() {
    let all: [Tensor.Elements] = [
      .bool([false, true]), .uint8([0, 1]), .int8([0, 1]), .uint16([0, 1]), .int16([0, 1]), .uint32([0, 1]),
      .int32([0, 1]), .uint64([0, 1]), .int64([0, 1]), .float16([0, 1]), .float([0, 1]), .double([0, 1]),
    ]
    for elements in all {
      #expect(elements.doubles == [0, 1], "\(elements)")
      #expect(elements.floats == [0, 1], "\(elements)")
      #expect(elements.integers == (elements.isFloatingPoint ? nil : [0, 1]), "\(elements)")
    }
  }
}
