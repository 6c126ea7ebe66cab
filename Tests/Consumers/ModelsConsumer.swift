import Models

let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 5, seed: 1)
precondition(lstm.parameters.count == 4 * 5 * (3 + 5 + 2), "an LSTM of \(lstm.parameters.count) parameters")
