#!/usr/bin/env bash
# Installs the library for C into a folder of its own and uses it as its callers do: from C under the address sanitizer and
# under valgrind, from Python, after a fork, and with every kind of mistake. The header is compiled as C99 and as C++.
#
#   Scripts/check-c-library.sh           a release build
#   Scripts/check-c-library.sh --debug   a debug build, which is quicker to make
#   Scripts/check-c-library.sh --speed   a release build, and then the time of a step from C and from Swift
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

options=() speed=""
case "${1:-}" in
  "") ;;
  --debug) options=(--debug) ;;
  --speed) speed=yes ;;
  *) die "there is no option $1; they are --debug and --speed" ;;
esac

# How much longer than from Swift a step from C may take, in nanoseconds.
readonly MAX_OVERHEAD=20

require_toolchain
require_packages "${LIBRARY_PACKAGES[@]}" gcc g++ valgrind python3
python3 -c 'import numpy' 2>/dev/null || require_packages python3-numpy

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
readonly prefix=$folder/prefix
Scripts/install.sh --prefix "$prefix" ${options[@]+"${options[@]}"}

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -ra flags <<<"$(pkg-config --cflags recurrent-c)"
read -ra libraries <<<"$(pkg-config --libs recurrent-c) -Wl,-rpath,$prefix/lib -lpthread"

echo "-- the header alone, in C99 and in C++"
gcc -std=c99 -Wall -Wextra -Werror -pedantic -fsyntax-only -x c "$prefix/include/recurrent.h"
g++ -std=c++11 -Wall -Wextra -Werror -pedantic -fsyntax-only -x c++ "$prefix/include/recurrent.h"

# Compiles a program of Tests/Examples/c to $folder/$2/$1, with further flags.
compile() {
  local name=$1 place=$2
  shift 2
  mkdir -p "$folder/$place"
  gcc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -g "$@" "${flags[@]}" "Tests/Examples/c/$name.c" \
    "${libraries[@]}" -o "$folder/$place/$name"
}
for name in train stream mistakes fork speed; do compile "$name" plain -O2; done
for name in train stream mistakes; do compile "$name" sanitized -O1 -fsanitize=address; done
mkdir "$folder/files"

# What the runtime and OpenBLAS allocate once and never free is not the library's.
export LSAN_OPTIONS=suppressions=$PWD/Scripts/leak-suppressions.txt:print_suppressions=0
echo "-- C under the address sanitizer"
"$folder/sanitized/train" "$folder/model.safetensors"
"$folder/sanitized/stream" "$folder/model.safetensors" "$folder/session.safetensors"
"$folder/sanitized/mistakes" "$folder/files"

echo "-- C under valgrind"
# It knows no AVX-512. Swift's runtime points into the middle of what it keeps, which looks possibly lost.
valgrind=(env RECURRENT_ISA=avx2 OPENBLAS_CORETYPE=Haswell valgrind --quiet --error-exitcode=9
  --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
[[ $(uname -m) == x86_64 ]] || valgrind=(valgrind --quiet --error-exitcode=9)
"${valgrind[@]}" "$folder/plain/stream" "$folder/model.safetensors" "$folder/session.safetensors"
"${valgrind[@]}" "$folder/plain/mistakes" "$folder/files"

echo "-- Python"
python3 Tests/Examples/python/stream.py "$prefix/lib/librecurrent-c.so" "$folder/model.safetensors" \
  "$folder/session.safetensors"

echo "-- fork"
timeout 300 "$folder/plain/fork"

[[ -n $speed ]] || exit 0
swift build -c release --scratch-path .build-c --traits ONNX -Xswiftc -static-stdlib --product EngineProbe
probe=$(swift build -c release --scratch-path .build-c --traits ONNX -Xswiftc -static-stdlib --show-bin-path)/EngineProbe

# The least of several runs of each, in turn, because a machine has faster and slower moments; and of copies, because it
# makes 30 ns of difference where in memory the system puts the pages of a file.
for sizes in "64 128" "1 16"; do
  read -ra sizes <<<"$sizes"
  swift="" c=""
  for ((run = 0; run < 7; run++)); do
    rm -rf "$folder/run"
    mkdir "$folder/run"
    cp "$probe" "$prefix/lib/librecurrent-c.so.1" "$folder/run"
    swift=$(printf '%s\n' "$("$folder/run/EngineProbe" step-time "${sizes[@]}")" ${swift:+"$swift"} | sort -g | head -n 1)
    c=$(printf '%s\n' "$(LD_LIBRARY_PATH=$folder/run "$folder/plain/speed" "${sizes[@]}")" ${c:+"$c"} | sort -g | head -n 1)
  done
  echo "-- a step of an LSTM ${sizes[0]} → ${sizes[1]}: $swift ns from Swift, $c ns from C"
done
# What a call costs does not depend on the sizes, and only a small step is as steady.
awk -v c="$c" -v swift="$swift" -v max="$MAX_OVERHEAD" 'BEGIN { exit !(c <= swift + max) }' ||
  die "a step from C takes more than $MAX_OVERHEAD ns longer than from Swift"
