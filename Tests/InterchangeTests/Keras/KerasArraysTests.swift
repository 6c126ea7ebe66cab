import DataIO
import Testing

@testable import Interchange

@Suite struct KerasArraysTests {
  private let number = Tensor(shape: [], [1])

  @Test func pathsNameLayerDirectionAndCell() throws {
    let paths = [
      "net/table/embeddings", "net/both/forward_x/gru_cell/kernel", "net/both/backward_x/gru_cell/bias",
      "lstm/lstm_cell/recurrent_kernel", "lstm/lstm_cell/seed_generator/seed_generator_state", "out/kernel", "kernel",
    ]
    let arrays = try KerasArrays(paths: paths.map { ($0, number) }, file: "x")
    #expect(arrays.names == ["table", "both", "lstm", "out"])
    #expect(arrays.layers["both"]?.forward.keys.sorted() == ["kernel"])
    #expect(arrays.layers["both"]?.backward.keys.sorted() == ["bias"])
    #expect(arrays.layers["both"]?.cellKind == "gru")
    #expect(arrays.layers["lstm"]?.isRecurrent == true)
  }

  @Test func twoModelsInOneFileAreRefused() {
    #expect(throws: WeightsError.self) {
      _ = try KerasArrays(paths: [("a/out/kernel", number), ("b/out/kernel", number)], file: "x")
    }
  }

  @Test func numberedVariablesOfAWeightsFileGetTheirNames() throws {
    let arrays = try KerasArrays(
      weights: [
        "bidirectional_1/forward_layer/cell/vars/0": number, "bidirectional_1/backward_layer/cell/vars/2": number,
        "dense_2/vars/1": number, "embedding/vars/0": number, "lstm/cell/vars/1": number, "dropout/vars/0": number,
        "dense_x/vars/0": number, "lstm/cell/other": number,
      ], file: "x")
    #expect(arrays.names == ["bidirectional_1", "dense_2", "embedding", "lstm"])
    #expect(arrays.layers["dense_2"]?.forward.keys.sorted() == ["bias"])
    #expect(arrays.layers["bidirectional_1"]?.backward.keys.sorted() == ["bias"])
    #expect(arrays.layers["lstm"]?.cellKind == "lstm")
  }

  @Test(arguments: ["lstm/cell/vars/3", "dense/vars/2", "embedding/vars/-1"])
  func variablesOfOtherNumbersAreRefused(_ path: String) {
    let error = #expect(throws: WeightsError.self) { _ = try KerasArrays(weights: [path: number], file: "x") }
    #expect(error?.item == "object layers/\(path)")
  }
}
