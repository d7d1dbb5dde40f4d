#!/bin/bash
# The profile node: servers and clients, files, workers, compression and cryptography, a module on disk.
. "$(dirname "$0")/profile_lib.sh"
need node

test_server() {
  use_profile node
  certificate || true
  succeeds node -e '
    const {Worker} = require("worker_threads"), http = require("http"), https = require("https"), net = require("net");
    const fs = require("fs"), zlib = require("zlib"), crypto = require("crypto"), dns = require("dns"), dgram = require("dgram");
    const os = require("os"), {pipeline} = require("stream/promises");
    const served = server => new Promise(done => server.listen(0, "127.0.0.1", done));
    const got = (module, options) => new Promise((done, failed) => module.get(options, answer => {
      let text = ""; answer.on("data", data => text += data); answer.on("end", () => done(text)); }).on("error", failed));
    (async () => {
      console.log(await new Promise(done => new Worker("require(\"worker_threads\").parentPort.postMessage(42)", {eval: true}).on("message", done)));
      const server = http.createServer((request, response) => response.end("served")); await served(server);
      console.log(await got(http, {port: server.address().port, host: "localhost", family: 4}));
      server.close();
      if (fs.existsSync("cert.pem")) {
        const secure = https.createServer({key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem")}, (q, r) => r.end("secure"));
        await served(secure);
        if (await got(https, {port: secure.address().port, host: "127.0.0.1", ca: fs.readFileSync("cert.pem"), servername: "localhost", agent: false}) !== "secure") throw 1;
        secure.close(); secure.closeAllConnections && secure.closeAllConnections();
      }
      const local = net.createServer(socket => socket.end("local")).listen("socket");
      await new Promise(done => net.connect("socket").on("data", data => console.log(String(data))).on("close", done)); local.close();
      const udp = dgram.createSocket("udp4"); await new Promise(done => udp.bind(0, "127.0.0.1", done));
      await new Promise(done => { udp.on("message", done); udp.send("x", udp.address().port, "127.0.0.1"); }); udp.close();
      await dns.promises.lookup("localhost"); await dns.promises.lookup("host.invalid").catch(() => 0);
      await new dns.promises.Resolver({timeout: 100, tries: 1}).resolve4("host.invalid").catch(() => 0);
      os.networkInterfaces(); os.cpus(); os.hostname(); os.userInfo(); os.loadavg(); os.setPriority(0);
      for (const n of [1, 2, 3]) await new Promise(done => crypto.pbkdf2("a", "b", 1000, 16, "sha256", done));
      await pipeline(fs.createReadStream(process.execPath, {end: 300000}), zlib.createGzip(), fs.createWriteStream("packed"));
      console.log("done");
    })();'
  assert_stdout "42
served
local
done"
}

test_files() {
  use_profile node
  mkdir -p node_modules/mine
  echo 'module.exports = 7' >node_modules/mine/index.js
  echo 'export default 8' >own.mjs
  cat >main.mjs <<'END'
import {createRequire} from "module"; import fs from "fs"; import {promises as p} from "fs"; import own from "./own.mjs"; import os from "os";
console.log(createRequire(import.meta.url)("mine"), own);
await p.mkdir("a/b", {recursive: true}); await p.writeFile("a/b/f", "text"); await p.appendFile("a/b/f", "more"); await p.rename("a/b/f", "a/g");
await p.copyFile("a/g", "a/h"); await p.chmod("a/h", 0o600); await p.utimes("a/h", 1, 2); await p.truncate("a/h", 2); await p.link("a/h", "a/i"); await p.symlink("h", "a/j");
await p.readlink("a/j"); await p.realpath("a/j"); await p.lstat("a/j"); await p.access("a/h"); await p.readdir("a", {withFileTypes: true}); fs.statfsSync && fs.statfsSync("a");
const f = await p.open("a/h", "r+"); await f.sync(); await f.datasync(); await f.stat(); await f.read(Buffer.alloc(1), 0, 1, 0); await f.writev([Buffer.from("x"), Buffer.from("y")]); await f.close();
const watcher = fs.watch("a"); setTimeout(() => watcher.close(), 50); fs.writeFileSync("a/k", "x"); await p.mkdtemp("temporary"); fs.cpSync("a", "c", {recursive: true});
await p.unlink("a/i"); await p.rm("a", {recursive: true}); fs.chownSync("c", process.getuid(), process.getgid()); process.chdir("c"); process.umask(0o22); process.kill(process.pid, 0);
process.on("SIGUSR2", () => console.log("signal")); process.kill(process.pid, "SIGUSR2"); process.title = "title"; await new Promise(done => setTimeout(done, 100));
END
  succeeds node main.mjs
  assert_stdout "7 8
signal"
}

test_on_a_terminal() {
  use_profile node
  run "$TEST_BIN/on_terminal" "${LAUNCH[@]}" node -e 'process.stdin.setRawMode && process.stdin.setRawMode(true); console.log(process.stdout.columns); process.exit()'
  assert_status 0
}

# Code of a package that an attacker has changed starts a shell. Workers and all else go on.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile node
  echo 'try { console.log(String(require("child_process").execSync("echo a shell"))) } catch (error) { console.log(error.code) }' >attack.js
  run "${PLAIN[@]}" node attack.js
  assert_status 0
  assert_stdout EPERM
  run node attack.js
  grep -q "a shell" out || report "expected a shell without the profile"
  answers execve EPERM fork EPERM ptrace EPERM socket,17,3,0 EAFNOSUPPORT io_uring_setup,1 ENOSYS setuid EPERM
}

run_tests
