import Interchange
import Models

let stack = try RecurrentStack(.gru(inputSize: 3, hiddenSize: 5))
let architecture = try SequenceArchitecture(recurrent: stack, outputSize: 2, loss: .meanSquaredError)
let model = SequenceModel<Float>(architecture, seed: 1)
try PyTorchStateDict.write(model, to: "weights.safetensors")
let weights = try PyTorchStateDict(path: "weights.safetensors")
let same: SequenceModel<Float> = try weights.sequenceModel(readout: .everyStep, loss: .meanSquaredError)
precondition(same.parameters == model.parameters, "PyTorch's names lead to other parameters")
