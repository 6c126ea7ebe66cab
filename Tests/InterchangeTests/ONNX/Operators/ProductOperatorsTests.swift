#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ProductOperatorsTests {
  private let a = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
  private let b = Tensor(shape: [3, 2], [1, 0, 0, 1, 1, 1])

  @Test func matrices() throws {
    #expect(try compute("MatMul", [:], [a, b])[0] == Tensor(shape: [2, 2], [4, 5, 10, 11]))
    #expect(try compute("MatMul", [:], [a, floats(1, 1, 1)])[0] == floats(6, 15))
    #expect(try compute("MatMul", [:], [floats(1, 1), a])[0] == floats(5, 7, 9))
    #expect(try compute("MatMul", [:], [floats(1, 2), floats(3, 4)])[0] == scalar(11))
    #expect(refusal(of: "MatMul", [:], [a, a]) == "the shapes [2, 3] and [2, 3] do not multiply")
    #expect(refusal(of: "MatMul", [:], [scalar(1), a]).contains("do not multiply"))
    #expect(refusal(of: "MatMul", [:], [a, integers(1, 2, 3)]).contains("wanted both float32 or float64"))
  }

  @Test func outerDimensionsAreRepeated() throws {
    let batch = counting(2, 2, 3)
    let single = try compute("MatMul", [:], [batch, b])[0]
    #expect(single == Tensor(shape: [2, 2, 2], [2, 3, 8, 9, 14, 15, 20, 21]))
    let repeated = try b.reshaped([1, 3, 2]).expanded(to: [2, 3, 2])
    #expect(try compute("MatMul", [:], [batch, repeated])[0] == single)
    #expect(try compute("MatMul", [:], [a, repeated])[0].shape == [2, 2, 2])
    #expect(
      try compute("MatMul", [:], [Tensor(shape: [2, 0], []), Tensor(shape: [0, 2], [])])[0].elements.floats == [
        0, 0, 0, 0,
      ])
    let huge = [counting(1 << 13, 1), counting(1, 1 << 13)]
    #expect(refusal(of: "MatMul", [:], huge).contains("takes 268435456 bytes"))
  }

  @Test func gemm() throws {
    let bT = try b.transposed([1, 0])
    let aT = try a.transposed([1, 0])
    let wanted = Tensor(shape: [2, 2], [4, 5, 10, 11])
    #expect(try compute("Gemm", ["transB": .integer(1)], [a, bT])[0] == wanted)
    #expect(try compute("Gemm", ["transA": .integer(1), "transB": .integer(1)], [aT, bT])[0] == wanted)
    let factors: [String: ONNXAttribute] = ["alpha": .float(2), "beta": .float(-1)]
    #expect(try compute("Gemm", factors, [a, b, floats(1, 2)])[0] == Tensor(shape: [2, 2], [7, 8, 19, 20]))
    #expect(try compute("Gemm", [:], [a, b, scalar(1)])[0] == Tensor(shape: [2, 2], [5, 6, 11, 12]))
    let doubles = [a, b].map { Tensor(shape: $0.shape, .double($0.elements.doubles)) }
    #expect(try compute("Gemm", [:], doubles)[0].elements == .double([4, 5, 10, 11]))
    #expect(refusal(of: "Gemm", [:], [a, b, floats(1, 2, 3)]).contains("do not go together"))
    #expect(refusal(of: "Gemm", [:], [a, b, counting(1, 2, 2)]).contains("wanted what can be repeated"))
    #expect(refusal(of: "Gemm", [:], [a, floats(1)]).contains("not those of matrices"))
    #expect(refusal(of: "Gemm", [:], [a, a]).contains("do not multiply"))
  }
}
#endif
