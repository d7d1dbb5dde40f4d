#!/bin/bash
# package.sh BUILD FOLDER [deb|rpm|tar]...: packages of what BUILD has built (default: all three) and their SBOM, in
# FOLDER.
#
# The same source, tools and SOURCE_DATE_EPOCH give the same packages byte for byte. Without that variable the time of
# the commit is taken, or of the newest release in CHANGELOG.md. DEBFULLNAME and DEBEMAIL name the maintainer of the
# packages; else that is the author of the commit.
#
# Needed are a static build (the presets dev and release), dpkg, python3, and for the rpm rpmbuild (Debian's package
# rpm).
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
build=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
shift 2
formats=${*:-deb rpm tar}

fail() {
  echo "package.sh: $1" >&2
  exit 1
}

of_cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
of_commit() { git -c safe.directory="$source" -C "$source" log -1 --format="$1" 2>/dev/null || true; }

version=$(of_cache CMAKE_PROJECT_VERSION)
[ "$(of_cache SANDBOX_RUN_STATIC)" = ON ] || fail "$build is not a static build"
released=$(sed -n 's/^## [0-9][0-9.]* (\(.*\))$/\1/p' "$source/CHANGELOG.md" | head -n 1)
epoch=${SOURCE_DATE_EPOCH:-$(of_commit %ct)}
export SOURCE_DATE_EPOCH=${epoch:-$(date -d "$released" +%s)}
maintainer=$(of_commit '%an <%ae>')
if [ -n "${DEBEMAIL:-}" ]; then maintainer="${DEBFULLNAME:-sandbox-run} <$DEBEMAIL>"; fi
[ -n "$maintainer" ] || fail "who makes the packages? Set DEBFULLNAME and DEBEMAIL"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
documents=$root/usr/share/doc/sandbox-run

# What all packages have. Times and permissions depend on nothing but the source.
DESTDIR=$root cmake --install "$build" --prefix /usr --strip >"$work/install.log" 2>&1 ||
  fail "$(cat "$work/install.log")"
"$here/sbom.py" "$build" "$root/usr/bin/sandbox-run" "$root/usr/bin/sandbox-policy" >"$documents/sbom.spdx.json"
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f ! -path '*/bin/*' -exec chmod 644 {} +
clamp_times() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }
clamp_times "$root"

# The processor by the ELF header of the program: e_machine.
machine=$(od -A n -t u2 -j 18 -N 2 "$root/usr/bin/sandbox-run" | tr -d ' ')
case $machine in
  3) deb_arch=i386 rpm_arch=i686 ;;
  21) deb_arch=ppc64el rpm_arch=ppc64le ;;
  22) deb_arch=s390x rpm_arch=s390x ;;
  40) deb_arch=armhf rpm_arch=armv7hl ;;
  62) deb_arch=amd64 rpm_arch=x86_64 ;;
  183) deb_arch=arm64 rpm_arch=aarch64 ;;
  243) deb_arch=riscv64 rpm_arch=riscv64 ;;
  *) fail "no packages are known for the ELF machine $machine" ;;
esac

make_deb() {
  local deb=$work/deb shown
  cp -a "$root" "$deb"
  # Debian's zsh reads vendor-completions; site-functions are for the administrator's own, below /usr/local.
  mv "$deb/usr/share/zsh/site-functions" "$deb/usr/share/zsh/vendor-completions"
  install -D -m 644 "$here/deb/lintian-overrides" "$deb/usr/share/lintian/overrides/sandbox-run"
  install -m 644 "$here/deb/copyright" "$deb/usr/share/doc/sandbox-run/copyright"
  "$here/changelog.sh" "$source/CHANGELOG.md" "$maintainer" | gzip -9n >"$deb/usr/share/doc/sandbox-run/changelog.gz"
  rm "$deb/usr/share/doc/sandbox-run/CHANGELOG.md" "$deb/usr/share/doc/sandbox-run/LICENSE"
  mkdir "$deb/DEBIAN"
  # As dpkg-gencontrol counts: files in KiB, rounded up, and 1 for everything else.
  local size
  size=$(find "$deb/usr" -mindepth 1 -type f -printf '%s\n' -o -printf '1\n' |
    awk '{ n += int(($1 + 1023) / 1024) } END { print n }')
  cat >"$deb/DEBIAN/control" <<END
Package: sandbox-run
Version: $version
Architecture: $deb_arch
Maintainer: $maintainer
Installed-Size: $size
Built-Using: $(built_using)
Section: admin
Priority: optional
Description: run programs under policies for system calls, files and ports
$(sed -e 's/^$/./' -e 's/^/ /' "$here/description.txt")
END
  (cd "$deb" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
  chmod 644 "$deb"/DEBIAN/*
  clamp_times "$deb"
  shown=sandbox-run_${version}_$deb_arch.deb
  dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$deb" "$out/$shown" >/dev/null
  echo "$out/$shown"
}

# Static programs contain these (Debian Policy 7.8): the source packages that the SBOM names.
built_using() {
  python3 - "$documents/sbom.spdx.json" <<'END'
import json, re, sys
document = json.load(open(sys.argv[1]))
linked = {r["relatedSpdxElement"] for r in document["relationships"] if r["relationshipType"] == "STATIC_LINK"}
packages = [package for package in document["packages"] if package["SPDXID"] in linked]
sources = {re.sub(r"built from (\S+) (\S+)", r"\1 (= \2)", package["sourceInfo"]) for package in packages}
print(", ".join(sorted(sources)))
END
}

make_rpm() {
  command -v rpmbuild >/dev/null || fail "rpmbuild is missing (the Debian package rpm)"
  local spec=$work/sandbox-run.spec
  install -D -m 644 "$source/LICENSE" "$work/rpm/usr/share/licenses/sandbox-run/LICENSE"
  cp -a "$root/." "$work/rpm"
  rm "$work/rpm/usr/share/doc/sandbox-run/LICENSE"
  clamp_times "$work/rpm"
  {
    cat <<END
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w9.xzdio
%global _source_payload w9.xzdio
%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global source_date_epoch_from_changelog 0
%global _docdir /usr/share/doc
%global _defaultlicensedir /usr/share/licenses
Name: sandbox-run
Version: $version
Release: 1
Summary: Run programs under policies for system calls, files and ports
License: Apache-2.0
Packager: $maintainer
Group: System/Base
AutoReqProv: no
%description
$(cat "$here/description.txt")
%install
mkdir -p %{buildroot}
cp -a "$work/rpm/." %{buildroot}
%files
%defattr(-,root,root)
%license /usr/share/licenses/sandbox-run/LICENSE
%dir /usr/share/licenses/sandbox-run
END
    # Directories that only this package has are its own.
    (cd "$work/rpm" && find usr -type d \( -path '*/sandbox-run' -o -path '*/sandbox-run/*' \) ! -path '*/licenses/*' |
      sort | sed 's|^|%dir /|')
    (cd "$work/rpm" && find usr -type f ! -path '*/licenses/*' | sort |
      sed -E -e 's|^usr/share/doc/.*|%doc /&|' -e 's|^usr/share/man/.*|%doc /&|' -e 's|^usr|/usr|')
    echo '%changelog'
    "$here/changelog.sh" "$source/CHANGELOG.md" "$maintainer" | rpm_changelog
  } >"$spec"
  rpmbuild --quiet -bb --target "$rpm_arch-linux" --define "_topdir $work/topdir" --define "_rpmdir $work/rpms" \
    --define "_tmppath $work" --buildroot "$work/buildroot" "$spec" >"$work/rpm.log" 2>&1 ||
    fail "rpmbuild: $(cat "$work/rpm.log")"
  cp "$work/rpms/$rpm_arch"/*.rpm "$out"
  echo "$out/sandbox-run-$version-1.$rpm_arch.rpm"
}

# Debian's changelog as rpm wants it: "* Mon Nov 30 2026 NAME <ADDRESS> - 0.1.0-1".
rpm_changelog() {
  awk '
    /^sandbox-run / { release = $2; gsub(/[()]/, "", release); text = ""; next }
    /^ -- / {
      line = $0; sub(/^ -- /, "", line)
      who = line; sub(/  .*/, "", who)
      when = line; sub(/.*  /, "", when); split(when, part, /[ ,]+/)
      printf "* %s %s %s %s %s - %s-1\n%s\n", part[1], part[3], part[2], part[4], who, release, text
      next
    }
    /./ { sub(/^  \* /, "- "); gsub(/%/, "%%"); text = text $0 "\n" }'
}

make_tar() {
  local name=sandbox-run-$version-linux-$rpm_arch
  cp -a "$root/usr" "$work/$name"
  cp "$here/tarball_readme.txt" "$work/$name/INSTALL"
  clamp_times "$work/$name"
  tar --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -C "$work" -cf - "$name" |
    xz -9 -T1 >"$out/$name.tar.xz"
  echo "$out/$name.tar.xz"
}

for format in $formats; do
  case $format in
    deb | rpm | tar) "make_$format" ;;
    *) fail "unknown format '$format'; there are deb, rpm and tar" ;;
  esac
done
cp "$documents/sbom.spdx.json" "$out/sandbox-run-$version-$rpm_arch.spdx.json"
touch -d "@$SOURCE_DATE_EPOCH" "$out"/*
echo "$out/sandbox-run-$version-$rpm_arch.spdx.json"
