import Kernels
import Models
import Tasks
import TestSupport
import Testing

@Suite struct FeedForwardModelTests {
  private func batch() -> FeedForwardBatch<Double> {
    var generator = SeededGenerator(seed: 4)
    func random(_ rows: Int, _ columns: Int) -> Matrix<Double> {
      Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in generator.normal() })
    }
    return FeedForwardBatch(inputs: random(5, 3), targets: random(5, 2))
  }

  @Test func gradientMatchesFiniteDifferences() throws {
    let model = try FeedForwardModel<Double>(sizes: [3, 7, 4, 2], loss: .meanSquaredError, seed: 1)
    let worst = try #require(model.checkGradient(on: batch()).worst)
    #expect(worst.relativeError <= Tolerance.finiteDifference, "\(worst)")
  }

  @Test func oneLayerIsALinearMap() throws {
    let model = try FeedForwardModel<Double>(sizes: [3, 2], loss: .meanSquaredError, seed: 2)
    let (inputs, weight, bias) = (batch().inputs, model.parameters["0.weight"], model.parameters["0.bias"])
    let outputs = model(inputs)
    for row in 0..<inputs.rows {
      for j in 0..<2 {
        let wanted = (0..<3).reduce(bias[j, 0]) { $0 + weight[j, $1] * inputs[row, $1] }
        #expect(abs(outputs[row, j] - wanted) <= Tolerance.gemm(k: 3, Double.self))
      }
    }
  }

  @Test func sizesThatAreNotPositiveAreRefused() {
    #expect(throws: ConfigurationError.self) {
      try FeedForwardModel<Float>(sizes: [3, 0, 2], loss: .meanSquaredError, seed: 1)
    }
  }
}
