#if ONNX
import DataIO
import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@testable import Interchange

/// A model with what another engine computed with it, as `Scripts/interchange/onnx_vectors.py` stores it.
struct ONNXCase: CustomStringConvertible, Sendable {
  let folder: String
  let name: String

  var description: String { name }
  var path: String { "\(folder)/\(name).onnx" }

  /// The cases in a folder of a part, sorted; none where the part was not generated.
  static func all(_ part: String, _ folder: String) -> [ONNXCase] {
    guard InterchangeFolder.isPresent else { return [] }
    let path = "\(InterchangeFolder.part(part))/\(folder)"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(".onnx") }.map { ONNXCase(folder: path, name: String($0.dropLast(5))) }
      .sorted { $0.name < $1.name }
  }

  /// Each set of inputs, and the outputs that belong to it.
  func vectors() throws -> [(inputs: [String: Tensor], outputs: [String: Tensor])] {
    var result: [(inputs: [String: Tensor], outputs: [String: Tensor])] = []
    while let bytes = try? FileReading.bytes(of: "\(folder)/\(name).\(result.count).vectors") {
      let graph = try ONNX_GraphProto(serializedBytes: bytes)
      func tensors(_ prefix: String) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for tensor in graph.initializer where tensor.name.hasPrefix(prefix) {
          tensors[String(tensor.name.dropFirst(prefix.count))] = try Tensor(tensor)
        }
        return tensors
      }
      result.append((try tensors("input:"), try tensors("output:")))
    }
    return result
  }

  /// The first difference between what the model computes here and what it must: more than `absolute` + `relative` times
  /// the wanted number. `nil` where there is none.
  func disagreement(relative: Double, absolute: Double) throws -> String? {
    let model = try ONNXModel(path: path)
    let vectors = try vectors()
    guard !vectors.isEmpty else { return "no vectors" }
    for (inputs, wanted) in vectors {
      let found = try model(inputs)
      for (name, wanted) in wanted {
        guard let tensor = found[name] else { return "\(name) is missing" }
        guard tensor.shape == wanted.shape, tensor.type == wanted.type else {
          return "\(name) is \(tensor.typeName) \(tensor.shape), wanted \(wanted.typeName) \(wanted.shape)"
        }
        for (index, (a, b)) in zip(tensor.elements.doubles, wanted.elements.doubles).enumerated()
        where !(a == b || abs(a - b) <= absolute + relative * abs(b) || a.isNaN && b.isNaN) {
          return "\(name)[\(index)] is \(a), wanted \(b)"
        }
      }
    }
    return nil
  }
}
#endif
