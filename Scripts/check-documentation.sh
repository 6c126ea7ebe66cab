#!/usr/bin/env bash
# Checks that the documentation of every module that people import compiles, and that its links lead somewhere.
#
# That each public declaration is documented is the formatter's rule AllPublicDeclarationsHaveDocumentation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

command -v docc >/dev/null || die "docc is missing: it comes with the Swift toolchain"
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

swift package dump-symbol-graph --skip-synthesized-members
graphs=$(swift build --show-bin-path)/../symbolgraph
faulty=()
for module in Kernels Models DataIO Interchange Figures Tasks; do
  mkdir "$output/$module"
  cp "$graphs/$module".symbols.json "$output/$module"
  cp "$graphs/$module"@*.symbols.json "$output/$module" 2>/dev/null || true
  catalog=()
  [[ ! -d Sources/$module/$module.docc ]] || catalog=("Sources/$module/$module.docc")
  docc convert "${catalog[@]}" --additional-symbol-graph-dir "$output/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "recurrent.$module" \
    --output-path "$output/$module.doccarchive" --warnings-as-errors || faulty+=("$module")
done
((${#faulty[@]} == 0)) || die "the documentation of ${faulty[*]} has the problems above"
