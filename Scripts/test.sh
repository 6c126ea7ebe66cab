#!/usr/bin/env bash
# Everything that must hold before a change is merged, cheapest first. Stops at the first stage that fails and names it.
#
#   Scripts/test.sh          all stages, 45 minutes on two cores
#   Scripts/test.sh --quick  format, comparison script, debug build and debug tests
#
# The last stage is the test run in release, so the last lines are swift test's own count.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

# Package.swift then makes every warning in this package an error, and leaves its dependencies alone.
export RECURRENT_STRICT=1
readonly RELEASE=(-c release -Xswiftc -enable-testing)
# The debug build reads HDF5 too; the others are what most people build.
readonly DEBUG=(--traits HDF5)

stage=""
stage_began=0

# Announces a stage, with the time that the one before it took, and runs it.
run_stage() {
  local took=""
  [[ -z $stage ]] || took=" ($stage took $((SECONDS - stage_began)) s)"
  stage=$1
  stage_began=$SECONDS
  shift
  echo "== $stage$took"
  "$@"
}

name_failure() {
  local status=$?
  [[ $status == 0 || -z $stage ]] || echo "test.sh: the stage \"$stage\" failed" >&2
}
trap name_failure EXIT

system_packages() {
  require_toolchain
  require_packages "${LIBRARY_PACKAGES[@]}" libhdf5-dev python3
  [[ $(uname -m) != x86_64 ]] || require_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
}

format() {
  swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
}

# The instruction sets that RECURRENT_ISA can force on this processor.
instruction_sets() {
  echo scalar
  case $(uname -m) in
    x86_64)
      if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then echo avx2; fi
      if grep -qw avx512f /proc/cpuinfo; then echo avx512; fi
      ;;
    aarch64) echo neon ;;
  esac
}

# Tests that compare times: beside other tests they would measure something else.
readonly TIMED='^KernelsTests\.FusedCostTests'

# What computes with vector loops, on those of one instruction set. The release tests are built.
tests_on() {
  RECURRENT_ISA=$1 swift test "${RELEASE[@]}" --skip-build \
    --filter '^(CFusedKernelsTests|KernelsTests|ModelsTests)\.' --skip "$TIMED"
  RECURRENT_ISA=$1 swift test "${RELEASE[@]}" --skip-build --filter "$TIMED"
}

# A sanitizer's runtime cannot be mixed with other code, so each has a build of its own.
address_sanitizer() {
  LSAN_OPTIONS=suppressions=Scripts/leak-suppressions.txt:print_suppressions=0 \
    swift test --sanitize=address --scratch-path .build-asan
}

# The comparison with other engines, as far as it needs none of them.
comparison() {
  python3 -m unittest discover --start-directory Scripts --top-level-directory Scripts
}

thread_sanitizer() {
  swift test --sanitize=thread --scratch-path .build-tsan
}

case "${1:-}" in
  "" | --quick) ;;
  *) die "there is no option $1; the only one is --quick" ;;
esac

[[ ${1:-} == --quick ]] || run_stage "system packages" system_packages
run_stage "format" format
run_stage "comparison script" comparison
run_stage "debug build" swift build --build-tests "${DEBUG[@]}"
run_stage "debug tests" swift test --skip-build "${DEBUG[@]}"
[[ ${1:-} != --quick ]] || exit 0

run_stage "interchange" Scripts/check-interchange.sh
run_stage "documentation" Scripts/build-documentation.sh .build/documentation "${DEBUG[@]}"
run_stage "fuzzers" Scripts/fuzz.sh --seconds 10
run_stage "address sanitizer" address_sanitizer
run_stage "thread sanitizer" thread_sanitizer
[[ $(uname -m) != x86_64 ]] || run_stage "NEON loops" Scripts/test-neon.sh
run_stage "consumer package" Scripts/consumer-check.sh
run_stage "release build" swift build --build-tests "${RELEASE[@]}"
for set in $(instruction_sets); do run_stage "tests on $set" tests_on "$set"; done
# Trainings keep both cores busy, so they run alone too. Times are compared above, on every instruction set.
readonly QUICK_RUNS='^TasksTests\.RecurrentTaskTests'
run_stage "quick runs of tasks" swift test "${RELEASE[@]}" --skip-build --filter "$QUICK_RUNS"
run_stage "release tests" swift test "${RELEASE[@]}" --skip-build --skip "$QUICK_RUNS" --skip "$TIMED"
