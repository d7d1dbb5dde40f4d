#!/bin/bash
# Builds sandbox-run on Debian 12 and shows a program inside the sandbox.
#
# Installs the Debian packages that the build needs (as root, or by sudo) if they are missing, and writes into build/.
# Nothing else on the machine is changed; running it again is harmless, and quick.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/apt.sh

log=$PWD/build/quickstart.log
mkdir -p build
trap 'return_to_owner build .' EXIT
: >"$log"

echo "1. Packages for building"
mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  prepare_install "${missing[@]}"
  echo "   installing ${missing[*]}; this may take some minutes"
  install_packages "$log" "${missing[@]}"
fi
echo "   all there"

sandbox_run=build/release/cmd/sandbox-run/sandbox-run
echo "2. Building"
if [ ! -e "$sandbox_run" ]; then echo "   takes about three minutes on two cores"; fi
run_logged "$log" cmake --preset release
run_logged "$log" cmake --build --preset release -j "$(nproc)"
echo "   made $sandbox_run"

# show works|denied COMMAND...: the command as it would be typed, what it prints, and whether it ended as it should.
show() {
  local expected=$1 shown status=0
  shift
  shown=$(sed -E "s/'([A-Za-z0-9_.,:\/=-]+)'/\1/g" <<<"${*@Q}")
  echo "   \$ ${shown/#$sandbox_run/sandbox-run}"
  "$@" >build/quickstart.out 2>&1 </dev/null || status=$?
  sed 's/^/     /' build/quickstart.out
  case $expected:$status in
    works:0 | denied:[1-9] | denied:[1-9][0-9]) ;;
    *)
      echo "this should have ${expected/works/worked} and ended with status $status; 125 is sandbox-run's own" >&2
      exit 1
      ;;
  esac
}

echo
echo "3. A program without the sandbox, then inside it"
look=(grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status)
show works "${look[@]}"
show works "$sandbox_run" -- "${look[@]}"
grep -q 'Seccomp:[[:space:]]*2' build/quickstart.out || { echo "this program ran without a filter" >&2; exit 1; }
echo "   NoNewPrivs 1: no set-user-ID program can give it new rights. Seccomp 2: the kernel puts each of its system"
echo "   calls through a filter. No policy was named, so it is the one of the built-in profile 'default'."

# Something that works outside (where not even that does, in a container say, there is nothing to compare).
echo
echo "4. What ordinary programs do not need is denied"
if unshare --user --map-root-user true 2>/dev/null; then
  command=(unshare --user --map-root-user id -un)
  why="A user namespace makes anybody root of a small world of their own, with much of the kernel in reach"
else
  command=(setarch "$(uname -m)" --addr-no-randomize echo "no randomised addresses")
  why="Fixed addresses make a program easier to attack"
fi
if "${command[@]}" >/dev/null 2>&1; then show works "${command[@]}"; fi
show denied "$sandbox_run" -- "${command[@]}"
echo "   $why;"
echo "   the profile answers EPERM (Operation not permitted)."

echo
echo "5. A policy of Elastic Beats: the program starts, but cannot start others"
show denied "$sandbox_run" --policy policies/beats-example.yml -- sh -c 'echo "I run as usual"; ls'
echo "   The policy denies fork and execve; only the first execve, sandbox-run's own, got through."

cat <<END

All of this worked. Try next:
  alias sandbox-run=$PWD/$sandbox_run
  sandbox-run -- bash         a shell in the sandbox; 'exit' leaves it
  sandbox-run --report -- ls  a program, and at the end what it was denied
  sandbox-run --dry-run       the filter that the default profile becomes
  less policies/default.yml   that profile, with its reasons
  man man/sandbox-run.1       the manual (needs the Debian package man-db)
  tests/run.sh                the tests
END
