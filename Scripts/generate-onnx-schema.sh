#!/usr/bin/env bash
# Makes Sources/Interchange/ONNX/Schema/onnx.pb.swift of onnx.proto beside it. Needs protoc (protobuf-compiler) and
# builds protoc-gen-swift of the swift-protobuf version that the package was last generated with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=1.39.0
schema=Sources/Interchange/ONNX/Schema
plugin_package=${TMPDIR:-/tmp}/recurrent-protoc-gen-swift-$version

mkdir -p "$plugin_package/Sources/Unused"
cat > "$plugin_package/Package.swift" <<EOF
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "Unused",
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf", exact: "$version")],
  targets: [
    .target(name: "Unused", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")])
  ])
EOF
echo '// Only the plugin is wanted.' > "$plugin_package/Sources/Unused/Unused.swift"
swift build --package-path "$plugin_package" --product protoc-gen-swift

protoc --proto_path="$schema" --plugin="$plugin_package/.build/debug/protoc-gen-swift" \
  --swift_out="$schema" --swift_opt=Visibility=Internal --swift_opt=UseAccessLevelOnImports=true onnx.proto

# What imports swift-protobuf stands behind the trait; the comments before it stay first, as the formatter's must.
sed -i '0,/^#if canImport/s//#if ONNX\n&/; $a #endif' "$schema/onnx.pb.swift"
