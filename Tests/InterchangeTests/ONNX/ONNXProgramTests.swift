#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ONNXProgramTests {
  private func program(_ message: ONNX_ModelProto, limit: Int = 100) throws -> ONNXProgram {
    try ONNXProgram(ONNXGraph(message, file: "m.onnx"), file: "m.onnx", foldedLimit: limit)
  }

  private let onConstants = ONNX_ModelProto.sample(
    [.node("Exp", ["w"], ["e"]), .node("Add", ["e", "x"], ["y"])], inputs: [.tensor("x", [2])], outputs: ["y"],
    initializers: [.floats("w", [2], [0, 1])])

  /// What depends on constants alone is computed once, as far as the limit allows; results are the same.
  @Test(arguments: [0, 1, 2, 100]) func foldingChangesNothing(_ limit: Int) throws {
    let outputs = try program(onConstants, limit: limit).run(["x": floats(1, 2)], .unlimited)
    let y = try #require(outputs["y"]?.elements.floats)
    #expect(abs(y[0] - 2) < 1e-6 && abs(y[1] - 4.718282) < 1e-6)
  }

  /// An error that constants lead to is the file's, found when it is loaded.
  @Test func constantsThatDoNotFitAreRefusedWhenLoaded() {
    let model = ONNX_ModelProto.sample(
      [.node("Add", ["v", "w"], ["y"])], inputs: [], outputs: ["y"],
      initializers: [.floats("v", [2], [0, 1]), .floats("w", [3], [0, 1, 2])])
    #expect(model.refusal == "m.onnx, node 0 (Add): the shapes [2] and [3] do not go together")
  }

  @Test func anInputOrAConstantMayBeAnOutput() throws {
    let model = ONNX_ModelProto.sample(
      [], inputs: [.tensor("x", [2])], outputs: ["x", "w"], initializers: [.floats("w", [1], [7])])
    #expect(try program(model).run(["x": floats(1, 2)], .unlimited) == ["x": floats(1, 2), "w": floats(7)])
  }

  @Test func aValueIsKeptUntilItsLastReader() throws {
    let model = ONNX_ModelProto.sample(
      [
        .node("Neg", ["x"], ["a"]), .node("Neg", ["a"], ["b"]), .node("Add", ["a", "b"], ["c"]),
        .node("Add", ["c", "a"], ["y"]),
      ], inputs: [.tensor("x", [1])], outputs: ["y", "b"])
    #expect(try program(model).run(["x": floats(3)], .unlimited) == ["y": floats(-3), "b": floats(3)])
  }
}
#endif
