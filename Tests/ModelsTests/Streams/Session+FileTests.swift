import Kernels
import TestSupport
import Testing

@testable import Models

/// Sessions as safetensors files.
@Suite struct SessionFileTests {
  @Test(arguments: StreamingModel<Float>.variants)
  func aFileHoldsTheBits(_ variant: ModelVariant) throws {
    try withTemporaryFolder { folder in
      let (model, session) = try SessionTests.session(variant, as: Double.self)
      let path = folder + "/session.safetensors"
      try session.write(to: path)
      var again = try model.prepared.session(readingFrom: path)
      #expect(again == session)
      let bytes = try SafetensorsFile(bytes: session.serialized())
      #expect(try model.prepared.session(from: bytes) == session)
      // It goes on as if nothing had happened.
      let inputs: SequenceInputs<Double> = variant.inputs([7])
      let workspace = model.prepared.workspace()
      for t in 4..<7 {
        let output = try model.step(inputs, 0, at: t, &again, in: workspace)
        #expect(bits(output) == bits(model.wanted(inputs, 0, steps: t + 1)))
      }
    }
  }

  @Test func aFileThatIsNoSessionOfTheModelIsAnError() throws {
    let (model, session) = try SessionTests.session(
      ModelVariant(readsTokens: false, readout: .meanState, isBidirectional: false, kind: .lstm), as: Float.self)
    let good = try SafetensorsFile(bytes: session.serialized())
    func metadata(_ key: String, _ value: String?) -> [String: String] {
      var metadata = good.metadata
      metadata[key] = value
      return metadata
    }
    func file(
      _ metadata: [String: String]? = nil, without left: String? = nil, adding: String? = nil, count: Int = 5,
      value: Float = 1
    ) -> [UInt8] {
      var contents = SafetensorsContents(metadata: metadata ?? good.metadata)
      for part in session.layout.parts where part.name != left {
        contents.setTensor(
          part.name, shape: [part.count], elements: session.numbers(part.offset, part.count))
      }
      if let adding { contents.setTensor(adding, shape: [count], elements: [Float](repeating: value, count: count)) }
      return contents.serialized()
    }
    var doubles = SafetensorsContents(metadata: good.metadata)
    for part in session.layout.parts {
      doubles.setTensor(part.name, shape: [part.count], elements: [Double](repeating: 0.5, count: part.count))
    }
    let mistakes: [([UInt8], SafetensorsError.Problem)] = [
      (file(metadata("format", "recurrent.sequence-model")), .metadata), (file(metadata("format", nil)), .metadata),
      (file(metadata("format_version", "2")), .metadata), (file(metadata("model", "0123456789abcdef")), .metadata),
      (file(metadata("steps", "-1")), .metadata), (file(metadata("steps", "99999999999999999999")), .metadata),
      (file(without: "cell.1"), .missingTensor), (file(adding: "cell.2"), .unknownTensor),
      (file(without: "pooled", adding: "pooled", count: 4), .shape),
      (file(without: "hidden.0", adding: "hidden.0", value: .nan), .notFinite), (doubles.serialized(), .elementType),
    ]
    for (bytes, problem) in mistakes {
      let error = #expect(throws: SafetensorsError.self) {
        try model.prepared.session(from: SafetensorsFile(bytes: bytes))
      }
      #expect(error?.problem == problem)
    }
    _ = try model.prepared.session(
      from: SafetensorsFile(bytes: file(without: "hidden.0", adding: "hidden.0", value: .nan)), allowsNonFinite: true)
    #expect(try model.prepared.session(from: good) == session)
  }
}
