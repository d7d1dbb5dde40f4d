# What the tests of the launcher share. A test file sources this, defines functions test_*, and ends with run_tests.
#
# Each function runs in a subshell and an empty directory of its own. It fails by `fail` or by any command that fails,
# skips by `skip`; what it started with `start` is ended with it.
# shellcheck shell=bash

set -eu
# The programs of the system, not those of the user who runs the tests.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C
ulimit -c 0
: "${SANDBOX_RUN:?names the launcher}" "${TEST_BIN:?}" "${TEST_DATA:?}" "${POLICIES:?}"
KERNEL_TESTS=$TEST_DATA/kernel
# Seconds that anything may take before it counts as hung. Far more than it takes; an emulated machine needs more.
BOUND=${SANDBOX_RUN_TEST_BOUND:-30}
TEST=all  # What messages name before run_tests has begun with one.

fail() {
  echo "FAILED: $TEST: $1" >&2
  exit 1
}

skip() {
  echo "skipped: $TEST: $1" >&2
  exit 77
}

is_root() { [ "$(id -u)" = 0 ]; }

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

# The ABI of this kernel's Landlock; empty if it has none.
landlock_abi() { "$SANDBOX_RUN" --dry-run --ro / -- true 2>/dev/null | sed -n 's/^landlock: .*(ABI \([0-9]*\)).*/\1/p'; }

# as_abi ABI: from here on "${LAUNCH[@]}" is a launcher that finds this ABI of Landlock, up to that of this kernel.
as_abi() {
  ABI=$1
  LAUNCH=("$SANDBOX_RUN")
  [ "$1" = "$(landlock_abi)" ] || LAUNCH=("$TEST_BIN/old_landlock" "$1" "$SANDBOX_RUN")
}

need_landlock() { # ABI
  local abi
  abi=$(landlock_abi)
  [ "${abi:-0}" -ge "$1" ] || skip "Landlock's ABI $1 is needed, found ${abi:-none}"
}

# run COMMAND...: leaves the exit status in $status, the output in the files out and err. The outer redirection takes
# the shell's own remark on a command that a signal ended.
run() {
  status=0
  command_line=$*
  { timeout --foreground -s KILL "$BOUND" "$@" >out 2>err || status=$?; } 2>/dev/null
}

# sandboxed POLICY COMMAND...: runs the command under a policy.
sandboxed() {
  local policy=$1
  shift
  run "$SANDBOX_RUN" --policy "$policy" -- "$@"
}

shown() { head -c 2000 "$1"; }

report() {
  [ -n "${command_line+set}" ] || fail "$1"
  fail "$1
  command: $(printf '%s' "$command_line" | head -c 1000)
  exit status: $status
  standard output: $(shown out)
  standard error: $(shown err)"
}

assert_status() {
  [ "$status" = "$1" ] || report "expected exit status $1, got $status"
}

assert_stdout() {
  [ "$(cat out)" = "$1" ] || report "expected on standard output: $1"
}

assert_stderr() {
  [ "$(cat err)" = "$1" ] || report "expected on standard error: $1"
}

# One line, and one that ends.
assert_stderr_is_one_line() {
  [ "$(wc -l <err)" = 1 ] && [ -z "$(tail -c 1 err | tr -d '\n')" ] || report "expected one line on standard error"
}

assert_stderr_has() {
  grep -qF -- "$1" err || report "expected on standard error: $1"
}

assert_equal() {
  [ "$2" = "$1" ] || fail "${3:-the values differ}: expected '$1', got '$2'"
}

assert_no_file() {
  [ ! -e "$1" ] || fail "expected that $1 does not exist: the target has run"
}

# expect_failure STATUS MESSAGE COMMAND...: the launcher fails with exactly this line.
expect_failure() {
  local expected=$1 message=$2
  shift 2
  run "$@"
  assert_status "$expected"
  assert_stderr "sandbox-run: error: $message"
  assert_stderr_is_one_line
  assert_stdout ""
}

# write_policy FILE DEFAULT [GROUP]...: a group is "ACTION NAME..."; the action errno may name its errno, "errno:EACCES".
write_policy() {
  local file=$1 group word
  printf 'seccomp:\n  default_action: %s\n' "${2%%:*}" >"$file"
  case $2 in *:*) printf '  default_errno: %s\n' "${2#*:}" >>"$file" ;; esac
  printf '  syscalls:\n' >>"$file"
  shift 2
  for group in "$@"; do
    word=${group%% *}
    printf '  - action: %s\n' "${word%%:*}" >>"$file"
    case $word in *:*) printf '    errno: %s\n' "${word#*:}" >>"$file" ;; esac
    printf '    names:\n' >>"$file"
    printf '    - %s\n' ${group#* } >>"$file"
  done
}

# What a statically linked C program calls from its start to its end.
STATIC_CALLS="brk exit_group fstat getrandom ioctl mmap mprotect munmap newfstatat prlimit64 readlinkat rseq
  rt_sigprocmask set_robust_list set_tid_address write writev"
case $(uname -m) in x86_64) STATIC_CALLS="$STATIC_CALLS arch_prctl readlink" ;; esac

# wait_until COMMAND...: polls until the command succeeds; false when the time is up.
wait_until() {
  local end=$((SECONDS + BOUND))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# start COMMAND...: starts a background process, whose pid is then in $started, output in the file daemon.log. That is a
# new file from here on: the background process opens it at some time, and what was started before may still write.
start() {
  rm -f daemon.log
  : >daemon.log
  "$@" >daemon.log 2>&1 &
  started=$!
  STARTED="$STARTED $started"
}

is_running() { kill -0 "$1" 2>/dev/null; }

# stop SIGNAL: ends what was started last; its exit status is then in $status.
stop() {
  local ended=yes
  command_line="process $started, ended by $1" status=0
  cp daemon.log out
  : >err
  kill -s "$1" "$started"
  wait_until has_ended "$started" 2>/dev/null || ended=no
  [ "$ended" = yes ] || report "expected the process to end"
  { wait "$started" || status=$?; } 2>/dev/null
}

# The state behind the name in parentheses, which may hold anything; Z is a zombie.
has_ended() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  line=${line##*) }
  [ "${line%% *}" = Z ]
}

end_all() {
  local pid
  for pid in $STARTED; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve URL_PATH COMMAND...: starts a server whose command line has @PORT@ where the port belongs, and waits until it
# answers. The port is then in $port. Another process may take a port that was free: then another is tried.
serve() {
  local path=$1 attempt
  shift
  for attempt in 1 2 3 4 5; do
    port=$(free_port)
    start "${@//@PORT@/$port}"
    if wait_until answers_or_ended "http://127.0.0.1:$port$path" && is_answering "http://127.0.0.1:$port$path" &&
      ! has_ended "$started"; then
      return
    fi
    grep -qi 'in use' daemon.log || break
  done
  fail "no answer at port $port, attempt $attempt: $(shown daemon.log)"
}

# prepare_nginx [DIRECTIVE]: the folder that nginx serves a page from, and nginx.conf, which includes listen.conf: that is
# written when the port is known, by the command that starts the server. DIRECTIVE is one more for the section http.
prepare_nginx() {
  local user="user nobody nogroup;"
  mkdir temporary pages
  chmod 755 . .. pages
  echo "a page" >pages/page
  is_root || user=
  cat >nginx.conf <<END
$user
daemon off; master_process on; worker_processes 2; pid $PWD/nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off; sendfile on; ${1:-}
  client_body_temp_path temporary/1; proxy_temp_path temporary/2; fastcgi_temp_path temporary/3;
  uwsgi_temp_path temporary/4; scgi_temp_path temporary/5;
  include $PWD/listen.conf;
}
END
}

is_answering() { curl -s -f -o /dev/null --max-time 5 "$1"; }
answers_or_ended() { has_ended "$started" || is_answering "$1"; }

# Only as root: runs a command as nobody.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }

run_tests() {
  local passed=0 failed=0 skipped=0 code start_directory=$PWD
  for TEST in $(declare -F | awk '$3 ~ /^test_/ {print $3}'); do
    mkdir "$start_directory/$TEST"
    set +e
    (
      set -e
      STARTED=
      trap end_all EXIT
      cd "$start_directory/$TEST"
      "$TEST"
    )
    code=$?
    set -e
    case $code in
      0) passed=$((passed + 1)) ;;
      77) skipped=$((skipped + 1)) ;;
      *)
        failed=$((failed + 1))
        echo "FAILED: $TEST (status $code)" >&2
        ;;
    esac
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] || exit 1
  [ "$passed" -gt 0 ] || [ "$skipped" -eq 0 ] || exit 77
  [ $((passed + skipped)) -gt 0 ] || exit 1
}
