// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Fuzzing",
  dependencies: [.package(name: "Recurrent", path: "../..", traits: ["ONNX"])],
  targets: [
    .executableTarget(
      name: "Fuzzing",
      dependencies: [
        .product(name: "Kernels", package: "Recurrent"), .product(name: "Models", package: "Recurrent"),
        .product(name: "DataIO", package: "Recurrent"), .product(name: "Interchange", package: "Recurrent"),
      ])
  ]
)
