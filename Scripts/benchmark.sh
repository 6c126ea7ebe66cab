#!/usr/bin/env bash
# Benchmarks from scratch: installs what is missing, builds in release, runs the benchmarks.
#
#   Scripts/benchmark.sh [options of Benchmarks, see --help]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

require_toolchain
require_packages "${LIBRARY_PACKAGES[@]}"
swift build -c release --product Benchmarks
exec swift run -c release --skip-build Benchmarks "$@"
