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
    .library(name: "DataIO", targets: ["DataIO"]),
    .library(name: "Interchange", targets: ["Interchange"]),
    .executable(name: "rnn", targets: ["rnn"]),
    .executable(name: "Benchmarks", targets: ["Benchmarks"]),
  ],
  // A trait guards what not every user of the package needs. The package dependencies that only traits use are fetched
  // where one of these is on: with `traits: []` an embedder fetches nothing, and with `traits: ["ONNX"]` swift-protobuf.
  // Sources that need a trait stand in `#if` with its name, so that all targets compile with any set of traits. On the
  // command line `--traits` replaces the default ones; `--traits default,HDF5` adds to them.
  traits: [
    .default(enabledTraits: ["Tools"]),
    .trait(
      name: "Tools",
      description: "The executables rnn and Benchmarks; fetches the packages that they alone need.",
      enabledTraits: ["ONNX"]),
    .trait(name: "ONNX", description: "Reads and writes ONNX models (Interchange); fetches swift-protobuf."),
    .trait(
      name: "Serve",
      description: "The subcommand rnn serve, an inference server (Serving); fetches hummingbird and what it needs.",
      enabledTraits: ["Tools"]),
    .trait(name: "HDF5", description: "Reads Keras's .keras and .weights.h5 files (Interchange); needs libhdf5-dev."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),  // Tools
    .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),  // Tools
    .package(url: "https://github.com/stencilproject/Stencil", from: "0.15.1"),  // Tools
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),  // ONNX
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),  // Serve
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),  // Serve
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),  // Serve
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),  // Serve
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),  // Serve
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),  // Serve
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
    .target(name: "SystemFiles", swiftSettings: strict),
    .target(name: "Models", dependencies: ["Kernels", "SystemFiles"], swiftSettings: strict),

    // Files, applications and the tools over them.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "DataIO", dependencies: ["CZlib", "Kernels", "SystemFiles"], swiftSettings: strict),
    .target(name: "Figures", swiftSettings: strict),
    .target(name: "ToolSupport", swiftSettings: strict),
    .target(
      name: "Tasks", dependencies: ["Kernels", "Models", "DataIO", "Figures", "SystemFiles"], swiftSettings: strict),

    // Models from other engines and for them.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .target(
      name: "Interchange",
      dependencies: [
        "Kernels", "Models", "DataIO", .target(name: "CHDF5", condition: .when(traits: ["HDF5"])),
        .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: .when(traits: ["ONNX"])),
      ],
      exclude: ["ONNX/Schema/onnx.proto"],
      swiftSettings: strict),

    // Models over HTTP.
    .target(
      name: "Serving",
      dependencies: [
        "Kernels", "Models", "SystemFiles",
        .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Serve"])),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Serve"])),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Serve"])),
        .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: .when(traits: ["Serve"])),
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Serve"])),
        .product(name: "Metrics", package: "swift-metrics", condition: .when(traits: ["Serve"])),
        .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Serve"])),
        .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Serve"])),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "rnn",
      dependencies: [
        "Kernels", "Models", "DataIO", "Interchange", "Figures", "Tasks", "SystemFiles", "ToolSupport", "Serving",
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Serve"])),
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tools"])),
        .product(name: "Stencil", package: "Stencil", condition: .when(traits: ["Tools"])),
        .product(name: "TextTable", package: "TextTable", condition: .when(traits: ["Tools"])),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Kernels", "Models", "DataIO", "Tasks", "ToolSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tools"])),
        .product(name: "TextTable", package: "TextTable", condition: .when(traits: ["Tools"])),
      ],
      path: "Benchmarks",
      exclude: ["RESULTS.md"],
      swiftSettings: strict
    ),

    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(
      name: "TestSupport", dependencies: ["CAllocationCounter", "Kernels", "Models"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // What may end its process, for Scripts/torture.sh.
    .executableTarget(
      name: "EngineProbe", dependencies: ["CAllocationCounter", "Kernels", "Models"], path: "Tests/EngineProbe",
      swiftSettings: strict),
    .testTarget(name: "CFusedKernelsTests", dependencies: ["CFusedKernels", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "COpenBLAS", "CFusedKernels", "Models", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "SystemFilesTests", dependencies: ["SystemFiles", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "TestSupport"], resources: [.copy("Fixtures")],
      swiftSettings: strict),
    .testTarget(
      name: "DataIOTests", dependencies: ["Kernels", "DataIO", "SystemFiles", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "InterchangeTests",
      dependencies: [
        "Kernels", "Models", "DataIO", "Interchange", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: .when(traits: ["ONNX"])),
        .target(name: "CHDF5", condition: .when(traits: ["HDF5"])),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ServingTests", dependencies: ["Kernels", "Models", "Serving", "SystemFiles", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "ToolSupportTests", dependencies: ["ToolSupport", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "FiguresTests", dependencies: ["Figures", "Models", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "rnnTests",
      dependencies: [
        "rnn", "Models", "DataIO", "Interchange", "Figures", "Tasks", "ToolSupport", "Serving", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tools"])),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TasksTests", dependencies: ["Kernels", "Models", "DataIO", "Figures", "Tasks", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "BenchmarksTests", dependencies: ["Benchmarks", "Kernels", "DataIO", "TestSupport"],
      path: "Tests/BenchmarksTests", swiftSettings: strict),
  ]
)

#if compiler(>=6.3)
// The library for C: `@c` came with Swift 6.3, and everything else builds without it.
package.products.append(.library(name: "recurrent-c", type: .dynamic, targets: ["RecurrentC"]))
package.targets += [
  .systemLibrary(name: "CRecurrent"),
  .target(
    name: "RecurrentC", dependencies: ["CRecurrent", "Kernels", "Models", "Interchange", "SystemFiles"],
    swiftSettings: strict),
  .testTarget(
    name: "RecurrentCTests",
    dependencies: ["RecurrentC", "CRecurrent", "Kernels", "Models", "Interchange", "TestSupport"],
    swiftSettings: strict),
]
#endif
