#!/usr/bin/env python3
"""superset.py SANDBOX_POLICY COMMANDS [--min N]: what programs are seen to call, beside what a scan finds in their code.

COMMANDS has a command line for sh on each line. Each is run under strace; the calls of its own process and threads, from
its execve to its end or its next execve, must be in the scan of its program, with the libraries of NSS. Two things
account for a call that is not there, and both are looked at for that call alone:

  loaded   the program has loaded libraries while it ran, and the scan finds the call with these (--with);
  unknown  the instruction that made the call, by strace -k, is one whose number the scan told not to know.

All else is a miss. Prints a table; the exit status is 1 if anything was missed."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINE = re.compile(r"^(\d+)\s+(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)")
MAPPED = re.compile(r"mmap\([^<]*PROT_EXEC[^<]*<(/[^>]+)>")
FRAME = re.compile(r"^ > (\S+?)\(([^)]*)\) \[0x([0-9a-f]+)\]")
# strace's names of calls that have another one in the kernel's table.
NAMES = {"pread": "pread64", "pwrite": "pwrite64", "umount": "umount2"}
KERNEL_NAMES = {new: old for old, new in NAMES.items()}


def strace(command, folder, *options):
    """The lines of a trace."""
    trace = os.path.join(folder, "trace")
    with open(os.path.join(folder, "f"), "w") as small:
        small.write("b\na\n")
    subprocess.run(["timeout", "--signal=INT", "30", "strace", "-f", *options, "-o", trace, "sh", "-c", "exec " + command],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                   check=False)
    with open(trace, errors="replace") as file:
        return file.read().split("\n")


def observe(command):
    """The program, the calls of its process, and the libraries that it has mapped."""
    with tempfile.TemporaryDirectory() as folder:
        lines = strace(command, folder, "-y")
    # What timeout starts is meant, not timeout.
    skipped = {"sh", "timeout"} if re.match(r"timeout \d", command) else {"sh"}
    mine, calls, mapped, program = set(), set(), set(), None
    for line in lines:
        match = LINE.match(line)
        if not match or (program is not None and match[1] not in mine):
            continue
        if match[2] == "execve" and line.endswith("= 0"):
            if program is not None:
                break  # Another program in the same process.
            path = re.search(r'execve\("([^"]+)"', line)
            if path and os.path.basename(path[1]) not in skipped:
                program, mine = path[1], {match[1]}
                continue
        if program is None:
            continue
        calls.add(NAMES.get(match[2], match[2]))
        library = MAPPED.search(line)
        if library:
            mapped.add(os.path.realpath(library[1]))
        thread = re.search(r"= (\d+)$", line)
        if match[2] in ("clone", "clone3") and "CLONE_THREAD" in line and thread:
            mine.add(thread[1])
    return program, calls, mapped


def callers(command, call):
    """Where the call was made: file, function, distance in it, place in the file."""
    found = set()
    with tempfile.TemporaryDirectory() as folder:
        lines = strace(command, folder, "-k", "-e", "trace=" + KERNEL_NAMES.get(call, call))
    for number, line in enumerate(lines):
        frame = FRAME.match(line)
        if frame and not lines[number - 1].startswith(" > "):
            function, _, distance = frame[2].partition("+0x")
            found.add((os.path.realpath(frame[1]), function, int(distance or "0", 16), int(frame[3], 16)))
    return found


class Scans:
    def __init__(self, tool):
        self.tool, self.known = tool, {}

    def of(self, path, libraries=()):
        key = (path, tuple(sorted(libraries)))
        if key not in self.known:
            options = [option for library in key[1] for option in ("--with", library)]
            run = subprocess.run([self.tool, "scan", "--format", "json", "--with-nss", *options, path],
                                 capture_output=True, text=True, check=False)
            self.known[key] = json.loads(run.stdout) if run.stdout else {"error": run.stderr.strip()}
        return self.known[key]


def names_of(scan):
    return {call["name"] for call in scan.get("calls", [])}


def is_told_unknown(scan, command, call):
    """Whether each place that made the call is one that the scan names. The instruction has two bytes."""
    places = set()
    for unknown in scan.get("unknown", []):
        place = unknown["place"]
        places.add((os.path.realpath(place["file"]), place.get("function", ""), int(place.get("offset", "0"), 16) + 2))
    seen = callers(command, call)
    return bool(seen) and all((file, function, distance) in places or (file, "", offset) in places
                              for file, function, distance, offset in seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy_tool")
    parser.add_argument("commands")
    parser.add_argument("--min", type=int, default=0, help="how many commands must have run")
    parser.add_argument("--every", type=int, default=1, help="of so many commands, run one")
    options = parser.parse_args()
    scans, ran, missed, accounted = Scans(options.policy_tool), 0, 0, 0
    print(f"{'command':40} {'seen':>5} {'scan':>5}  not in the scan")
    with open(options.commands) as file:
        commands = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for command in commands[::options.every]:
        if not shutil.which(command.split()[0]):
            continue
        program, calls, mapped = observe(command)
        if program is None:
            continue
        path = os.path.realpath(program)
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        scan = scans.of(path)
        if "calls" not in scan:
            print(f"{command[:40]:40} {scan}")
            missed += 1
            continue
        missing = calls - names_of(scan) - {"???"}
        notes = []
        if missing:
            read = {os.path.realpath(library) for library in scan["libraries"]} | {path}
            loaded = mapped - read
            with_loaded = scans.of(path, loaded) if loaded else scan
            for call in sorted(missing):
                if call in names_of(with_loaded):
                    notes.append(call + " (loaded)")
                elif is_told_unknown(scan, command, call):
                    notes.append(call + " (unknown)")
                else:
                    notes.append(call + " MISSED")
        ran += 1
        wrong = any(note.endswith("MISSED") for note in notes)
        missed += 1 if wrong else 0
        accounted += 1 if notes and not wrong else 0
        print(f"{command[:40]:40} {len(calls):5} {len(names_of(scan)):5}  {' '.join(notes)}", flush=True)
    print(f"{ran} commands; {accounted} with calls of libraries that they load or of places that are told, "
          f"{missed} with calls that the scan missed")
    if ran < options.min:
        print(f"expected {options.min} commands to run")
        return 1
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
