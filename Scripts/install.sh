#!/usr/bin/env bash
# Installs the library for C: a shared library that has the Swift runtime inside, its header and a file for pkg-config.
#
#   Scripts/install.sh --prefix DIR            to DIR/lib, DIR/include and DIR/lib/pkgconfig
#   Scripts/install.sh --prefix DIR --debug    a debug build, which is quicker to make and some ten times slower to run
#
# Needs Swift 6.3 to build; what is installed needs the C and C++ libraries, OpenBLAS, LAPACKE and zlib alone. Each file is replaced at
# once: programs that run go on with the old one.
set -euo pipefail
readonly CALLER=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

# Programs that were linked to one find another of the same number; it changes where recurrent.h breaks them.
readonly SONAME=librecurrent-c.so.1

prefix="" configuration=release
while (($#)); do
  case "$1" in
    --prefix)
      (($# >= 2)) || die "--prefix needs a folder"
      prefix=$2
      shift 2
      ;;
    --debug)
      configuration=debug
      shift
      ;;
    *) die "there is no option $1; they are --prefix DIR and --debug" ;;
  esac
done
[[ -n $prefix ]] || die "where to? --prefix DIR"
[[ $prefix == /* ]] || prefix=$CALLER/$prefix

require_toolchain
# require_toolchain takes 6.2 too, with which Package.swift has no library for C.
swift_version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
[[ $(printf '%s\n' 6.3 "${swift_version:-0}" | sort -V | head -n 1) == 6.3 ]] ||
  die "the library for C needs Swift 6.3 or later, and this is Swift ${swift_version:-of an unknown version} (swift.org/install/linux)"
require_packages "${LIBRARY_PACKAGES[@]}" binutils
mkdir -p "$prefix"/{lib/pkgconfig,include} || die "cannot make folders in $prefix"
prefix=$(cd "$prefix" && pwd)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nothing else is visible, so that a program may have a Swift runtime of its own, or a second such library.
echo '{ global: recurrent_*; local: *; };' >"$folder/symbols"

# All objects are compiled for a static runtime, so this build is apart from others. ONNX is read; tools are not needed.
build=(-c "$configuration" --scratch-path .build-c --traits ONNX -Xswiftc -static-stdlib
  -Xlinker "-soname=$SONAME" -Xlinker "--version-script=$folder/symbols")
swift build "${build[@]}" --product recurrent-c
library=$(swift build "${build[@]}" --show-bin-path)/librecurrent-c.so

needed=$(readelf --dynamic "$library" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p')
! grep -iE '^lib(swift|foundation|_?dispatch|blocksruntime)' <<<"$needed" || die "$library needs a Swift runtime beside it"
visible=$(nm --dynamic --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' | grep -v '^recurrent_' || true)
[[ -z $visible ]] || die "$library shows other symbols: ${visible//$'\n'/ }"

# Puts $1 at $2 with the mode $3: written beside it, then renamed.
put() {
  local temporary
  temporary=$(mktemp "$(dirname "$2")/.recurrent.XXXXXX")
  cp "$1" "$temporary"
  chmod "$3" "$temporary"
  mv -f "$temporary" "$2" || die "cannot write $2"
}

strip --strip-unneeded -o "$folder/library" "$library"
put "$folder/library" "$prefix/lib/$SONAME" 755
ln -s "$SONAME" "$folder/link"
mv -fT "$folder/link" "$prefix/lib/librecurrent-c.so"
put Sources/CRecurrent/recurrent.h "$prefix/include/recurrent.h" 644

version=$(sed -nE 's/.*static let current = "(.*)"/\1/p' Sources/Kernels/PackageVersion.swift)
# The prefix follows the file, so that the folder may be moved.
cat >"$folder/pc" <<'END'
prefix=${pcfiledir}/../..
libdir=${prefix}/lib
includedir=${prefix}/include

Name: recurrent-c
END
cat >>"$folder/pc" <<END
Description: Recurrent neural networks on the CPU
Version: $version
END
cat >>"$folder/pc" <<'END'
Cflags: -I${includedir}
Libs: -L${libdir} -lrecurrent-c
END
put "$folder/pc" "$prefix/lib/pkgconfig/recurrent-c.pc" 644
echo "Installed recurrent-c $version in $prefix"
