#!/usr/bin/env bash
# Builds and runs the examples of the README and of the tasks' pages as somebody would who depends on this package: in
# release, from a package outside the tree.
#
#   Scripts/consumer-check.sh [FILE ...]   those files' instead
#
# An example is a ```swift block that stands after the comment <!-- example: NAME -->, with those that stand after
# <!-- example: NAME, continued --> behind it. Each becomes a program of its own, which must end with exit code 0.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/system-packages.sh

files=("$@")
[[ $# -gt 0 ]] || files=(README.md Sources/Tasks/Tasks.docc/*.md)
for file in "${files[@]}"; do [[ -r $file ]] || die "cannot read $file"; done
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT

# Writes each example to Sources/NAME/main.swift and prints the names.
examples=$(awk -v folder="$package/Sources" '
  /^<!-- example: [A-Za-z][A-Za-z0-9-]*(, continued)? -->$/ { name = $3; continued = sub(/,$/, "", name); next }
  /^```swift$/ && name != "" {
    file = folder "/" name "/main.swift"
    if (!continued) { system("mkdir -p " folder "/" name); print name }
    next
  }
  /^```$/ { if (file != "") close(file); file = ""; name = ""; next }
  file != "" { print >> file }
' "${files[@]}")
[[ -n $examples ]] || die "${files[*]}: no example: a line <!-- example: NAME --> before a \`\`\`swift block makes one"
[[ -z $(sort <<<"$examples" | uniq -d) ]] || die "two examples are called $(sort <<<"$examples" | uniq -d)"

{
  echo '// swift-tools-version: 6.2'
  echo 'import PackageDescription'
  echo 'let package = Package('
  echo '  name: "Consumer",'
  echo "  dependencies: [.package(name: \"Recurrent\", path: \"$PWD\")],"
  echo '  targets: ['
  for name in $examples; do
    echo "    .executableTarget(name: \"$name\", dependencies: ["
    echo '      .product(name: "Kernels", package: "Recurrent"), .product(name: "Models", package: "Recurrent"),'
    echo '    ]),'
  done
  echo '  ]'
  echo ')'
} >"$package/Package.swift"

swift build -c release --package-path "$package"
for name in $examples; do
  echo "-- $name"
  (cd "$package" && swift run -c release --skip-build "$name") || die "the example $name failed"
done
