#!/usr/bin/env bash
# Makes the documentation of all modules as one DocC site that a browser opens from a folder, and fails on a broken link.
#
#   Scripts/build-documentation.sh [FOLDER [options of swift build]]
#
# FOLDER, .build/documentation unless given, is replaced. Open its index.html; no server is needed, and any server will do,
# under any path. With the options of an earlier build (--traits, --scratch-path) nothing is compiled twice.
#
# That each public declaration is documented is the formatter's rule AllPublicDeclarationsHaveDocumentation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

# The modules that people import, each after those that it depends on; and catalogs of articles alone.
readonly MODULES=(Kernels Models DataIO Interchange) ARTICLES=(Tasks)

command -v docc >/dev/null || die "docc is missing: it comes with the Swift toolchain"
site=${1:-.build/documentation}
shift $(($# > 0 ? 1 : 0))
[[ ! -e $site || -f $site/folder.js || -z $(ls -A "$site") ]] || die "$site is there and is not an earlier documentation"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The last module needs all others. Its products hold everything that the symbol graphs are read from.
swift build --target "${MODULES[-1]}" "$@"
products=$(swift build --show-bin-path "$@")
target=$(swift -print-target-info | sed -nE 's/^ *"triple": "([^"]*)".*/\1/p' | head -n 1)
# The C modules behind a Swift module, and where their headers are. HDF5's are missing unless a build reads Keras files.
c_modules=()
for map in Sources/*/module.modulemap "$products"/*.build/module.modulemap; do
  c_modules+=(-Xcc "-fmodule-map-file=$map")
done
for library in openblas zlib hdf5; do
  for flag in $(pkg-config --silence-errors --cflags "$library"); do c_modules+=(-Xcc "$flag"); done
done

archives=()
faulty=()

# Converts a module, or a catalog of articles, into an archive. The archives before it are what it may link to.
convert() {
  local name=$1 dependencies=() catalog=() archive
  shift
  for archive in "${archives[@]}"; do dependencies+=(--dependency "$archive"); done
  [[ ! -d Sources/$name/$name.docc ]] || catalog=("Sources/$name/$name.docc")
  docc convert "${catalog[@]}" "$@" "${dependencies[@]}" --enable-experimental-external-link-support \
    --fallback-display-name "$name" --fallback-bundle-identifier "recurrent.$name" \
    --fallback-default-module-kind Module --output-path "$work/$name.doccarchive" --warnings-as-errors ||
    faulty+=("$name")
  archives+=("$work/$name.doccarchive")
}

for module in "${MODULES[@]}"; do
  mkdir "$work/$module"
  swift symbolgraph-extract -module-name "$module" -I "$products/Modules" -target "$target" "${c_modules[@]}" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$work/$module"
  convert "$module" --additional-symbol-graph-dir "$work/$module"
done
for name in "${ARTICLES[@]}"; do convert "$name"; done
((${#faulty[@]} == 0)) || die "the documentation of ${faulty[*]} has the problems above"

rm -rf "$site"
docc merge "${archives[@]}" --synthesized-landing-page-name Recurrent --synthesized-landing-page-topics-style list \
  --output-path "$site"

# From here on the pages are made independent of a server; Scripts/documentation/folder.js says why and how.
cp Scripts/documentation/folder.js "$site"
echo '{}' >"$site/theme-settings.json"
find "$site" -name '*.json' -print0 |
  while IFS= read -r -d '' file; do { printf 'deliver(' && cat "$file" && printf ')\n'; } >"$file.js"; done

# The app takes the page's address from here; on file: it ends in index.html.
grep -qF window.location.pathname "$site"/js/chunk-vendors.*.js || die "this docc's app does not read the page's address"
sed -i 's/window\.location\.pathname/&.replace(\/\\\/index\\.html$\/,"")/g' "$site"/js/*.js

readonly BASE='<script>var baseUrl = "/"</script>'
grep -qF "$BASE" "$site/documentation/index.html" || die "this docc's pages say in another way where the site begins"
up="" depth=1
while [[ -n $(find "$site" -mindepth $depth -name index.html -print -quit) ]]; do
  find "$site" -mindepth $depth -maxdepth $depth -name index.html -exec \
    sed -i -e "s|$BASE|<script src=\"${up}folder.js\"></script>|" -e "s#\(src\|href\)=\"/#\1=\"$up#g" {} +
  up+=../
  depth=$((depth + 1))
done
echo '<!doctype html><title>Recurrent</title><meta http-equiv="refresh" content="0; url=documentation/index.html">' \
  >"$site/index.html"
echo "$site/index.html"
