import Testing

@testable import Serving

@Suite struct InferRequestTests {
  private func read(_ text: String, _ data: [UInt8] = [], headerLength: Int? = nil, maxTensor: Int = 100)
    throws(ServingError) -> InferRequest
  {
    let bytes = Array(text.utf8) + data
    return try InferRequest(
      bytes, headerLength: headerLength ?? (data.isEmpty ? nil : text.utf8.count), maxTensor: maxTensor)
  }

  private func input(_ shape: String, _ rest: String) -> String {
    "{\"inputs\":[{\"name\":\"INPUT\",\"datatype\":\"FP32\",\"shape\":\(shape),\(rest)}]}"
  }

  @Test func parametersAreThoseOfTheSequenceExtension() throws {
    let request = try read(
      "{\"id\":\"r\",\"parameters\":{\"sequence_id\":18446744073709551615,\"sequence_start\":true,\"sequence_end\":false,"
        + "\"priority\":3,\"timeout\":250,\"binary_data_output\":true}}")
    #expect(request.id == "r" && request.timeout == 250 && request.hasBinaryOutputs)
    #expect(request.sequence == InferRequest.SequenceStep(id: SequenceID(UInt64.max), isStart: true))
    #expect(try read("{\"parameters\":{\"sequence_id\":0}}").sequence == nil)
    #expect(try read("{\"parameters\":{\"sequence_id\":\"\"}}").sequence == nil)
  }

  @Test func dataAreFlatOrNestedOrBinary() throws {
    for data in ["[1,2.5,-3,4e2,5,6]", "[[1,2.5,-3],[4e2,5,6]]"] {
      let text = input("[2,3]", "\"data\":\(data)")
      let request = try read(text)
      #expect(try request.inputs[0].floats(Array(text.utf8)) == [1, 2.5, -3, 400, 5, 6])
    }
    let text = input("[2]", "\"parameters\":{\"binary_data_size\":8}")
    let data: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 192]
    #expect(try read(text, data).inputs[0].floats(Array(text.utf8) + data) == [1, -2])
  }

  @Test func binaryDataMustFillTheBody() {
    let text = input("[2]", "\"parameters\":{\"binary_data_size\":8}")
    for count in [0, 7, 9] {
      let found = statusOf { () throws(ServingError) in
        _ = try read(text, Array(repeating: 0, count: count), headerLength: text.utf8.count)
      }
      #expect(found == 400)
    }
    for size in ["-8", "9223372036854775807", "9223372036854775808", "1.5"] {
      let text = input("[2]", "\"parameters\":{\"binary_data_size\":\(size)}")
      #expect(statusOf { () throws(ServingError) in _ = try read(text, Array(repeating: 0, count: 8)) } == 400)
    }
    for length in [0, -1, .min, .max] {
      let found = statusOf { () throws(ServingError) in _ = try read("{}", headerLength: length) }
      #expect(found == 400)
    }
  }

  @Test(arguments: [
    ("[4611686018427387904,4]", 413), ("[101]", 413), ("[-1]", 400), ("[1,1,1,1,1,1,1,1,1]", 400),
    ("[9223372036854775808]", 400), ("[0,9223372036854775807]", 200),
  ])
  func aShapeIsCheckedBeforeAnythingIsAllocated(_ shape: String, _ wanted: Int) {
    #expect(statusOf { () throws(ServingError) in _ = try read(input(shape, "\"data\":[]")) } == wanted)
  }

  @Test func tokensAreThoseThatFit() throws {
    let text = "{\"inputs\":[{\"name\":\"INPUT\",\"datatype\":\"INT64\",\"shape\":[3],\"data\":[1,-2,2147483647]}]}"
    #expect(try read(text).inputs[0].tokens(Array(text.utf8)) == [1, -2, .max])
    for number in ["2147483648", "1.5", "1e3", "99999999999999999999"] {
      let text = "{\"inputs\":[{\"name\":\"INPUT\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[\(number)]}]}"
      #expect(statusOf { () throws(ServingError) in _ = try read(text).inputs[0].tokens(Array(text.utf8)) } == 400)
    }
  }

  /// Numbers of every length, as they are printed and with other digits.
  @Test func decimalNumbersAreRoundedCorrectly() {
    var state = UInt64(1)
    var fast = 0
    for round in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let digits = "\(state >> 33)".prefix(1 + round % 9)
      let text = round % 3 == 0 ? "-\(digits)" : round % 3 == 1 ? "\(digits)" : "\(digits).\(state >> 50)"
      guard let number = exactFloat(Array(text.utf8)[...]) else { continue }
      fast += 1
      #expect(number == Float(text), "\(text)")
    }
    #expect(fast > 5000)
  }
}
