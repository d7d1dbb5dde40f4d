#!/bin/bash
# Runs the programs under a kernel of Debian's in a virtual machine, of this machine's ABI or another.
#
#   tests/vm/run.sh ABI KERNEL [--build FOLDER] [TEST]...
#
# ABI is amd64, arm64, i386, armhf, ppc64el, s390x or riscv64 (which Debian has since trixie). KERNEL is a version of
# which a release of Debian has the kernel (5.10, 6.1, 6.12), a release (trixie), or a file linux-image-....deb. Emulation
# makes all some ten times slower than this machine.
#
# Without TEST, the programs are built as they are shipped, below build/vm, and put into a file system of their own with
# busybox; check.sh has what is done with them, and check.expected what must come out, the same on all machines.
#
# TEST is a script below tests/, such as kernel/report_fate_test.sh, a pattern of such ('kernel/escape_*'), or `kernel`
# for all of kernel/; the programs are then those of the preset dev (or of another build), and ABI is this machine's. It
# sees this machine's files as its own, and what it writes is forgotten. Run it as root: it has to read all files.
#
# Missing Debian packages are installed. What is of another release or ABI is only unpacked, below build/vm.
set -euo pipefail
cd "$(dirname "$0")/../.."
. packaging/apt.sh
. tests/vm/debian.sh

fail() { echo "$0: $*" >&2; exit 2; }
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

[ $# -ge 2 ] || usage
abi=$1 kernel=$2 build=build/dev
shift 2
if [ "${1:-}" = --build ]; then build=$2; shift 2; fi
native=$(dpkg --print-architecture)
# The compiler's name of the machine, and CMake's of the processor; Debian's kernel; qemu's machine and console. The
# libraries are those of the release that this machine has, but for riscv64.
library_suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
kernel_file=vmlinuz
case $abi in
  # A processor without SMAP: under it qemu 7.2 takes what a far call writes to the stack for an access of the kernel.
  amd64)
    triple=x86_64-linux-gnu cpu=x86_64 kernel_package=amd64
    qemu=x86_64 machine=(-cpu Westmere) console=ttyS0
    ;;
  arm64)
    triple=aarch64-linux-gnu cpu=aarch64 kernel_package=arm64
    qemu=aarch64 machine=(-M virt -cpu cortex-a57) console=ttyAMA0
    ;;
  i386)
    triple=i686-linux-gnu cpu=i686 kernel_package=686-pae
    qemu=x86_64 machine=(-cpu Westmere) console=ttyS0
    ;;
  armhf)
    triple=arm-linux-gnueabihf cpu=armv7l kernel_package=armmp
    qemu=arm machine=(-M "virt,highmem=off" -cpu cortex-a15) console=ttyAMA0
    ;;
  ppc64el)
    triple=powerpc64le-linux-gnu cpu=ppc64le kernel_package=powerpc64le kernel_file=vmlinux
    qemu=ppc64 machine=(-M pseries -cpu power9 -vga none) console=hvc0
    ;;
  s390x)
    triple=s390x-linux-gnu cpu=s390x kernel_package=s390x
    qemu=s390x machine=(-M s390-ccw-virtio -cpu max) console=ttysclp0
    ;;
  riscv64)
    triple=riscv64-linux-gnu cpu=riscv64 kernel_package=riscv64 kernel_file=vmlinux
    qemu=riscv64 machine=(-M virt) console=ttyS0
    case $library_suite in bullseye | bookworm) library_suite=trixie ;; esac
    ;;
  *) fail "ABI must be amd64, arm64, armhf, i386, ppc64el, riscv64 or s390x, found '$abi'" ;;
esac
case $qemu in
  x86_64) qemu_packages=(qemu-system-x86) ;;
  aarch64 | arm) qemu_packages=(qemu-system-arm) ;;
  ppc64) qemu_packages=(qemu-system-ppc qemu-slof) ;;
  riscv64) qemu_packages=(qemu-system-misc opensbi) ;;
  *) qemu_packages=(qemu-system-misc) ;;
esac
if [ $# -gt 0 ] && [ "$abi" != "$native" ]; then
  fail "the tests run on $native only; without TEST the programs are checked on $abi"
fi
vm=$PWD/build/vm
mkdir -p "$vm"
log=$vm/log
: >"$log"

packages=("${BUILD_PACKAGES[@]}" cpio curl kmod "${qemu_packages[@]}")
[ $# = 0 ] || packages+=(busybox-static)
gcc=$(apt-cache depends g++ | sed -n 's/.*Depends: g++-\([0-9]*\)$/\1/p')
if [ "$abi" != "$native" ]; then packages+=("g++-$gcc-${triple/_/-}"); fi
mapfile -t missing < <(missing_packages "${packages[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  prepare_install "${missing[@]}"
  echo "installing ${missing[*]}"
  install_packages "$log" "${missing[@]}"
fi

# ---- The kernel

case $kernel in
  *.deb)
    image=$vm/kernel/$(basename "$kernel" .deb)
    [ -d "$image/boot" ] || dpkg-deb -x "$kernel" "$image"
    ;;
  *)
    suite=$(suite_of_kernel "$kernel") || suite=$kernel
    debian_apt "$abi" "$suite"
    package=$(depends_of "linux-image-$kernel_package" 'linux-image-[0-9].*')
    image=$vm/kernel/$package
    unpack "$image" "$package"
    ;;
esac
modules=$image/lib/modules
[ -d "$modules" ] || modules=$image/usr/lib/modules
release=$(ls "$modules")

work=$(mktemp -d /tmp/sandbox-run-vm.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
first=$work/first
mkdir -p "$first/bin"

# boot MEMORY OPTION...: the first file system is packed, and the machine's console comes to standard output.
boot() {
  local memory=$1
  shift
  (cd "$first" && find . | cpio --quiet -o -H newc) >"$work/first.cpio"
  timeout "${SANDBOX_RUN_VM_TIMEOUT:-7200}" "qemu-system-$qemu" -accel tcg,thread=multi "${machine[@]}" -smp 2 \
    -m "$memory" -nodefaults -no-reboot -display none -serial stdio \
    -kernel "$image/boot/$kernel_file-$release" -initrd "$work/first.cpio" "$@" \
    -append "console=$console quiet loglevel=1 panic=-1" </dev/null | sed -u 's,\r,,'
}

# ---- The programs as they are shipped

# build_programs FOLDER TARGETS OPTION...
build_programs() {
  local folder=$1 targets=$2
  shift 2
  run_logged "$log" cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSANDBOX_RUN_TESTS=OFF "$@"
  # shellcheck disable=SC2086 # Several words.
  run_logged "$log" cmake --build "$folder" --target $targets
}

# The libraries and headers for another ABI: what the build takes, and what that depends on, but for the C library, which
# the compiler brings.
unpack_libraries() {
  local headers libraries package
  debian_apt "$abi" "$library_suite"
  mapfile -t headers < <(printf '%s\n' "${BUILD_PACKAGES[@]}" libfmt-dev | grep -e '-dev$')
  mapfile -t libraries < <(for package in "${headers[@]}"; do
    depends_of "$package" '(lib|zlib).*' | grep -vE '^libc(6|6-dev|-dev)$' || true
  done)
  unpack "$vm/$abi/root" "${headers[@]}" "${libraries[@]}"
}

# Of the library that is linked.
yaml_version() {
  local root=
  [ "$abi" = "$native" ] || root=$vm/$abi/root
  sed -n 's/^Version: //p' "$root"/usr/lib/*/pkgconfig/yaml-cpp.pc | head -n 1
}

if [ $# = 0 ]; then
  echo "== building for $abi"
  if [ "$abi" = "$native" ]; then
    build_programs "$vm/$abi/build" 'sandbox-run sandbox-policy'
  else
    build_programs "$vm/$native/build" generators
    unpack_libraries
    build_programs "$vm/$abi/build" 'sandbox-run sandbox-policy' "-DSANDBOX_RUN_GENERATORS=$vm/$native/build/src" \
      -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$cpu" "-DCMAKE_C_COMPILER=$triple-gcc-$gcc" \
      "-DCMAKE_CXX_COMPILER=$triple-g++-$gcc" "-DCMAKE_LIBRARY_ARCHITECTURE=${triple/i686/i386}" \
      "-DCMAKE_FIND_ROOT_PATH=$vm/$abi/root" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
      -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
      -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY
  fi
  if [ "$abi" = "$native" ]; then compiler=g++; else compiler=$triple-g++-$gcc; fi
  echo "built by GCC $("$compiler" -dumpfullversion), yaml-cpp $(yaml_version)"
  debian_apt "$abi" "$library_suite"
  unpack "$vm/$abi/busybox" busybox-static
  busybox=$(find "$vm/$abi/busybox" -name busybox -type f -perm -100 | head -n 1)
  cp "$busybox" "$first/bin/busybox"
  cp "$busybox" "$first/bin/busybox.real"
  for program in sandbox-run sandbox-policy; do
    "$triple-strip" -o "$first/bin/$program" "$vm/$abi/build/cmd/$program/$program"
  done
  mkdir "$first/policies"
  cp policies/*.yml "$first/policies/"
  cp tests/vm/check.sh "$first/check.sh"
  cp tests/vm/init.sh "$first/init"
  chmod +x "$first/init"

  echo "== $abi, $release"
  boot 1024 >"$work/console"
  grep -aE '^(MACHINE|DONE)' "$work/console" || { tail -n 40 "$work/console"; fail "the check did not end"; }
  sed -n '/^MACHINE/,/^DONE/p' "$work/console" | sed '1d;$d' >"$vm/check-$abi-$release"
  diff -u tests/vm/check.expected "$vm/check-$abi-$release" || fail "what came out is not tests/vm/check.expected"
  echo "passed: $(grep -c '^\$ ' tests/vm/check.expected) commands as expected"
  exit
fi

# ---- The tests, in a view of this machine's files

[ "${*}" != kernel ] || set -- 'kernel/*'
launcher=$build/cmd/sandbox-run/sandbox-run
[ -x "$launcher" ] || fail "no $launcher; build the preset dev"
# Of what a pattern matches, the scripts; of a name, itself, so that a wrong one is told.
mapfile -t tests < <(cd tests && for test; do
  # shellcheck disable=SC2086 # Patterns.
  case $test in *[*?[]*) printf '%s\n' $test | grep '_test\.sh$' ;; *) echo "$test" ;; esac
done)
[ ${#tests[@]} -gt 0 ] || fail "no test matches: $*"
for test in "${tests[@]}"; do
  [ -x "tests/$test" ] || fail "no test 'tests/$test'"
done

stage=$work/stage
tests/stage.sh "$stage" "$PWD" "$launcher" "$build/tests/bin"
cp tests/run_as.sh tests/vm/guest.sh "$stage/"
printf '%s\n' "${tests[@]}" >"$stage/tests"

# A first file system with what it takes to see this machine's.
depmod -b "${modules%/lib/modules}" "$release"
mkdir -p "$first"/{modules,proc,host,space,root}
cp "$(command -v busybox)" "$first/bin/busybox"
: >"$first/modules/order"
for module in $(modprobe -d "${modules%/lib/modules}" -S "$release" -aD virtio_pci 9p 9pnet_virtio overlay |
  sed -n 's/^insmod //p' | awk '!seen[$0]++'); do
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

echo "== $release"
boot 3072 -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap | tee "$work/log"
# The guest's count, which is its last line: a script that is skipped prints one of its own.
grep -Eq '^in all: [0-9]+ passed, 0 failed,' "$work/log" || fail "a test failed, or the tests did not end"
