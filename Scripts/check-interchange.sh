#!/usr/bin/env bash
# Exchanges models with the other engines in both directions, from scratch: installs PyTorch, Keras, ONNX and ONNX
# Runtime into a folder of its own, has them compute, has our tests read and run that and write models of ours, and has
# the other engines read and run those.
#
#   Scripts/check-interchange.sh [--venv FOLDER] [--generate | --check]
#
#   --venv      a Python environment that is there already, to be used as it is
#   --generate  only has the other engines compute; tests with RECURRENT_INTERCHANGE=$PWD/.build-interchange/vectors then
#               do their part of the exchange
#   --check     only has the other engines read what those tests wrote
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

readonly FOLDER=.build-interchange
readonly PACKAGES=(numpy onnx onnxruntime onnxscript keras h5py safetensors)
# PyTorch without CUDA is a tenth of the size, but not every index has it.
readonly TORCH_WITHOUT_CUDA=torch==2.13.0+cpu

# Makes the environment and prints nothing but what cannot be installed.
make_venv() {
  local log
  [[ -x $1/bin/python ]] || python3 -m venv "$1"
  log=$(mktemp)
  local pip=("$1/bin/python" -m pip install --quiet --disable-pip-version-check)
  if ! { { "${pip[@]}" "$TORCH_WITHOUT_CUDA" || "${pip[@]}" torch; } && "${pip[@]}" "${PACKAGES[@]}"; } >"$log" 2>&1; then
    local cause
    cause=$(grep -iE '^error' "$log" | tail -n 1 || true)
    rm -f "$log"
    die "cannot install the other engines${cause:+: $cause}"
  fi
  rm -f "$log"
}

venv=""
part=all
while (($#)); do
  case "$1" in
    --venv)
      venv=${2:?--venv needs a folder}
      shift
      ;;
    --generate | --check) part=${1#--} ;;
    *) die "there is no option $1; there are --venv, --generate and --check" ;;
  esac
  shift
done

[[ $part != all ]] || require_toolchain
require_packages "${LIBRARY_PACKAGES[@]}" libhdf5-dev python3
if [[ -z $venv ]]; then
  venv=$FOLDER/venv
  python3 -c 'import ensurepip, venv' 2>/dev/null || require_packages python3-venv
  make_venv "$venv"
fi
python=$(realpath --no-symlinks "$venv/bin/python")
[[ -x $python ]] || die "there is no Python in $venv"

vectors=$PWD/$FOLDER/vectors
# One thread each: with more, PyTorch's wait for each other between operations this small (94 s instead of 5).
exchange() { (cd Scripts && OMP_NUM_THREADS=1 KERAS_BACKEND=torch "$python" -m interchange "$1" "$vectors"); }

if [[ $part != check ]]; then
  rm -rf "$vectors"
  mkdir -p "$vectors"
  exchange generate
fi
if [[ $part == all ]]; then
  RECURRENT_INTERCHANGE=$vectors swift test --traits default,HDF5 --filter '^(InterchangeTests|DataIOTests|rnnTests)\.'
fi
if [[ $part != generate ]]; then exchange check; fi
