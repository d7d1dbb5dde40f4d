#!/bin/bash
# Real programs are recorded, and then run under what was recorded: with all else refused, and with all else deadly.
#
# Programs with threads do not make the same calls each time (a lock that is free needs none), so these are recorded
# more than once, as the manual advises.
. "$(dirname "$0")/record_lib.sh"

# more FILE COMMAND...: records it a few times more.
more() {
  local file=$1 i
  shift
  for i in 1 2; do record "$file" --merge "$file" -- "$@"; done
}

test_ls() {
  mkdir -p tree/a && touch tree/b
  record p.yml -- ls -l tree
  needs_no_more p.yml ls -l tree
  record q.yml --args -- ls -l tree
  needs_no_more q.yml ls -l tree
}

test_python() {
  need python3
  cat >program.py <<'END'
import concurrent.futures, hashlib, json, subprocess, threading
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda n: subprocess.run(["sh", "-c", f"echo {n}"], capture_output=True).stdout, range(4))))
print(len(done), hashlib.sha256(json.dumps(sorted(done)).encode()).hexdigest())
END
  record p.yml -- python3 program.py
  more p.yml python3 program.py
  needs_no_more p.yml python3 program.py
  record q.yml --args --assume @default --assume @basic-io -- python3 program.py
  needs_no_more q.yml python3 program.py
}

test_node() {
  need node
  cat >program.js <<'END'
const {Worker} = require("worker_threads"), fs = require("fs"), {execFileSync} = require("child_process");
fs.writeFileSync("file", "text");
console.log(execFileSync("cat", ["file"]).toString());
new Worker('require("worker_threads").parentPort.postMessage(42)', {eval: true}).on("message", x => console.log(x));
END
  # What it calls of memory and time depends on how busy the machine is.
  record p.yml --assume @default --assume @basic-io -- node program.js
  record p.yml --merge p.yml -- node program.js
  needs_no_more p.yml node program.js
}

test_git() {
  need git
  export HOME=$PWD
  git config --global user.name Tester
  git config --global user.email tester@example.org
  git config --global init.defaultBranch main
  git init -q source
  (cd source && seq 1000 >file && git add file && git commit -q -m First)
  clone=(sh -ec 'rm -rf copy; git clone -q "file://$PWD/source" copy; git -C copy log --format=%s; wc -l <copy/file')
  record p.yml -- "${clone[@]}"
  more p.yml "${clone[@]}"
  needs_no_more p.yml "${clone[@]}"
}

test_gcc() {
  need gcc
  printf '#include <stdio.h>\nint main(void) { return printf("compiled\\n") < 0; }\n' >program.c
  compile=(sh -ec 'gcc -O2 -o program program.c; ./program')
  record p.yml -- "${compile[@]}"
  needs_no_more p.yml "${compile[@]}"
}

test_curl_and_a_server() {
  need curl python3
  mkdir files
  echo "from the server" >files/page
  serve /page "$SANDBOX_POLICY" record -o server.yml -- python3 -m http.server --bind 127.0.0.1 --directory files @PORT@
  for _ in 1 2 3; do curl -s -f -o page "http://127.0.0.1:$port/page"; done
  record client.yml -- curl -s -f "http://localhost:$port/page"
  more client.yml curl -s -f "http://localhost:$port/page"
  needs_no_more client.yml curl -s -f "http://localhost:$port/page"
  stop TERM
  assert_status 143
  deadly server.yml
  serve /page "$SANDBOX_RUN" --policy server.yml.kill -- \
    python3 -m http.server --bind 127.0.0.1 --directory files @PORT@
  needs_no_more client.yml curl -s -f "http://localhost:$port/page"
  assert_stdout "from the server"
  stop TERM
  assert_status 143
}

REDIS=(redis-server --port 0 --unixsocket redis.sock --save "" --appendonly no --dir . --logfile log)
redis_answers() { [ "$(redis-cli -s redis.sock ping 2>/dev/null)" = PONG ]; }

# load_redis LAUNCHER...: starts the server by it, asks what it can, and ends it.
load_redis() {
  start "$@" "${REDIS[@]}"
  wait_until redis_answers || fail "expected redis to answer: $(shown daemon.log)"
  redis-benchmark -s redis.sock -q -n 300 -c 20 -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset >answers
  ! grep -qi error answers || fail "redis-benchmark: $(cat answers)"
  redis-cli -s redis.sock shutdown nosave || true
  wait_until has_ended "$started" || fail "expected redis to end: $(shown daemon.log)"
  wait "$started" || fail "expected redis to end well, got status $?: $(shown daemon.log)"
}

test_redis() {
  need redis-server redis-cli redis-benchmark
  load_redis "$SANDBOX_POLICY" record -o p.yml --assume @default --assume @io-event --assume @basic-io --
  load_redis "$SANDBOX_POLICY" record -o p.yml --merge p.yml --
  grep -q ' added; the policy allows ' daemon.log || fail "expected a line at the end: $(shown daemon.log)"
  deadly p.yml
  load_redis "$SANDBOX_RUN" --policy p.yml --
  load_redis "$SANDBOX_RUN" --policy p.yml.kill --
}

# load_nginx LAUNCHER...: starts the server by it, asks it from several sides, and ends it.
load_nginx() {
  serve /page sh -c 'echo "server { listen 127.0.0.1:$1; root $0/pages; }" >listen.conf
    shift; exec "$@"' "$PWD" @PORT@ "$@" nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  for _ in 1 2 3 4; do
    sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do curl -s -f "$0" "$0" "$0" >/dev/null; done' \
      "http://127.0.0.1:$port/page" &
    clients="${clients:-} $!"
  done
  # shellcheck disable=SC2086 # One number a word.
  wait $clients || fail "expected answers from nginx: $(shown daemon.log)"
  clients=
  assert_equal "a page" "$(curl -s -f "http://127.0.0.1:$port/page")"
  assert_equal 404 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/none")"
  stop QUIT
  assert_status 0
}

test_nginx() {
  need nginx curl python3
  prepare_nginx
  load_nginx "$SANDBOX_POLICY" record -o p.yml --args --
  load_nginx "$SANDBOX_POLICY" record -o p.yml --merge p.yml --
  deadly p.yml
  load_nginx "$SANDBOX_RUN" --policy p.yml --
  load_nginx "$SANDBOX_RUN" --policy p.yml.kill --
}

run_tests
