import Testing

@testable import Serving

@Suite struct InferResponseTests {
  private func response(_ numbers: [Float]) -> InferResponse {
    InferResponse(
      modelName: "m", modelVersion: "3", id: "a\"b", sequence: (SequenceID(7), 5), name: "OUTPUT",
      shape: [1, numbers.count], numbers: numbers)
  }

  @Test func jsonHasTheShortestNumbersThatReadBack() {
    let (bytes, length) = response([0.1, -0.0, 1e-9, .greatestFiniteMagnitude, .nan, -.infinity]).body(isBinary: false)
    #expect(length == nil)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "{\"model_name\":\"m\",\"model_version\":\"3\",\"id\":\"a\\\"b\",\"parameters\":{\"sequence_id\":\"7\","
        + "\"sequence_steps\":5},\"outputs\":[{\"name\":\"OUTPUT\",\"datatype\":\"FP32\",\"shape\":[1,6],"
        + "\"data\":[0.1,-0.0,1e-09,3.4028235e+38,null,null]}]}")
  }

  @Test func binaryDataFollowTheJSON() throws {
    let (bytes, length) = response([1, .nan]).body(isBinary: true)
    let end = try #require(length)
    #expect(bytes.count == end + 8 && bytes[end - 1] == UInt8(ascii: "}"))
    #expect(Array(bytes[end..<end + 4]) == [0, 0, 128, 63])
    #expect(String(decoding: bytes[..<end], as: UTF8.self).hasSuffix("\"parameters\":{\"binary_data_size\":8}}]}"))
  }
}
