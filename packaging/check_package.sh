#!/bin/bash
# check_package.sh BUILD: the packages hold what they should, the programs in them work, and packages that are made
# again are the same byte for byte. lintian and rpm look at them where they are installed.
set -eu
build=$1
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

formats=(deb tar)
if command -v rpmbuild >/dev/null; then formats+=(rpm); fi
export SOURCE_DATE_EPOCH=1796040000 DEBFULLNAME='Package Test' DEBEMAIL=test@debian.org
"$source/packaging/package.sh" "$build" "$work/packages" "${formats[@]}" >"$work/log" 2>&1 ||
  fail "package.sh: $(cat "$work/log")"

# Again, by a user with other habits.
(
  cd /
  umask 077
  LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$source/packaging/package.sh" "$build" "$work/again" "${formats[@]}" >"$work/log" 2>&1
) || fail "package.sh, again: $(cat "$work/log")"
for file in "$work"/packages/*; do
  cmp "$file" "$work/again/${file##*/}" >&2 || fail "${file##*/} is not the same when it is made again"
done

# What lies below /usr in all of them.
common_files() {
  echo bin/sandbox-policy
  echo bin/sandbox-run
  for program in sandbox-policy sandbox-run; do
    echo share/bash-completion/completions/$program
    echo share/fish/vendor_completions.d/$program.fish
    echo "share/zsh/$1/_$program"
  done
  for file in README.md SECURITY.md VERSIONING.md copyright sbom.spdx.json; do
    echo "share/doc/sandbox-run/$file"
  done
  echo share/doc/sandbox-run/examples/prometheus-node-exporter-sandboxed.service
  (cd "$source/docs" && find . -name '*.md' -o -name '*.svg') | sed 's|^\./|share/doc/sandbox-run/docs/|'
  (cd "$source/man" && ls -- *.[1-8]) | sed -E 's|.*([1-8])$|share/man/man\1/&.gz|'
  echo share/sandbox-run/schema/expectations.schema.json
  echo share/sandbox-run/schema/policy.schema.json
  (cd "$source/policies" && ls -- *.yml) | sed 's|^|share/sandbox-run/policies/|'
}
compare() { # compare WHAT EXPECTED FOUND
  diff <(sort "$2") <(sort "$3") >&2 || fail "files that the $1 should have (<) and has (>) differ"
}

deb=$(echo "$work"/packages/*.deb)
dpkg-deb --extract "$deb" "$work/root"
{
  common_files vendor-completions
  echo share/doc/sandbox-run/changelog.gz
  echo share/lintian/overrides/sandbox-run
} >"$work/expected"
(cd "$work/root/usr" && find . -type f | sed 's|^\./||') >"$work/found"
compare "Debian package" "$work/expected" "$work/found"
strange=$(find "$work/root/usr" \( -type d ! -perm 755 \) -o \( -type f ! -perm 644 ! -path '*/bin/*' \))
[ -z "$strange" ] || fail "permissions: $strange"
[ "$(dpkg-deb --field "$deb" Package Section Maintainer)" = "Package: sandbox-run
Section: admin
Maintainer: Package Test <test@debian.org>" ] || fail "control fields: $(dpkg-deb --field "$deb")"
version=$(dpkg-deb --field "$deb" Version)
[ "$(zcat "$work/root/usr/share/doc/sandbox-run/changelog.gz" | head -n 1)" = \
  "sandbox-run ($version) unstable; urgency=medium" ] || fail "the newest entry of the changelog is not $version"
if command -v lintian >/dev/null; then
  lintian --fail-on error,warning --tag-display-limit 0 "$deb" >"$work/lintian" 2>&1 ||
    fail "lintian: $(cat "$work/lintian")"
fi

tar -tf "$work"/packages/*.tar.xz | sed -n 's|^[^/]*/||; /[^/]$/p' >"$work/found"
{
  common_files site-functions
  printf '%s\n' INSTALL share/doc/sandbox-run/{CHANGELOG.md,LICENSE}
} >"$work/expected"
compare archive "$work/expected" "$work/found"

if [ -e "$(echo "$work"/packages/*.rpm)" ]; then
  rpm=$(echo "$work"/packages/*.rpm)
  {
    common_files site-functions
    printf '%s\n' share/doc/sandbox-run/CHANGELOG.md share/licenses/sandbox-run/LICENSE
  } >"$work/expected"
  rpm -qp --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$rpm" | sed -n 's|^-[^ ]* /usr/||p' >"$work/found"
  compare rpm "$work/expected" "$work/found"
  [ "$(rpm -qp --requires "$rpm" | grep -v '^rpmlib(')" = "" ] || fail "the rpm needs $(rpm -qp --requires "$rpm")"
fi

run="$work/root/usr/bin/sandbox-run"
said=$("$run" --version | head -n 1)
[ "$said" = "sandbox-run $version" ] || fail "the program says it is $said"
[ "$("$run" --policy "$work/root/usr/share/sandbox-run/policies/beats-example.yml" -- /bin/echo started)" = started ] ||
  fail "the program in the package starts nothing"
tool="$work/root/usr/bin/sandbox-policy"
[ "$("$tool" --version | head -n 1)" = "sandbox-policy $version" ] || fail "sandbox-policy says it is another version"
[ "$("$tool" check "$work/root/usr/share/sandbox-run/policies/default.yml")" = \
  "$work/root/usr/share/sandbox-run/policies/default.yml: 0 errors, 0 warnings" ] ||
  fail "sandbox-policy complains of the profile"

# The SBOM is of these programs, and names what is linked.
python3 - "$work/root/usr" <<'END' || fail "the SBOM is wrong"
import hashlib, json, subprocess, sys

usr = sys.argv[1]
document = json.load(open(f"{usr}/share/doc/sandbox-run/sbom.spdx.json"))
for file in document["files"]:
    contents = open(usr + file["fileName"].removeprefix("."), "rb").read()
    assert file["checksums"][1]["checksumValue"] == hashlib.sha256(contents).hexdigest(), file["fileName"]
versions = {package["name"]: package["versionInfo"] for package in document["packages"]}
libraries = "libcli11-dev", "libfmt-dev", "libseccomp-dev", "libspdlog-dev", "libyaml-cpp-dev", "rapidjson-dev"
for name in "libc6-dev", *libraries:
    installed = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", name], text=True)
    assert versions[name] == installed, name
known = {package["SPDXID"] for package in document["packages"] + document["files"]} | {"SPDXRef-DOCUMENT"}
for relation in document["relationships"]:
    assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known, relation
kinds = {r["relatedSpdxElement"]: r["relationshipType"] for r in document["relationships"]}
assert kinds["SPDXRef-Package-libyaml-cpp-dev"] == "STATIC_LINK"
END
echo "${formats[*]}: $(wc -l <"$work/found") files"
