#if ONNX
import TestSupport
import Testing

@testable import Interchange

/// Models that other engines exported or computed: `python -m interchange generate FOLDER onnx_models`.
@Suite(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
struct ONNXModelConformanceTests {
  @Test func noModelIsMissing() {
    #expect(ONNXCase.all("onnx_models", "torch").count >= 5)
    #expect(ONNXCase.all("onnx_models", "sweep").count >= 800)
  }

  /// At other batch sizes and lengths than they were exported with.
  @Test(arguments: ONNXCase.all("onnx_models", "torch"))
  func whatPyTorchExportsComputesWhatItDidThere(_ model: ONNXCase) throws {
    #expect(try model.disagreement(relative: 1e-5, absolute: 1e-5) == nil)
  }

  @Test func everyFormOfARecurrentOperatorComputesWhatItsTextSays() throws {
    for model in ONNXCase.all("onnx_models", "sweep") {
      let disagreement = try model.disagreement(relative: 1e-5, absolute: 1e-5)
      #expect(disagreement == nil, "\(model)")
    }
  }
}
#endif
