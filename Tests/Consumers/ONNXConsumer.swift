import Interchange
import Models

let stack = try RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5))
let architecture = try SequenceArchitecture(recurrent: stack, outputSize: 2, loss: .meanSquaredError)
let model = SequenceModel<Float>(architecture, seed: 1)
try ONNXExport(model).write(to: "model.onnx")
let same = try SequenceModel<Float>.read(fromONNX: "model.onnx").model
precondition(same.parameters == model.parameters, "the ONNX file holds other parameters")
