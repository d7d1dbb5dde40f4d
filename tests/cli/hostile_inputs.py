#!/usr/bin/env python3
"""Inputs that are made to cost as much as they can, and what each program does with them.

    hostile_inputs.py --bin DIR [--cpu SECONDS] [--memory MB] [--only REGEX] [--table] [--keep DIR]

Every input stays within the limits that the manuals name (1 MB for a policy, 4096 instructions for a filter). Each is
given to sandbox-run and to every command of sandbox-policy that takes such an input. Each must be judged or refused: it
ends by itself with a status of its own, within the processor time and the address space that it is given here. What
was measured is printed as a table with --table.
"""

import argparse
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import hostile_files
import hostile_policies
from hostile_policies import ABIS, HEAD, beats, condition, entries


def calls(bin_dir):
    out = subprocess.run([bin_dir + "/sandbox-policy", "list", "syscalls", "--arch", "x86_64", "--format", "json"],
                         capture_output=True, check=True).stdout
    return [entry["name"] for entry in json.loads(out)["syscalls"] if entry["name"]]


# ---- Running ----

class Runner:
    def __init__(self, arguments, folder):
        self.bin = os.path.abspath(arguments.bin)
        self.launcher = os.path.abspath(arguments.launcher or arguments.bin + "/sandbox-run")
        self.cpu = arguments.cpu
        self.memory = arguments.memory << 20
        self.only = re.compile(arguments.only)
        self.table = arguments.table
        self.whole = arguments.whole
        self.folder = folder
        self.rows = []
        self.failures = 0
        self.ran = 0

    def write(self, name, contents):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(contents if isinstance(contents, bytes) else contents.encode())
        return name

    def limit(self):
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu, self.cpu))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self.memory:
            resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))

    def run(self, kind, label, command):
        name = kind + " " + label
        if not self.only.search(name):
            return None
        program = self.launcher if command[0] == "sandbox-run" else os.path.join(self.bin, command[0])
        out = open(os.path.join(self.folder, "out"), "w+b")
        begin = time.monotonic()
        child = subprocess.Popen([program] + command[1:], stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, cwd=self.folder, preexec_fn=self.limit)
        guard = threading.Timer(20 * self.cpu, child.kill)  # Something that waits takes no processor time.
        guard.start()
        _, status, usage = os.wait4(child.pid, 0)
        guard.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        size = out.tell() or os.path.getsize(out.name)
        out.seek(0)
        text = out.read()
        out.close()
        self.ran += 1
        cpu = usage.ru_utime + usage.ru_stime
        self.rows.append((cpu, usage.ru_maxrss // 1024, child.returncode, size, name))
        problem = None
        if child.returncode == -signal.SIGXCPU or child.returncode == -signal.SIGKILL:
            problem = "takes more than %d s of processor time" % self.cpu
        elif child.returncode < 0 or child.returncode not in (0, 1, 2, 3, 125):
            problem = "ends with %d" % child.returncode
        elif b"bad_alloc" in text[-300:] or b"not enough memory" in text[-300:]:
            problem = "needs more than %d MB" % (self.memory >> 20)
        elif child.returncode not in (0, 1, 3) and not text:
            problem = "fails without a word"
        if self.table:
            print("%8.2f s %6d MB  %4d %9d B  %s%s" % (self.rows[-1] + ("   << " + problem if problem else "",)),
                  flush=True)
        if problem:
            self.failures += 1
            print("%s: %s" % (name, problem), file=sys.stderr)
        return child.returncode

    def policy(self, kind, name):
        self.run(kind, "run", ["sandbox-run", "--dry-run", "--policy", name, "--", "/bin/true"])
        if self.run(kind, "check", ["sandbox-policy", "check", name]) == 2 and not self.whole:
            return  # What is refused here is refused by every command, before it does anything with it.
        commands = [["show", "--all", "--format", "json"], ["disasm"], ["convert", "--to", "beats"],
                    ["convert", "--to", "oci"], ["convert", "--lossy", "--to", "systemd"], ["compile"]]
        if self.whole:
            commands += [["check", "--format", "json"], ["show"], ["convert", "--to", "k8s"],
                         ["convert", "--to", "systemd"], ["convert", "--lossy", "--to", "oci"],
                         ["convert", "--to", "bpf"]]
        for command in commands:
            output = ["-o", "written"] if command[0] in ("convert", "compile") else []
            self.run(kind, " ".join(command), ["sandbox-policy"] + command + [name] + output)
        self.run(kind, "explain --path", ["sandbox-policy", "explain", "--path", name, "lseek", "1", "2"])
        self.run(kind, "diff default", ["sandbox-policy", "diff", name, "profile:default"])
        self.run(kind, "record --merge", ["sandbox-policy", "record", "--merge", name, "-o", "recorded", "--",
                                          "/bin/true"])
        if self.whole:
            self.run(kind, "explain", ["sandbox-policy", "explain", name, "lseek"])
            self.run(kind, "diff itself", ["sandbox-policy", "diff", name, name])
            self.run(kind, "run with default", ["sandbox-run", "--dry-run", "--policy", name, "--profile", "default",
                                                "--", "/bin/true"])

    def filter(self, kind, make):
        self.write("filter", make())
        self.write("other", make(1))
        self.run(kind, "run", ["sandbox-run", "--dry-run", "--bpf", "filter", "--", "/bin/true"])
        for command in (["check"], ["show"], ["show", "--all", "--format", "json"], ["disasm"]):
            self.run(kind, " ".join(command), ["sandbox-policy"] + command + ["filter"])
        self.run(kind, "explain", ["sandbox-policy", "explain", "filter", "lseek"])
        self.run(kind, "explain --path", ["sandbox-policy", "explain", "--path", "filter", "lseek", "1", "2"])
        self.run(kind, "diff default", ["sandbox-policy", "diff", "filter", "profile:default"])
        self.run(kind, "diff another", ["sandbox-policy", "diff", "filter", "other"])

    def several(self, kind, names):
        options = [word for name in names for word in ("--policy", name)]
        self.run(kind, "run", ["sandbox-run", "--dry-run"] + options + ["--", "/bin/true"])
        self.run(kind, "compile", ["sandbox-policy", "compile"] + names + ["-o", "compiled"])
        self.run(kind, "check", ["sandbox-policy", "check"] + names)

    def all(self):
        names = calls(self.bin)
        for kind, make in hostile_policies.POLICIES.items():
            self.policy(kind, self.write("policy.yml", make(names)))
        for kind, make in hostile_files.FILTERS.items():
            self.filter(kind, make)
        for kind, make in hostile_files.LOGS.items():
            self.write("log", make(names))
            self.run(kind, "audit", ["sandbox-policy", "audit", "log"])
            self.run(kind, "audit json", ["sandbox-policy", "audit", "--format", "json", "log"])
        self.write("good.yml", hostile_files.GOOD)
        self.write("every.yml", HEAD + "  architectures: [%s]\n" % ", ".join(ABIS) +
                   "  syscalls: [{action: errno, names: [read]}]\n")
        self.write("files.yml", hostile_policies.landlock_rules_that_fit(names))
        self.write("large.yml", hostile_policies.values_of_one_argument_that_fit(names))
        for kind, make in hostile_files.EXPECTATIONS.items():
            self.write("expectations.yml", make(names))
            self.run(kind, "test", ["sandbox-policy", "test", "expectations.yml"])
            self.run(kind, "test json", ["sandbox-policy", "test", "--format", "json", "expectations.yml"])
        self.write("a.yml", hostile_policies.most_errnos_of_one_call(names))
        self.write("b.yml", hostile_policies.most_errnos_of_one_call_by_another(names))
        self.write("c.yml", hostile_policies.kills_of_one_call(names))
        self.several("two_policies_of_errnos", ["a.yml", "b.yml"])
        self.several("two_policies_of_errnos_and_kills", ["a.yml", "c.yml"])
        for i in range(20):
            self.write("p%d.yml" % i, entries("mmap", lambda j, i=i: condition((i + j) % 6, "Equal", j * 977 + i),
                                              count=300))
            self.write("e%d.yml" % i, beats(lambda j, i=i: "  - {action: errno, errno: %d, names_with_args: [{name: "
                                            "mmap, arguments: [%s]}]}\n" % (j * 20 + i + 1, condition(
                                                i % 6, "BitsSet", j + 1)), count=20))
            self.write("n%d.yml" % i, hostile_policies.one_group_of_every_name(names))
        self.several("twenty_policies_of_conditions", ["p%d.yml" % i for i in range(20)])
        self.several("twenty_policies_of_errnos", ["e%d.yml" % i for i in range(20)])
        self.several("twenty_policies_of_names", ["n%d.yml" % i for i in range(20)])
        self.write("x.yml", hostile_policies.ranges_of_six_arguments_that_fit(names))
        self.write("y.yml", hostile_policies.same_bits_of_two_arguments(names))
        self.write("z.yml", hostile_policies.masks_that_fit(names))
        for a, b in ("xy", "yz", "xz"):
            self.run("two_worst_cases", "diff %s %s" % (a, b), ["sandbox-policy", "diff", a + ".yml", b + ".yml"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--launcher", help="sandbox-run, if it is not in DIR")
    parser.add_argument("--cpu", type=int, default=10)
    parser.add_argument("--memory", type=int, default=256)
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--whole", action="store_true", help="every command, also for what check refuses")
    parser.add_argument("--keep", help="a folder for the inputs, which stay there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(arguments, arguments.keep or folder)
        runner.all()
    if runner.ran == 0:
        sys.exit("nothing was run")
    worst = sorted(runner.rows)[-1]
    most = max(runner.rows, key=lambda row: row[1])
    print("%d kinds of input, %d runs; at most %.2f s (%s) and %d MB (%s)" % (
        len({row[4].split()[0] for row in runner.rows}), runner.ran, worst[0], worst[4], most[1], most[4]))
    sys.exit(1 if runner.failures else 0)


if __name__ == "__main__":
    main()
