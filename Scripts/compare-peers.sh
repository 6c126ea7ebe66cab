#!/usr/bin/env bash
# Times recurrent cells here and in other engines side by side, from scratch: installs what is missing, builds in
# release, checks that all compute the same, prints who is faster by how much.
#
#   Scripts/compare-peers.sh [options, see --help]
set -euo pipefail
# The current folder is not changed: --json and --venv may be relative to it.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/Scripts/system-packages.sh"

# The packages that an engine needs, beside numpy. Versions are not pinned: the comparison is with current releases.
packages_of() {
  case "$1" in
    torch) echo torch ;;
    onnxruntime) echo onnxruntime onnx ;;
    openvino) echo openvino onnx ;;
    jax) echo jax ;;
    tensorflow) echo tensorflow-cpu ;;
  esac
}

# Installs the packages of one engine, unless they are there. Failures are reported; the driver leaves out
# engines that do not start.
install_engine() {
  local packages log
  read -ra packages <<<"$(packages_of "$1")"
  ! "$python" -m pip show --quiet "${packages[@]}" 2>/dev/null || return 0
  echo "Installing ${packages[*]} into $venv" >&2
  log=$(mktemp)
  if ! "$python" -m pip install --quiet --disable-pip-version-check "${packages[@]}" >"$log" 2>&1; then
    echo "$1 cannot be installed: $(grep -iE '^(error|warning)' "$log" | tail -n 1)" >&2
  fi
  rm -f "$log"
}

require_toolchain
command -v python3 >/dev/null || require_packages python3
export PYTHONPATH="$root/Scripts"
case " $* " in
  *" --help "* | *" -h "*) exec python3 -m compare_peers.options --help ;;
esac
# Before anything is installed, so that a mistyped option fails at once.
wanted=$(python3 -m compare_peers.options "$@")
venv=$(head -n 1 <<<"$wanted")
read -ra engines <<<"$(tail -n 1 <<<"$wanted")"

require_packages "${LIBRARY_PACKAGES[@]}"
if [[ -z $venv ]]; then
  venv=$root/.build-peers/venv
  python=$venv/bin/python
  if [[ ! -x $python ]]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || require_packages python3-venv
    python3 -m venv "$venv"
  fi
  "$python" -m pip show --quiet numpy 2>/dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check numpy
  for engine in "${engines[@]}"; do install_engine "$engine"; done
fi

swift build --package-path "$root" -c release --product Benchmarks >&2
COMPARE_PEERS_OURS=$(swift build --package-path "$root" -c release --show-bin-path)/Benchmarks
export COMPARE_PEERS_OURS
exec "$venv/bin/python" -m compare_peers "$@"
