#!/bin/bash
# guest.sh STAGE: the first process of the virtual machine that tests/vm/run.sh starts.
stage=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
export SANDBOX_RUN_TEST_BOUND=600  # Emulation is slow.
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
ln -s /proc/self/fd /dev/fd
for link in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${link#*:}" "/dev/${link%:*}"; done
mkdir -p /dev/pts /dev/shm
mount -t devpts none /dev/pts
mount -t tmpfs none /dev/shm
ip link set lo up

passed=0 failed=0 skipped=0
while read -r test; do
  for user in self nobody; do
    begun=$SECONDS status=0
    "$stage/run_as.sh" "$user" "$stage" "$test" </dev/null >/run/output 2>&1 || status=$?
    case $status in
      0) passed=$((passed + 1)) result=passed ;;
      77) skipped=$((skipped + 1)) result=skipped ;;
      *) failed=$((failed + 1)) result="FAILED ($status)" ;;
    esac
    echo "$test $user: $result, $((SECONDS - begun)) s"
    [ "$status" = 0 ] || cat /run/output
  done
done <"$stage/tests"
echo "in all: $passed passed, $failed failed, $skipped skipped"
poweroff -f 2>/dev/null || busybox poweroff -f
