#!/usr/bin/env bash
# The tests that compare times, in release, on the loops of every instruction set that this processor runs. Not part of
# Scripts/test.sh: they need a machine that nobody else uses. What they protect is counted there, in FusedCostTests.
#
#   Scripts/check-performance.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh
source Scripts/instruction-sets.sh

require_toolchain
require_packages "${LIBRARY_PACKAGES[@]}"
# The same build as in test.sh.
readonly RELEASE=(-c release -Xswiftc -enable-testing)
swift build --build-tests "${RELEASE[@]}"
for set in $(instruction_sets); do
  echo "== $set"
  RECURRENT_TIMED=1 RECURRENT_ISA=$set swift test --skip-build "${RELEASE[@]}" --filter '^KernelsTests\.FusedTimeTests/'
done
