#!/bin/bash
# sandbox-policy record --files: the section that is written of what a run has reached, and programs under it.
. "$(dirname "$0")/record_lib.sh"

[ "$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))' 2>/dev/null)" -ge 3 ] || {
  echo "skipped: the kernel's Landlock is older than Linux 6.2, or python3 is missing"
  exit 77
}

# record_files COMMAND...: into p.yml; the section that was written is in `section`, without quotes and our directory.
record_files() {
  run "$SANDBOX_POLICY" record --files -q -o p.yml --force -- "$@"
  assert_status 0
  cp out out.recorded
  sed -n '/^landlock:/,$p' p.yml | sed "s:\"::g; s:$PWD:HERE:" >section
}

assert_section() {
  [ "$(cat section)" = "$1" ] || report "expected the section: $1, and found: $(cat section)"
}

# runs_alike COMMAND...: under what was recorded it prints the same.
runs_alike() {
  run "$SANDBOX_RUN" -q --report --policy p.yml -- "$@"
  assert_status 0
  cmp -s out out.recorded || report "expected what it printed when it was recorded: $(cat out.recorded)"
}

test_what_is_read_and_what_is_made() {
  mkdir data out.d
  echo one >data/one
  echo two >data/two
  local work='cat data/one; cat data/missing 2>/dev/null; echo x >out.d/new; cat out.d/new; rm out.d/new; cd data; cat ./two'
  record_files sh -c "$work"
  assert_section "landlock:
  files:
  - access: [read]
    paths:
    - HERE/data/one
    - HERE/data/two
  - access: [read, execute]
    paths:
    - @system
  - access: [read, write]
    paths:
    - HERE/out.d
  - access: [write, ioctl]
    paths:
    - @devices"
  runs_alike sh -c "$work"
  echo secret >data/secret
  run "$SANDBOX_RUN" --report --policy p.yml -- sh -c 'cat data/secret'
  assert_status 1
  assert_stdout ""
  grep -q "by p.yml: no rule lets it read $PWD/data/secret\$" err || report "expected a line for the file that was denied"
}

test_many_files_are_their_directory() {
  mkdir data
  for i in 1 2 3 4 5; do echo "$i" >data/"$i"; done
  run "$SANDBOX_POLICY" record --files --folder-from 5 -q -o p.yml -- cat data/1 data/2 data/3 data/4 data/5
  grep -qxF "    - \"$PWD/data\"" p.yml || report "expected the directory in: $(cat p.yml)"
  run "$SANDBOX_POLICY" record --files --folder-from 6 -q -o q.yml -- cat data/1 data/2 data/3 data/4 data/5
  grep -qxF "    - \"$PWD/data/5\"" q.yml || report "expected the files in: $(cat q.yml)"
  run "$SANDBOX_POLICY" record --files --folder-from x -o q.yml -- true
  assert_status 2
  assert_stderr "sandbox-policy: error: record: expected a number of files, or 0 for no directories at all, found 'x'"
}

test_scripts_need_their_interpreters() {
  mkdir bin
  printf '#!/bin/sh\necho inner\n' >bin/inner
  printf '#!%s/bin/inner\n' "$PWD" >bin/outer
  chmod +x bin/*
  record_files bin/outer
  assert_section "landlock:
  files:
  - access: [read, execute]
    paths:
    - @system
    - HERE/bin/inner
    - HERE/bin/outer"
  runs_alike bin/outer
}

test_a_second_run_is_added() {
  echo one >one
  echo two >two
  run "$SANDBOX_POLICY" record --files -q -o p.yml -- cat one
  assert_status 0
  run "$SANDBOX_POLICY" record --files -q -o p.yml --merge p.yml -- sh -c 'cat two; echo x >two'
  assert_status 0
  for path in one two; do
    [ "$(grep -cxF "    - \"$PWD/$path\"" p.yml)" = 1 ] || report "expected $path once in: $(cat p.yml)"
  done
  [ "$(grep -c '^landlock:' p.yml)" = 1 ] || report "expected one section in: $(cat p.yml)"
  run "$SANDBOX_RUN" -q --policy p.yml -- sh -c 'cat one; echo y >two; cat two'
  assert_status 0
  assert_stdout "one
y"
}

test_a_section_that_was_written_by_hand_stays() {
  printf 'seccomp: {default_action: errno, syscalls: [{action: allow, names: [read]}]}\nlandlock: {files: []}\n' >p.yml
  cp p.yml before
  run "$SANDBOX_POLICY" record --files -q -o p.yml --merge p.yml -- true
  assert_status 2
  assert_stderr "sandbox-policy: error: p.yml: has a 'landlock' section that 'record --files' has not written, and cannot be added to"
  cmp -s p.yml before || report "expected the policy as it was"
}

test_programs() {
  local tried=0
  mkdir work tmp
  export TMPDIR=$PWD/tmp # Not HOME, in which nothing is allowed for temporary files.
  alike_if_there() {
    command -v "$1" >/dev/null || return 0
    tried=$((tried + 1))
    record_files "$@"
    rm -rf work/clone
    runs_alike "$@"
  }
  if command -v git >/dev/null; then
    (git init -q repo && cd repo && git config user.email a@b && git config user.name n && echo x >f && git add f &&
      git commit -qm x)
    alike_if_there git clone -q repo work/clone
  fi
  echo 'int main(void) { return 0; }' >a.c
  alike_if_there gcc -c -o work/a.o a.c
  alike_if_there curl -s "file://$PWD/a.c"
  alike_if_there /usr/bin/python3 -c 'import json, tempfile; tempfile.TemporaryFile().write(b"x"); print(json.dumps([1]))'
  alike_if_there node -e 'console.log(require("fs").readFileSync("a.c", "utf8"), require("os").cpus().length)'
  alike_if_there ffmpeg -v error -f lavfi -i testsrc=duration=1:size=64x64 -y -f md5 work/md5
  [ "$tried" -gt 0 ] || echo "left out: none of the programs is installed"
}

# A server, with clients meanwhile; what it is told to serve later, and has not served then, is denied and named.
test_nginx() {
  need nginx curl
  mkdir -p home/.ssh work
  echo "a private key" >home/.ssh/id_rsa
  chmod -R a+rX home
  cd work
  prepare_nginx
  serves() { # COMMAND...: nginx under it; the answers for the page and the key are in `answers`.
    echo "server { listen 127.0.0.1:$port; root $PWD/pages; $location }" >listen.conf
    start "$@" nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
    wait_until answers_or_ended "http://127.0.0.1:$port/page" || fail "expected an answer: $(shown daemon.log)"
    curl -s "http://127.0.0.1:$port/page" >answers
    curl -s -o key -w '%{http_code}\n' "http://127.0.0.1:$port/key" >>answers
    stop QUIT
    assert_status 0
  }
  location=
  port=$(free_port) # Which is recorded, too.
  serves "$SANDBOX_POLICY" record --files -q -o p.yml --
  assert_equal "a page
404" "$(cat answers)"
  serves "$SANDBOX_RUN" -q --policy p.yml --
  assert_equal "a page
404" "$(cat answers)"
  location="location /key { alias ${PWD%/*}/home/.ssh/id_rsa; }"
  serves "$SANDBOX_RUN" --report --policy p.yml --
  assert_equal "a page
403" "$(cat answers)"
  grep -q "by p.yml: no rule lets it read ${PWD%/*}/home/.ssh/id_rsa\$" out || fail "expected a line for the key: $(shown out)"
}

# A server and its client: the ports that they used, and no others.
test_ports() {
  need_landlock 4
  cat >server.py <<'END'
import http.server, sys, threading
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.handle_request).start()
print("ready", flush=True)
END
  cat >client.py <<'END'
import socket, sys
for port in map(int, sys.argv[1:]):
    try:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /data HTTP/1.0\r\n\r\n")
        print(client.makefile().read().splitlines()[-1])
    except OSError as error:
        print(error.errno)
END
  echo served >data
  port=$((20000 + $$ % 10000))
  serve() { # COMMAND...: the server's command, ready for one client.
    : >daemon.log
    start "$@" /usr/bin/python3 -I server.py "$port"
    wait_until grep -q ready daemon.log || fail "the server did not start: $(cat daemon.log)"
  }
  serve "$SANDBOX_POLICY" record --files -q -o server.yml --
  record_files /usr/bin/python3 -I client.py "$port"
  assert_stdout served
  wait "$started" || fail "the recording of the server failed: $(cat daemon.log)"
  grep -qx "  tcp: {connect: \[$port\], bind: \[\]}" p.yml || report "expected the port in: $(cat p.yml)"
  grep -qx "  tcp: {connect: \[\], bind: \[$port\]}" server.yml || report "expected the port in: $(cat server.yml)"

  serve "$SANDBOX_RUN" -q --policy server.yml --
  run "$SANDBOX_RUN" -q --policy p.yml -- /usr/bin/python3 -I client.py "$port" 1
  assert_status 0
  assert_stdout "served
13"
  run "$SANDBOX_RUN" -q --policy server.yml -- /usr/bin/python3 -I server.py 1
  grep -q 'PermissionError: \[Errno 13\]' err || report "expected that no other port can be bound"
  if command -v curl >/dev/null; then
    serve
    run "$SANDBOX_POLICY" record --files -q -o curl.yml -- curl -s "http://127.0.0.1:$port/data"
    assert_stdout served
    serve
    run "$SANDBOX_RUN" -q --policy curl.yml -- curl -s "http://127.0.0.1:$port/data"
    assert_status 0
    assert_stdout served
  fi
}

test_a_port_that_the_kernel_chose() {
  need_landlock 4
  cat >both.py <<'END'
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
print("connected")
END
  run "$SANDBOX_POLICY" record --files -o p.yml -- /usr/bin/python3 -I both.py
  assert_status 0
  grep -qx '  tcp: {bind: \[0\]}' p.yml || report "expected that one may connect: $(cat p.yml)"
  sed -E 's/port [0-9]+/port N/' err >said
  grep -qxF "sandbox-policy: warning: p.yml: Connections to all TCP ports are allowed: the run connected to port N, which looks like one that the kernel chose, and will choose anew" said ||
    report "expected a warning"
  grep -q '^# Connections to all TCP ports are allowed: ' p.yml || report "expected a comment: $(cat p.yml)"
  run "$SANDBOX_RUN" -q --policy p.yml -- /usr/bin/python3 -I both.py
  assert_stdout connected
}

# What the program makes in HOME it finds there the next time. HOME itself is not given away.
test_what_is_made_in_the_home_directory() {
  mkdir home
  export HOME=$PWD/home
  local work='mkdir -p ~/.cache/tool; echo x >~/.cache/tool/state; echo y >>~/.history; cat ~/.history >/dev/null'
  record_files sh -c "$work"
  assert_stderr ""
  [ "$(sed -n 's/^    - HERE/HERE/p' section | sort)" = "HERE/home/.cache
HERE/home/.history" ] || report "expected rules for what was made, and found: $(cat section)"
  runs_alike sh -c "$work"
  echo secret >home/secret
  run "$SANDBOX_RUN" -q --policy p.yml -- sh -c 'echo z >~/secret; echo z >~/new; cat ~/secret'
  [ "$(grep -c 'Permission denied' err)" = 3 ] || report "expected that HOME is out of reach"

  run "$SANDBOX_POLICY" record --files -o q.yml -- sh -c 'echo x >~/new; mv ~/new ~/.config; rm ~/.config'
  assert_status 0
  assert_stderr_has "sandbox-policy: warning: q.yml: what the run did in $HOME itself is not allowed, since a rule for it would be one for all that is below: let the program use a directory there that it does not make, or add below 'files': - {access: [write], paths: [\"$HOME\"]}"
  grep -qxF "# Not allowed: what the run did in $HOME itself. It would be allowed in all that is below, too:
#   - {access: [write], paths: [\"$HOME\"]}" q.yml || report "expected a comment: $(cat q.yml)"
  grep -qxF "    - \"$HOME\"" q.yml && report "expected no rule for HOME: $(cat q.yml)"
  return 0
}

run_tests
