#if Tools
import DataIO
import Interchange
import Kernels
import Models

extension SequenceModel where Scalar: TensorScalar {
  /// All inputs of the model for three sequences of at most five steps, the same in every run, to compare it with
  /// another model.
  func sampleInputs() -> [String: Tensor] {
    let (batch, steps) = (3, 5)
    var generator = SeededGenerator(seed: 1)
    func numbers(_ shape: [Int]) -> Tensor {
      Scalar.tensor(shape, (0..<shape.reduce(1, *)).map { _ in Scalar(Double.random(in: -1...1, using: &generator)) })
    }
    let stack = architecture.recurrent
    let (layerDirections, shape) = (stack.layers * stack.directions, stack.cells[0])
    var inputs: [SequenceTensorName: Tensor] = [
      .lengths: Tensor(shape: [batch], .int32([5, 2, 4])),
      .initialHidden: numbers([layerDirections, batch, shape.outputSize]),
    ]
    if shape.cellStateSize > 0 { inputs[.initialCell] = numbers([layerDirections, batch, shape.cellStateSize]) }
    if let embedding = architecture.embedding {
      let tokens = (0..<batch * steps).map { _ in
        Int64.random(in: 0..<Int64(embedding.vocabularySize), using: &generator)
      }
      inputs[.tokens] = Tensor(shape: [batch, steps], .int64(tokens))
    } else {
      inputs[.inputs] = numbers([batch, steps, stack.inputSize])
    }
    return Dictionary(uniqueKeysWithValues: inputs.map { ($0.key.rawValue, $0.value) })
  }
}
#endif
