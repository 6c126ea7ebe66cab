import DataIO
import Interchange
import Kernels
import Models

extension FuzzTarget {
  /// ONNX models: read, run on small inputs where they take any, and looked at for a sequence model of ours.
  static let onnx = FuzzTarget(
    name: "onnx",
    seeds: {
      var seeds = HostileONNX.seeds
      for kind in RecurrentCell.Kind.allCases {
        for readout in SequenceArchitecture.Readout.allCases {
          guard
            let architecture = try? SequenceArchitecture(
              embedding: kind == .gru ? EmbeddingTable(vocabularySize: 5, dimension: 2) : nil,
              recurrent: RecurrentStack(
                RecurrentCell(kind, inputSize: 2, hiddenSize: 3), isBidirectional: readout == .finalState),
              readout: readout, outputSize: 2, loss: .meanSquaredError),
            let export = try? ONNXExport(
              SequenceModel<Float>(architecture, seed: 1), .init(hasLengths: kind == .lstm, hasStates: kind != .gru))
          else { continue }
          seeds.append(export.serialized())
        }
      }
      return seeds
    },
    check: { bytes in
      // A sequence model is in the metadata or recognised, whether or not the graph runs.
      _ = try? SequenceModel<Float>.read(fromONNX: bytes)
      let model = try ONNXModel(bytes: bytes)
      _ = try? SequenceModel<Float>(recognizing: model, limits: limits)
      guard let inputs = inputs(of: model) else { return }
      _ = try model(inputs, limits: limits)
    })

  /// Far below the limit on an allocation, and few operations because an input should take a fraction of a second.
  private static let limits = RunLimits(memory: 1 << 22, operations: 1 << 22)

  /// Ones of every input's type, two wherever a dimension is free; `nil` where an input is large or of no common type.
  private static func inputs(of model: ONNXModel) -> [String: Tensor]? {
    var inputs: [String: Tensor] = [:]
    for input in model.inputs {
      guard let dimensions = input.dimensions, dimensions.count <= 4 else { return nil }
      var shape: [Int] = []
      for dimension in dimensions {
        guard case .fixed(let size) = dimension else {
          shape.append(2)
          continue
        }
        guard size <= 8 else { return nil }
        shape.append(size)
      }
      let count = shape.reduce(1, *)
      switch input.elementType {
      case "float32": inputs[input.name] = Tensor(shape: shape, [Float](repeating: 1, count: count))
      case "float64": inputs[input.name] = Tensor(shape: shape, .double([Double](repeating: 1, count: count)))
      case "int32": inputs[input.name] = Tensor(shape: shape, .int32([Int32](repeating: 1, count: count)))
      case "int64": inputs[input.name] = Tensor(shape: shape, .int64([Int64](repeating: 1, count: count)))
      case "bool": inputs[input.name] = Tensor(shape: shape, .bool([Bool](repeating: true, count: count)))
      default: return nil
      }
    }
    return inputs
  }
}
