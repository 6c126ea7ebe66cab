#!/usr/bin/env bash
# Feeds the readers of files what nobody would write on purpose, and fails where one crashes, hangs, takes more memory
# than its file justifies or breaks a law of its target. libFuzzer makes the inputs; the address sanitizer watches.
#
#   Scripts/fuzz.sh [--seconds N] [TARGET ...]   each target for N seconds, 60 unless given; all unless named
#
# What a run learns stays in Fuzzing/.build/corpus, and the next one goes on from there. A finding's file is kept and
# named; to see it again: Fuzzing/.build/debug/Fuzzing TARGET FILE.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

# The largest input in bytes, and the largest piece of memory that a target may ask for, in MiB. The input may stand for
# 1032 times as much where it is compressed, and is held a few times over where it is not.
readonly LARGEST_INPUT=8192 LARGEST_ALLOCATION=16
# All memory of a process, in MiB, of which the address sanitizer's own takes a few hundred.
readonly MEMORY=2048
# The longest that one input may take, in seconds.
readonly LONGEST=10

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

# SwiftPM hands the compiler one flag for each sanitizer, of which it heeds the last; so it gets one for both.
build=(swift build --package-path Fuzzing --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer,address)
build+=(--product Fuzzing)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The linker complains of every symbol of the sanitizer's, which is no business of ours.
"${build[@]}" >"$log" 2>&1 || { grep -v 'ld.gold: warning' "$log" >&2; die "the fuzzers do not build"; }
place=$("${build[@]}" --show-bin-path)
fuzzer=$place/Fuzzing

mapfile -t all < <("$fuzzer" --list)
((${#targets[@]})) || targets=("${all[@]}")
for target in "${targets[@]}"; do
  [[ " ${all[*]} " == *" $target "* ]] || die "there is no target $target; the targets are ${all[*]}"
done

# Foundation leaks what it reads; see Scripts/leak-suppressions.txt.
export LSAN_OPTIONS=suppressions=$PWD/Scripts/leak-suppressions.txt:print_suppressions=0
# The message of what stopped the process says enough; a stack trace takes many seconds.
export SWIFT_BACKTRACE=enable=no
failed=()

# Prints the last number that libFuzzer told of something, a dash where it told of none.
told() { grep -oE "$1:? *[0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+$' || echo -; }

fuzz() {
  local target=$1 corpus=Fuzzing/.build/corpus/$1 findings=Fuzzing/.build/findings/$1 status=0 outcome=none
  mkdir -p "$corpus" "$findings"
  "$fuzzer" "$target" --seeds "$corpus"
  "$fuzzer" "$target" -max_total_time="$seconds" -max_len=$LARGEST_INPUT -rss_limit_mb=$MEMORY \
    -malloc_limit_mb=$LARGEST_ALLOCATION -timeout=$LONGEST -print_final_stats=1 -artifact_prefix="$findings/" \
    "$corpus" >"$log" 2>&1 || status=$?
  if ((status)); then
    outcome=$(grep -oE 'Test unit written to .*' "$log" | tail -n 1 | sed 's/^Test unit written to //' || true)
    outcome=${outcome:-"the fuzzer ended with code $status"}
    failed+=("$target: $outcome")
    grep -E 'atal error|recondition failed|ERROR|SUMMARY' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
  fi
  printf '%-12s %12s executions %8s edges covered   findings: %s\n' \
    "$target" "$(told stat::number_of_executed_units)" "$(told cov)" "$outcome"
}

for target in "${targets[@]}"; do fuzz "$target"; done
((${#failed[@]} == 0)) || die "found: ${failed[*]}"
