// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is built with, beside the Swift 6 language mode that the tools version brings.
///
/// `RECURRENT_STRICT=1` makes warnings errors, as in Scripts/test.sh: a newer compiler's warnings must not stop those
/// who merely build the package.
let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
  ] + (Context.environment["RECURRENT_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
  name: "Recurrent",
  products: [
    .library(name: "Kernels", targets: ["Kernels"]),
    .library(name: "Models", targets: ["Models"]),
    .executable(name: "Benchmarks", targets: ["Benchmarks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
  ],
  targets: [
    // The engine. Nothing here depends on anything but the two system libraries.
    .systemLibrary(
      name: "COpenBLAS",
      pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]
    ),
    .target(name: "CFusedKernels"),
    .target(name: "Kernels", dependencies: ["COpenBLAS", "CFusedKernels"], swiftSettings: strict),
    .target(name: "Models", dependencies: ["Kernels"], swiftSettings: strict),

    // Files, applications and the tools over them.
    .target(name: "DataIO", dependencies: ["Kernels"], swiftSettings: strict),
    .target(name: "Tasks", dependencies: ["Kernels", "Models", "DataIO"], swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Kernels", "Models", "DataIO", "Tasks",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "TextTable", package: "TextTable"),
      ],
      path: "Benchmarks",
      swiftSettings: strict
    ),

    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(
      name: "TestSupport", dependencies: ["CAllocationCounter", "Kernels", "Models"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(name: "CFusedKernelsTests", dependencies: ["CFusedKernels", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "COpenBLAS", "CFusedKernels", "Models", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "TestSupport"], resources: [.copy("Fixtures")],
      swiftSettings: strict),
    .testTarget(name: "DataIOTests", dependencies: ["Kernels", "DataIO", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TasksTests", dependencies: ["Kernels", "Models", "DataIO", "Tasks", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BenchmarksTests", dependencies: ["Benchmarks", "Kernels", "DataIO", "TestSupport"],
      path: "Tests/BenchmarksTests", swiftSettings: strict),
  ]
)
