#!/bin/bash
# The profile curl: HTTP and HTTPS, uploads, cookies, ranges, local sockets, parallel transfers, file:.
. "$(dirname "$0")/profile_lib.sh"
need curl python3

# server PORT [CERTIFICATE KEY]: answers GET with the path, PUT and POST with the size, and /page?... with a file.
server() {
  cat >server.py <<'END'
import http.server, socketserver, ssl, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Set-Cookie", "a=b")
        answer = str(size).encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
  start python3 server.py "$@"
}

test_http() {
  use_profile curl
  echo "a page" >page
  head -c 3000000 /dev/zero >large
  port=$(free_port)
  server "$port"
  daemon_answers is_answering "http://127.0.0.1:$port/page"
  local url=http://localhost:$port
  succeeds curl -s -f "$url/page"
  assert_stdout "a page"
  succeeds curl -s -f -R -o got "$url/large"
  cmp got large
  succeeds curl -s -f -R --create-dirs -o a/b/got -c cookies -T large "$url/put"
  assert_equal 3000000 "$(cat a/b/got)"
  succeeds curl -s -f -b cookies -c cookies -d some=data -H "X: y" -v "$url/post"
  assert_stdout 9
  echo "a pa" >part
  run "${LAUNCH[@]}" curl -f -C 4 --progress-bar -o part "$url/page"
  assert_status 33 # Python's server knows no ranges.
  succeeds curl -s -f --parallel -o 1 "$url/page" -o 2 "$url/large" -o 3 "$url/page"
  succeeds curl -s -f -Z --remote-name --output-dir a -z page "$url/large"
  succeeds curl -s "file://$PWD/page"
  assert_stdout "a page"
  succeeds curl -s -f --limit-rate 100M --keepalive-time 5 -4 -F "file=@large" "$url/post"
  run "${LAUNCH[@]}" curl -s --max-time 5 http://host.invalid/
  case $status in 6 | 28) ;; *) report "expected that the host is not found" ;; esac
  run "${LAUNCH[@]}" curl -s --unix-socket none "$url/page"
  assert_status 7
  run "${LAUNCH[@]}" curl -s --max-time 2 "http://[::1]:$port/page"
  assert_status 7
}

test_https() {
  use_profile curl
  certificate || skip "openssl is not installed"
  echo "a page" >page
  port=$(free_port)
  server "$port" cert.pem key.pem
  daemon_answers curl -s -f --cacert cert.pem "https://localhost:$port/page"
  succeeds curl -s -f --cacert cert.pem "https://localhost:$port/page"
  assert_stdout "a page"
  run "${LAUNCH[@]}" curl -s "https://localhost:$port/page"
  assert_status 60
}

test_on_a_terminal() {
  use_profile curl
  echo "a page" >page
  run "$TEST_BIN/on_terminal" "${LAUNCH[@]}" curl "file://$PWD/page" -o got
  assert_status 0
}

# A library that is loaded into curl, or a server's answer that takes curl over, asks for a shell.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile curl
  run env LD_PRELOAD="$TEST_BIN/attack.so" "${PLAIN[@]}" curl --version
  assert_status 0
  assert_stderr "attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" curl --version
  assert_status 99
  assert_stderr "attack: a shell"
  answers execve EPERM ptrace EPERM socket,17,3,0 EAFNOSUPPORT bind EPERM fork EPERM clone,17 EPERM kill,1,9 EPERM
}

run_tests
