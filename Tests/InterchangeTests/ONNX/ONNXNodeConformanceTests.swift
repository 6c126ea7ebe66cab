#if ONNX
import TestSupport
import Testing

@testable import Interchange

/// The node tests of the onnx package: `python -m interchange generate FOLDER onnx_nodes`.
@Suite(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
struct ONNXNodeConformanceTests {
  @Test func noNodeTestOfRecurrentOperatorsIsMissing() {
    #expect(ONNXCase.all("onnx_nodes", "recurrent").count >= 18)
  }

  /// The package's own runner allows 1e-3 relative.
  @Test(arguments: ONNXCase.all("onnx_nodes", "recurrent"))
  func aRecurrentOperatorComputesWhatThePackageDoes(_ node: ONNXCase) throws {
    #expect(try node.disagreement(relative: 1e-5, absolute: 1e-6) == nil)
  }

  /// Refused are types of numbers and forms of operators that are not computed here: at most a fifth.
  @Test func otherOperatorsComputeWhatThePackageDoesOrAreRefused() throws {
    var (passed, refused) = (0, [] as [String])
    for node in ONNXCase.all("onnx_nodes", "operators") {
      do {
        let disagreement = try node.disagreement(relative: 1e-4, absolute: 1e-6)
        #expect(disagreement == nil, "\(node)")
        passed += 1
      } catch let error as ONNXError {
        #expect(error.problem == .unsupported, "\(error)")
        refused.append("\(error)")
      } catch let error as ONNXRefusal {
        // Vectors of a type that is not read.
        #expect(error.problem == .unsupported, "\(node): \(error)")
        refused.append("\(node): \(error)")
      }
    }
    #expect(passed >= 300 && refused.count * 4 <= passed, "\(passed) computed, refused: \(refused)")
  }
}
#endif
