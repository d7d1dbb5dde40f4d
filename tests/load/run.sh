#!/bin/bash
# What many launches and many denials do: whether all succeed, what is left of them, and whether it gets slower.
#
#   tests/load/run.sh [BUILD]      a table on standard output; BUILD is a build of the preset dev, build/dev if none
#
# LAUNCHES (10000) of /bin/true are made in a row and 64 at a time, without and with --report; then DENIALS (10000000)
# calls of one launch with --report=FILE are denied, while the supervisor's memory is looked at each second. As root also
# the kernel's memory for filters is looked at. The exit status is 0 only if nothing failed, nothing is left, the
# supervisor's memory stopped growing, and the last fifth took at most SLOWER (50) per cent longer than the first.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/dev}")
launcher=${SANDBOX_RUN:-$build/cmd/sandbox-run/sandbox-run}
deny=${TEST_BIN:-$build/tests/bin}/deny
for program in "$launcher" "$deny"; do
  [ -x "$program" ] || { echo "$0: no $program; build the preset dev" >&2; exit 2; }
done
launches=${LAUNCHES:-10000} denials=${DENIALS:-10000000} slower=${SLOWER:-50}
fifth=$((launches / 5))
work=$(mktemp -d "${TMPDIR:-/tmp}/sandbox-run-load.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
# A name of its own, so that what is left of it is found.
name=load-$$
ln -s "$launcher" "$name"
cat >policy.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
  - {action: errno, names: [mkdirat]}
END

failed=0
wrong() { echo "$0: $*" >&2; failed=1; }
seconds() { date +%s.%N; }

# The launchers that there are: their command line begins with the name.
left() { grep -las "^\./$name" /proc/[0-9]*/cmdline 2>/dev/null | wc -l; }
# Pages that filters take, in the kernel: freed some time after the last process.
filters() { if [ "$(id -u)" = 0 ]; then grep -cs bpf_ /proc/vmallocinfo || true; else echo 0; fi; }

expect_nothing_left() {
  for _ in $(seq 100); do
    [ "$(left)" != 0 ] || break
    sleep 0.1
  done
  [ "$(left)" = 0 ] || wrong "$1: $(left) launchers are left"
}

# launch_fifth PARALLEL OPTION...: the number that failed.
launch_fifth() {
  local parallel=$1
  shift
  # shellcheck disable=SC2016 # For the inner shell.
  seq "$fifth" | xargs -P "$parallel" -n 100 sh -c 'for i; do "$0" '"$*"' -- /bin/true || echo failed; done' "./$name" \
    2>err | grep -c failed || true
}

# measure WHAT PARALLEL OPTION...
measure() {
  local what=$1 begun failures=0 times=()
  shift
  for _ in 1 2 3 4 5; do
    begun=$(seconds)
    failures=$((failures + $(launch_fifth "$@")))
    times+=("$(awk -v begun="$begun" -v end="$(seconds)" 'BEGIN { print end - begun }')")
    [ ! -s err ] || wrong "$what: $(head -n 3 err)"
  done
  [ "$failures" = 0 ] || wrong "$what: $failures launches failed"
  expect_nothing_left "$what"
  compare "$what" "${times[0]}" "${times[4]}"
  awk -v what="$what" -v n="$fifth" -v a="${times[0]}" -v z="${times[4]}" -v failures="$failures" 'BEGIN {
    printf "| %s | %d | %d | %.2f ms | %.2f ms |\n", what, 5 * n, failures, a / n * 1000, z / n * 1000 }'
}

compare() {
  awk -v a="$2" -v z="$3" -v percent="$slower" 'BEGIN { exit !(z <= a * (1 + percent / 100)) }' ||
    wrong "$1: the last took $3 s, the first $2 s"
}

before=$(filters)
echo "| launches of /bin/true | | failed | each of the first fifth | each of the last |"
echo "| --- | --- | --- | --- | --- |"
measure "in a row" 1 -p policy.yml
measure "64 at a time" 64 -p policy.yml
measure "in a row, --report" 1 -q --report -p policy.yml
measure "64 at a time, --report" 64 -q --report -p policy.yml

"./$name" -q --report=events.json -p policy.yml -- "$deny" "$denials" >times.txt 2>denials.err &
proxy=$!
rss=()
while kill -0 "$proxy" 2>/dev/null; do
  supervisor=$(tr ' ' '\n' <"/proc/$proxy/task/$proxy/children" 2>/dev/null | head -n 1 || true)
  value=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/${supervisor:-none}/status" 2>/dev/null || true)
  [ -z "$value" ] || rss+=("$value")
  sleep "${EVERY:-1}"
done
wait "$proxy" || wrong "the launch that is denied so much failed: $(head -n 3 denials.err)"
expect_nothing_left denials
[ ${#rss[@]} -ge 3 ] || wrong "too few denials to look at the memory"
[ "$(wc -l <times.txt)" = 10 ] || wrong "not all parts have ended: $(cat denials.err)"
grep -q "\"count\":${denials}[,}]" events.json || wrong "the events do not count $denials denials"
[ "$failed" = 0 ] || exit 1
compare "denials" "$(head -n 1 times.txt)" "$(tail -n 1 times.txt)"
# The first half takes what is kept, in a short run the policy's text too; from there on nothing is added.
early=${rss[$((${#rss[@]} / 2))]} most=$(printf '%s\n' "${rss[@]}" | sort -n | tail -n 1)
[ "$most" -le $((early + 1024)) ] || wrong "the supervisor grew from $early kB to $most kB"
awk -v n="$denials" -v early="$early" -v most="$most" -v size="$(stat -c %s events.json)" '
  NR == 1 { first = $1 } { last = $1; all += $1 }
  END {
    printf "\n%d denials with --report=FILE took %.0f s: %.1f microseconds each in the first tenth, ", n, all, first / n * 1e7
    printf "%.1f in the last. ", last / n * 1e7
    printf "The supervisor had %d kB of memory after half of them, %d kB at most; the file has %d kB.\n", early, most, size / 1024
  }' times.txt

after=$(filters)
for _ in $(seq 50); do
  [ "$after" -gt $((before + 20)) ] || break
  sleep 0.2
  after=$(filters)
done
[ "$after" -le $((before + 20)) ] || wrong "the kernel had $before pieces of memory for filters, now $after"
[ "$(id -u)" != 0 ] || echo "The kernel's pieces of memory for filters: $before before, $after after."
exit "$failed"
