#if ONNX
import DataIO
import Foundation
import Kernels
import Models
import SwiftProtobuf
import TestSupport
import Testing

@testable import Interchange

@Suite struct SequenceModelRecognitionTests {
  /// Without its metadata, a file of ours is like anybody's. ONNX has no projected LSTM.
  @Test(arguments: ExportVariant.all.filter { !$0.isProjected })
  func whatWeExportIsRecognized(_ variant: ExportVariant) throws {
    let model: SequenceModel<Float> = try variant.model()
    let foreign = try ForeignModel(variant).model
    #expect(foreign.metadata.isEmpty)
    let recognized = try SequenceModel<Float>(recognizing: foreign)
    #expect(recognized.architecture == model.architecture)
    #expect(recognized.parameters == model.parameters)
  }

  @Test func doublesAreRecognizedAsWell() throws {
    let variant = ForeignModel.everyStep
    let wide: SequenceModel<Double> = try variant.model()
    let narrow: SequenceModel<Float> = try variant.model()
    let float = try ONNXModel(bytes: ONNXExport(narrow).serialized())
    #expect(
      try SequenceModel<Double>(recognizing: float).parameters == narrow.parameters.converted(to: Double.self))
    let double = try ONNXModel(bytes: ONNXExport(wide).serialized())
    #expect(try SequenceModel<Double>(recognizing: double).parameters == wide.parameters)
  }

  @Test(arguments: [
    ("Softmax", Loss.softmaxCrossEntropy), ("LogSoftmax", .softmaxCrossEntropy), ("Sigmoid", .binaryCrossEntropy),
  ])
  func theLastActivationDecidesTheLoss(_ operation: String, _ loss: Loss) throws {
    for variant in [ForeignModel.everyStep, ForeignModel.finalState] {
      let axis: [String: Int] = operation == "Sigmoid" ? [:] : ["axis": variant.readout == .everyStep ? 2 : 1]
      let foreign = try ForeignModel(variant) { $0.activate(operation, axis) }.model
      let recognized = try SequenceModel<Float>(recognizing: foreign)
      #expect(recognized.architecture.loss == loss)
      #expect(recognized.parameters == (try variant.model(as: Float.self)).parameters)
      #expect(try SequenceModel<Float>(recognizing: foreign, loss: loss).architecture.loss == loss)
      let error = try #require(throws: ONNXError.self) {
        try SequenceModel<Float>(recognizing: foreign, loss: .meanAbsoluteError)
      }
      #expect("\(error)".contains("\(operation) goes with the loss \(loss), wanted meanAbsoluteError"), "\(error)")
    }
  }

  @Test func theLossIsTheOneAskedForWhereNothingDecides() throws {
    let foreign = try ForeignModel(ForeignModel.everyStep).model
    #expect(try SequenceModel<Float>(recognizing: foreign).architecture.loss == .meanSquaredError)
    let asked = try SequenceModel<Float>(recognizing: foreign, loss: .binaryCrossEntropy)
    #expect(asked.architecture.loss == .binaryCrossEntropy)
  }

  @Test func aModelWithoutALinearMapGetsOneThatChangesNothing() throws {
    let foreign = try ForeignModel(ForeignModel.everyStep) { graph in
      graph.node.removeLast(3)
      graph.output = [.with { $0.name = "recurrent.l0.outputs" }]
    }.model
    let recognized = try SequenceModel<Float>(recognizing: foreign)
    #expect(recognized.architecture.head.outputSize == 5 && recognized.architecture.readout == .everyStep)
    let identity = Matrix<Float>((0..<5).map { i in (0..<5).map { $0 == i ? 1 : 0 } })
    #expect(recognized.parameters["head.weight"] == identity)
    #expect(recognized.parameters["head.bias"] == .zeros(rows: 5, columns: 1))
  }

  @Test func theLastStepOfOneDirectionIsItsFinalState() throws {
    let foreign = try ForeignModel(ForeignModel.everyStep) { graph in
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [], .int64([-1])), name: "last"))
      graph.append("Gather", ["predictions", "last"], "answer", ["axis": 1])
      graph.output = [.with { $0.name = "answer" }]
    }.model
    let recognized = try SequenceModel<Float>(recognizing: foreign)
    #expect(recognized.architecture.readout == .finalState)
  }

  // MARK: Fixed sizes

  /// PyTorch fixes batch and steps, unless told otherwise. Readings are tried one after the other, and one that is
  /// tried late has as much left as the first.
  @Test(arguments: [ForeignModel.everyStep, ForeignModel.finalState])
  func aGraphThatFixesBatchAndStepsIsRecognized(_ variant: ExportVariant) throws {
    let foreign = try ForeignModel(variant) { graph in
      graph.fix(batch: 32, steps: 128)
      graph.activate("Softmax", ["axis": variant.readout == .everyStep ? 2 : 1])
    }.model
    let recognized = try SequenceModel<Float>(recognizing: foreign)
    #expect(recognized.architecture.readout == variant.readout)
    #expect(recognized.parameters == (try variant.model(as: Float.self)).parameters)
  }

  @Test func aFixedBatchOfOrdinarySizeIsWithinTheLimits() throws {
    let model = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 64, hiddenSize: 128)), outputSize: 10,
        loss: .meanSquaredError), seed: 6)
    var message = try ONNX_ModelProto(
      serializedBytes: ONNXExport(model, ONNXExport.Options(hasStates: false)).serialized())
    message.metadataProps = []
    message.graph.fix(batch: 32, steps: 128)
    let bytes: [UInt8] = try message.serializedBytes()
    let foreign = try ONNXModel(bytes: bytes, name: "fixed.onnx")
    #expect(try SequenceModel<Float>(recognizing: foreign).parameters == model.parameters)
    for limits in [RunLimits(memory: 1 << 22), RunLimits(operations: 1 << 28)] {
      let error = try #require(throws: ONNXError.self) {
        try SequenceModel<Float>(recognizing: foreign, limits: limits)
      }
      #expect("\(error)".contains("in all, the limit on "), "\(error)")
    }
  }

  @Test(arguments: [(1 << 20, 1 << 20), (1, 1 << 20), (1 << 20, 1), (1 << 40, 1), (1, 1 << 62), (Int.max, Int.max)])
  func fixedSizesThatNoFileJustifiesAreRefused(_ batch: Int, _ steps: Int) throws {
    for variant in [ForeignModel.everyStep, ForeignModel.finalState] {
      let foreign = try ForeignModel(variant) { $0.fix(batch: batch, steps: steps) }.model
      let error = try #require(throws: ONNXError.self) { try SequenceModel<Float>(recognizing: foreign) }
      #expect("\(error)".contains("input “inputs” of shape [\(batch), \(steps), 15] takes "), "\(error)")
      #expect("\(error)".hasSuffix("in all, the limit on memory"), "\(error)")
    }
  }

  @Test func changedBytesGiveAModelOrAnError() throws {
    let bytes = try ONNXExport(ForeignModel.everyStep.model(as: Float.self)).serialized()
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0...generator.uniform(below: 3) {
        changed[generator.uniform(below: bytes.count)] = UInt8(generator.uniform(below: 256))
      }
      check { _ = try SequenceModel<Float>.read(fromONNX: changed) }
      check { _ = try SequenceModel<Float>(recognizing: ONNXModel(bytes: changed)) }
    }
  }

  private func check(_ body: () throws -> Void) {
    do { try body() } catch {
      #expect(error is ONNXError && !"\(error)".contains("\n"))
    }
  }

  @Test func aFileIsReadByItsMetadataOrByRecognition() throws {
    let variant = ForeignModel.finalState
    let model: SequenceModel<Float> = try variant.model()
    let preprocessing = Preprocessing(classNames: ["no", "yes"])
    let export = try ONNXExport(model, ONNXExport.Options(preprocessing: preprocessing))
    try withTemporaryFolder { folder in
      try export.write(to: folder + "/ours.onnx")
      let ours = try SequenceModel<Float>.read(fromAnyONNX: folder + "/ours.onnx")
      #expect(ours.model.parameters == model.parameters && ours.preprocessing == preprocessing)
      var message = try ONNX_ModelProto(serializedBytes: export.serialized())
      message.metadataProps = []
      writeFile(try message.serializedBytes() as [UInt8], to: folder + "/foreign.onnx")
      let foreign = try SequenceModel<Float>.read(fromAnyONNX: folder + "/foreign.onnx", loss: .binaryCrossEntropy)
      #expect(foreign.model.parameters == model.parameters && foreign.preprocessing == Preprocessing())
      #expect(foreign.model.architecture.loss == .binaryCrossEntropy)
    }
  }

  @Test(arguments: UnrecognizedModel.all)
  func whatDoesNotFitIsNamed(_ unrecognized: UnrecognizedModel) throws {
    let foreign = try ForeignModel(unrecognized.variant, unrecognized.change).model
    let error = try #require(throws: ONNXError.self) { try SequenceModel<Float>(recognizing: foreign) }
    #expect(error.problem == .unsupported && "\(error)".contains(unrecognized.says), "\(error)")
  }

  // MARK: PyTorch's

  @Test(
    .enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"),
    arguments: ONNXCase.all("onnx_export", "torch"))
  func whatPyTorchExportsIsRecognized(_ example: ONNXCase) throws {
    let recognized = try SequenceModel<Float>(recognizing: ONNXModel(path: example.path))
    for (inputs, outputs) in try example.vectors() {
      let isBatchFirst = !example.name.contains("timefirst")
      let wanted = try #require(outputs["logits"])
      let input = try #require(inputs["x"])
      let (batch, steps) = isBatchFirst ? (input.shape[0], input.shape[1]) : (input.shape[1], input.shape[0])
      let order: PaddedOrder = isBatchFirst ? .batchMajor : .timeMajor
      let lengths = [Int](repeating: steps, count: batch)
      let packed: SequenceInputs<Float> =
        input.elements.isFloatingPoint
        ? .features(PackedSequence(padded: input.elements.floats, order, lengths: lengths, features: input.shape[2]))
        : .tokens(
          PackedSequence(
            padded: (input.elements.integers ?? []).map { Int32($0) }, order, lengths: lengths, features: 1))
      let predictions = recognized(packed).predictions
      let found =
        recognized.architecture.readout == .finalState
        ? predictions.elements : PackedSequence(layout: packed.layout, rows: predictions).padded(order, with: 0)
      #expect(maximumRelativeDifference(found, wanted.elements.doubles) < Tolerance.pyTorch(Float.self))
    }
    let says = try FileReading.text(of: "\(example.folder)/\(example.name).txt").split(separator: " ").map(String.init)
    let architecture = recognized.architecture
    #expect(architecture.loss.rawValue == says[0] && architecture.readout.rawValue == says[1])
    #expect("\(architecture.recurrent.cells[0].kind)" == says[2] && "\(architecture.recurrent.layers)" == says[3])
  }

  @Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
  func outputsBesideThePredictionsAreDropped() throws {
    let models = ONNXCase.all("onnx_models", "torch").filter { $0.name.hasPrefix("gru-tokens") }
    #expect(!models.isEmpty)
    for example in models {
      let recognized = try SequenceModel<Float>(recognizing: ONNXModel(path: example.path))
      #expect(recognized.architecture.embedding?.vocabularySize == 11)
      #expect(recognized.architecture.readout == .everyStep)
      #expect(recognized.architecture.loss == .softmaxCrossEntropy)
    }
  }

  /// Its output of the last step is the backward direction's after one step: no state of ours.
  @Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"), arguments: ["lstm", "gru"])
  func theLastStepOfTwoDirectionsIsNotRecognized(_ kind: String) throws {
    let models = ONNXCase.all("onnx_models", "torch").filter { $0.name.hasPrefix("\(kind)-classifier") }
    #expect(!models.isEmpty)
    for example in models {
      let model = try ONNXModel(path: example.path)
      let error = try #require(throws: ONNXError.self) { try SequenceModel<Float>(recognizing: model) }
      #expect("\(error)".contains("the closest differs by"), "\(error)")
    }
  }
}

/// A model that we exported, without metadata and perhaps changed.
struct ForeignModel {
  let model: ONNXModel

  init(_ variant: ExportVariant, _ change: (inout ONNX_GraphProto) -> Void = { _ in }) throws {
    var message = try ONNX_ModelProto(
      serializedBytes: ONNXExport(variant.model(as: Float.self), variant.options).serialized())
    message.metadataProps = []
    change(&message.graph)
    let bytes: [UInt8] = try message.serializedBytes()
    model = try ONNXModel(bytes: bytes, name: "foreign.onnx")
  }

  /// A GRU of a layer over features.
  static let everyStep = variant(.everyStep)
  static let finalState = variant(.finalState)
  static let twoLayers = variant(.everyStep, layers: 2)
  static let threeLayers = variant(.everyStep, layers: 3)

  private static func variant(_ readout: SequenceArchitecture.Readout, layers: Int = 1) -> ExportVariant {
    ExportVariant(
      cell: .gruAfter, layers: layers, isBidirectional: false, readsTokens: false, readout: readout, hasBias: true,
      hasLengths: false, hasStates: false)
  }
}

/// A model with something that a sequence model does not have.
struct UnrecognizedModel: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var variant = ForeignModel.everyStep
  let says: String
  let change: @Sendable (inout ONNX_GraphProto) -> Void

  static let all: [UnrecognizedModel] = [
    UnrecognizedModel(testDescription: "no recurrent layer", says: "0 nodes of RNN, LSTM or GRU") { graph in
      graph.node = []
      graph.append("Tanh", ["inputs"], "predictions")
    },
    UnrecognizedModel(testDescription: "an activation before the head", says: "node “tanh” (Tanh): Tanh is no part") {
      $0.insert("Tanh", before: "head.product", "tanh")
    },
    UnrecognizedModel(testDescription: "a sigmoid before the head", says: "node “sigmoid” (Sigmoid): it stands before")
    {
      $0.insert("Sigmoid", before: "head.product", "sigmoid")
    },
    UnrecognizedModel(
      testDescription: "an activation between layers", variant: ForeignModel.twoLayers,
      says: "node “relu” (Relu): Relu is no part"
    ) { $0.insert("Relu", before: "recurrent.l1.Y", "relu") },
    UnrecognizedModel(testDescription: "two activations", says: "another activation before it") {
      $0.activate("Softmax", ["axis": 2])
      $0.activate("Sigmoid", [:])
    },
    UnrecognizedModel(testDescription: "a softmax over time", says: "the closest differs by") {
      $0.activate("Softmax", ["axis": 1])
    },
    UnrecognizedModel(testDescription: "time backwards", says: "direction is reverse") {
      $0.change("recurrent.l0.Y", "direction") { $0.s = Data("reverse".utf8) }
    },
    UnrecognizedModel(testDescription: "a clip", says: "a clip, coupled gates or other activations") {
      $0.set("recurrent.l0.Y", .with { ($0.name, $0.type, $0.f) = ("clip", .float, 0.5) })
    },
    UnrecognizedModel(
      testDescription: "layers that differ", variant: ForeignModel.twoLayers, says: "reset beforeProduct"
    ) {
      $0.change("recurrent.l1.Y", "linear_before_reset") { $0.i = 0 }
    },
    UnrecognizedModel(
      testDescription: "layers that share weights", variant: ForeignModel.threeLayers, says: "shares its weights"
    ) { graph in
      for index in graph.node.indices where graph.node[index].name == "recurrent.l2.Y" {
        for place in 1...3 { graph.node[index].input[place].replace(".l2.", with: ".l1.") }
      }
      graph.initializer.removeAll { $0.name.hasPrefix("recurrent.l2.") || $0.name.hasPrefix("head.") }
      graph.node.removeLast(3)
      graph.output = [.with { $0.name = "recurrent.l2.outputs" }]
    },
    UnrecognizedModel(testDescription: "weights that are an input", says: "“recurrent.l0.R” are computed from inputs") {
      graph in
      graph.initializer.removeAll { $0.name == "recurrent.l0.R" }
      graph.input.append(
        .with { ($0.name, $0.type.tensorType.elemType) = ("recurrent.l0.R", 1) })
    },
    UnrecognizedModel(testDescription: "a head that is an input", says: "by constant weights") { graph in
      graph.initializer.removeAll { $0.name == "head.weight.T" }
      graph.input.append(.with { ($0.name, $0.type.tensorType.elemType) = ("head.weight.T", 1) })
    },
    UnrecognizedModel(testDescription: "two heads", says: "another linear map before it") {
      $0.initializer.append(ONNX_TensorProto(Tensor(shape: [2, 2], [1, 2, 3, 4] as [Float]), name: "square"))
      $0.insert("MatMul", ["square"], before: "head.sum", "product")
    },
    UnrecognizedModel(testDescription: "an input of its own", says: "input “mask”: it is neither") { graph in
      graph.input.append(.with { ($0.name, $0.type.tensorType.elemType) = ("mask", 1) })
      graph.append("Where", ["mask.true", "predictions", "mask"], "masked")
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [], .bool([true])), name: "mask.true"))
      graph.output = [.with { $0.name = "masked" }]
    },
    UnrecognizedModel(testDescription: "steps in another order", says: "the closest differs by") { graph in
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [1], .int64([-1])), name: "from"))
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [1], .int64([.min])), name: "to"))
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [1], .int64([1])), name: "axis"))
      graph.append("Slice", ["predictions", "from", "to", "axis", "from"], "reversed")
      graph.output = [.with { $0.name = "reversed" }]
    },
    UnrecognizedModel(testDescription: "half of the predictions", says: "as many numbers") { graph in
      graph.initializer.append(ONNX_TensorProto(Tensor(shape: [1], .int64([0])), name: "first"))
      graph.append("Gather", ["predictions", "first"], "half", ["axis": 2])
      graph.output = [.with { $0.name = "half" }]
    },
    UnrecognizedModel(
      testDescription: "sizes that no batch has",
      says: "input “inputs” leads to the shape [0, 5, 15], wanted numbers to"
    ) {
      $0.input[0].type.tensorType.shape.dim[0].dimValue = 0
    },
    UnrecognizedModel(
      testDescription: "sizes beyond memory",
      says: "input “inputs” of shape [9223372036854775807, 5, 15] takes more than"
    ) {
      $0.input[0].type.tensorType.shape.dim[0].dimValue = .max
    },
  ]
}

extension ONNX_GraphProto {
  fileprivate mutating func append(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: Int] = [:]
  ) {
    node.append(.operation(operation, inputs, output, attributes))
  }

  /// Fixes the sizes of the features.
  fileprivate mutating func fix(batch: Int, steps: Int) {
    input[0].type.tensorType.shape.dim[0].dimValue = Int64(batch)
    input[0].type.tensorType.shape.dim[1].dimValue = Int64(steps)
  }

  /// Puts an operation over what is the output `predictions`.
  fileprivate mutating func activate(_ operation: String, _ attributes: [String: Int]) {
    let before = "predictions.\(node.count)"
    node[node.count - 1].output = [before]
    append(operation, [before], "predictions", attributes)
  }

  /// Puts an operation, with more inputs, over what the node named `name` reads first.
  fileprivate mutating func insert(_ operation: String, _ others: [String] = [], before name: String, _ output: String)
  {
    guard let index = node.firstIndex(where: { $0.name == name }) else { preconditionFailure("no node \(name)") }
    node.insert(.operation(operation, [node[index].input[0]] + others, output, [:]), at: index)
    node[index + 1].input[0] = output
  }

  fileprivate mutating func change(
    _ name: String, _ attribute: String, _ body: (inout ONNX_AttributeProto) -> Void
  ) {
    for index in node.indices where node[index].name == name {
      for place in node[index].attribute.indices where node[index].attribute[place].name == attribute {
        body(&node[index].attribute[place])
      }
    }
  }

  fileprivate mutating func set(_ name: String, _ attribute: ONNX_AttributeProto) {
    for index in node.indices where node[index].name == name { node[index].attribute.append(attribute) }
  }
}

extension ONNX_NodeProto {
  fileprivate static func operation(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: Int]
  ) -> Self {
    .with {
      ($0.name, $0.opType, $0.input, $0.output) = (output, operation, inputs, [output])
      $0.attribute = attributes.map { name, value in
        .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
      }
    }
  }
}
#endif
