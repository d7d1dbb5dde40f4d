"""Runs a command and prints the seccomp records that the kernel's audit system publishes about its process.

Each is printed as "syscall=N code=ACTION arch=ARCH". Ends at the first record, or with status 1 when none comes.
"""

import re
import socket
import subprocess
import sys

NETLINK_AUDIT = 9
AUDIT_NLGRP_READLOG = 1
AUDIT_SECCOMP = 1326


def main():
    records = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
    records.bind((0, 1 << (AUDIT_NLGRP_READLOG - 1)))
    records.settimeout(20)
    process = subprocess.Popen(sys.argv[1:])
    process.wait()
    while True:
        try:
            message = records.recv(65536)
        except TimeoutError:
            sys.exit("no record of pid %d" % process.pid)
        kind = int.from_bytes(message[4:6], sys.byteorder)
        fields = dict(re.findall(r"(\w+)=(\S+)", message[16:].decode(errors="replace")))
        if kind == AUDIT_SECCOMP and fields.get("pid") == str(process.pid):
            print(*["%s=%s" % (name, fields[name]) for name in ("syscall", "code", "arch")])
            return


main()
