#!/bin/bash
# The profile chromium: a page with all that pages use, printed, painted and by DevTools; Chromium's own sandbox under
# the profile. Chromium takes 400 MB, so nothing here installs it.
. "$(dirname "$0")/profile_lib.sh"
need chromium curl python3

# A page keeps loading until it has posted what worked.
prepare() {
  use_profile chromium
  echo data >data
  echo '<p>a frame' >frame.html
  cat >page.html <<'END'
<!doctype html><p id=out></p><img src=wait><canvas id=c></canvas>
<script>
const out = document.getElementById("out"), done = [];
async function step(name, f) {
  try { await f(); done.push(name); } catch (e) { done.push(name + ": " + e); }
  out.textContent = done.join(" ");
}
const event = (object, name) => new Promise((good, bad) => { object["on" + name] = good; object.onerror = bad; });
async function all() {
  await step("fetch", async () => { if (await (await fetch("data")).text() != "data\n") throw "other data"; });
  await step("storage", () => localStorage.setItem("a", "b"));
  await step("database", () => event(indexedDB.open("d", 1), "success"));
  await step("worker", () => event(new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))), "message"));
  await step("wasm", () => WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  await step("gl", () => { const g = document.getElementById("c").getContext("webgl"); g.clear(g.COLOR_BUFFER_BIT); });
  await step("audio", () => new OfflineAudioContext(1, 100, 44100).startRendering());
  await step("frame", async () => {
    const frame = document.createElement("iframe");
    frame.src = "http://localhost:" + location.port + "/frame.html";
    document.body.append(frame);
    await event(frame, "load");
  });
  await fetch("done", {method: "POST", body: out.textContent});
}
all();
</script>
END
  cat >server.py <<'END'
import http.server, socketserver, sys, threading

done = threading.Event()

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/page.html":
            done.clear()
        if self.path == "/wait":
            done.wait(20)
            self.path = "/data"
        super().do_GET()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        done.set()
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
  port=$(free_port)
  start python3 server.py "$port"
  daemon_answers is_answering "http://127.0.0.1:$port/data"
  url=http://127.0.0.1:$port
  browser=(chromium --headless --enable-unsafe-swiftshader --user-data-dir="$PWD/profile")
}

ALL_STEPS="fetch storage database worker wasm gl audio frame"

load() {
  succeeds "${browser[@]}" "$@" --dump-dom "$url/page.html"
  grep -q "<p id=\"out\">$ALL_STEPS</p>" out || report "expected all steps of the page"
  succeeds "${browser[@]}" "$@" --screenshot=page.png --window-size=400,300 "$url/page.html"
  [ -s page.png ] || report "expected a picture"
  succeeds "${browser[@]}" "$@" --print-to-pdf=page.pdf "$url/page.html"
  [ "$(head -c 5 page.pdf)" = %PDF- ] || report "expected a PDF"
  succeeds "${browser[@]}" "$@" --dump-dom "file://$PWD/frame.html"
  grep -q 'a frame' out || report "expected the file"
}

# Without namespaces there is none, and Chromium starts none as root.
need_sandbox() {
  ! is_root || skip "Chromium has no sandbox for root"
  unshare -Ur true 2>/dev/null || skip "users may not make namespaces here"
}

test_with_its_sandbox() {
  need_sandbox
  prepare
  load
}

test_without_its_sandbox() {
  prepare
  load --no-sandbox
}

# status_of TYPE FIELD: of the browser's process of that type which was found first.
status_of() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    { tr '\0' ' ' <"$file" | grep -q -- "--type=$1 .*$PWD/profile"; } 2>/dev/null || continue
    sed -n "s/^$2:\s*//p" "${file%cmdline}status"
    return
  done
}

# By DevTools, as Puppeteer does. What reads the page has the filter of the profile and one of Chromium's own.
test_devtools() {
  prepare
  local sandbox=
  if is_root; then sandbox=--no-sandbox; else need_sandbox; fi
  local debug
  debug=$(free_port)
  start "${LAUNCH[@]}" "${browser[@]}" $sandbox "--remote-debugging-port=$debug" "$url/frame.html"
  daemon_answers is_answering "http://127.0.0.1:$debug/json/version"
  run curl -s -f -X PUT "http://127.0.0.1:$debug/json/new?$url/page.html"
  assert_status 0
  wait_until lists_the_page "$debug" || fail "expected the page among DevTools' targets: $(shown daemon.log)"
  if [ -z "$sandbox" ] && [ -z "${SANDBOX_RUN_RECORD:-}" ]; then
    assert_equal 2 "$(status_of renderer Seccomp_filters)" "filters of a renderer"
    assert_equal 1 "$(status_of gpu-process Seccomp_filters)" "filters of the process for graphics"
  fi
  stop TERM
  assert_none_killed out
}
lists_the_page() { curl -s "http://127.0.0.1:$1/json" | grep -q 'page.html'; }

# Under the profile default there is no sandbox, which is why this one has namespaces.
test_needs_the_profile() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  need_sandbox
  prepare
  run "$SANDBOX_RUN" -- "${browser[@]}" --dump-dom "$url/frame.html"
  grep -q 'No usable sandbox' err || report "expected no sandbox under the profile default"
}

# What takes the browser over reaches for the kernel: by a mount namespace, where it would be root of file systems.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile chromium
  run "${PLAIN[@]}" unshare -Urm true
  assert_status 1
  assert_stderr "unshare: unshare failed: Operation not permitted"
  answers mount EPERM ptrace EPERM process_vm_writev EPERM setns EPERM unshare,0x40000000 EPERM unshare,0x20000 EPERM \
    clone,0x20011 EPERM socket,17,3,0 EAFNOSUPPORT socket,16,3,12 EAFNOSUPPORT setsockopt,0,0,64 EPERM bpf EPERM \
    perf_event_open EPERM keyctl EPERM execveat EPERM clone3 ENOSYS io_uring_setup,1 ENOSYS
}

run_tests
