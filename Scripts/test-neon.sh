#!/usr/bin/env bash
# Runs the NEON loops on any machine: compiles CFusedKernels for 64-bit ARM, and under user-mode emulation sweeps
# its activations and compares its fused loops with plain ones.
# The compiler is the cross gcc, and clang as well where there is one, because that is what builds the package.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh
require_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

check() {
  echo "== $*"
  local compile=("$@" -O2 -Wall -Wextra -Werror -I "$PWD/Sources/CFusedKernels/include")
  # Static, so that the emulator needs no ARM system to find libraries in.
  local link=(-static -fuse-ld=bfd -lm) sources=("$PWD"/Sources/CFusedKernels/*.c)
  (cd "$build" && "${compile[@]}" -c "${sources[@]}")
  "${compile[@]}" Scripts/neon-sweep.c "$build"/*.o -o "$build/sweep" "${link[@]}"
  "${compile[@]}" Scripts/neon-fused/*.c "$build"/*.o -o "$build/fused" "${link[@]}"
  qemu-aarch64 "$build/sweep"
  qemu-aarch64 "$build/fused"
}

check aarch64-linux-gnu-gcc
if command -v clang > /dev/null; then check clang --target=aarch64-linux-gnu; fi
