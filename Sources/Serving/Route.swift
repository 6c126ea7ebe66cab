/// What a request is for, by its method and path.
enum Route: Equatable {
  case live
  case ready
  case server
  case metrics
  case model(String, version: String?)
  case modelReady(String, version: String?)
  case infer(String, version: String?)
  case session(SessionMethod, model: String, id: SequenceID)

  enum SessionMethod: Equatable { case export, put, remove }

  /// - Throws: ``ServingError`` with 404 where there is no such path, 405 where it knows other methods.
  init(method: String, path: String) throws(ServingError) {
    var parts: [String] = []
    let path = path.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    for part in path.split(separator: UInt8(ascii: "/")) {
      guard parts.count < 8, let text = Self.percentDecoded(part) else { throw .notFound("there is no such path") }
      parts.append(text)
    }
    // HEAD asks for what GET would give.
    let method = method == "HEAD" ? "GET" : method
    var allowed = ["GET"]
    switch parts.count {
    case 1 where parts[0] == "metrics": self = .metrics
    case 1 where parts[0] == "v2": self = .server
    case 3 where parts[0] == "v2" && parts[1] == "health" && parts[2] == "live": self = .live
    case 3 where parts[0] == "v2" && parts[1] == "health" && parts[2] == "ready": self = .ready
    case 3... where parts[0] == "v2" && parts[1] == "models":
      let model = parts[2]
      var rest = parts.dropFirst(3)
      var version: String?
      if rest.count >= 2, rest[rest.startIndex] == "versions" {
        version = rest[rest.startIndex + 1]
        rest = rest.dropFirst(2)
      }
      switch (rest.count, rest.first) {
      case (0, _): self = .model(model, version: version)
      case (1, "ready"): self = .modelReady(model, version: version)
      case (1, "infer"):
        self = .infer(model, version: version)
        allowed = ["POST"]
      case (2, "sessions") where version == nil:
        guard let id = SequenceID(rest[rest.startIndex + 1]) else {
          throw .badRequest("a session's id has 1 to \(SequenceID.maxBytes) bytes")
        }
        let methods: [String: SessionMethod] = ["GET": .export, "PUT": .put, "DELETE": .remove]
        guard let sessionMethod = methods[method] else { throw Self.wrongMethod(method, "GET, PUT, DELETE") }
        self = .session(sessionMethod, model: model, id: id)
        allowed = [method]
      default: throw .notFound("there is no such path")
      }
    default: throw .notFound("there is no such path")
    }
    guard allowed.contains(method) else { throw Self.wrongMethod(method, allowed.joined(separator: ", ")) }
  }

  private static func wrongMethod(_ method: String, _ allowed: String) -> ServingError {
    ServingError(status: 405, message: "the method \(quoted(method)) is not for this path, but \(allowed)")
  }

  /// Whether the request has a body that means something.
  var hasBody: Bool {
    switch self {
    case .infer, .session(.put, _, _): true
    default: false
    }
  }

  /// Whether it is answered without a token: those who watch a server need none.
  var isOpen: Bool { self == .live || self == .ready }

  /// What metrics call it.
  var kind: String {
    switch self {
    case .live, .ready, .modelReady: "health"
    case .server, .model: "metadata"
    case .metrics: "metrics"
    case .infer: "infer"
    case .session: "session"
    }
  }

  var model: String? {
    switch self {
    case .model(let name, _), .modelReady(let name, _), .infer(let name, _), .session(_, let name, _): name
    case .live, .ready, .server, .metrics: nil
    }
  }

  private static func percentDecoded(_ text: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
