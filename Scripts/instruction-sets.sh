# Sourced by other scripts.
# shellcheck shell=bash

# The instruction sets that RECURRENT_ISA can force on this processor; the last is the one that is used without it.
instruction_sets() {
  local sets=(scalar)
  has() { local flag; for flag in "$@"; do grep -qw "$flag" /proc/cpuinfo || return; done; }
  case $(uname -m) in
    x86_64)
      if has avx2 fma; then sets+=(avx2); fi
      if has avx2 fma avx512f avx512dq avx512bw avx512vl; then sets+=(avx512); fi
      ;;
    aarch64) sets+=(neon) ;;
  esac
  echo "${sets[@]}"
}
