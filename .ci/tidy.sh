#!/bin/bash
# .ci/tidy.sh [BASE]: runs clang-tidy on the files of src/ and cmd/ that have changed since the commit BASE (default: the
# parent of HEAD), with the compile commands of the preset dev. A header is checked through the .cc file beside it.
# Prints what clang-tidy finds, and the exit status is 1 then.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:-HEAD^}
if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
  echo "clang-tidy: there is no commit '$base' here; nothing is checked"
  exit 0
fi
mapfile -t files < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'src/*.h' 'cmd/*.cc' 'cmd/*.h' |
  sed 's/\.h$/.cc/' | sort -u | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
if [ ${#files[@]} -eq 0 ]; then
  echo "clang-tidy: no file of src/ or cmd/ has changed since $base"
  exit 0
fi
if ! command -v clang-tidy >/dev/null; then
  . packaging/apt.sh
  mkdir -p build
  if ! prepare_install clang-tidy || ! install_packages "$PWD/build/tidy.log" clang-tidy; then
    echo "clang-tidy: it is not here and cannot be installed; nothing is checked"
    exit 0
  fi
fi
[ -e build/dev/compile_commands.json ] || cmake --preset dev >/dev/null
echo "clang-tidy: ${#files[@]} files"
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p build/dev --quiet 2>/dev/null
