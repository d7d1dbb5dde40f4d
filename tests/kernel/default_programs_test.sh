#!/bin/bash
# Ordinary programs run under the built-in profile.
. "$(dirname "$0")/lib.sh"

default() { run "$SANDBOX_RUN" -- "$@"; }

succeeds() {
  default "$@"
  assert_status 0
  assert_stderr ""
}

test_is_installed() {
  succeeds grep -E '^(NoNewPrivs|Seccomp|Seccomp_filters):' /proc/self/status
  assert_equal "NoNewPrivs: 1 Seccomp: 2 Seccomp_filters: 1" "$(tr -s '\t ' ' ' <out | xargs)"
}

test_bash() {
  succeeds bash -c '
    set -e -o pipefail
    seq 1 1000 | grep 7 | sort -n | tail -n 1 >last
    read -r last <last
    mapfile -t lines < <(printf "%s\n" a b c)
    sleep 0.01 & wait $!
    trap "echo trapped" USR1; kill -USR1 $$
    cat <<<"$last ${#lines[@]} $(ulimit -n >/dev/null && echo limits)"
    (exit 3) || echo "status $?"'
  assert_stdout "trapped
997 3 limits
status 3"
}

test_job_control() {
  run "$TEST_BIN/on_terminal" "$SANDBOX_RUN" -- sh -c 'set -m; sleep 0.01 & jobs >/dev/null; fg >/dev/null; echo done'
  assert_status 0
  grep -q done out || report "expected the shell to take its job to the foreground"
}

test_coreutils() {
  local nicer
  need tar gzip
  nicer=$(nice -n 5 nice) # As without the sandbox.
  succeeds sh -ec '
    mkdir -p tree/a/b; echo one >tree/a/file; ln -s file tree/a/link; ln tree/a/file tree/hard; mkfifo tree/fifo
    cp -a tree copy; mv copy/hard copy/moved; touch -d "2001-02-03 04:05:06" copy/moved
    chmod 640 copy/moved; stat -c "%a %y" copy/moved | cut -c 1-14
    tar czf tree.tar.gz tree; mkdir x; tar xzf tree.tar.gz -C x; diff -r tree/a x/tree/a
    find tree -type f | sort | xargs -P 4 -n 1 wc -l | wc -l
    dd if=/dev/zero of=zeros bs=4096 count=16 conv=fsync 2>/dev/null; truncate -s 1M zeros; du --apparent-size -k zeros
    sha256sum </dev/null | cut -c 1-8; sort -R zeros | head -c 0; split -n 2 tree/a/file; shred -n 1 zeros
    df . >/dev/null; id -u >/dev/null; date +%s >/dev/null; uname -r >/dev/null; nproc >/dev/null; mktemp -d ./XXXX >/dev/null
    nice -n 5 nice; timeout 10 true; nohup true 2>/dev/null; env -i PATH="$PATH" printenv PATH >/dev/null
    sync tree/a/file; tee copy2 <tree/a/file; rm -rf tree copy; ls x'
  assert_stdout "640 2001-02-03
2
1024	zeros
e3b0c442
$nicer
one
tree"
}

test_processes_are_seen() {
  need ps
  succeeds sh -c 'ps -o comm= -p $$'
  assert_stdout sh
}

test_python() {
  need python3
  succeeds python3 -c '
import asyncio, concurrent.futures, ctypes, multiprocessing, os, select, signal, socket, sqlite3, ssl, subprocess
import tempfile, threading, time
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(done) == list(range(20)))
print(subprocess.run(["cat"], input=b"through cat", capture_output=True, check=True).stdout.decode())
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-1, -2, -3]))
with multiprocessing.get_context("spawn").Pool(1) as pool: print(pool.map(abs, [-4]))
async def child():
    process = await asyncio.create_subprocess_exec("echo", "async", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()
print(asyncio.run(child()))
with tempfile.NamedTemporaryFile() as file:
    base = sqlite3.connect(file.name); base.execute("create table t(x)"); base.execute("insert into t values (7)"); base.commit()
    print(base.execute("select x from t").fetchone()[0])
a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1).decode())
os.memfd_create("m"); signal.setitimer(signal.ITIMER_REAL, 0); time.sleep(0.001); os.sched_getaffinity(0)
'
  assert_stdout "True
through cat
[1, 2, 3]
[4]
async
7
x"
}

test_node() {
  need node
  succeeds node -e '
    const {Worker} = require("worker_threads"), http = require("http"), {execFileSync} = require("child_process");
    const fs = require("fs"), zlib = require("zlib"), crypto = require("crypto"), dns = require("dns");
    fs.writeFileSync("file", "text"); console.log(execFileSync("cat", ["file"]).toString());
    new Worker("require(\"worker_threads\").parentPort.postMessage(42)", {eval: true}).on("message", value => {
      console.log("worker", value);
      const server = http.createServer((request, response) => response.end("served")).listen(0, "127.0.0.1", () => {
        http.get({port: server.address().port, host: "127.0.0.1"}, answer => {
          answer.on("data", data => console.log(data.toString()));
          answer.on("end", () => server.close(() =>
            zlib.gzip("x", () => crypto.pbkdf2("a", "b", 1000, 16, "sha256", () => console.log("done")))));
        });
      });
    });'
  assert_stdout "text
worker 42
served
done"
}

test_curl_and_a_server() {
  need curl python3
  mkdir files
  echo "from the server" >files/page
  serve /page "$SANDBOX_RUN" -- python3 -m http.server --bind 127.0.0.1 --directory files @PORT@
  succeeds curl -s -f "http://127.0.0.1:$port/page"
  assert_stdout "from the server"
  succeeds curl -s -f "http://localhost:$port/page" -o page
  stop TERM
  assert_status 143
}

test_git() {
  need git
  HOME=$PWD succeeds sh -ec '
    git config --global user.name Tester; git config --global user.email tester@example.org
    git config --global init.defaultBranch main
    git init -q source; cd source; echo one >file; git add file; git commit -q -m First
    git checkout -q -b other; echo two >>file; git commit -q -a -m Second; git checkout -q main; git merge -q other
    cd ..; git clone -q source copy; git clone -q "file://$PWD/source" fetched; git -C copy gc -q
    git -C copy log --format=%s; git -C fetched status --short; git -C fetched diff --stat HEAD~1 | tail -n 1'
  assert_stdout "Second
First
 1 file changed, 1 insertion(+)"
}

test_gcc() {
  need gcc make
  cat >program.c <<'EOF'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
static void* root(void* x) { *(double*)x = sqrt(*(double*)x); return 0; }
int main(int argc, char** argv) {
  (void)argv;
  double x = 1763.0 + argc;
  pthread_t thread;
  pthread_create(&thread, 0, root, &x);
  pthread_join(thread, 0);
  printf("%.0f\n", x);
  return 0;
}
EOF
  printf 'program: program.c\n\t@gcc -O2 -Wall -pthread -o program program.c -lm\n' >Makefile
  succeeds make -j2 -s program
  succeeds ./program
  assert_stdout 42
}

test_nginx() {
  need nginx curl python3
  prepare_nginx "aio threads;"
  serve /page sh -c 'echo "server { listen 127.0.0.1:$2; root $1/pages; }" >listen.conf
    exec "$0" -- nginx -p "$1" -e stderr -c "$1/nginx.conf"' "$SANDBOX_RUN" "$PWD" @PORT@
  succeeds curl -s -f "http://127.0.0.1:$port/page"
  assert_stdout "a page"
  kill -HUP "$started" # New workers.
  run curl -s -f --retry 5 "http://127.0.0.1:$port/page"
  assert_stdout "a page"
  stop QUIT
  assert_status 0
}

test_redis() {
  need redis-server redis-cli
  start "$SANDBOX_RUN" -- redis-server --port 0 --unixsocket redis.sock --save "" --appendonly yes --dir .
  wait_until redis_answers || fail "expected redis to answer: $(shown daemon.log)"
  succeeds redis-cli -s redis.sock set key value
  succeeds redis-cli -s redis.sock get key
  assert_stdout value
  succeeds redis-cli -s redis.sock save # Written by the server.
  succeeds redis-cli -s redis.sock bgrewriteaof # By a child of it.
  wait_until redis_has_rewritten || fail "expected redis to rewrite its log: $(shown daemon.log)"
  succeeds redis-cli -s redis.sock shutdown
  wait_until has_ended "$started" || fail "expected redis to end: $(shown daemon.log)"
  wait "$started" || fail "expected redis to end well, got status $?: $(shown daemon.log)"
}

redis_answers() { [ "$(redis-cli -s redis.sock ping 2>/dev/null)" = PONG ]; }
redis_has_rewritten() { redis-cli -s redis.sock info persistence | grep -q '^aof_rewrite_in_progress:0'; }

test_a_go_daemon() {
  need prometheus-node-exporter curl python3
  serve /metrics "$SANDBOX_RUN" -- prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@
  stop TERM
  assert_status 143
}

test_stop_and_continue_in_a_sleep() {
  start "$SANDBOX_RUN" -- sleep 1
  wait_until sleeps || fail "expected the target to sleep"
  kill -STOP "$started"
  wait_until in_state T || fail "expected the target to stop"
  kill -CONT "$started"
  wait_until has_ended "$started" || fail "expected the target to end"
  wait "$started" || fail "expected exit status 0 after stop and continue, got $?"
}

in_state() { [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$started/stat")" = "$1" ]; }
sleeps() { [ "$(cat "/proc/$started/comm")" = sleep ] && in_state S; }

test_a_terminal() {
  run "$TEST_BIN/on_terminal" "$SANDBOX_RUN" -- bash -i -c 'stty size >/dev/null && tty >/dev/null && echo interactive'
  assert_status 0
  grep -q interactive out || report "expected an interactive shell"
}

run_tests
