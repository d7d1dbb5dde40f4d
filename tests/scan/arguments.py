#!/usr/bin/env python3
"""arguments.py SANDBOX_POLICY COMMANDS [--min N] [--constant N]: what programs are seen to call, for what arguments.

COMMANDS has a command line for sh on each line. Each is run under strace. The arguments that `scan --args` tells apart,
of the calls of its own process and threads from its execve to its end or its next execve, must be within what the scan
of its program says. A value that is not there is a miss, unless a library is loaded while the program runs ("excused").
Prints a table; the exit status is 1 if anything was missed, if fewer than N commands were judged, or if fewer than N
different calls of a program that were seen had constant arguments: a scan that knows nothing would miss nothing."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# The arguments as the kernel gets them, for strace -X raw. clone's stand behind their names.
ARGUMENTS = {"socket": r"socket\((\w+), (\w+)", "socketpair": r"socketpair\((\w+), (\w+)", "ioctl": r"ioctl\(\w+, (\w+)",
             "fcntl": r"fcntl\(\w+, (\w+)", "prctl": r"prctl\((\w+)", "personality": r"personality\((\w+)",
             "clone": r"clone\(.*?flags=([\w|]+)"}
INDEX = {"socket": (0, 1), "socketpair": (0, 1), "ioctl": (1,), "fcntl": (1,), "prctl": (0,), "personality": (0,),
         "clone": (0,)}


def number(text):
    """strace prints clone's flags and the signal beside them as 0x1200000|17."""
    return sum(int(part, 0) for part in text.split("|")) & 0xffffffff


def observe(command, folder):
    """The program, and the calls of its process with their arguments."""
    trace = os.path.join(folder, "trace")
    subprocess.run(["timeout", "20", "strace", "-f", "-X", "raw", "-e",
                    "trace=execve,clone3," + ",".join(ARGUMENTS), "-o", trace, "sh", "-c", "exec " + command],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                   check=False)
    with open(trace, errors="replace") as file:
        lines = file.read().split("\n")
    main = lines[0].split()[0] if lines[0] else ""
    mine, calls, program = {main}, set(), None
    for line in lines:
        owner = line.split(" ", 1)[0]
        if owner not in mine:
            continue
        if re.match(r"\d+ +execve\(", line) and owner == main and line.endswith("= 0"):
            if program is not None:
                break  # Another program in the same process.
            path = re.search(r'execve\("([^"]+)"', line)
            if path and os.path.basename(path[1]) != "sh":
                program, calls = path[1], set()
            continue
        thread = re.search(r"flags=(0x\w+).*= (\d+)$", line)
        if thread and int(thread[1], 16) & 0x10000:  # CLONE_THREAD
            mine.add(thread[2])
        for name, pattern in ARGUMENTS.items():
            match = re.match(r"\d+ +" + pattern, line)
            if match:
                calls.add((name, tuple(number(value) for value in match.groups())))
    return program, calls


def is_within(call, found):
    """Whether a call's arguments are among the values of the scan's."""
    name, values = call
    arguments = dict(zip(INDEX[name], values))
    return any(all(arguments[c["argument"]] & int(c.get("mask", "0xffffffff"), 16) == int(c["value"], 16)
                   for c in conditions) for conditions in found[name]["values"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("policy_tool")
    parser.add_argument("commands")
    parser.add_argument("--min", type=int, default=0, help="how many commands must have been judged")
    parser.add_argument("--constant", type=int, default=0, help="how many calls must have had constant arguments")
    options = parser.parse_args()
    scans, judged, missed, constant = {}, set(), 0, 0
    print(f"{'command':40} {'seen':>5} {'constant':>8}  missing")
    with open(options.commands) as file:
        commands = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            if not shutil.which(command.split()[0]):
                continue
            with open(os.path.join(folder, "f"), "w") as small:
                small.write("b\na\n")
            program, calls = observe(command, folder)
        if program is None or not calls:
            continue
        path = os.path.realpath(program)
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        if path not in scans:
            run = subprocess.run([options.policy_tool, "scan", "--args", "--format", "json", "--with-nss", path],
                                 capture_output=True, text=True, check=False)
            scans[path] = json.loads(run.stdout)
        scan = scans[path]
        found = {call["name"]: call["arguments"] for call in scan["calls"]
                 if call["abi"] == "x86_64" and "arguments" in call}
        known = {call for call in calls if call[0] in found}
        outside = sorted(call for call in known if not is_within(call, found))
        told = [call for call in known if all(found[call[0]]["values"])]
        excused = any(exit["kind"] == "library" for exit in scan["exits"])
        judged.add(path)
        constant += len(told)
        note = " ".join(name + repr(tuple(map(hex, values))) for name, values in outside)
        print(f"{command[:40]:40} {len(known):5} {len(told):8}  {note}{' (excused)' if outside and excused else ''}")
        missed += 1 if outside and not excused else 0
    print(f"{len(judged)} programs, {constant} calls with constant arguments, {missed} with arguments that were missed")
    if len(judged) < options.min or constant < options.constant:
        print(f"expected {options.min} programs and {options.constant} calls with constant arguments")
        return 1
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
