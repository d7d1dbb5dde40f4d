#!/bin/bash
# measure.sh [--rounds N] [--quick]: measures, and prints the tables as Markdown. run.sh builds what it needs and starts
# it with
#   SANDBOX_RUN      the launcher
#   SANDBOX_POLICY   the other program
#   BENCH_BIN        the folder of the programs that measure
#   MAKE_FILTER      tests/tools' program that compiles policies to filter files
# --rounds N: how often each launcher is started (500). --quick: --rounds 40, for a first look.
#
# What cannot be measured on a machine is named below its table, with the reason. Nothing is compared with a bound.
set -euo pipefail
: "${SANDBOX_RUN:?names the launcher}" "${SANDBOX_POLICY:?}" "${BENCH_BIN:?}" "${MAKE_FILTER:?}"
cd "$(dirname "$0")"
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

rounds=500
while [ $# -gt 0 ]; do
  case $1:${2:-} in
    --quick:*) rounds=40 ;;
    --rounds:[1-9]*) rounds=$2 && shift ;;
    *) echo "usage: [--rounds N] [--quick]" >&2 && exit 2 ;;
  esac
  shift
done
# How often each filter's calls are timed, and how long Google Benchmark looks at a stage.
call_rounds=$((rounds / 15 + 1))
stage_seconds=$(awk -v rounds="$rounds" 'BEGIN { print rounds / 10000 }')

work=$(mktemp -d /tmp/sandbox-run-bench.XXXXXX)
# What is recorded is written here: a disk would be measured with it, as record waits until the file is there.
memory=$(mktemp -d /dev/shm/sandbox-run-bench.XXXXXX 2>/dev/null) || memory=
trap 'rm -rf "$work" ${memory:+"$memory"}' EXIT
chmod 755 "$work"
# Root's own copies: of a file that others may write sandbox-run would warn at every launch.
umask 022
cp -r policies "$work/policies"
policies=$work/policies
progress() { echo "-- $*" >&2; }

# names POLICY: its names, with commas between them. The policies a and b have nothing else.
names() { sed -n 's/^ *- \([a-z0-9_]*\)$/\1/p' "$policies/$1.yml" | paste -sd,; }

# first_line FILE: as the reason for what did not work.
first_line() { sed -n '/./{p;q}' "$1" | cut -c1-200; }

# ---- Filters ----

# filters_of GENERATOR POLICY: the files, for all tables below.
filters_of() { find "$work" -name "$1.$2.bpf*" | sort; }

# The generators' names in the tables. `quick` is what a launch from YAML installs; `best` what is compiled beforehand.
GENERATORS=(best quick libseccomp1 libseccomp2 firejail)
title_of() {
  case $1 in
    best) echo "sandbox-run, compiled beforehand" ;;
    quick) echo "sandbox-run, at a launch" ;;
    libseccomp?) echo "libseccomp, optimization ${1#libseccomp}" ;;
    firejail) echo "firejail" ;;
  esac
}

# firejail_options POLICY: a as what to refuse, b as what to keep. --noprofile: this filter, and no more than is always
# done.
firejail_options() {
  local list=drop
  [ "$1" = a ] || list=keep
  printf '%s\n' --noprofile --quiet "--seccomp.$list=$(names "$1")"
}

# call_denied POLICY: see is_installed.c.
call_denied() { if [ "$1" = a ]; then echo execveat; else echo kcmp; fi; }

make_filters() {
  local policy optimize options
  # One instruction: ret ALLOW, the plainest filter there is.
  printf '\006\000\000\000\000\000\377\177' >"$work/plainest.-.bpf"
  for policy in a b c d; do
    "$BENCH_BIN/write_filter" quick "$policies/$policy.yml" >"$work/quick.$policy.bpf"
    "$BENCH_BIN/write_filter" best "$policies/$policy.yml" >"$work/best.$policy.bpf"
    "$MAKE_FILTER" "$policies/$policy.yml" "$work/$policy.filter"
    for optimize in 1 2; do
      # 3: libseccomp has no words for the policy.
      "$BENCH_BIN/libseccomp_launcher" "$policy" "$optimize" --export >"$work/out" 2>"$work/err" || [ $? = 3 ]
      if [ -s "$work/out" ]; then mv "$work/out" "$work/libseccomp$optimize.$policy.bpf"; fi
    done
  done
  "$BENCH_BIN/write_filter" best "$policies/c.yml" "$policies/no_execve.yml" >"$work/token.c.bpf"
  firejail_filters=
  command -v firejail >/dev/null || { firejail_filters="firejail: not installed" && return; }
  for policy in a b; do
    mapfile -t options < <(firejail_options "$policy")
    "$BENCH_BIN/installed_filters" "$work/firejail.$policy.bpf" "$BENCH_BIN/is_installed" \
      firejail "${options[@]}" "$BENCH_BIN/is_installed" "$(call_denied "$policy")" \
      >"$work/out" 2>"$work/err" </dev/null ||
      firejail_filters="firejail: its filters cannot be read back from the kernel: $(first_line "$work/err")"
  done
  # Its row is whole, or it is left out.
  [ -z "$firejail_filters" ] || rm -f "$work"/firejail.*.bpf*
}

# figures FILE...: "instructions / longest / mean".
figures() { "$BENCH_BIN/filter_figures" "$@" | awk '{ printf "%d / %d / %.2f\n", $1, $2, $3 }'; }

print_filters() {
  local generator policy files cell
  echo "### Filters: instructions / longest path / mean path over call numbers 0 to 450"
  echo
  echo "| generator | a | b | c | d |"
  echo "| --- | --- | --- | --- | --- |"
  for generator in "${GENERATORS[@]}"; do
    [ "$generator" != firejail ] || [ -z "$firejail_filters" ] || continue
    printf '| %s |' "$(title_of "$generator")"
    for policy in a b c d; do
      mapfile -t files < <(filters_of "$generator" "$policy")
      cell=
      if [ ${#files[@]} -gt 0 ]; then
        cell=$(figures "${files[@]}")
        [ ${#files[@]} = 1 ] || cell+=" (${#files[@]} filters)"
      elif [[ $generator = libseccomp? ]]; then
        cell="cannot express"
      fi
      printf ' %s |' "$cell"
    done
    echo
  done
  echo
  echo "Ours has the checks for x32 and foreign ABIs in it. With execve denied besides, c's has the check of the exec"
  echo "token: $(figures "$work/token.c.bpf"). bubblewrap takes ready-made filters."
  [ -z "$firejail_filters" ] || { echo && echo "- $firejail_filters"; }
}

# ---- Launches ----

# column LAUNCHER POLICY FILTER CALL PREFIX...: adds a column for launch_times if the launcher works here: PREFIX starts
# a program, with FILTER open as descriptor 9 ('-': none), and under it CALL is denied ('-': no filter).
column() {
  local launcher=$1 policy=$2 filter=$3 call=$4 status=0
  shift 4
  local probe=("$BENCH_BIN/is_installed" "$call")
  [ "$call" != - ] || probe=(/bin/true)
  [ "$filter" = - ] && filter=/dev/null
  timeout -s KILL 30 "$@" "${probe[@]}" 9<"$filter" </dev/null >"$work/out" 2>"$work/err" || status=$?
  if [ "$status" != 0 ]; then
    remark_failure "$launcher" "$policy" "$status"
    return
  fi
  if [ -s "$work/err" ]; then
    echo "- $launcher, policy $policy: timed with what it says at each launch:" \
      "$(first_line "$work/err")" >>"$work/remarks"
  fi
  [ "$filter" = /dev/null ] && filter=-
  time_it "$launcher" "$policy" "$filter" "$@"
}

remark_failure() {
  echo "- $1, policy $2: does not work here, status $3: $(first_line "$work/err")" >>"$work/remarks"
}

# time_it LAUNCHER POLICY FILTER PREFIX...: as column, of what was seen to work.
time_it() {
  local title="$1;$2" filter=$3
  shift 3
  local IFS=$'\t'
  printf '%s\n' "$title"$'\t'"$filter"$'\t'"$*"$'\t'/bin/true >>"$work/launch"
}

# It must report what is denied to the program that it starts.
add_report() {
  local status=0
  timeout -s KILL 30 "$SANDBOX_RUN" --report "$BENCH_BIN/is_installed" kcmp 2>"$work/err" >"$work/out" </dev/null ||
    status=$?
  if [ "$status" = 0 ] && grep -q '^sandbox-run: denied kcmp(' "$work/err"; then
    time_it "sandbox-run --report, built-in profile" - - "$SANDBOX_RUN" --report
  else
    remark_failure "sandbox-run --report, built-in profile" - "$status"
  fi
}

# It must write a policy under which a program starts, and gets no more than what was called.
add_record() {
  local file=${memory:-$work}/recorded.yml status=0
  local record=("$SANDBOX_POLICY" record -q -o "$file" --)
  timeout -s KILL 30 "${record[@]}" /bin/true 2>"$work/err" >"$work/out" </dev/null || status=$?
  if [ "$status" = 0 ] &&
    "$SANDBOX_RUN" --policy "$file" "$BENCH_BIN/is_installed" kcmp 2>>"$work/err" >>"$work/out" </dev/null; then
    time_it "sandbox-policy record" - - "${record[@]}"
    [ -n "$memory" ] || echo "- sandbox-policy record: timed with the disk, as /dev/shm cannot be written" >>"$work/remarks"
  else
    remark_failure "sandbox-policy record" - "$status"
  fi
}

# paths_of POLICY: its lists of paths, with ':' between the paths.
paths_of() { sed -n 's/^ *paths: \[\(.*\)\]$/\1/p' "$policies/$1.yml" | tr -d ' ' | tr , :; }

# restricted_column TITLE PREFIX...: as column, of a launcher under which /sys cannot be listed.
restricted_column() {
  local title=$1 status=0
  shift
  if timeout -s KILL 30 "$@" /bin/ls /sys >"$work/out" 2>"$work/err" </dev/null; then
    echo "- $title: restricts nothing here" >>"$work/remarks"
    return
  fi
  timeout -s KILL 30 "$@" /bin/true 2>"$work/err" >"$work/out" </dev/null || status=$?
  if [ "$status" = 0 ]; then time_it "$title" - - "$@"; else remark_failure "$title" - "$status"; fi
}

# The same 20 paths in each, beside the filter of the profile default.
add_landlock() {
  local options=() paths path access=(--rox --ro --rw) i
  "$BENCH_BIN/write_filter" best ../../policies/default.yml >"$work/default.bpf"
  mapfile -t paths < <(paths_of landlock)
  for i in 0 1 2; do
    # No path has a space in it.
    for path in ${paths[i]//:/ }; do options+=("${access[i]}" "$path"); done
  done
  restricted_column "floor: C, static, 20 paths, ready-made filter" \
    "$BENCH_BIN/landlock_floor" "$work/default.bpf" "${paths[@]}"
  restricted_column "sandbox-run --bare, 20 paths as options" "$SANDBOX_RUN" --bare "${options[@]}"
  restricted_column "sandbox-run --policy, landlock (20 paths)" "$SANDBOX_RUN" --policy "$policies/landlock.yml"
  restricted_column "sandbox-run --profile untrusted" "$SANDBOX_RUN" --profile untrusted
  command -v minijail0 >/dev/null || echo "- minijail: not installed, and no package of Debian's" >>"$work/remarks"
  command -v landrun >/dev/null || echo "- landrun: not installed, and no package of Debian's" >>"$work/remarks"
}

add_columns() {
  local env policy optimize call
  env=$(command -v env)
  : >"$work/launch"
  : >"$work/remarks"
  printf '/bin/true itself;-\t-\t/bin/true\n' >>"$work/launch"
  column "env" - - - "$env"
  column "env once more" - - - "$env"
  column "sandbox-run, built-in profile" - - kcmp "$SANDBOX_RUN"
  add_report
  add_record
  add_landlock
  # A container profile: its rules for capabilities are left out, as for a container without any.
  if [ -e "${SANDBOX_RUN_DOCKER_PROFILE:-}" ]; then
    column "sandbox-run --policy, Docker's default profile" - - kcmp \
      "$SANDBOX_RUN" --cap none --policy "$SANDBOX_RUN_DOCKER_PROFILE"
  else
    echo "- Docker's default profile: not here; SANDBOX_RUN_DOCKER_PROFILE names the file" >>"$work/remarks"
  fi
  for policy in a b; do
    call=$(call_denied "$policy")
    column "floor: C, static, ready-made filter" $policy - "$call" "$BENCH_BIN/floor" "$work/best.$policy.bpf"
    column "sandbox-run --bpf" $policy - "$call" "$SANDBOX_RUN" --bpf "$work/$policy.filter"
    column "sandbox-run --policy" $policy - "$call" "$SANDBOX_RUN" --policy "$policies/$policy.yml"
    for optimize in 1 2; do
      column "minimal C on libseccomp.so, optimization $optimize" $policy - "$call" \
        "$BENCH_BIN/libseccomp_launcher" $policy $optimize
    done
    add_bubblewrap $policy "$call"
    add_firejail $policy "$call"
  done
}

add_bubblewrap() {
  local bwrap
  if bwrap=$(command -v bwrap); then
    column "bubblewrap, ready-made filter" "$1" "$work/best.$1.bpf" "$2" "$bwrap" --dev-bind / / --seccomp 9
  else
    echo "- bubblewrap, policy $1: not installed" >>"$work/remarks"
  fi
}

add_firejail() {
  local firejail options
  if firejail=$(command -v firejail); then
    mapfile -t options < <(firejail_options "$1")
    column "firejail" "$1" - "$2" "$firejail" "${options[@]}"
  else
    echo "- firejail, policy $1: not installed" >>"$work/remarks"
  fi
}

print_launches() {
  echo "### Launching /bin/true: medians of $rounds interleaved launches, against \`env /bin/true\`"
  echo
  awk -F '\t' -f tables.awk -v table=launch "$work/launched"
  if [ -s "$work/remarks" ]; then echo && cat "$work/remarks"; fi
  echo
  echo "<details><summary>In microseconds</summary>"
  echo
  awk -F '\t' -f tables.awk -v table=launch_details "$work/launched"
  echo
  echo "</details>"
}

# ---- seccomp(2), calls, stages ----

measure_loads() {
  local generator policy files
  for policy in a b c d; do
    for generator in "${GENERATORS[@]}"; do
      mapfile -t files < <(filters_of "$generator" "$policy")
      [ ${#files[@]} -gt 0 ] || continue
      (IFS=$'\t' && printf '%s\n' "$(title_of "$generator");$policy"$'\t'"${files[*]}")
    done
  done >"$work/load"
  "$BENCH_BIN/load_times" --rounds "$rounds" <"$work/load" >"$work/loaded"
}

print_loads() {
  echo "### seccomp(2): microseconds to install the filter, and against ours; medians of $rounds"
  echo
  awk -F '\t' -f tables.awk -v table=load -v ours="$(title_of best)" "$work/loaded"
}

measure_calls() {
  {
    printf 'none\t-\tallows\n'
    printf 'the plainest: one instruction, ret ALLOW\t%s\tallows\n' "$work/plainest.-.bpf"
    printf 'sandbox-run\t%s\trefuses\n' "$work/best.c.bpf"
    printf 'sandbox-run, with the exec token in it\t%s\trefuses\n' "$work/token.c.bpf"
    printf 'libseccomp, optimization 1\t%s\trefuses\n' "$work/libseccomp1.c.bpf"
    printf 'libseccomp, optimization 2\t%s\trefuses\n' "$work/libseccomp2.c.bpf"
  } | "$BENCH_BIN/call_costs" --rounds "$call_rounds" >"$work/called"
}

print_calls() {
  echo "### What a call costs under policy c, against no filter (nanoseconds, minima)"
  echo
  awk -F '\t' -f tables.awk -v table=calls "$work/called"
}

measure_stages() {
  "$BENCH_BIN/stages_benchmark" a="$policies/a.yml" b="$policies/b.yml" c="$policies/c.yml" d="$policies/d.yml" \
    default=../../policies/default.yml --benchmark_format=csv --benchmark_min_time="$stage_seconds" \
    --benchmark_repetitions=5 --benchmark_report_aggregates_only=true \
    --benchmark_enable_random_interleaving=true 2>"$work/err" >"$work/stages" || { cat "$work/err" >&2 && return 1; }
}

print_stages() {
  echo "### Stages: microseconds, medians by Google Benchmark"
  echo
  if [ -e "$BENCH_BIN/stages_benchmark" ]; then
    awk -F , -f tables.awk -v table=stages "$work/stages"
  else
    echo "- not measured: Google Benchmark is not installed"
  fi
}

# ---- The machine ----

version_of() { dpkg-query -W -f='${Version}' "$1" 2>/dev/null || echo "(not installed)"; }

# other_work: how busy all cores are while nothing is measured, in percent of the machine.
other_work() {
  { head -n 1 /proc/stat && sleep 2 && head -n 1 /proc/stat; } | awk '
    { all = 0; for (i = 2; i <= 9; ++i) all += $i; idle = $5 + $6 }
    NR == 1 { all0 = all; idle0 = idle }
    END { printf "%.0f", 100 * (1 - (idle - idle0) / (all - all0)) }'
}

print_machine() {
  local cpu cores debian jit judgement="" user="an ordinary user"
  [ "$before" -lt 5 ] && [ "$after" -lt 5 ] || judgement=" (too much: these figures are not to be relied on)"
  [ "$(id -u)" != 0 ] || user=root
  cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  cores=$(nproc)
  debian=$(cat /etc/debian_version 2>/dev/null || echo unknown)
  jit=$(cat /proc/sys/net/core/bpf_jit_enable 2>/dev/null || echo unknown)
  echo "Measured by \`tests/bench/run.sh\` on $(date -u +%Y-%m-%d): ${cpu:-$(uname -m)}, $cores cores, Linux" \
    "$(uname -r), Debian $debian, as $user, pinned to one core, everything interleaved in an order drawn anew each" \
    "round; other work on the machine: $before % just before, $after % just after$judgement. bpf_jit_enable: $jit." \
    "libseccomp $(version_of libseccomp2), bubblewrap $(version_of bubblewrap), firejail $(version_of firejail)." \
    "Policies: [tests/bench/policies](tests/bench/policies); a denies three calls, b allows 295, c is b with" \
    "conditions on arguments, d denies by conditions."
}

progress "filters"
make_filters
add_columns
before=$(other_work)
progress "launches"
# With --report each launch says that nothing was denied.
"$BENCH_BIN/launch_times" --rounds "$rounds" <"$work/launch" >"$work/launched" 2>"$work/err" ||
  { tail -n 1 "$work/err" >&2 && exit 1; }
progress "seccomp(2)"
measure_loads
progress "calls"
measure_calls
if [ -e "$BENCH_BIN/stages_benchmark" ]; then
  progress "stages"
  measure_stages
fi

sleep 1
after=$(other_work)

print_machine
echo
print_launches
echo
print_filters
echo
print_loads
echo
print_calls
echo
print_stages
