#!/bin/bash
# sandbox-policy scan: programs do their work under the policy that is written from their code, where any other call kills.
. "$(dirname "$0")/lib.sh"

# scanned PROGRAM [OPTION]...: writes p.yml. What cannot be known of a library here is told, and nothing is assumed for it.
scanned() {
  command -v "$1" >/dev/null || { echo "left out: there is no $1"; return 1; }
  run "${SCAN[@]}" --default kill_process -o p.yml --force "$(command -v "$1")" "${@:2}"
  if [ "$status" = 2 ] && grep -q 'not all calls are known' err; then
    cat err
    run "${SCAN[@]}" --default kill_process -o p.yml --force "$(command -v "$1")" --assume exit "${@:2}"
  fi
  assert_status 0
  echo "$1: $(grep -c '^    - ' p.yml) calls"
}

# under COMMAND...: the command under the policy must succeed.
under() {
  run "$SANDBOX_RUN" --policy p.yml -- "$@"
  [ "$status" = 0 ] || report "$*: status $status: $(tail -n 3 err)"
}

# started COMMAND...: in the background, under the policy.
started() { "$SANDBOX_RUN" --policy p.yml -- "$@" >log 2>&1 & child=$!; }

# waits COMMAND...: until it succeeds, for 10 s.
waits() {
  local i
  for ((i = 0; i < 100; ++i)); do
    "$@" >answer 2>/dev/null && return 0
    sleep 0.1
  done
  report "$*: no success: $(tail -n 3 log)"
}

# ended SIGNAL: the child ends by it as it should, not by SIGSYS.
ended() {
  kill "-$1" "$child"
  wait "$child"
  local status=$?
  [ "$status" != 159 ] || report "was killed by a call: $(tail -n 3 log)"
}

test_tar() {
  scanned tar --follow "$(command -v gzip)" --follow /bin/sh || return 0
  mkdir -p d/e && seq 1000 >d/e/f && ln -s f d/e/l
  under tar -czf a.tar.gz d
  mkdir new
  under tar -xzf a.tar.gz -C new
  diff -r d new/d || report "expected the same files"
  under tar -tzvf a.tar.gz
}

test_coreutils() {
  local program
  for program in sort cp ls; do
    scanned "$program" --with-nss || return 0
    seq 3000 >f
    case $program in
      sort) under sort -S 1M --parallel=3 -rn f -o out ;;
      cp) under cp -a --sparse=always f copy ;;
      ls) under ls -laR --color=always . ;;
    esac
  done
}

test_curl() {
  scanned curl --with-nss || return 0
  echo served >f
  python3 -u -m http.server --bind 127.0.0.1 0 >server 2>&1 &
  local server=$! port
  waits grep -q port server
  port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' server)
  under curl -sS "http://localhost:$port/f" -o got
  assert_file_is got served
  under curl -sS "file://$PWD/f"
  under curl --version
  kill "$server"
}

test_git() {
  scanned git --with-nss --follow /bin/sh || return 0
  export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
  under git init -q repo
  echo text >repo/file
  under git -C repo add file
  under git -C repo -c user.name=n -c user.email=e@x commit -q -m first
  under git -C repo --no-pager log -p
  under git clone -q repo copy
  under git -C copy gc -q
  under git -C copy fsck
}

test_redis() {
  scanned redis-server --with-nss || return 0
  started redis-server --port 0 --unixsocket "$PWD/s" --appendonly yes --save 1 1
  waits redis-cli -s s set key value
  waits redis-cli -s s bgsave
  waits redis-cli -s s eval 'return redis.call("get", KEYS[1])' 1 key
  assert_file_is answer value
  waits redis-cli -s s bgrewriteaof
  sleep 0.5
  waits redis-cli -s s ping
  ended TERM
}

test_nginx() {
  scanned nginx --with-nss || return 0
  mkdir -p logs www
  echo served >www/f
  cat >nginx.conf <<END
daemon off; pid $PWD/pid; error_log $PWD/logs/error; worker_processes 2;
events { worker_connections 64; }
http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path c; uwsgi_temp_path u; scgi_temp_path s;
  gzip on; sendfile on; aio threads; server { listen unix:$PWD/socket; root $PWD/www; } }
END
  chmod 755 . www
  started nginx -p "$PWD" -c nginx.conf
  waits curl -sSf --unix-socket socket http://x/f
  assert_file_is answer served
  kill -HUP "$child" # Reads its configuration again, with new workers.
  sleep 0.3
  waits curl -sSf --unix-socket socket http://x/f
  ended QUIT
}

# What python3 loads is named: the modules that the script uses. That it starts is followed.
test_python() {
  local program
  program=$(command -v python3) || return 0
  local modules=() module
  for module in $("$program" -c 'import sysconfig, glob; print(*glob.glob(sysconfig.get_path("platstdlib") + "/lib-dynload/*.so"))'); do
    modules+=(--with "$module")
  done
  scanned "$program" --with-nss --follow /bin/true "${modules[@]}" --assume ptrace || return 0
  cat >work.py <<'END'
import json, os, select, socket, sqlite3, ssl, subprocess, tempfile, threading, time, mmap, hashlib
thread = threading.Thread(target=time.sleep, args=(0.01,))
thread.start()
subprocess.run(["/bin/true"], check=True)
a, b = socket.socketpair()
a.send(b"x")
assert select.select([b], [], [], 1)[0]
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
socket.getaddrinfo("localhost", 80)
with tempfile.TemporaryDirectory() as folder:
    database = sqlite3.connect(folder + "/db")
    database.execute("create table t(a)")
    database.execute("insert into t values (1)")
    database.commit()
    database.close()
    with open(folder + "/f", "wb+") as file:
        file.write(b"1" * 8192)
        file.flush()
        mmap.mmap(file.fileno(), 0).close()
ssl.create_default_context()
thread.join()
print(json.dumps(hashlib.sha256(b"x").hexdigest()[:4]))
END
  under "$program" work.py
  assert_file_is out '"2d71"'
}

run_tests
