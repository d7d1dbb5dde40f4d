#!/usr/bin/python3
"""Kills the processes of a supervised target at random moments.

    supervise_kills.py ROUNDS SEED CALLERS report|record COMMAND...

COMMAND starts a target: as 'sandbox-run --report' does, or as 'sandbox-policy record'. In each round the signal proxy
(the process that was started), the supervisor, the target, or several of them are killed while the target is a tree of
processes that make calls (`many_callers tree`). Afterwards

- nothing of the tree is left: where the signal proxy or the supervisor dies, the other one kills everything. When the
  target alone ends, the processes that it left running live on, as they do without a supervisor; and when signal proxy
  and supervisor die at once, only the target is sure to die. Then the test kills the rest itself;
- the signal proxy ends, with the status of a killed process;
- no process of the tree was ever seen without a filter, and no call got another answer than the policy's.

What is wrong is printed, and the exit status is 1.
"""

import errno
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

LARGEST_PID = int(pathlib.Path("/proc/sys/kernel/pid_max").read_text())
BOUND = float(os.environ.get("BOUND", "15"))  # Seconds that a step may take before it counts as hung.
NOTHING = "the supervisor ended before it had started anything\n"
MESSAGE = "; everything that it supervised has been killed\n"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # It has ended.
        return b""


class Process:
    """Of /proc/PID/status."""

    def __init__(self, pid, status):
        self.pid = pid
        fields = dict(re.findall(r"^(\w+):\t(\S*)", status, re.MULTILINE))
        self.name, self.state, self.parent = fields["Name"], fields["State"], int(fields["PPid"])
        self.filtered = fields["Seccomp"] in ("2", "3") and fields["NoNewPrivs"] == "1"  # 3: killed by its filter.

    def __str__(self):
        return f"{self.name} {self.pid} (parent {self.parent}, state {self.state})"


class Tree:
    """All processes whose command line has the marker; zombies have none."""

    def __init__(self, marker):
        self.marker = marker.encode()
        self.others = {pid for pid in self.pids() if self.marker not in read(f"/proc/{pid}/cmdline")}

    @staticmethod
    def pids():
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}

    def look(self):
        found = {}
        for pid in self.pids() - self.others:
            if self.marker not in read(f"/proc/{pid}/cmdline"):
                continue
            status = read(f"/proc/{pid}/status").decode("latin-1")
            if "\nSeccomp:" in status:
                process = Process(pid, status)
                if process.state not in "ZX":
                    found[pid] = process
        return found

    def kill(self):
        """Until nothing is left: not seen several times, as one that just begins or ends may not be seen once. Returns
        whether that is so."""
        end = time.monotonic() + BOUND
        clean = 0
        while clean < 5 and time.monotonic() < end:
            found = self.look()
            clean = 0 if found else clean + 1
            for pid in found:
                kill(pid)
            time.sleep(0.001)
        return clean == 5


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Round:
    def __init__(self, number, choice, many_callers, kind, command):
        self.problems = []
        self.left = 0  # Processes that lived on where they may.
        marker = f"supervise-kills-{os.getpid()}-{number}"
        self.tree = Tree(marker)
        victims = ["proxy", "supervisor", "proxy supervisor", "proxy target", "supervisor target",
                   "proxy supervisor target"]
        if kind == "report":  # A recording would go on.
            victims.append("target")
        self.victims = choice.choice(victims).split()
        choice.shuffle(self.victims)
        self.delay = choice.choice([0, 0.004, 0.008, 0.012, 0.02, 0.05, 0.1]) * choice.random()
        answer = str(errno.EACCES if kind == "report" else errno.ENOENT)  # Recorded, the call is made.
        self.proxy = subprocess.Popen(command + [many_callers, "tree", answer, marker], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_filters(self, found):
        for process in found.values():
            if process.name in ("many_callers", "exe") and not process.filtered:
                self.problems.append(f"{process} has no filter")

    def kill_victims(self):
        """Returns the pids that were killed, by what they were; who did not exist yet is not killed."""
        found = self.tree.look()
        self.check_filters(found)
        roles = {"proxy": self.proxy.pid}
        for role, parent in (("supervisor", "proxy"), ("target", "supervisor")):
            children = [pid for pid, process in found.items() if process.parent == roles.get(parent)]
            if children:
                # The first that was made: numbers count up, and begin anew at the largest one. Later ones are orphans.
                roles[role] = min(children, key=lambda pid: (pid - self.proxy.pid) % LARGEST_PID)
        killed = {role: roles[role] for role in self.victims if role in roles}
        for pid in killed.values():
            kill(pid)
        return killed, roles

    def wait_until(self, what, check):
        end = time.monotonic() + BOUND
        while True:
            found = self.tree.look()
            self.check_filters(found)
            if check(found):
                return True
            if time.monotonic() > end:
                self.problems.append(f"{what}; there are {', '.join(map(str, found.values()))}")
                return False
            time.sleep(0.002)

    def kill_rest(self):
        """Returns what the whole tree has written. It has the pipes, so their end shows that none is left: one that
        executes a program just now has no command line, and on a busy machine may have none for long."""
        end = time.monotonic() + BOUND
        while True:
            stays = not self.tree.kill()
            try:
                return self.proxy.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if stays or time.monotonic() > end:
                    self.problems.append("the supervisor stays")
                    return "", ""

    def play(self):
        time.sleep(self.delay)
        killed, roles = self.kill_victims()
        if not killed:
            killed["proxy"] = self.proxy.pid
            kill(self.proxy.pid)
        self.wait_until("the signal proxy does not end", lambda _: self.proxy.poll() is not None)
        status = self.proxy.returncode
        # It may have been about to end with the target: then the others live on.
        order = list(killed)
        with_target = "proxy" in killed and "target" in order[: order.index("proxy")]
        all_die = "proxy" in killed and status == -signal.SIGKILL and not with_target
        both = "proxy" in killed and "supervisor" in killed
        if all_die and not both:
            self.wait_until("not all have ended with the signal proxy", lambda found: not found)
        target = roles.get("target")
        if target is not None:
            self.wait_until("the target has not ended", lambda found: target not in found)
        survivors = self.tree.look()
        self.check_filters(survivors)
        output, errors = self.kill_rest()
        # The supervisor may have had no time to start anything.
        nothing = NOTHING in errors and status in (125, 2)
        if "proxy" not in killed and status != 137 and not nothing:
            self.problems.append(f"the exit status is {status}")
        claims = MESSAGE in errors or nothing
        if "supervisor" in killed and "proxy" not in killed and "target" not in killed and not claims:
            self.problems.append(f"the signal proxy does not say what has happened: {errors!r}")
        if claims and survivors:
            self.problems.append(f"not everything was killed: {', '.join(map(str, survivors.values()))}")
        if output:
            self.problems.append(f"the tree says: {output!r}")
        self.left = len(survivors)
        return [f"killed {' '.join(killed)} after {self.delay:.4f} s: {problem}" for problem in self.problems]


def main():
    rounds, seed, many_callers, kind, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:]
    choice = random.Random(seed)
    failed = False
    for number in range(rounds):
        started = time.monotonic()
        one = Round(number, choice, many_callers, kind, command)
        try:
            problems = one.play()
        finally:
            one.tree.kill()
        if os.environ.get("VERBOSE"):  # For who looks for a slow round.
            print(number, one.victims, f"{one.delay:.4f}", one.left, f"{time.monotonic() - started:.2f}", flush=True)
        for problem in problems:
            print(f"round {number} (seed {seed}): {problem}")
            failed = True
    return 1 if failed else 0


sys.exit(main())
