#!/usr/bin/env bash
# Everything that must hold before a change is merged. Stops at the first stage that fails and names it.
#
#   Scripts/test.sh          all stages
#   Scripts/test.sh --quick  format, comparison script, debug build and debug tests
#
# Each configuration is built once, and each suite runs once in every configuration that can change its result:
#
#   debug, address sanitizer, all traits   all suites, the exchange with other engines and the server among them
#   debug, thread sanitizer                suites of what has threads; without the packages that only tools need
#   release                                all suites; those that compute, once more on every other instruction set
#
# No result depends on time, so a busy machine only makes it slower; Scripts/check-performance.sh compares times. What has
# one thread runs beside the builds, which leave a core idle for much of their time. The last stage is the test run in
# release, behind it a table of all stages, and the last line is that test run's own count.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh
source Scripts/instruction-sets.sh

# Package.swift then makes every warning in this package an error, and leaves its dependencies alone.
export RECURRENT_STRICT=1
# The debug builds compile the C loops with optimisation: without it they take most of the time of the tests.
readonly FAST_LOOPS=(-Xcc -O2)
# A sanitizer's runtime cannot be mixed with other code, so each has a build of its own. This one has HDF5 and the server;
# the others are what most people build.
readonly ADDRESS=(--scratch-path .build-asan --sanitize=address --traits default,HDF5,Serve "${FAST_LOOPS[@]}")
readonly THREAD=(--scratch-path .build-tsan --sanitize=thread --disable-default-traits "${FAST_LOOPS[@]}")
readonly RELEASE=(-c release -Xswiftc -enable-testing)
readonly VECTORS=$PWD/.build-interchange/vectors

# MARK: - Stages

logs=$(mktemp -d)
stage=""
# NAME<tab>SECONDS<tab>NOTE of every stage that is done.
times=()
# Process groups of the stages in the background, by name.
declare -A background=()

# Announces a stage, runs it and notes its time.
run_stage() {
  local began=$SECONDS
  stage=$1
  shift
  echo "== $stage"
  "$@"
  times+=("$stage"$'\t'$((SECONDS - began))$'\t')
}

# Starts a stage that goes on beside those that follow. It has a process group of its own, so that all of it can be ended.
begin_stage() {
  local name=$1 log=$logs/${1// /-}
  shift
  echo "== $name, in the background"
  set -m
  (
    set +m
    began=$SECONDS
    # Not part of a condition, in which a function would go on after a failure.
    trap 'echo $((SECONDS - began)) >"$log.seconds"' EXIT
    "$@"
  ) >"$log" 2>&1 </dev/null &
  set +m
  background[$name]=$!
}

# Waits for a stage in the background, shows what it printed and notes its time.
finish_stage() {
  local log=$logs/${1// /-} status=0
  stage=$1
  wait "${background[$1]}" || status=$?
  unset "background[$1]"
  echo "== $1, from the background"
  cat "$log"
  ((status == 0)) || exit "$status"
  times+=("$1"$'\t'$(<"$log.seconds")$'\t'"beside others")
}

clean_up() {
  local status=$? name
  for name in "${!background[@]}"; do kill -- "-${background[$name]}" 2>/dev/null || true; done
  rm -rf "$logs"
  [[ $status == 0 || -z $stage ]] || echo "test.sh: the stage \"$stage\" failed" >&2
}
trap clean_up EXIT

print_times() {
  local line name seconds note
  printf '\n%-28s %8s\n' stage seconds
  for line in "${times[@]}"; do
    IFS=$'\t' read -r name seconds note <<<"$line"
    printf '%-28s %8d  %s\n' "$name" "$seconds" "$note"
  done
  printf '%-28s %8d\n\n' "from start to end" "$SECONDS"
}

# MARK: - What they do

system_packages() {
  require_toolchain
  require_packages "${LIBRARY_PACKAGES[@]}" libhdf5-dev python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || require_packages python3-venv
  [[ $(uname -m) != x86_64 ]] || require_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
}

format() {
  swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
}

# The comparison with other engines, as far as it needs none of them.
comparison() {
  python3 -m unittest discover --start-directory Scripts --top-level-directory Scripts
}

neon_loops() {
  # On ARM they are those of every other stage.
  [[ $(uname -m) != x86_64 ]] || Scripts/test-neon.sh
}

# All suites, reading what the other engines computed and writing what they are to read. Finite differences repeat one pass
# thousands of times: other tests run it with the sanitizers, and the release tests run them.
address_tests() {
  LSAN_OPTIONS=suppressions=$PWD/Scripts/leak-suppressions.txt:print_suppressions=0 RECURRENT_INTERCHANGE=$VECTORS \
    swift test --skip-build "${ADDRESS[@]}" --skip FiniteDifferences
}

# The server with a real client, and a session that goes through it and the library for C.
server() {
  Scripts/install.sh --prefix .build-c/prefix
  Scripts/check-server.sh --rnn "$(swift build "${ADDRESS[@]}" --show-bin-path)/rnn" \
    --library .build-c/prefix/lib/librecurrent-c.so
}

# A regular expression for suites of a module: MODULE SUITE ..., each without its last word, Tests. A suite that was renamed
# must not drop out unseen.
suites() {
  local module=$1 suite IFS='|'
  shift
  for suite in "$@"; do
    grep -rqE "struct ${suite}Tests\b" Tests || die "there is no suite ${suite}Tests: mend the list in this script"
  done
  echo "^$module\.($*)Tests(/|\$)"
}

# The suites of what runs on several threads, in modules that the compiler cannot vouch for.
THREADED_KERNELS=$(suites KernelsTests Execution ExecutionAffine ExecutionMultiply FusedBackwardRun FusedCost \
  FusedForwardRun Guarded PackedLinear Recomputation RecurrentCellPasses Region Softmax TeamProducts ThreadPool)
THREADED_MODELS=$(suites ModelsTests EncoderDecoder Execution PreparedModelSteps RecurrentStackPasses SequenceModel \
  SequenceStepper StepScheduler Trainer TrainingSession)
readonly THREADED_KERNELS THREADED_MODELS

# Swift 6 proves the absence of races except where a source opts out, so only modules that do are tested for them.
# onnx.pb.swift is generated; its types are values.
unchecked_modules() {
  local unexpected
  unexpected=$(grep -rlE '@unchecked|nonisolated\(unsafe\)|@preconcurrency' Sources Benchmarks --include='*.swift' |
    grep -vE '^Sources/(Kernels|Models)/|/onnx\.pb\.swift$' || true)
  [[ -z $unexpected ]] || die "the compiler does not check ${unexpected//$'\n'/, } for races, and no stage does"
}

thread_tests() {
  unchecked_modules
  # A mistake that stops the program does so on one thread.
  swift test --skip-build "${THREAD[@]}" --filter "$THREADED_KERNELS" --filter "$THREADED_MODELS" \
    --skip 'FiniteDifferences|StopsTheProgram|StopTheProgram'
}

# Suites of KernelsTests and ModelsTests that call no vector loop.
WITHOUT_LOOPS=$(suites '(KernelsTests|ModelsTests)' BatchSampler ContentSum FeatureScaling Guarded Initializers \
  InstructionSet LearningRateSchedule LinearAlgebra Matrix MatrixView Multiply OpenBLASInformation PackedLayout PackedSequence \
  ParameterLayout Region SafetensorsContents SafetensorsFile SafetensorsSum SamplingStrategy SeededGenerator \
  SequenceExamples ThreadBudget ThreadPool TokenStreams TrainingPace)
readonly WITHOUT_LOOPS

# What computes with vector loops, on those of one instruction set. CFusedKernelsTests calls those of all sets by itself.
tests_on() {
  RECURRENT_ISA=$1 swift test --skip-build "${RELEASE[@]}" --filter '^(KernelsTests|ModelsTests)\.' \
    --skip "$WITHOUT_LOOPS"
}

# The campaigns against hostile files and bad moments, with the tools of the release build.
torture() {
  TORTURE_TOOLS=$(swift build "${RELEASE[@]}" --show-bin-path) Scripts/torture.sh --minutes 2
}

# Trainings take both cores, so they run alone.
readonly TRAININGS='^TasksTests\.RecurrentTaskTests'

release_tests() {
  swift test --skip-build "${RELEASE[@]}" --skip "$TRAININGS" 2>&1 | tee "$logs/release"
}

# MARK: - The run

case "${1:-}" in
  "" | --quick) ;;
  *) die "there is no option $1; the only one is --quick" ;;
esac

if [[ ${1:-} == --quick ]]; then
  run_stage "format" format
  run_stage "comparison script" comparison
  run_stage "debug build" swift build --build-tests --traits default,HDF5
  run_stage "debug tests" swift test --skip-build --traits default,HDF5
  exit 0
fi

run_stage "system packages" system_packages
run_stage "format" format
run_stage "comparison script" comparison

begin_stage "NEON loops" neon_loops
begin_stage "other engines compute" Scripts/check-interchange.sh --generate
run_stage "debug build" swift build --build-tests "${ADDRESS[@]}"
finish_stage "NEON loops"
finish_stage "other engines compute"
run_stage "debug tests" address_tests

begin_stage "other engines read" Scripts/check-interchange.sh --check
run_stage "documentation" Scripts/build-documentation.sh .build-documentation "${ADDRESS[@]}"
finish_stage "other engines read"

begin_stage "fuzzers" Scripts/fuzz.sh --seconds 10
run_stage "release build" swift build --build-tests "${RELEASE[@]}"
finish_stage "fuzzers"
run_stage "torture" torture

begin_stage "consumer package" Scripts/consumer-check.sh
run_stage "thread sanitizer's build" swift build --build-tests "${THREAD[@]}"
finish_stage "consumer package"
run_stage "library for C" Scripts/check-c-library.sh
run_stage "server" server
run_stage "thread sanitizer" thread_tests

# The last one is what the release tests run on.
read -ra sets <<<"$(instruction_sets)"
for set in "${sets[@]:0:${#sets[@]}-1}"; do run_stage "tests on $set" tests_on "$set"; done
run_stage "quick runs of tasks" swift test --skip-build "${RELEASE[@]}" --filter "$TRAININGS"
run_stage "release tests" release_tests

print_times
tail -n 1 "$logs/release"
