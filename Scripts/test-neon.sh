#!/usr/bin/env bash
# Runs the NEON loops on any machine: compiles CFusedKernels for 64-bit ARM and sweeps it under user-mode emulation.
# The compiler is the cross gcc, and clang as well where there is one, because that is what builds the package.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh
require_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# Static, so that the emulator needs no ARM system to find libraries in.
sweep() {
  echo "== $*"
  "$@" -O2 -Wall -Wextra -Werror -static -I Sources/CFusedKernels/include \
    Sources/CFusedKernels/*.c Scripts/neon-sweep.c -o "$build/sweep" -lm
  qemu-aarch64 "$build/sweep"
}

sweep aarch64-linux-gnu-gcc
if command -v clang > /dev/null; then
  sweep clang --target=aarch64-linux-gnu -fuse-ld=bfd
fi
