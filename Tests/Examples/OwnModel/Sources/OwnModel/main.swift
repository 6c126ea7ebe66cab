import Models

let shares = try forecastQuantiles()
print("Targets below the quantiles 0.1, 0.5 and 0.9:", shares)
for (share, quantile) in zip(shares, [0.1, 0.5, 0.9]) where abs(share - quantile) > 0.05 {
  fatalError("\(share) of the targets are below the quantile \(quantile)")
}

let check = try OwnModel<Double>(inputSize: 2, hiddenSize: 5, outputSize: 1, seed: 1)
  .checkGradient(on: Products(count: 20).batch(Array(0..<20)))
print(check)
guard let worst = check.worst, worst.relativeError < 1e-5 else { fatalError("the gradient is wrong") }

var model = try OwnModel<Float>(inputSize: 2, hiddenSize: 32, outputSize: 1, seed: 1)
let report = try model.train(on: Products(count: 2000), TrainingOptions(epochs: 30, schedule: .constant(5e-3)))
print("Mean squared error after each epoch:", report.losses)
guard report.losses[29] < 0.1 * report.losses[0] else { fatalError("nothing was learned") }
