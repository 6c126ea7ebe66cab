#!/usr/bin/env bash
# Builds and runs what somebody would write who depends on this package, from packages outside the tree, and counts what
# these fetch: the programs of Tests/Consumers, which use each library product, those of Tests/Examples, and the examples of
# the README, of Serving streams and of the tasks' pages.
#
#   Scripts/consumer-check.sh [FILE ...]   the examples of those files instead, and no other program
#
# An example is a ```swift block that stands after the comment <!-- example: NAME -->, with those that stand after
# <!-- example: NAME, continued --> behind it. Each becomes a program of its own, which must end with exit code 0 and
# depends on those products that it imports.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

readonly PRODUCTS="Kernels|Models|DataIO|Interchange"

files=("$@")
[[ $# -gt 0 ]] || files=(README.md Sources/Models/Models.docc/ServingStreams.md Sources/Tasks/Tasks.docc/*.md)
for file in "${files[@]}"; do [[ -r $file ]] || die "cannot read $file"; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/programs"

# Writes each example to programs/NAME.swift and prints the names.
examples=$(awk -v folder="$folder/programs" '
  /^<!-- example: [A-Za-z][A-Za-z0-9-]*(, continued)? -->$/ { name = $3; continued = sub(/,$/, "", name); next }
  /^```swift$/ && name != "" { file = folder "/" name ".swift"; if (!continued) print name; next }
  /^```$/ { if (file != "") close(file); file = ""; name = ""; next }
  file != "" { print >> file }
' "${files[@]}")
[[ -n $examples ]] || die "${files[*]}: no example: a line <!-- example: NAME --> before a \`\`\`swift block makes one"
[[ -z $(sort <<<"$examples" | uniq -d) ]] || die "two examples are called $(sort <<<"$examples" | uniq -d)"
[[ $# -gt 0 ]] || cp -r Tests/Consumers/*.swift Tests/Examples/*/Sources/* "$folder/programs"

# Makes the package $1, with the traits $2 of this one, of the programs that follow: a file or a folder each.
make_package() {
  local package=$1 traits=$2 file name
  shift 2
  mkdir "$package"
  {
    echo '// swift-tools-version: 6.2'
    echo 'import PackageDescription'
    echo 'let package = Package('
    echo '  name: "Consumer",'
    echo "  dependencies: [.package(name: \"Recurrent\", path: \"$PWD\", traits: [$traits])],"
    echo '  targets: ['
    for file in "$@"; do
      name=$(basename "$file" .swift)
      mkdir -p "$package/Sources"
      if [[ -d $file ]]; then
        mv "$file" "$package/Sources/$name"
      else
        mkdir "$package/Sources/$name"
        mv "$file" "$package/Sources/$name/main.swift"
      fi
      echo "    .executableTarget(name: \"$name\", dependencies: ["
      sed -nE "s/^import ($PRODUCTS)\$/      .product(name: \"\\1\", package: \"Recurrent\"),/p" \
        "$package/Sources/$name"/*.swift | sort -u
      echo '    ]),'
    done
    echo '  ]'
    echo ')'
  } >"$package/Package.swift"
}

# Fails unless the package $1, with the traits $2, fetches the packages $3 and no others.
check_fetched() {
  local package=$1 traits=$2 wanted=$3 products fetched
  swift package --package-path "$package" resolve
  products=$(sed -nE "s/^.*\.product\(name: \"($PRODUCTS)\".*$/\\1/p" "$package/Package.swift" | sort -u | xargs)
  fetched=$(find "$package/.build/checkouts" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort | xargs)
  echo "-- ${products// /, } with traits: [$traits]: $(wc -w <<<"$fetched") packages fetched${fetched:+ ($fetched)}"
  [[ $fetched == "$wanted" ]] || die "wanted were $(wc -w <<<"$wanted") packages${wanted:+ ($wanted)}"
}

# Builds the package $1 in the configuration $2 and runs its programs.
run_programs() {
  local name
  swift build -c "$2" --package-path "$1"
  for name in $(ls "$1/Sources"); do
    echo "-- $name"
    (cd "$1" && swift run -c "$2" --skip-build "$name") || die "the program $name failed"
  done
}

# Traits hold for a whole package. What mentions ONNX needs it, and the rest must do without any.
mapfile -t with_onnx < <(grep -lw 'ONNX[A-Za-z]*' "$folder"/programs/*.swift || true)
((${#with_onnx[@]} == 0)) || make_package "$folder/onnx" '"ONNX"' "${with_onnx[@]}"
make_package "$folder/none" '' "$folder"/programs/*
check_fetched "$folder/none" '' ''
((${#with_onnx[@]} == 0)) || check_fetched "$folder/onnx" '"ONNX"' swift-protobuf

run_programs "$folder/none" release
((${#with_onnx[@]} == 0)) || run_programs "$folder/onnx" debug
