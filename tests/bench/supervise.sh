#!/bin/bash
# supervise.sh [--rounds N] [--quick]: what recording costs beside strace -f -c, and what reports cost a program whose
# calls are allowed, as tables in Markdown.
#   SANDBOX_RUN, SANDBOX_POLICY   the programs
# --rounds N: how often each piece of work is done (15). --quick: little work, to see that the measuring works.
#
# Every piece of work is done bare, recorded and under strace, interleaved in an order drawn anew each round. Nothing is
# pinned to a core: who is watched and who watches take turns, and it matters much where. Nothing is compared with a
# bound.
set -euo pipefail
: "${SANDBOX_RUN:?}" "${SANDBOX_POLICY:?}"
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

rounds=15
requests=20000
tree='/usr/include /usr/share'
while [ $# -gt 0 ]; do
  case $1:${2:-} in
    --quick:*) requests=200 tree=/usr/include/linux ;;
    --rounds:[1-9]*) rounds=$2 && shift ;;
    *) echo "usage: [--rounds N] [--quick]" >&2 && exit 2 ;;
  esac
  shift
done

work=$(mktemp -d /tmp/sandbox-run-bench.XXXXXX)
server=
leave() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap leave EXIT
cd "$work"
progress() { echo "-- $*" >&2; }

STRACE=(strace -f -c -o "$work/strace.out")
COMMON=(--assume @default --assume @basic-io --assume @file-system --assume @io-event --assume @process)
ASSUMED=(--assume @default --assume @basic-io --assume @io-event --assume @network-io)

# ---- Programs: from their start to their end ----

# A file of the source of something to compile, and something to clone.
prepare() {
  awk 'BEGIN { print "#include <stdio.h>"; print "#include <math.h>"
    for (i = 0; i < 300; ++i) printf "double f%d(double x) { for (int i = 0; i < 9; ++i) x = sin(x + %d) * i; return x; }\n", i, i
    print "int main(void) { printf(\"%f\\n\", f1(f2(f3(4)))); return 0; }" }' >program.c
  export HOME=$work
  git config --global user.name Bench
  git config --global user.email bench@example.org
  git init -q -b main source
  (cd source && for i in $(seq 200); do echo "$i" >"file$i"; done && git add . && git commit -q -m files)
  cat >find.sh <<END
exec find $tree -type f -newer /etc/hostname >/dev/null
END
  cat >gcc.sh <<END
exec gcc -O2 -o $work/program $work/program.c -lm
END
  cat >git.sh <<END
rm -rf $work/copy && exec git clone -q file://$work/source $work/copy
END
  cat >sh.sh <<END
i=0; while [ \$i -lt 100 ]; do /bin/true; i=\$((i + 1)); done
END
}

# Policies under which nothing is denied: what was recorded, and what else such programs call.
prepare_policies() {
  local name
  progress "policies"
  for name in "${WORKS[@]}"; do
    "$SANDBOX_POLICY" record -q "${COMMON[@]}" -o "$name-allows.yml" -- sh "$name.sh" >out
  done
  serve redis-prepare "$SANDBOX_POLICY" record -q "${COMMON[@]}" -o "$work/redis-allows.yml" --
}

WORKS=(find gcc git sh)
title_of() {
  case $1 in
    find) echo "find -newer: a call of a file after the other" ;;
    gcc) echo "gcc -O2: four programs, much of it arithmetic" ;;
    git) echo "git clone: three processes, 200 files" ;;
    sh) echo "sh: /bin/true a hundred times" ;;
  esac
}

# timed NAME COMMAND...: appends the microseconds to NAME.us.
timed() {
  local name=$1 start
  shift
  start=${EPOCHREALTIME/./}
  "$@" >out 2>"$name.err" || { echo "$name: status $?: $(cat "$name.err")" >&2 && exit 1; }
  echo $((${EPOCHREALTIME/./} - start)) >>"$name.us"
}

measure_programs() {
  local round each name
  for round in $(seq "$rounds"); do
    progress "programs, round $round"
    for each in $(shuf -e "${WORKS[@]/%/-bare}" "${WORKS[@]/%/-record}" "${WORKS[@]/%/-strace}" \
      "${WORKS[@]/%/-run}" "${WORKS[@]/%/-report}"); do
      name=${each%-*}
      case $each in
        *-bare) timed "$each" sh "$name.sh" ;;
        *-record) timed "$each" "$SANDBOX_POLICY" record -q -o "$name.yml" -- sh "$name.sh" ;;
        *-strace) timed "$each" "${STRACE[@]}" sh "$name.sh" ;;
        *-run) timed "$each" "$SANDBOX_RUN" -p "$name-allows.yml" -- sh "$name.sh" ;;
        *-report) timed "$each" "$SANDBOX_RUN" -p "$name-allows.yml" -q --report -- sh "$name.sh" ;;
      esac
    done
  done
}

# calls_in POLICY: how many it was recorded from.
calls_in() { sed -n 's/^  # 20.* \([0-9]*\) calls\{0,1\}: .*/\1/p' "$1" | tail -n 1; }

# ---- A server: the time that its clients need ----

answers() { [ "$(redis-cli -s "$work/redis.sock" ping 2>/dev/null)" = PONG ]; }

# serve NAME LAUNCHER...: times the clients.
serve() {
  local name=$1 i
  shift
  "$@" redis-server --port 0 --unixsocket "$work/redis.sock" --save "" --appendonly no --dir "$work" \
    --logfile "$work/redis.log" >server.log 2>&1 &
  server=$!
  for i in $(seq 600); do
    ! answers || break
    [ "$i" -lt 600 ] || { echo "redis does not answer: $(cat server.log)" >&2 && exit 1; }
    sleep 0.05
  done
  timed "$name" redis-benchmark -s "$work/redis.sock" -q -n "$requests" -c 50 -t set,get
  redis-cli -s "$work/redis.sock" shutdown nosave || true
  wait "$server" || { echo "$name: status $?: $(cat server.log)" >&2 && exit 1; }
  server=
}

measure_server() {
  local round name
  for round in $(seq $((rounds / 3 + 1))); do
    progress "redis, round $round"
    for name in $(shuf -e bare record assume strace run report); do
      case $name in
        bare) serve redis-bare ;;
        record) serve redis-record "$SANDBOX_POLICY" record -q -o "$work/redis.yml" -- ;;
        assume) serve redis-assume "$SANDBOX_POLICY" record -q -o "$work/assume.yml" "${ASSUMED[@]}" -- ;;
        strace) serve redis-strace "${STRACE[@]}" ;;
        run) serve redis-run "$SANDBOX_RUN" -p "$work/redis-allows.yml" -- ;;
        report) serve redis-report "$SANDBOX_RUN" -p "$work/redis-allows.yml" -q --report -- ;;
      esac
    done
  done
}

# ---- The table ----

median() { sort -n "$1.us" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }

# row TITLE NAME RECORDED POLICY: RECORDED is record or assume.
row() {
  awk -v title="$1" -v calls="$(calls_in "$4")" -v bare="$(median "$2-bare")" -v recorded="$(median "$2-$3")" \
    -v strace="$(median "$2-strace")" 'BEGIN {
      printf "| %s | %s | %.0f | %.2f | %.2f | %.2f |\n", title, calls, bare / 1000, recorded / bare, strace / bare,
        (recorded - bare) / (strace - bare)
    }'
}

# report_row TITLE NAME
report_row() {
  awk -v title="$1" -v bare="$(median "$2-bare")" -v run="$(median "$2-run")" -v report="$(median "$2-report")" 'BEGIN {
    printf "| %s | %.0f | %.3f | %.3f | %.3f |\n", title, bare / 1000, run / bare, report / bare, report / run
  }'
}

# said_nothing NAME: else the report was not of a program whose calls are allowed.
said_nothing() { [ ! -s "$1.err" ] || { echo "$1: $(cat "$1.err")" >&2 && exit 1; }; }

prepare
prepare_policies
measure_programs
for name in "${WORKS[@]}"; do said_nothing "$name-report"; done
measure_server
redis_title="redis-server under redis-benchmark, $requests set and get"

echo "### Recording: against the bare program; medians of $rounds interleaved runs"
echo
echo "| work | notified calls | bare, ms | record | strace -f -c | record's part of strace's slow-down |"
echo "| --- | --- | --- | --- | --- | --- |"
for name in "${WORKS[@]}"; do row "$(title_of "$name")" "$name" record "$name.yml"; done
row "$redis_title" redis record redis.yml
row "the same, ${ASSUMED[*]}" redis assume assume.yml
echo
echo "### Reports of a program whose calls are allowed, under its recorded policy; the same runs"
echo
echo "| work | bare, ms | sandbox-run | sandbox-run --report | with against without |"
echo "| --- | --- | --- | --- | --- |"
for name in "${WORKS[@]}"; do report_row "$(title_of "$name")" "$name"; done
report_row "$redis_title" redis
