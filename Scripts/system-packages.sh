# Sourced by the other scripts: checks that the tools are there, and installs the Debian packages that are not.
#
#   source "$(dirname "${BASH_SOURCE[0]}")/system-packages.sh"
#   require_toolchain
#   require_packages libopenblas-dev liblapacke-dev
#
# Each function ends the script with one line and exit code 1 where it cannot give what was asked for. Nothing is asked
# of the user, and nothing that is already there is touched.
# shellcheck shell=bash

# The packages that the library is built from, on any machine.
# pkg-config is what the Swift package manager asks for OpenBLAS's place; without it every build warns.
# shellcheck disable=SC2034  # used by the scripts that source this one
readonly LIBRARY_PACKAGES=(libopenblas-dev liblapacke-dev zlib1g-dev pkg-config)

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Why a package is wanted, for the line that says it is being installed.
reason_for() {
  case "$1" in
    libopenblas-dev) echo "matrix products (BLAS)" ;;
    liblapacke-dev) echo "orthogonal weights and eigenvalues (LAPACK)" ;;
    zlib1g-dev) echo "compressed arrays in .npz files" ;;
    libhdf5-dev) echo "weights that Keras wrote (HDF5)" ;;
    pkg-config) echo "tells Swift where OpenBLAS is" ;;
    binutils) echo "shows what the library for C needs and gives" ;;
    valgrind) echo "runs the library for C" ;;
    python3-numpy) echo "runs the library for C from Python" ;;
    python3) echo "runs the other engines that we compare with" ;;
    python3-venv) echo "gives the other engines a place of their own" ;;
    gcc-aarch64-linux-gnu) echo "compiles the NEON loops here" ;;
    libc6-dev-arm64-cross) echo "C library for the NEON loops' tests" ;;
    qemu-user) echo "runs the NEON loops' tests" ;;
    *) echo "needed by ${0##*/}" ;;
  esac
}

# Git, and a Swift that can read Package.swift.
require_toolchain() {
  command -v git >/dev/null || die "git is missing: install it first (apt-get install git)"
  command -v swift >/dev/null || die "swift is missing: install Swift 6.2 or later first (swift.org/install/linux)"
  local version
  version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
  [[ $(printf '%s\n' 6.2 "${version:-0}" | sort -V | head -n 1) == 6.2 ]] ||
    die "Swift 6.2 or later is needed, and this is Swift ${version:-of an unknown version} (swift.org/install/linux)"
}

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs those of the named packages that are missing, and says which and why.
require_packages() {
  if ! { command -v apt-get && command -v dpkg-query; } >/dev/null; then
    die "there is no apt here: install the equivalents of $* yourself, then run swift build"
  fi

  local package missing=()
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  ((${#missing[@]})) || return 0

  for package in "${missing[@]}"; do echo "Installing $package: $(reason_for "$package")"; done
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120)
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "cannot install ${missing[*]}: this is not root, and there is no sudo"
    # At a terminal sudo may ask for its password; nowhere else would anybody answer.
    if [[ -t 0 ]]; then apt=(sudo "${apt[@]}"); else apt=(sudo -n "${apt[@]}"); fi
  fi

  local log
  log=$(mktemp)
  # Old lists are enough where an update fails, as it does when one of several sources is away.
  "${apt[@]}" update >"$log" 2>&1 || true
  if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    local cause
    cause=$(grep -E '^(E:|sudo:)' "$log" | tail -n 1 || true)
    rm -f "$log"
    die "cannot install ${missing[*]}${cause:+: $cause}"
  fi
  rm -f "$log"
  for package in "${missing[@]}"; do is_installed "$package" || die "cannot install $package"; done
}
