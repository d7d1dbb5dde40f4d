#!/bin/bash
# Whether the benchmark measures what it says: every figure that its tables promise is there, filters are counted
# rightly, and launchers that do not do their work are found out. Nothing is asserted on how long anything takes.
set -euo pipefail
: "${SANDBOX_RUN:?}" "${SANDBOX_POLICY:?}" "${BENCH_BIN:?}" "${MAKE_FILTER:?}"
bench=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/sandbox-run-work.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# ---- The programs that measure ----

# fails_with TEXT COMMAND...: with standard input passed on.
fails_with() {
  local text=$1
  shift
  if "$@" >out 2>err; then fail "succeeded: $*"; fi
  grep -qF -- "$text" err || fail "expected '$text' of $*; it said: $(cat err)"
}

# little-endian {code, jt, jf, k}.
instruction() { printf '%b' "\\x$1\\x$2\\x$3\\x$4\\x$5\\x$6\\x$7\\x$8"; }
load_number() { instruction 20 00 00 00 00 00 00 00; }
allow() { instruction 06 00 00 00 00 00 ff 7f; }
refuse() { instruction 06 00 00 00 01 00 05 00; }

test_figures() {
  # ld nr; jge 225, to the allow, to the ja; allow; ja to the refuse: three instructions for 226 numbers, 4 for 225.
  { load_number && instruction 35 00 00 01 e1 00 00 00 && allow && instruction 05 00 00 00 00 00 00 00 && refuse; } >f
  [ "$("$BENCH_BIN/filter_figures" f)" = $'5\t4\t3.50' ] || fail "figures: $("$BENCH_BIN/filter_figures" f)"
  # For two filters, the sum.
  [ "$("$BENCH_BIN/filter_figures" f f)" = $'10\t8\t7.00' ] || fail "figures of two"
  # Cut short.
  head -c 39 f >g
  fails_with "not a filter" "$BENCH_BIN/filter_figures" g
}

test_launch_times() {
  printf 'yes\t-\t/bin/true\nno\t-\t/bin/false\n' >columns
  fails_with "no: ended with wait status 256" "$BENCH_BIN/launch_times" --rounds 1 <columns
  printf 'none\t-\t/nowhere/true\n' >columns
  fails_with "none: No such file or directory" "$BENCH_BIN/launch_times" --rounds 1 <columns
  # Each launch finds its file from the beginning.
  echo "from the beginning" >file
  # shellcheck disable=SC2016 # $line is for the shell that is launched.
  printf 'file\tfile\t/bin/sh\t-c\tread line <&9 && [ "$line" = "from the beginning" ]\n' >columns
  "$BENCH_BIN/launch_times" --rounds 5 <columns >out
  grep -qE $'^file\t5(\t[0-9]+\\.[0-9]{3}){4}$' out || fail "launch_times: $(cat out)"
  # Median, minimum, quartiles.
  awk '!(0 < $4 && $4 <= $5 && $5 <= $3 && $3 <= $6) { exit 1 }' out || fail "out of order: $(cat out)"
}

test_load_times() {
  allow >allow.bpf
  load_number >no_end.bpf
  printf 'one\tallow.bpf\ntwo\tallow.bpf\tallow.bpf\n' >columns
  "$BENCH_BIN/load_times" --rounds 3 <columns >out
  [ "$(grep -cE $'^(one|two)\t3(\t[0-9]+\\.[0-9]{3}){4}$' out)" = 2 ] || fail "load_times: $(cat out)"
  printf 'bad\tno_end.bpf\n' >columns
  fails_with "bad: cannot be loaded" "$BENCH_BIN/load_times" --rounds 1 <columns
}

test_call_costs() {
  # A filter that does not refuse what it is said to refuse, and one that refuses what it should not.
  printf 'weak\tallow.bpf\trefuses\n' >columns
  fails_with "weak: the filter does not do what it should" "$BENCH_BIN/call_costs" --rounds 1 <columns
  "$BENCH_BIN/write_filter" best "$bench/policies/c.yml" >c.bpf
  printf 'strict\tc.bpf\tallows\n' >columns
  fails_with "strict: the filter does not do what it should" "$BENCH_BIN/call_costs" --rounds 1 <columns
}

# What launchers install is read back from the kernel: it is the filter that the tables are about.
test_installed_filters() {
  is_root || return 0
  local probe=("$BENCH_BIN/is_installed" kcmp)
  "$BENCH_BIN/write_filter" quick "$bench/policies/b.yml" >b.bpf
  "$BENCH_BIN/installed_filters" seen "${probe[0]}" \
    "$SANDBOX_RUN" --policy "$bench/policies/b.yml" "${probe[@]}" >out ||
    fail "installed_filters: $(cat out)"
  [ "$(cat out)" = 1 ] || fail "one filter was expected: $(cat out)"
  cmp seen.0 b.bpf || fail "sandbox-run's filter is another than write_filter's"
  "$BENCH_BIN/libseccomp_launcher" b 2 --export >b2.bpf
  "$BENCH_BIN/installed_filters" seen "${probe[0]}" "$BENCH_BIN/libseccomp_launcher" b 2 "${probe[@]}" >out
  cmp seen.0 b2.bpf || fail "libseccomp's filter is another than the exported one"
  fails_with "/bin/false has not run" "$BENCH_BIN/installed_filters" seen /bin/false /bin/true
}

# ---- The tables ----

# table NAME TEXT: what tables.awk makes of its standard input.
table() {
  awk -F "${3:-\t}" -f "$bench/tables.awk" -v table="$1" -v ours=ours >out
  diff <(printf '%s\n' "$2") out || fail "another table was expected of $1"
}

test_arithmetic() {
  local launched="env;-
mine;a
mine;b"
  launched=$(paste <(echo "$launched") <(printf '%s\t%s\t%s\t%s\t%s\n' 9 100 80 90 120 9 150 130 140 160 9 206 1 2 3))
  table launch "| launcher |  | policy a | policy b |
| --- | --- | --- | --- |
| env | 1.00 |  |  |
| mine |  | 1.50 | 2.06 |" <<<"$launched"
  table launch_details "| launcher | policy | against env | median | quartiles | minimum |
| --- | --- | --- | --- | --- | --- |
| env | - | 1.000 | 100 | 90 to 120 | 80 |
| mine | a | 1.500 | 150 | 140 to 160 | 130 |
| mine | b | 2.060 | 206 | 2 to 3 | 1 |" <<<"$launched"
  table load "| generator | a | d |
| --- | --- | --- |
| ours | 20.0 (1.00) | 5.0 (1.00) |
| theirs | 50.0 (2.50) |  |" < <(printf '%s\t9\t%s\t1\t2\t3\n' "ours;a" 20 "ours;d" 5 "theirs;a" 50)
  table calls "| filter | getppid, cached | socket, allowed for its argument | socket, denied for its argument |\
 a call that is denied |
| --- | --- | --- | --- | --- |
| none | 1.00 (100) | 1.00 (50) | 1.00 (20) | 1.00 (10) |
| mine | 1.10 (110) | 2.00 (100) | 0.50 (10) | 2.50 (25) |" \
    < <(printf '%s\t%s\t%s\t%s\t%s\n' none 100 50 20 10 mine 110 100 10 25)
  table stages "| stage | a | b | c | d | default |
| --- | --- | --- | --- | --- | --- |
| read | 1.5 |  |  |  |  |
| resolve |  |  |  |  |  |
| quick |  |  |  |  |  |
| best |  |  |  |  |  |
| validate |  |  |  |  |  |
| load |  | 21.0 |  |  |  |" , \
    < <(printf '%s,5,%s,9,us\n' '"read/a_median"' 1.5 '"read/a_mean"' 7 '"load/b/manual_time_median"' 21)
}

number='[0-9]+\.[0-9]{2}'

# row PATTERN: an extended regular expression for a whole line of the tables.
row() { grep -qE -- "^$1\$" tables || fail "no row $1 in: $(cat tables)"; }

# launcher_rows TITLE NAME: figures for both policies; or why not, which is for others' launchers alone: in a chroot, or
# in a container, they cannot do their work.
launcher_rows() {
  local reason
  if reason=$(grep -E "^- $1, policy [ab]: (does not work here|not installed)" tables); then
    missing+=("$2: $reason")
  else
    row "\| $1 \|  \| $number \| $number \|"
  fi
}

test_tables() {
  local figures="[0-9]+ / [0-9]+ / $number" time="[0-9]+\.[0-9] \($number\)" cost="$number \([0-9]+\)" title stage reason
  "$bench/measure.sh" --rounds 2 >tables 2>err || fail "measure.sh: $(cat err)"

  row "\| /bin/true itself \| $number \|  \|  \|"
  row "\| env \| 1\.00 \|  \|  \|"
  row "\| env once more \| $number \|  \|  \|"
  row "\| sandbox-run, built-in profile \| $number \|  \|  \|"
  row "\| sandbox-run --report, built-in profile \| $number \|  \|  \|"
  for title in "floor: C, static, 20 paths, ready-made filter" "sandbox-run --bare, 20 paths as options" \
    "sandbox-run --policy, landlock \(20 paths\)" "sandbox-run --profile untrusted"; do
    row "\| $title \| $number \|  \|  \|"
  done
  row "\| sandbox-policy record \| $number \|  \|  \|"
  for title in "floor: C, static, ready-made filter" "sandbox-run --bpf" "sandbox-run --policy" \
    "minimal C on libseccomp\.so, optimization [12]"; do
    row "\| $title \|  \| $number \| $number \|"
  done
  launcher_rows "bubblewrap, ready-made filter" bubblewrap
  launcher_rows firejail firejail
  row "\| sandbox-run --bpf \| b \| [0-9]+\.[0-9]{3} \| [0-9]+ \| [0-9]+ to [0-9]+ \| [0-9]+ \|"

  for title in "compiled beforehand" "at a launch"; do
    row "\| sandbox-run, $title \|( $figures \|){4}"
    row "\| sandbox-run, $title \|( $time \|){4}"
  done
  row "\| sandbox-run, compiled beforehand \|( [0-9]+\.[0-9] \(1\.00\) \|){4}"
  row "\| libseccomp, optimization 1 \|( $figures \|){3} cannot express \|"
  row "\| libseccomp, optimization 2 \|( $time \|){3}  \|"
  row "token: $figures\..*"
  if reason=$(grep -E "^- firejail: (not installed|its filters cannot be read back from the kernel: .)" tables); then
    ! is_root || [[ ${missing[*]} = *firejail* ]] || fail "firejail works here, but: $reason"
    missing+=("firejail's filters: $reason")
    ! grep -Eq '^\| firejail \|( [0-9]+ /|  \|  \|)' tables || fail "filters that are not there: $(cat tables)"
  else
    row "\| firejail \| $figures \(2 filters\) \| $figures \|  \|  \|"
    row "\| firejail \|( $time \|){2}  \|  \|"
  fi

  row "\| none \|( 1\.00 \([0-9]+\) \|){4}"
  for title in "the plainest: .*" sandbox-run "sandbox-run, with the exec token in it" \
    "libseccomp, optimization [12]"; do
    row "\| $title \|( $cost \|){4}"
  done
  if [ -e "$BENCH_BIN/stages_benchmark" ]; then
    for stage in read resolve quick best validate load; do row "\| $stage \|( [0-9]+\.[0-9] \|){5}"; done
  else
    row "- not measured: Google Benchmark is not installed"
    missing+=("Google Benchmark: not installed")
  fi
}

# A launcher that starts the program and installs nothing is not timed.
test_idle_launcher() {
  cat >idle <<'END'
#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift 2; done
exec "$@"
END
  chmod +x idle
  SANDBOX_RUN=$work/idle "$bench/measure.sh" --rounds 1 >tables 2>err || fail "measure.sh: $(cat err)"
  row "- sandbox-run --policy, policy a: does not work here, status 1: execveat is not denied"
  row "- sandbox-run --bpf, policy b: does not work here, status 1: kcmp is not denied"
  row "- sandbox-policy record, policy -: does not work here, status 0: kcmp is not denied"
  ! grep -Eq '^\| sandbox-(run --|policy)' tables || fail "an idle launcher was timed: $(cat tables)"
}

# Nor is a report without a word of what was denied, or a recording without a policy.
test_idle_supervisors() {
  cat >mute <<END
#!/bin/sh
exec "$SANDBOX_RUN" "\$@" 2>/dev/null
END
  printf '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n' >norecord
  chmod +x mute norecord
  SANDBOX_RUN=$work/mute SANDBOX_POLICY=$work/norecord "$bench/measure.sh" --rounds 1 >tables 2>err ||
    fail "measure.sh: $(cat err)"
  row "- sandbox-run --report, built-in profile, policy -: does not work here, status 0: "
  row "- sandbox-policy record, policy -: does not work here, status 0: "
  ! grep -Eq '^\| sandbox-(run --report|policy)' tables || fail "an idle supervisor was timed: $(cat tables)"
}

test_supervision() {
  local program title ratio="-?$number" close="[0-9]+\.[0-9]{3}"
  for program in gcc git redis-server redis-benchmark strace; do
    command -v "$program" >/dev/null || { missing+=("supervise.sh: $program is not installed") && return; }
  done
  "$bench/supervise.sh" --quick --rounds 1 >tables 2>err || fail "supervise.sh: $(cat err)"
  for title in find gcc git sh redis-server "the same"; do
    row "\| $title[^|]*\| [1-9][0-9]+ \| [1-9][0-9]* \| $number \| $number \| $ratio \|"
  done
  for title in find gcc git sh redis-server; do row "\| $title[^|]*\| [1-9][0-9]*( \| $close){3} \|"; done
}

missing=()
test_figures
test_launch_times
test_load_times
test_call_costs
test_installed_filters
test_arithmetic
test_tables
test_idle_launcher
test_idle_supervisors
test_supervision
if [ ${#missing[@]} -gt 0 ]; then
  echo "skipped, after all the rest was checked and found as it should be:"
  printf '%s\n' "${missing[@]}"
  exit 77
fi
