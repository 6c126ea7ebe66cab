/// An inference request of the Open Inference Protocol, whose tensors are still bytes.
struct InferRequest {
  /// What the client calls the request; it comes back with the answer.
  var id: String?
  /// Which session steps; `nil` where the request is whole sequences.
  var sequence: SequenceStep?
  /// Microseconds in which it must have begun.
  var timeout: UInt64?
  var inputs: [RequestedInput] = []
  /// What is to come back; everything where it is empty.
  var outputs: [RequestedOutput] = []
  /// Whether outputs that say nothing themselves come back as binary data.
  var hasBinaryOutputs = false

  /// The session that a request steps, as the sequence extension says.
  struct SequenceStep: Equatable {
    let id: SequenceID
    /// Begins the session, in the place of one that there may be.
    var isStart = false
    /// Ends it after the request.
    var isEnd = false
  }

  struct RequestedInput {
    let name: String
    let datatype: String
    let shape: [Int]
    /// Product of the shape.
    let count: Int
    let data: TensorData
  }

  /// Where the numbers of an input are among the bytes of the request.
  enum TensorData {
    /// A JSON array.
    case json(Range<Int>)
    /// Little-endian numbers.
    case binary(Range<Int>)
  }

  struct RequestedOutput {
    let name: String
    /// `nil` where the request decides for all.
    var isBinary: Bool?
  }

  /// Reads a request's body.
  ///
  /// - Parameters:
  ///   - bytes: JSON, and behind it the data of the inputs that have a `binary_data_size`, in their order.
  ///   - headerLength: Bytes of the JSON, `Inference-Header-Content-Length`; all where that is omitted.
  ///   - maxTensor: Numbers in an input, at most.
  init(_ bytes: [UInt8], headerLength: Int?, maxTensor: Int) throws(ServingError) {
    let jsonEnd = headerLength ?? bytes.count
    guard jsonEnd > 0 else { throw .badRequest("the request has no JSON") }
    guard jsonEnd <= bytes.count else {
      throw .badRequest("Inference-Header-Content-Length is \(jsonEnd), more than the body's \(bytes.count) bytes")
    }
    var json = JSONText(bytes, 0..<jsonEnd)
    var parameters = RequestParameters()
    var inputs: [PartialInput] = []
    var id: String?
    var outputs: [RequestedOutput] = []
    guard try json.nextKind() == .object else { throw .badRequest("the request is no JSON object") }
    try json.readObject { (json, key) throws(ServingError) in
      switch key {
      case "id": id = try json.readTextValue("id")
      case "parameters": parameters = try RequestParameters(&json)
      case "inputs":
        try json.readArrayValue("inputs") { json throws(ServingError) in
          guard inputs.count < Self.maxTensors else { throw .badRequest("more than \(Self.maxTensors) inputs") }
          inputs.append(try PartialInput(&json))
        }
      case "outputs":
        try json.readArrayValue("outputs") { json throws(ServingError) in
          guard outputs.count < Self.maxTensors else { throw .badRequest("more than \(Self.maxTensors) outputs") }
          outputs.append(try RequestedOutput(&json))
        }
      default: try json.skipValue()
      }
    }
    try json.expectEnd()

    self.id = id
    self.outputs = outputs
    sequence = try parameters.sequence()
    timeout = parameters.timeout
    hasBinaryOutputs = parameters.hasBinaryOutputs
    var position = jsonEnd
    for input in inputs {
      self.inputs.append(try input.resolved(at: &position, end: bytes.count, maxTensor: maxTensor))
    }
    guard position == bytes.count else {
      throw .badRequest("\(bytes.count - position) bytes follow the data of the last input")
    }
  }

  private static let maxTensors = 16
}

/// The parameters of a request that mean something here; others are ignored, as the protocol wants it.
private struct RequestParameters {
  var sequenceID: SequenceID?
  var isStart = false
  var isEnd = false
  var timeout: UInt64?
  var hasBinaryOutputs = false

  init() {}

  init(_ json: inout JSONText) throws(ServingError) {
    guard try json.nextKind() == .object else { throw .badRequest("parameters are no JSON object") }
    try json.readObject { (json, key) throws(ServingError) in
      switch key {
      case "sequence_id":
        if try json.nextKind() == .text {
          let text = try json.readText()
          sequenceID = text.isEmpty ? nil : SequenceID(text)
          guard text.isEmpty || sequenceID != nil else {
            throw .badRequest("sequence_id is longer than \(SequenceID.maxBytes) bytes")
          }
        } else {
          // Zero is no session.
          let number = try json.readInteger("sequence_id", as: UInt64.self)
          sequenceID = number == 0 ? nil : SequenceID(number)
        }
      case "sequence_start": isStart = try json.readBoolean("sequence_start")
      case "sequence_end": isEnd = try json.readBoolean("sequence_end")
      case "timeout": timeout = try json.readInteger("timeout")
      case "binary_data_output": hasBinaryOutputs = try json.readBoolean("binary_data_output")
      default: try json.skipValue()
      }
    }
  }

  func sequence() throws(ServingError) -> InferRequest.SequenceStep? {
    guard let sequenceID else {
      guard !isStart, !isEnd else { throw .badRequest("sequence_start and sequence_end need a sequence_id") }
      return nil
    }
    return InferRequest.SequenceStep(id: sequenceID, isStart: isStart, isEnd: isEnd)
  }
}

/// An input before it is known where its data is.
private struct PartialInput {
  let name: String
  let datatype: String
  let shape: [Int]
  var json: Range<Int>?
  var binarySize: Int?

  private static let maxDimensions = 8

  init(_ text: inout JSONText) throws(ServingError) {
    guard try text.nextKind() == .object else { throw .badRequest("an input is no JSON object") }
    var (name, datatype): (String?, String?) = (nil, nil)
    var shape: [Int]?
    var (data, size): (Range<Int>?, Int?) = (nil, nil)
    try text.readObject { (json, key) throws(ServingError) in
      switch key {
      case "name": name = try json.readTextValue("an input's name")
      case "datatype": datatype = try json.readTextValue("an input's datatype")
      case "shape":
        var dimensions: [Int] = []
        try json.readArrayValue("an input's shape") { json throws(ServingError) in
          guard dimensions.count < Self.maxDimensions else {
            throw .badRequest("a shape has more than \(Self.maxDimensions) dimensions")
          }
          dimensions.append(try json.readInteger("a dimension"))
        }
        shape = dimensions
      case "data":
        guard try json.nextKind() == .array else { throw .badRequest("an input's data are no JSON array") }
        data = try json.skipValue()
      case "parameters":
        guard try json.nextKind() == .object else { throw .badRequest("parameters are no JSON object") }
        try json.readObject { (json, key) throws(ServingError) in
          switch key {
          case "binary_data_size": size = try json.readInteger(key)
          case "shared_memory_region": throw .badRequest("shared memory is not supported")
          default: try json.skipValue()
          }
        }
      default: try json.skipValue()
      }
    }
    guard let name, let datatype, let shape else { throw .badRequest("an input needs name, datatype and shape") }
    self.name = name
    self.datatype = datatype
    self.shape = shape
    json = data
    binarySize = size
  }

  /// With its data at `position`, which moves behind them.
  func resolved(at position: inout Int, end: Int, maxTensor: Int) throws(ServingError) -> InferRequest.RequestedInput {
    let what = "input \(quoted(name))"
    var count = 1
    for dimension in shape {
      guard dimension >= 0 else { throw .badRequest("\(what) has the dimension \(dimension)") }
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: dimension)
      guard !isTooLarge else { throw .tooLarge("\(what) has the shape \(shape), more numbers than any machine holds") }
      count = product
    }
    guard count <= maxTensor else { throw .tooLarge("\(what) has \(count) numbers, and \(maxTensor) are allowed") }
    let data: InferRequest.TensorData
    switch (json, binarySize) {
    case (let json?, nil): data = .json(json)
    case (nil, let size?):
      guard size >= 0, size <= end - position else {
        throw .badRequest("\(what) has a binary_data_size of \(size), and \(end - position) bytes are left")
      }
      data = .binary(position..<position + size)
      position += size
    case (nil, nil): throw .badRequest("\(what) has neither data nor binary_data_size")
    case (_?, _?): throw .badRequest("\(what) has both data and binary_data_size")
    }
    return InferRequest.RequestedInput(name: name, datatype: datatype, shape: shape, count: count, data: data)
  }
}

extension InferRequest.RequestedOutput {
  fileprivate init(_ json: inout JSONText) throws(ServingError) {
    guard try json.nextKind() == .object else { throw .badRequest("an output is no JSON object") }
    var (name, isBinary): (String?, Bool?) = (nil, nil)
    try json.readObject { (json, key) throws(ServingError) in
      switch key {
      case "name": name = try json.readTextValue("an output's name")
      case "parameters":
        guard try json.nextKind() == .object else { throw .badRequest("parameters are no JSON object") }
        try json.readObject { (json, key) throws(ServingError) in
          switch key {
          case "binary_data": isBinary = try json.readBoolean(key)
          case "classification":
            guard try json.readInteger(key, as: Int.self) == 0 else {
              throw .badRequest("the classification extension is not supported")
            }
          case "shared_memory_region": throw .badRequest("shared memory is not supported")
          default: try json.skipValue()
          }
        }
      default: try json.skipValue()
      }
    }
    guard let name else { throw .badRequest("an output needs a name") }
    self.name = name
    self.isBinary = isBinary
  }
}

extension JSONText {
  mutating func readTextValue(_ what: String) throws(ServingError) -> String {
    guard try nextKind() == .text else { throw .badRequest("\(what) is no text") }
    return try readText()
  }

  mutating func readArrayValue(
    _ what: String, _ element: (inout JSONText) throws(ServingError) -> Void
  ) throws(ServingError) {
    guard try nextKind() == .array else { throw .badRequest("\(what) is no JSON array") }
    try readArray(element)
  }
}
