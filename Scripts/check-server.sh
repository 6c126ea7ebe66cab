#!/usr/bin/env bash
# Drives the inference server with the client that others use: builds rnn with its trait, installs tritonclient into a
# folder of its own, makes small models and checks what clients rely on, from metadata to `kill -9`.
#
#   Scripts/check-server.sh [--venv FOLDER] [--rnn FILE] [--library FILE] [CHECK ...]
#
#   --venv      a Python environment that is there already, to be used as it is
#   --rnn       a tool that is built already
#   --library   librecurrent-c.so, through which a session then goes too
#   CHECK       runs these alone, by the names of the functions in Scripts/check_server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

readonly FOLDER=.build-server
readonly PACKAGES=('tritonclient[http]==2.73.0' numpy==2.4.6)

# Whether an environment has the packages in their versions.
has_packages() {
  "$1/bin/python" - "${PACKAGES[@]}" 2>/dev/null <<'EOF'
import sys
from importlib.metadata import version

import tritonclient.http

for package in sys.argv[1:]:
    name, wanted = package.split("==")
    if version(name.split("[")[0]) != wanted:
        sys.exit(1)
EOF
}

# Makes the environment, where it is not there yet, and prints nothing but what cannot be installed.
make_venv() {
  local log cause
  ! has_packages "$1" || return 0
  [[ -x $1/bin/python ]] || python3 -m venv "$1"
  log=$(mktemp)
  if ! "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${PACKAGES[@]}" >"$log" 2>&1; then
    cause=$(grep -iE '^error' "$log" | tail -n 1 || true)
    rm -f "$log"
    die "cannot install the client${cause:+: $cause}"
  fi
  rm -f "$log"
}

# A table of three columns and a text, and models of them.
make_models() {
  mkdir -p "$1"
  awk 'BEGIN {
    print "a,b,y"
    for (i = 0; i < 300; i++) printf "%.4f,%.4f,%.4f\n", sin(i / 5), cos(i / 7), sin(i / 5) + 0.3 * cos(i / 7)
  }' >"$1/series.csv"
  awk 'BEGIN { for (i = 0; i < 200; i++) printf "the quick brown fox jumps over the lazy dog. " }' >"$1/text.txt"
  local table=("$1/series.csv" --target y --horizon 3 --hidden 8 --epochs 1 --quiet)
  "$rnn" train "${table[@]}" --output "$1/series.safetensors"
  "$rnn" train "${table[@]}" --seed 5 --output "$1/other.safetensors"
  "$rnn" train "$1/text.txt" --level char --hidden 16 --epochs 1 --quiet --output "$1/text.safetensors"
}

venv=""
rnn=""
library=""
checks=()
while (($#)); do
  case "$1" in
    --venv | --rnn | --library)
      declare "${1#--}=${2:?$1 needs a path}"
      shift
      ;;
    -*) die "there is no option $1; there are --venv, --rnn and --library" ;;
    *) checks+=("$1") ;;
  esac
  shift
done

require_packages "${LIBRARY_PACKAGES[@]}" python3
if [[ -z $venv ]]; then
  venv=$FOLDER/venv
  python3 -c 'import ensurepip, venv' 2>/dev/null || require_packages python3-venv
  make_venv "$venv"
fi
python=$(realpath --no-symlinks "$venv/bin/python")
[[ -x $python ]] || die "there is no Python in $venv"
if [[ -z $rnn ]]; then
  require_toolchain
  # The C loops at their speed: without it, what is under way takes a debug build too long.
  swift build --traits default,Serve --product rnn -Xcc -O2
  rnn=$(swift build --traits default,Serve --show-bin-path)/rnn
fi
rnn=$(realpath "$rnn")
[[ -z $library ]] || RECURRENT_LIBRARY=$(realpath "$library")
export RECURRENT_LIBRARY=${RECURRENT_LIBRARY:-}

models=$PWD/$FOLDER/models
make_models "$models" >/dev/null
(cd Scripts && "$python" -m check_server "$rnn" "$models" "${checks[@]}")
