#!/usr/bin/env python3
"""go_by_text.py SANDBOX_POLICY PROGRAM...: Go programs, by the method of go-seccomp-bpf's seccomp-profiler beside a scan.

The profiler reads the text of `go tool objdump` and matches lines: at each SYSCALL outside of the wrappers, the last
constant that was put into AX or BP; at each call of a wrapper (syscall.Syscall, unix.RawSyscall6 ...), the last that was
put into 0(SP), where arguments were until Go 1.17. Column "text" has what these rules find, "registers" what they find
if a wrapper's number may be in AX, too. Both count all functions that the linker kept, as a scan does. Each call of the
two columns that the scan does not have is printed; the exit status is 1 if there is one of column "text"."""
import json
import re
import subprocess
import sys

PACKAGES = {"syscall": ("Syscall", "Syscall6", "rawVforkSyscall", "RawSyscall", "RawSyscall6"),
            "unix": ("RawSyscall", "RawSyscall6", "RawSyscallNoError", "Syscall", "Syscall6", "Syscall9",
                     "SyscallNoError")}
WRAPPERS = [f"{package}.{name}(SB)" for package, names in PACKAGES.items() for name in names]
ON_STACK = re.compile(r"MOV[A-Z]? \$(\S+), 0\(SP\)")
IN_REGISTER = re.compile(r"MOV[A-Z]? \$(\S+), (?:AX|BP)\b")


def last_number(lines, pattern):
    for line in reversed(lines):
        match = pattern.search(line)
        if match:
            try:
                return int(match[1], 0)
            except ValueError:
                return None
    return None


def by_text(path):
    """The numbers by the profiler's rules, and with registers, too."""
    strict, loose, function, lines = set(), set(), "", []
    dump = subprocess.Popen(["go", "tool", "objdump", path], stdout=subprocess.PIPE, text=True, errors="replace")
    for line in dump.stdout:
        if line.startswith("TEXT "):
            function, lines = line[5:], []
            continue
        lines.append(line)
        number = None
        if "SYSCALL" in line and not any(wrapper in function for wrapper in WRAPPERS):
            zeroed = len(lines) > 1 and "XORL AX, AX" in lines[-2]
            number = 0 if zeroed else last_number(lines, IN_REGISTER)
            strict.add(number)
        elif "CALL" in line and any(wrapper in line for wrapper in WRAPPERS):
            number = last_number(lines, ON_STACK)
            strict.add(number)
            if number is None:
                number = last_number(lines, IN_REGISTER)
        else:
            continue
        loose.add(number)
        if number is not None:
            lines = []
    dump.wait()
    return strict - {None}, loose - {None}


def main():
    tool, missed = sys.argv[1], False
    print(f"{'program':40} {'text':>5} {'registers':>9} {'scan':>5}  not in the scan")
    for path in sys.argv[2:]:
        run = subprocess.run([tool, "scan", "--format", "json", path], capture_output=True, text=True, check=False)
        scan = json.loads(run.stdout)
        numbers = {call["number"] for call in scan["calls"] if call["abi"] == "x86_64"}
        numbers |= {int(number) for number in scan.get("nameless", [])}
        strict, loose = by_text(path)
        lost = [f"{number} (text)" for number in sorted(strict - numbers)]
        lost += [f"{number} (registers)" for number in sorted(loose - strict - numbers)]
        missed = missed or bool(strict - numbers)
        print(f"{path[-40:]:40} {len(strict):5} {len(loose):9} {len(numbers):5}  {' '.join(lost)}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
