// swift-tools-version: 6.2
import PackageDescription

// What to do where the models of the package are not enough: `swift run -c release` in this folder.
//
// - OwnLoss.swift trains a SequenceModel with a loss that the package does not have.
// - OwnModel.swift is a complete model of one's own: the smallest that has the training loop, checkpoints and the gradient
//   checker.
//
// A package of its own that depends on Recurrent as any other does, so that it sees what is public. It prints what it finds
// and ends with an error where a gradient is wrong or nothing is learned. Scripts/consumer-check.sh builds and runs it.
let package = Package(
  name: "OwnModel",
  dependencies: [.package(name: "Recurrent", path: "../../..", traits: [])],
  targets: [
    .executableTarget(
      name: "OwnModel",
      dependencies: [
        .product(name: "Kernels", package: "Recurrent"), .product(name: "Models", package: "Recurrent"),
      ])
  ]
)
