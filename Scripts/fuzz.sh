#!/usr/bin/env bash
# Fuzzes the readers of files, and fails if one crashes, hangs, takes more memory than its file justifies or violates a
# property of its target. libFuzzer makes the inputs, with the address sanitizer on.
#
#   Scripts/fuzz.sh [--seconds N] [TARGET ...]   each target for N seconds (default 60); all targets by default
#
# The corpus stays in Tests/Fuzzing/.build/corpus for the next run. The input of a finding is kept and its path printed; to
# reproduce it: Tests/Fuzzing/.build/debug/Fuzzing TARGET FILE.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

# The max. size of an input in bytes, and of one allocation of a target in MiB. A compressed input may expand to 1032 times
# its size; others are held in memory a few times.
readonly MAX_INPUT=8192 MAX_ALLOCATION=16
# The max. memory of a process in MiB: 256, 16 times an input, and the freed memory that the address sanitizer keeps.
readonly MAX_FREED=32 MAX_MEMORY=320
# The max. time for one input in seconds.
readonly MAX_SECONDS=10

seconds=60
targets=()
while (($#)); do
  case "$1" in
    --seconds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--seconds needs a whole number above zero"
      seconds=$2
      shift 2
      ;;
    -*) die "there is no option $1; the only one is --seconds" ;;
    *)
      targets+=("$1")
      shift
      ;;
  esac
done

# SwiftPM passes one flag for each sanitizer, of which the compiler obeys the last; hence one flag more for both.
build=(swift build --package-path Tests/Fuzzing --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer,address)
build+=(--product Fuzzing)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The linker warns of every symbol of the sanitizer; those warnings are left out.
"${build[@]}" >"$log" 2>&1 || { grep -v 'ld.gold: warning' "$log" >&2; die "the fuzzers do not build"; }
fuzzer=$("${build[@]}" --show-bin-path)/Fuzzing

mapfile -t all < <("$fuzzer" --list)
((${#targets[@]})) || targets=("${all[@]}")
for target in "${targets[@]}"; do
  [[ " ${all[*]} " == *" $target "* ]] || die "there is no target $target; the targets are ${all[*]}"
done

# Foundation has leaks of its own; see Scripts/leak-suppressions.txt.
export LSAN_OPTIONS=suppressions=$PWD/Scripts/leak-suppressions.txt:print_suppressions=0
export ASAN_OPTIONS=quarantine_size_mb=$MAX_FREED
# The error message is enough; a stack trace takes many seconds.
export SWIFT_BACKTRACE=enable=no
failed=()

# Prints the last number that libFuzzer logged under a name, or a dash.
logged() { grep -oE "$1:? *[0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+$' || echo -; }

fuzz() {
  local target=$1 corpus=Tests/Fuzzing/.build/corpus/$1 findings=Tests/Fuzzing/.build/findings/$1 status=0 outcome=none
  mkdir -p "$corpus" "$findings"
  "$fuzzer" "$target" --seeds "$corpus"
  "$fuzzer" "$target" -max_total_time="$seconds" -max_len=$MAX_INPUT -rss_limit_mb=$MAX_MEMORY \
    -malloc_limit_mb=$MAX_ALLOCATION -timeout=$MAX_SECONDS -print_final_stats=1 -artifact_prefix="$findings/" \
    "$corpus" >"$log" 2>&1 || status=$?
  if ((status)); then
    outcome=$(grep -oE 'Test unit written to .*' "$log" | tail -n 1 | sed 's/^Test unit written to //' || true)
    outcome=${outcome:-"the fuzzer ended with code $status"}
    failed+=("$target: $outcome")
    grep -E 'atal error|recondition failed|ERROR|SUMMARY' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
  fi
  printf '%-12s %12s executions %8s edges covered %5s MiB at most   findings: %s\n' \
    "$target" "$(logged stat::number_of_executed_units)" "$(logged cov)" "$(logged stat::peak_rss_mb)" "$outcome"
}

for target in "${targets[@]}"; do fuzz "$target"; done
((${#failed[@]} == 0)) || die "found: ${failed[*]}"
