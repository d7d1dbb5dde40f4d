#!/bin/bash
# release.sh [--dry-run] [--skip-tests] [--root ROOT]... FOLDER: makes the release whose version CMakeLists.txt has.
#
# Checks that everything names the same version, runs all tests, builds the packages twice and compares them, looks into
# them, installs them in copies of the bare systems in ROOT (see check_install.sh), and puts them with the SBOM, the
# checksums and the announcement, which is the version's section of CHANGELOG.md, in FOLDER. Then the commit gets its
# tag, which a key of yours signs if git's user.signingkey names one. Nothing is sent anywhere.
#
# With --dry-run the tag is not made, a checkout that was changed and a section without a date are remarks only; what is
# built is the last commit all the same. --skip-tests goes with --dry-run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")

dry_run=no tests=yes roots=() folder=
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --skip-tests) tests=no ;;
    --root)
      roots+=("$(realpath "$2")")
      shift
      ;;
    -*)
      echo "release.sh: unknown option '$1'; the text at its beginning says which there are" >&2
      exit 2
      ;;
    *) folder=$1 ;;
  esac
  shift
done
if [ -z "$folder" ] || { [ "$tests" = no ] && [ "$dry_run" = no ]; }; then
  echo "release.sh: expected [--dry-run [--skip-tests]] [--root ROOT]... FOLDER" >&2
  exit 2
fi
if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "release.sh: there are files in $folder" >&2
  exit 2
fi
mkdir -p "$folder"
folder=$(realpath "$folder")
cd "$source"

failed=no
# A finding stops a release, and is a remark in a dry run.
finding() {
  echo "   $1" >&2
  failed=yes
}

echo "1. The version"
version=$(sed -n 's/^project(sandbox-run VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
echo "   $version, at commit $(git rev-parse --short=12 HEAD)"
heading=$(grep -m 1 "^## $version " CHANGELOG.md || true)
case $heading in
  "## $version ($(date -u +%F))") ;;
  "") finding "CHANGELOG.md has no section '## $version (DATE)'" ;;
  *) finding "the date of the section in CHANGELOG.md is not today's, $(date -u +%F): $heading" ;;
esac
[ -z "$("$here/changelog.sh" --section Unreleased CHANGELOG.md)" ] ||
  finding "CHANGELOG.md has changes below 'Unreleased'"
for page in man/*.[1-9]; do
  grep -q "^\.TH .* \"sandbox-run $version\"" "$page" ||
    finding "$page names another version: $(grep -m 1 '^\.TH' "$page")"
done
[ -z "$(git status --porcelain)" ] || finding "the checkout has changes that are not committed; they are not released"
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then finding "there is a tag v$version"; fi
if [ "$failed" = yes ] && [ "$dry_run" = no ]; then exit 1; fi

echo "2. Tests"
if [ "$tests" = yes ]; then .ci/run; else echo "   skipped"; fi

echo "3. Packages, built twice and compared"
"$here/check_reproducible.sh" HEAD "$folder" | sed 's/^/   /'

echo "4. What is in them"
if command -v lintian >/dev/null; then
  lintian --fail-on error,warning "$folder"/*.deb
  echo "   lintian has no errors and no warnings"
fi
if command -v rpmlint >/dev/null; then
  rpmlint -c "$here/rpmlint.toml" "$folder"/*.rpm | sed 's/^/   /'
fi
rpm -qpl "$folder"/*.rpm | sed -n '$=' | sed 's/^/   files in the rpm: /'
python3 - "$folder"/*.spdx.json <<'END'
import json, sys
document = json.load(open(sys.argv[1]))
for package in document["packages"]:
    print(f"   SBOM: {package['name']} {package['versionInfo']}, {package['licenseConcluded']}")
END

echo "5. Installation in bare systems"
for root in "${roots[@]}"; do "$here/check_install.sh" "$root" "$folder"/*.deb | sed 's/^/   /'; done
[ "${#roots[@]}" -gt 0 ] || echo "   none is given; see --root"

echo "6. Announcement and checksums"
"$here/changelog.sh" --section "$version" CHANGELOG.md >"$folder/ANNOUNCEMENT.md"
(cd "$folder" && sha256sum -- * >SHA256SUMS)
sed 's/^/   /' "$folder/SHA256SUMS"

echo "7. The tag"
if [ "$dry_run" = yes ]; then
  echo "   not made: this is a dry run"
elif [ -n "$(git config user.signingkey || true)" ]; then
  git tag -s --cleanup=whitespace -F "$folder/ANNOUNCEMENT.md" "v$version"
  echo "   v$version, signed; git push origin v$version publishes it, beside the files in $folder"
else
  git tag -a --cleanup=whitespace -F "$folder/ANNOUNCEMENT.md" "v$version"
  echo "   v$version, not signed; git push origin v$version publishes it, beside the files in $folder"
fi
