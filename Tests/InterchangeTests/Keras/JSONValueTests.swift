import Testing

@testable import Interchange

@Suite struct JSONValueTests {
  @Test func everyKindIsRead() {
    let value = JSONValue(Array(#"{"a": [null, true, 1.5, "x\"]"], "b": {}}"#.utf8))
    #expect(value?["a"]?.array == [.null, .bool(true), .number(1.5), .string("x\"]")])
    #expect(value?["b"] == .object([:]))
    #expect(value?["c"] == nil)
    #expect(value?.objects.count == 2)
  }

  @Test func nestingBeyondTheLimitIsRefused() {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(JSONValue(nested(JSONValue.maxDepth)) != nil)
    #expect(JSONValue(nested(JSONValue.maxDepth + 1)) == nil)
    #expect(JSONValue(nested(1_000_000)) == nil)
  }

  @Test func invalidJSONIsNil() {
    for text in ["", "{", "{\"a\":}", "nul"] { #expect(JSONValue(Array(text.utf8)) == nil, "\(text)") }
    #expect(JSONValue([0x22, 0xff, 0x22]) == nil)
  }
}
