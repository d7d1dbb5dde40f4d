#!/bin/bash
# Runs staged tests under a kernel of Debian's in a virtual machine, as root and as nobody.
#
#   tests/vm/run.sh [--kernel PACKAGE|FILE.deb] [--build FOLDER] [TEST]...
#
# TEST is a script below tests/, such as kernel/report_fate_test.sh, or a pattern of such ('kernel/escape_*'); without one,
# all of kernel/ run. The kernel is that
# of PACKAGE (default: what linux-image-amd64 stands for), or of a package's file, from another release of Debian, say.
# qemu emulates the machine, which makes it some ten times slower than this one. It sees this one's files as its own, and
# what it writes is forgotten. The programs are those of the preset dev, or of another build. Needs as packages:
# busybox-static cpio kmod qemu-system-x86. Run it as root: it has to read all files.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "$0: $*" >&2; exit 2; }

kernel='' build=build/dev
while [ $# -gt 0 ]; do
  case $1 in
    --kernel) kernel=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    -*) fail "unknown option '$1'; see the head of the script" ;;
    *) break ;;
  esac
done
for program in busybox cpio depmod qemu-system-x86_64; do
  command -v "$program" >/dev/null || fail "no $program; packages: busybox-static cpio kmod qemu-system-x86"
done
launcher=$build/cmd/sandbox-run/sandbox-run
[ -x "$launcher" ] || fail "no $launcher; build the preset dev"
[ $# -gt 0 ] || set -- 'kernel/*'
# Of what a pattern matches, the scripts; of a name, itself, so that a wrong one is told.
mapfile -t tests < <(cd tests && for test; do
  # shellcheck disable=SC2086 # Patterns.
  case $test in *[*?[]*) printf '%s\n' $test | grep '_test\.sh$' ;; *) echo "$test" ;; esac
done)
[ ${#tests[@]} -gt 0 ] || fail "no test matches: $*"
for test in "${tests[@]}"; do
  [ -x "tests/$test" ] || fail "no test 'tests/$test'"
done
: "${kernel:=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')}"

work=$(mktemp -d /tmp/sandbox-run-vm.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
stage=$work/stage
tests/stage.sh "$stage" "$PWD" "$launcher" "$build/tests/bin"
cp tests/run_as.sh tests/vm/guest.sh "$stage/"
printf '%s\n' "${tests[@]}" >"$stage/tests"

# The kernel, and a first file system with what it takes to see this machine's.
case $kernel in
  *.deb) dpkg-deb -x "$kernel" "$work/kernel" ;;
  *) (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$kernel" && dpkg-deb -x "$kernel"_*.deb kernel) ;;
esac
release=$(ls "$work/kernel/lib/modules")
depmod -b "$work/kernel" "$release"
modules=$(modprobe -d "$work/kernel" -S "$release" -aD virtio_pci 9p 9pnet_virtio overlay |
  sed -n 's/^insmod //p' | awk '!seen[$0]++')
first=$work/first
mkdir -p "$first"/{bin,modules,proc,host,space,root}
cp "$(command -v busybox)" "$first/bin/busybox"
: >"$first/modules/order"
for module in $modules; do
  cp "$module" "$first/modules/"
  basename "$module" >>"$first/modules/order"
done
cat >"$first/init" <<END_OF_INIT
#!/bin/busybox sh
while read -r module; do /bin/busybox insmod "/modules/\$module"; done </modules/order
/bin/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose host /host
/bin/busybox mount -t tmpfs none /space
/bin/busybox mkdir /space/new /space/work
/bin/busybox mount -t overlay -o lowerdir=/host,upperdir=/space/new,workdir=/space/work none /root
exec /bin/busybox switch_root /root $stage/guest.sh $stage
END_OF_INIT
chmod +x "$first/init"
(cd "$first" && find . | cpio --quiet -o -H newc) >"$work/first.cpio"

echo "== $release"
# A processor without SMAP: under it qemu 7.2 takes what a far call writes to the stack for an access of the kernel.
qemu-system-x86_64 -accel tcg,thread=multi -cpu Westmere -smp 2 -m 3072 -nodefaults -no-reboot -display none -serial stdio \
  -kernel "$work/kernel/boot/vmlinuz-$release" -initrd "$work/first.cpio" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -append 'console=ttyS0 quiet loglevel=1 panic=-1' </dev/null | sed -u 's,\r,,' | tee "$work/log"
grep -q '^[0-9]* passed, 0 failed' "$work/log"
