"""Runs a command and prints the seccomp records that the kernel's audit system publishes about its process.

Each is printed as "syscall=N code=ACTION arch=ARCH". Ends at the first record, or with status 1 when none comes.
"""

import re
import subprocess
import sys

import kernel_records


def main():
    listener = kernel_records.listen()
    listener.settimeout(20)
    process = subprocess.Popen(sys.argv[1:])
    process.wait()
    while True:
        try:
            text = kernel_records.next_record(listener)
        except TimeoutError:
            sys.exit("no record of pid %d" % process.pid)
        fields = dict(re.findall(r"(\w+)=(\S+)", text))
        if fields.get("pid") == str(process.pid):
            print(*["%s=%s" % (name, fields[name]) for name in ("syscall", "code", "arch")])
            return


main()
