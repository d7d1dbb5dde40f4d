#!/bin/bash
# The profile python3: threads, processes, sockets and servers, databases, files, foreign functions.
. "$(dirname "$0")/profile_lib.sh"
need python3

test_processes_and_threads() {
  use_profile python3
  succeeds python3 -c '
import asyncio, concurrent.futures, ctypes, multiprocessing, os, pty, queue, resource, select, signal, subprocess, threading
import time
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(done) == list(range(20)))
print(subprocess.run(["cat"], input=b"through cat", capture_output=True, check=True).stdout.decode())
print(subprocess.run("exit 3", shell=True, start_new_session=True, cwd="/", preexec_fn=lambda: None).returncode)
for method in "fork", "spawn", "forkserver":
    with multiprocessing.get_context(method).Pool(2) as pool: print(pool.map(abs, [-1, -2]))
async def child():
    process = await asyncio.create_subprocess_exec("echo", "async", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()
print(asyncio.run(child()))
with concurrent.futures.ProcessPoolExecutor(2) as pool: print(list(pool.map(abs, [-5])))
signal.signal(signal.SIGALRM, lambda *x: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.1)
signal.signal(signal.SIGUSR1, lambda *x: None); os.kill(os.getpid(), signal.SIGUSR1); signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
signal.sigtimedwait([signal.SIGUSR2], 0.01); signal.pthread_sigmask(signal.SIG_BLOCK, []); signal.set_wakeup_fd(-1)
resource.getrlimit(resource.RLIMIT_NOFILE); resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.sched_setaffinity(0, os.sched_getaffinity(0))
os.nice(0); os.getpriority(os.PRIO_PROCESS, 0); os.getloadavg(); os.times(); os.getgroups(); os.getpgid(0); os.getsid(0); os.cpu_count()
pid = os.fork()
if pid == 0: os.setsid(); os._exit(0)
os.waitpid(pid, 0); pid, fd = pty.fork()
if pid == 0: os.execvp("true", ["true"])
os.waitpid(pid, 0); os.posix_spawnp("true", ["true"], {}); os.wait(); os.system("true")
ctypes.CDLL(None).getpid(); CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int); print(CALLBACK(lambda: 7)())
'
  assert_stdout "True
through cat
3
[1, 2]
[1, 2]
[1, 2]
async
[5]
alarm
7"
}

test_files_and_memory() {
  use_profile python3
  succeeds python3 -c '
import bz2, csv, dbm, fcntl, glob, gzip, json, logging.handlers, lzma, mmap, os, pathlib, shutil, sqlite3, stat, sys, tarfile, tempfile, zipfile, zlib
with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory); p = pathlib.Path("a/b"); p.mkdir(parents=True); (p / "f").write_text("text"); (p / "f").chmod(0o600)
    os.symlink("b", "a/l"); os.link("a/b/f", "a/h"); os.rename("a/h", "a/i"); os.replace("a/i", "a/j"); os.utime("a/j"); os.readlink("a/l")
    os.chown("a/j", -1, -1); os.truncate("a/j", 2); os.mkfifo("fifo"); os.access("a", os.R_OK); os.statvfs("."); shutil.copytree("a", "c")
    shutil.copy2("a/b/f", "g"); os.listxattr("g"); shutil.make_archive("x", "gztar", "c"); tarfile.open("x.tar.gz").extractall("d"); shutil.rmtree("c")
    try: os.setxattr("g", "user.a", b"b"); os.getxattr("g", "user.a"); os.removexattr("g", "user.a")
    except OSError: pass
    base = sqlite3.connect("base"); base.execute("pragma journal_mode=wal"); base.execute("create table t(x)"); base.execute("insert into t values (7)"); base.commit()
    print(base.execute("select x from t").fetchone()[0]); base.close()
    with dbm.open("dbm", "c") as d: d["a"] = "b"
    with open("g", "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX); f.truncate(10000); m = mmap.mmap(f.fileno(), 0); m[0] = 65; m.flush(); m.resize(20000); m.madvise(mmap.MADV_DONTNEED)
        os.fsync(f.fileno()); os.fdatasync(f.fileno()); os.pread(f.fileno(), 1, 0); os.pwrite(f.fileno(), b"x", 0); os.preadv(f.fileno(), [bytearray(1)], 0); os.posix_fallocate(f.fileno(), 0, 10); os.posix_fadvise(f.fileno(), 0, 0, 0)
        os.copy_file_range(f.fileno(), os.open("h", os.O_RDWR | os.O_CREAT), 1); os.sync()
    a = os.memfd_create("m"); os.sendfile(a, os.open("g", os.O_RDONLY), 0, 10); os.dup(a); os.dup2(a, 50); os.set_blocking(a, False); os.umask(0o22); r, w = os.pipe(); os.splice(os.open("g", 0), w, 5)
    list(os.walk(".")); os.scandir("."); os.fwalk("."); os.eventfd(0); os.getrandom(4); os.mkdir("z"); os.rmdir("z"); os.remove("g"); os.chdir("/")
'
  assert_stdout 7
}

test_network() {
  use_profile python3
  certificate || true
  succeeds python3 -c '
import asyncio, http.server, os, select, selectors, smtplib, socket, ssl, threading, urllib.request, xmlrpc.client, xmlrpc.server
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").status); server.shutdown()
a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1).decode()); socket.send_fds(a, [b"x"], [0]); socket.recv_fds(b, 1, 1)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.sendto(b"x", u.getsockname()); u.recvfrom(1); u.recvmsg
try: s = socket.socket(socket.AF_INET6); s.bind(("::1", 0)); s.listen()
except OSError: pass
l = socket.socket(socket.AF_UNIX); l.bind("sock"); l.listen(); c = socket.socket(socket.AF_UNIX); c.connect("sock"); l.accept(); c.getpeername(); c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1000)
socket.getaddrinfo("localhost", 80); socket.gethostbyname("localhost"); socket.if_nameindex(); socket.gethostname(); socket.getfqdn()
try: socket.getaddrinfo("host.invalid", 80)
except OSError: pass
async def main():
    async def serve(reader, writer): writer.write(await reader.read(1)); await writer.drain(); writer.close()
    s = await asyncio.start_server(serve, "127.0.0.1", 0); r, w = await asyncio.open_connection(*s.sockets[0].getsockname()); w.write(b"y"); print((await r.read(1)).decode()); s.close()
    await asyncio.to_thread(os.getpid); await asyncio.get_running_loop().getaddrinfo("localhost", 1)
asyncio.run(main())
for poller in selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector:
    with poller() as p: p.register(a, selectors.EVENT_READ); p.select(0)
if os.path.exists("cert.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain("cert.pem", "key.pem"); ssl.create_default_context()
'
  assert_stdout "200
x
y"
}

test_interactive() {
  use_profile python3
  run "$TEST_BIN/on_terminal" "${LAUNCH[@]}" python3 -q -c 'import os, readline, shutil, sys, termios, tty; print(os.isatty(1), shutil.get_terminal_size()); t = termios.tcgetattr(0); tty.setcbreak(0); termios.tcsetattr(0, termios.TCSADRAIN, t); termios.tcflush(0, termios.TCIFLUSH); os.tcgetpgrp(0)'
  assert_status 0
}

# A script that an attacker has changed: packets of the network, other processes, namespaces.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile python3
  run "${PLAIN[@]}" python3 -c '
import ctypes, errno, os, socket
try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
except OSError as error: print("packets", errno.errorcode[error.errno])
libc = ctypes.CDLL(None, use_errno=True)
print("ptrace", libc.ptrace(16, os.getppid(), 0, 0), errno.errorcode[ctypes.get_errno()])
print("unshare", libc.unshare(0x10000000), errno.errorcode[ctypes.get_errno()])
print("io_uring", libc.syscall(425, 1, 0), errno.errorcode[ctypes.get_errno()])'
  assert_stdout "packets EAFNOSUPPORT
ptrace -1 EPERM
unshare -1 EPERM
io_uring -1 ENOSYS"
  answers process_vm_readv EPERM bpf EPERM perf_event_open EPERM mount EPERM keyctl EPERM userfaultfd EPERM
}

run_tests
