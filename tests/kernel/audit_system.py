"""Turns the audit system on (1) or off (0) and prints what it was: for tests of records that the kernel makes only then."""

import socket
import struct
import sys

AUDIT_GET, AUDIT_SET, AUDIT_STATUS_ENABLED = 1000, 1001, 1
NLM_F_REQUEST, NLM_F_ACK = 1, 4


def ask(kind, flags, payload=b""):
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
    kernel.settimeout(5)
    kernel.sendto(struct.pack("IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload, (0, 0))
    while True:
        reply = kernel.recv(65536)
        if struct.unpack_from("H", reply, 4)[0] in (kind, 2):  # NLMSG_ERROR, which is also what says that it was done.
            return reply


status = ask(AUDIT_GET, 0)
if len(status) < 16 + 8 or struct.unpack_from("H", status, 4)[0] != AUDIT_GET:
    sys.exit("the audit system does not answer")
print(struct.unpack_from("II", status, 16)[1])
wanted = struct.pack("11I", AUDIT_STATUS_ENABLED, int(sys.argv[1]), *[0] * 9)
if struct.unpack_from("i", ask(AUDIT_SET, NLM_F_ACK, wanted), 16)[0] != 0:
    sys.exit("the audit system cannot be set")
