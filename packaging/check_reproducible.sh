#!/bin/bash
# check_reproducible.sh [COMMIT [FOLDER]]: builds the packages of a commit (default: HEAD) twice, in different folders,
# under different names of users, umasks, locales and times of day, and compares them byte for byte. They are left in
# FOLDER. Takes as long as two builds. What it needs is what packaging/package.sh needs.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
commit=$(git -C "$source" rev-parse "${1:-HEAD}")
work=$(mktemp -d "${TMPDIR:-/tmp}/sandbox-run-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
if [ -z "${DEBEMAIL:-}" ]; then
  DEBFULLNAME=$(git -C "$source" log -1 --format=%an "$commit")
  DEBEMAIL=$(git -C "$source" log -1 --format=%ae "$commit")
  export DEBFULLNAME DEBEMAIL
fi

build_in() { # build_in FOLDER PACKAGES
  mkdir -p "$1" "$2"
  git -C "$source" archive "$commit" | tar -x -C "$1"
  (
    cd "$1"
    cmake --preset release -DSANDBOX_RUN_COMMIT="${commit:0:12}"
    cmake --build --preset release -j "$(nproc)"
    packaging/package.sh build/release "$2"
  ) >"$2.log" 2>&1 || {
    tail -n 30 "$2.log" >&2
    return 1
  }
}

build_in "$work/one" "$work/packages"
(
  umask 077
  export TZ=Pacific/Auckland LC_ALL=C.UTF-8 USER=other LOGNAME=other HOSTNAME=elsewhere
  build_in "$work/a-much-longer-name/two" "$work/again"
)
for file in "$work"/packages/*; do
  cmp "$file" "$work/again/${file##*/}"
  sha256sum <"$file" | sed "s|-|${file##*/}|"
done
if [ -n "${2:-}" ]; then
  mkdir -p "$2"
  cp -p "$work"/packages/* "$2"
fi
echo "two builds of ${commit:0:12} made the same packages"
