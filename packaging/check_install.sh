#!/bin/bash
# check_install.sh ROOT DEB [OLD_DEB]: installs the package in a copy of ROOT, a bare Debian as debootstrap makes it,
# uses it as another user than root, upgrades it (from OLD_DEB, else from the same package with a lower version),
# removes and purges it. After that nothing of it is left. Needs root; ROOT is not changed; the copy is made below TMPDIR.
set -euo pipefail
root=$(realpath "$1") deb=$(realpath "$2")
old=${3:+$(realpath "$3")}
copy=$(mktemp -d "${TMPDIR:-/tmp}/sandbox-run-root.XXXXXX")
clean_up() {
  if mountpoint -q "$copy/proc"; then umount "$copy/proc"; fi
  rm -rf --one-file-system "$copy"
}
trap clean_up EXIT

fail() {
  echo "FAILED in $root: $1" >&2
  exit 1
}
inside() { chroot "$copy" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }
as_nobody() { inside setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
# dpkg FILES OPTION...: what it prints is kept for an error.
dpkg_inside() { inside dpkg "$@" >"$copy/tmp/dpkg.log" 2>&1 || fail "dpkg $*: $(cat "$copy/tmp/dpkg.log")"; }
# Everything but what dpkg notes itself.
files() {
  (cd "$copy" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/log \
    -o -path ./var/cache \) -prune -o -print | sort)
}
status() { inside dpkg-query -W -f='${db:Status-Status} ${Version}' sandbox-run 2>/dev/null || true; }

rmdir "$copy"
cp -a --reflink=auto "$root" "$copy"
mount -t proc proc "$copy/proc"
chmod 1777 "$copy/tmp"
files >"$copy/tmp/before"

cp "$deb" "$copy/tmp/new.deb"
version=$(dpkg-deb --field "$deb" Version)
if [ -n "$old" ]; then
  cp "$old" "$copy/tmp/old.deb"
else
  mkdir "$copy/tmp/old"
  dpkg-deb --raw-extract "$deb" "$copy/tmp/old"
  sed -i 's/^Version: .*/Version: 0.0.1/' "$copy/tmp/old/DEBIAN/control"
  echo "of the older version" >"$copy/tmp/old/usr/share/doc/sandbox-run/only-in-the-old"
  dpkg-deb --root-owner-group -Zgzip --build "$copy/tmp/old" "$copy/tmp/old.deb" >/dev/null
fi

dpkg_inside -i /tmp/old.deb
before=$(status)
dpkg_inside -i /tmp/new.deb
[ "$(status)" = "installed $version" ] || fail "after the upgrade from '$before' dpkg has '$(status)'"
[ ! -e "$copy/usr/share/doc/sandbox-run/only-in-the-old" ] || fail "a file of the old package is left after the upgrade"
[ -z "$(inside dpkg --verify sandbox-run)" ] || fail "dpkg --verify: $(inside dpkg --verify sandbox-run)"

# It needs nothing but what a bare system has.
[ "$(as_nobody sandbox-run --version | head -n 1)" = "sandbox-run $version" ] || fail "it does not say it is $version"
[ "$(as_nobody sandbox-run -- echo started)" = started ] || fail "it starts nothing"
! as_nobody sandbox-run --no-exec -- sh -c 'ls' >/dev/null 2>&1 || fail "--no-exec lets a shell start ls"
as_nobody sandbox-policy check /usr/share/sandbox-run/policies/default.yml >/dev/null ||
  fail "sandbox-policy check fails"
as_nobody sandbox-policy record -o - -- ls / >/dev/null 2>"$copy/tmp/record.log" ||
  fail "recording: $(cat "$copy/tmp/record.log")"

commands=$(as_nobody sandbox-policy --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
[ -n "$commands" ] || fail "sandbox-policy --help lists no commands"
for command in $commands; do
  [ -e "$copy/usr/share/man/man1/sandbox-policy-$command.1.gz" ] || fail "no manual page of sandbox-policy $command"
done

dpkg_inside --remove sandbox-run
[ ! -e "$copy/usr/bin/sandbox-run" ] || fail "the program is there after the removal"
dpkg_inside -i /tmp/new.deb
dpkg_inside --purge sandbox-run
[ -z "$(status)" ] || fail "after the purge dpkg has '$(status)'"
files | diff "$copy/tmp/before" - >&2 || fail "files before (<) the installation and after the purge (>) differ"
system=$(sed -n 's/^PRETTY_NAME=//p' "$copy/etc/os-release")
echo "$system: installed, upgraded from '$before' to $version, used, removed and purged"
