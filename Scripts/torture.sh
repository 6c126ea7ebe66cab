#!/usr/bin/env bash
# Hostile files and bad moments: kills trainings at random moments, takes their disk, memory, files and clock away, gives the
# readers mutated files of every format and the engine impossible sizes. Prints a table of how the runs ended, and fails where
# one crashed, hung, took more memory than its file justifies or went on to other bits.
#
#   Scripts/torture.sh [--minutes N] [--mutations N] [--seed N] [--only CAMPAIGN ...]   see --help
#
# What root alone may do (mounts, limits on processes, quotas) is left out where this is not root, and the table says so. The
# files of a finding are kept in .build-torture/findings. TORTURE_TOOLS names a folder with rnn and EngineProbe, built in
# release, to use instead of building them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/Scripts/system-packages.sh"
cd "$root"

command -v python3 >/dev/null || require_packages python3
tools=${TORTURE_TOOLS:-}
if [[ -z $tools && " $* " != *" --help "* ]]; then
  require_toolchain
  require_packages "${LIBRARY_PACKAGES[@]}"
  build=(swift build -c release)
  for product in rnn EngineProbe; do "${build[@]}" --product "$product" >&2; done
  tools=$("${build[@]}" --show-bin-path)
fi
PYTHONPATH=$root/Scripts exec python3 -m torture --tools "$tools" "$@"
