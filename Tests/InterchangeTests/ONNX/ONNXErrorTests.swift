#if ONNX
import Testing

@testable import Interchange

@Suite struct ONNXErrorTests {
  @Test func itsDescriptionIsOneLineThatNamesFileAndPlace() {
    let error = ONNXRefusal.malformed("a\nb").at("node “x” (GRU)", in: "m\t.onnx")
    #expect(error.description == "m\\u{9}.onnx, node “x” (GRU): a\\u{a}b")
    #expect(ONNXRefusal.input("c").at(nil, in: "m.onnx").description == "m.onnx: c")
  }
}
#endif
