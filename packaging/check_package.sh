#!/bin/sh
# check_package.sh BUILD: the Debian package holds what it should, and the program in it works.
set -eu
build=$1
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work" >"$work/log" 2>&1 || fail "cpack: $(cat "$work/log")"
dpkg-deb --extract "$work"/*.deb "$work/root"

{
  echo ./usr/bin/sandbox-policy
  echo ./usr/bin/sandbox-run
  echo ./usr/share/bash-completion/completions/sandbox-policy
  echo ./usr/share/bash-completion/completions/sandbox-run
  for file in README.md SECURITY.md changelog.gz copyright examples/prometheus-node-exporter-sandboxed.service; do
    echo "./usr/share/doc/sandbox-run/$file"
  done
  echo ./usr/share/lintian/overrides/sandbox-run
  echo ./usr/share/man/man1/sandbox-policy.1.gz
  echo ./usr/share/man/man1/sandbox-run.1.gz
  echo ./usr/share/man/man5/sandbox-policy.5.gz
  echo ./usr/share/man/man7/sandbox-service.7.gz
  (cd "$source/policies" && ls -- *.yml) | sed 's|^|./usr/share/sandbox-run/policies/|'
} | sort >"$work/expected"
(cd "$work/root" && find . -type f) | sort >"$work/found"
diff "$work/expected" "$work/found" >&2 || fail "files that the package should have (<) and has (>) differ"

strange=$(find "$work/root/usr" \( -type d ! -perm 755 \) -o \( -type f ! -perm 644 ! -path '*/bin/*' \))
[ -z "$strange" ] || fail "permissions: $strange"

[ "$(dpkg-deb --field "$work"/*.deb Package Section Maintainer)" = "Package: sandbox-run
Section: admin
Maintainer: sandbox-run maintainers <maintainers@example.org>" ] || fail "control fields: $(dpkg-deb --field "$work"/*.deb)"

run="$work/root/usr/bin/sandbox-run"
version=$("$run" --version)
[ "$version" = "sandbox-run $(dpkg-deb --field "$work"/*.deb Version)" ] || fail "the program says it is $version"
[ "$("$run" --policy "$work/root/usr/share/sandbox-run/policies/beats-example.yml" -- /bin/echo started)" = started ] ||
  fail "the program in the package starts nothing"
tool="$work/root/usr/bin/sandbox-policy"
[ "$("$tool" --version)" = "sandbox-policy ${version#sandbox-run }" ] || fail "sandbox-policy says it is another version"
[ "$("$tool" check "$work/root/usr/share/sandbox-run/policies/default.yml")" = \
  "$work/root/usr/share/sandbox-run/policies/default.yml: 0 errors, 0 warnings" ] || fail "sandbox-policy complains of the profile"
echo "$(wc -l <"$work/found") files"
