"""The kernel's seccomp records, as it publishes them to root. What the tests of audit records and of events share."""

import ctypes
import os
import socket
import sys

NETLINK_AUDIT = 9
AUDIT_NLGRP_READLOG = 1
AUDIT_SECCOMP = 1326
PR_SET_SECCOMP = 22
SO_RCVBUFFORCE = 33
SECCOMP_MODE_STRICT = 1


def listen():
    """A listener that gets all records from now on."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # Other tests make records, too.
    listener.bind((0, 1 << (AUDIT_NLGRP_READLOG - 1)))
    return listener


def leave_a_mark():
    """Has a process leave a record of its own, and returns its pid: what comes later in the queue is of no interest."""
    pid = os.fork()
    if pid == 0:
        # In strict mode any call but a few ends the process.
        ctypes.CDLL(None).prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
        os.getppid()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def next_record(listener):
    """The text of the next one."""
    while True:
        message = listener.recv(65536)
        if int.from_bytes(message[4:6], sys.byteorder) == AUDIT_SECCOMP:
            return message[16:].decode(errors="replace").rstrip("\0")


def records_before(listener, mark):
    """The texts of all that came before the mark."""
    texts = []
    while " pid=%d " % mark not in (text := next_record(listener)):
        texts.append(text)
    return texts
