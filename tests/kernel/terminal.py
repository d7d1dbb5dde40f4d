#!/usr/bin/python3
"""Runs a program on a terminal of its own, as the leader of its session, and plays the person before it.

    terminal.py COMMAND [ARGUMENT]... <STEPS

Each line of STEPS is one step:

    expect REGEX     waits until this is printed, behind what was expected before; {1} is its first group from then on
    type TEXT        with Python's escapes: \\x03 is Ctrl-C, \\n the return key
    insist TEXT REGEX   types the one until it sees the other: not every program is ready for a key at once
    size ROWS COLUMNS
    signal NAME PID
    hangup           the terminal is gone; it prints nothing any more
    modes            remembers the modes of the terminal
    same-modes       they are as they were
    never REGEX      was not printed until now
    times N REGEX    was printed so often until now
    end STATUS       the program ends with this status, as a shell shows it

What is wrong is printed with all that was seen, and the exit status is 1. All of the session is killed at the end.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

BOUND = float(os.environ.get("BOUND", "30"))  # Seconds that a step may take.


class Wrong(Exception):
    pass


class Terminal:
    def __init__(self, command):
        self.seen = ""
        self.at = 0
        self.groups = ()
        self.modes = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)

    def read(self, seconds):
        """Whether anything can still come."""
        if self.fd < 0 or not select.select([self.fd], [], [], seconds)[0]:
            return self.fd >= 0
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # The last one that had it open has closed it.
            data = b""
        self.seen += data.decode("latin-1").replace("\r\n", "\n")
        return data != b""

    def wait_for(self, what, check):
        end = time.monotonic() + BOUND
        result = check()
        while result is None:
            if time.monotonic() > end:
                raise Wrong(f"expected {what}")
            if not self.read(0.05):
                time.sleep(0.01)
            result = check()
        return result

    def do_expect(self, regex):
        match = self.wait_for(f"to see {regex!r}", lambda: re.compile(regex).search(self.seen, self.at))
        self.at = match.end()
        self.groups = match.groups() or self.groups

    def do_type(self, text):
        os.write(self.fd, text.encode("latin-1").decode("unicode_escape").encode("latin-1"))

    def do_insist(self, text):
        key, regex = text.split(" ", 1)
        typed = [0]

        def check():
            match = re.compile(regex).search(self.seen, self.at)
            if match is None and time.monotonic() - typed[0] > 0.5:
                typed[0] = time.monotonic()
                self.do_type(key)
            return match
        self.at = self.wait_for(f"to see {regex!r}", check).end()

    def do_size(self, text):
        rows, columns = map(int, text.split())
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def do_signal(self, text):
        name, pid = text.split()
        os.kill(int(pid), getattr(signal, "SIG" + name))

    def do_hangup(self, _):
        os.close(self.fd)
        self.fd = -1

    def do_modes(self, _):
        self.modes = termios.tcgetattr(self.fd)

    def do_same_modes(self, _):
        def check():
            return True if termios.tcgetattr(self.fd) == self.modes else None
        self.wait_for("the modes of the terminal to be as before", check)

    def do_never(self, regex):
        self.do_times("0 " + regex)

    def do_times(self, text):
        count, regex = text.split(" ", 1)
        found = len(re.findall(regex, self.seen))
        if found != int(count):
            raise Wrong(f"expected {regex!r} {count} times, not {found} times")

    def do_end(self, status):
        def check():
            pid, wait_status = os.waitpid(self.pid, os.WNOHANG)
            return None if pid == 0 else wait_status
        wait_status = self.wait_for("the program to end", check)
        while self.read(0):
            if not select.select([self.fd], [], [], 0)[0]:
                break
        code = os.waitstatus_to_exitcode(wait_status)
        code = code if code >= 0 else 128 - code
        if code != int(status):
            raise Wrong(f"expected exit status {status}, not {code}")

    def play(self, steps):
        for line in steps:
            name, _, rest = line.strip("\n").partition(" ")
            if not name:
                continue
            for number, group in enumerate(self.groups, 1):
                rest = rest.replace("{%d}" % number, group)
            try:
                getattr(self, "do_" + name.replace("-", "_"))(rest)
            except (Wrong, OSError) as problem:
                raise Wrong(f"step '{line.strip()}': {problem}") from None

    def kill_all(self):
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.getsid(int(entry)) == self.pid:
                    os.kill(int(entry), signal.SIGKILL)
            except OSError:
                pass


def main():
    terminal = Terminal(sys.argv[1:])
    try:
        terminal.play(sys.stdin.read().splitlines())
    except Wrong as problem:
        print(f"{problem}\nThe terminal has shown:\n{terminal.seen}")
        return 1
    finally:
        terminal.kill_all()
    return 0


sys.exit(main())
