#!/usr/bin/env bash
# Builds the C tests with one compiler and runs them on every instruction set that the processor has:
#
#   Tests/CTests/run.sh clang                  on this machine
#   EMULATOR=qemu-aarch64 LDFLAGS=-static Tests/CTests/run.sh aarch64-linux-gnu-gcc
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if (($# == 0)); then
  echo "usage: [EMULATOR=PROGRAM] [LDFLAGS=FLAGS] $0 COMPILER [FLAG ...]" >&2
  exit 2
fi

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

compile=("$@" -O2 -Wall -Wextra -Werror -pthread -I "$PWD/Sources/CFusedKernels/include")
sources=("$PWD"/Sources/CFusedKernels/*.c)
read -ra link <<<"${LDFLAGS:-}"
(cd "$build" && "${compile[@]}" -c "${sources[@]}")
for test in activations fused; do
  "${compile[@]}" Tests/CTests/$test/*.c "$build"/*.o -o "$build/$test" "${link[@]}" -lm
  ${EMULATOR:+"$EMULATOR"} "$build/$test"
done
