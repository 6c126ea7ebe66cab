import Testing

@testable import Serving

@Suite struct RouteTests {
  @Test func pathsAreThoseOfTheProtocol() throws {
    #expect(try Route(method: "GET", path: "/v2") == .server)
    #expect(try Route(method: "HEAD", path: "/v2/health/live") == .live)
    #expect(try Route(method: "GET", path: "/v2/health/ready?x=1") == .ready)
    #expect(try Route(method: "GET", path: "/v2/models/m") == .model("m", version: nil))
    #expect(try Route(method: "GET", path: "/v2/models/m/versions/3/ready") == .modelReady("m", version: "3"))
    #expect(try Route(method: "POST", path: "/v2/models/a%20b/infer") == .infer("a b", version: nil))
    #expect(
      try Route(method: "PUT", path: "/v2/models/m/sessions/a%2Fb")
        == .session(.put, model: "m", id: #require(SequenceID("a/b"))))
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "", 404), ("GET", "/v2/models", 404), ("GET", "/v2/models/%", 404),
    ("GET", "/v2/models/%f", 404), ("GET", "/v2/models/%ff", 404), ("GET", "/v2/models/m/versions", 404),
    ("GET", "/v2/models/m/infer", 405), ("DELETE", "/v2", 405), ("POST", "/v2/models/m/sessions/1", 405),
    ("GET", "/a/b/c/d/e/f/g/h/i", 404),
  ])
  func otherPathsAndMethodsAreRefused(_ method: String, _ path: String, _ wanted: Int) {
    #expect(statusOf { () throws(ServingError) in _ = try Route(method: method, path: path) } == wanted)
  }

  @Test func aSessionsIDIsLimited() {
    let path = "/v2/models/m/sessions/" + String(repeating: "x", count: 129)
    #expect(statusOf { () throws(ServingError) in _ = try Route(method: "GET", path: path) } == 400)
  }
}
