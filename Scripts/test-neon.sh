#!/usr/bin/env bash
# Tests the loops for NEON on any machine: compiles CFusedKernels and the C tests in Tests/CTests for 64-bit ARM and runs
# them under user-mode emulation. The compilers are the cross gcc and, if there is one, clang, which builds the package.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh
require_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

check() {
  echo "== $*"
  # Static, so that the emulator needs no ARM libraries.
  EMULATOR=qemu-aarch64 LDFLAGS="-static -fuse-ld=bfd" Tests/CTests/run.sh "$@"
}

check aarch64-linux-gnu-gcc
if command -v clang >/dev/null; then check clang --target=aarch64-linux-gnu; fi
