#!/usr/bin/env bash
# Loads the inference server with wrk, 1, 64 and 1,000 sessions at once, each answer compared with that of whole sequences,
# and beside it LitServe with the same model in ONNX Runtime. Prints requests per second and latencies.
#
#   Scripts/measure-server.sh [--rnn FILE] [--seconds N] [--minutes N]
#
#   --rnn      a tool that is built already, instead of a release build
#   --seconds  how long each load lasts; 10 unless given
#   --minutes  how long rnn serve is loaded with 1,000 sessions then, with its memory; none unless given
#
# The load, the server and the other server share the cores that the machine has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

readonly FOLDER=.build-server
readonly PACKAGES=(litserve onnxruntime numpy)

rnn=""
seconds=10
minutes=0
while (($#)); do
  case "$1" in
    --rnn | --seconds | --minutes)
      declare "${1#--}=${2:?$1 needs a value}"
      shift
      ;;
    *) die "there is no option $1; there are --rnn, --seconds and --minutes" ;;
  esac
  shift
done

require_packages "${LIBRARY_PACKAGES[@]}" python3 wrk
python3 -c 'import ensurepip, venv' 2>/dev/null || require_packages python3-venv
venv=$FOLDER/measure-venv
[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${PACKAGES[@]}" ||
  die "cannot install the other server"
if [[ -z $rnn ]]; then
  require_toolchain
  swift build -c release --traits default,Serve --product rnn
  rnn=$(swift build -c release --traits default,Serve --show-bin-path)/rnn
fi
rnn=$(realpath "$rnn")
python=$(realpath --no-symlinks "$venv/bin/python")

folder=$PWD/$FOLDER/measure
mkdir -p "$folder"
awk 'BEGIN {
  print "a,b,y"
  for (i = 0; i < 300; i++) printf "%.4f,%.4f,%.4f\n", sin(i / 5), cos(i / 7), sin(i / 5) + 0.3 * cos(i / 7)
}' >"$folder/series.csv"
"$rnn" train "$folder/series.csv" --target y --horizon 3 --cell lstm --hidden 64 --epochs 1 --quiet \
  --output "$folder/model.safetensors" >/dev/null
ulimit -n 65536 2>/dev/null || true
echo "on $(nproc) cores; load average $(cut -d' ' -f1 /proc/loadavg)"
cd Scripts
"$python" -m measure_server "$rnn" "$folder/model.safetensors" "$folder" "$seconds" "$minutes"
