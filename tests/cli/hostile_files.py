"""Filters, logs and files of expectations that cost as much as they can: see hostile_inputs.py."""

import struct

from hostile_policies import ABIS, HEAD, LIMIT, fill, word

MOST_INSTRUCTIONS = 4096

# ---- Filters ----

RET, LD, LDX, ST, STX, ALU, JMP, MISC = 0x06, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x07
LD_ABS, LD_MEM, LDX_MEM, TAX, TXA, JA = 0x20, 0x60, 0x61, 0x07, 0x87, 0x05
JEQ, JGT, JGE, JSET = 0x15, 0x25, 0x35, 0x45
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def raw(instructions):
    assert len(instructions) <= MOST_INSTRUCTIONS
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


FILTERS = {}


def bpf(function):
    FILTERS[function.__name__] = function
    return function


def diamonds(body, tests, count):
    """A test whose two sides meet again, over and over: 2^count ways."""
    program = []
    for i in range(count):
        program += tests(i) + body(i)
    return program


@bpf
def bpf_diamonds(seed=0):
    program = [(LD_ABS, 0, 0, 16)]
    program += diamonds(lambda i: [(0x04, 0, 0, i + 1)], lambda i: [(JSET, 0, 1, 1 << (i + seed) % 32)], 2040)
    return raw(program + [(0x16, 0, 0, 0)])  # Returns A.


@bpf
def bpf_diamonds_in_memory(seed=0):
    program = [(LD_ABS, 0, 0, 16)]
    for i in range(1000):
        program += [(JSET, 0, 1, 1 << (i + seed) % 32), (ST, 0, 0, i % 16), (0x14, 0, 0, 3), (0x34 + 0x30, 0, 0, 1)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_multiplications(seed=0):
    program = [(LD_ABS, 0, 0, 16), (TAX, 0, 0, 0)]
    for i in range(2000):
        program += [(0x24 | 0x08, 0, 0, 0), (0x04, 0, 0, i * 2654435761 + seed & 0xFFFFFFFF)]  # A *= X; A += k
    return raw(program + [(JEQ, 0, 1, 12345), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW)])


@bpf
def bpf_divisions(seed=0):
    program = [(LD_ABS, 0, 0, 16), (TAX, 0, 0, 0), (LD_ABS, 0, 0, 24)]
    for i in range(2000):
        program += [(0x34 | 0x08, 0, 0, 0), (0x04, 0, 0, i * 2654435761 + seed & 0xFFFFFFFF)]
    return raw(program + [(JEQ, 0, 1, 12345), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW)])


@bpf
def bpf_sums_of_arguments(seed=0):
    program = [(LD_ABS, 0, 0, 16)]
    for i in range(1000):
        program += [(TAX, 0, 0, 0), (LD_ABS, 0, 0, 16 + (i + seed) % 12 * 4), (0x04 | 0x08, 0, 0, 0),
                    (JGT, 0, 0, i * 2654435761 & 0xFFFFFFFF)]
    return raw(program + [(JEQ, 0, 1, 12345), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW)])


@bpf
def bpf_equal_words(seed=0):
    """Compares all words of the arguments with one another: diagrams with 2^32 nodes."""
    program = []
    for i in range(800):
        program += [(LD_ABS, 0, 0, 16 + i % 12 * 4), (TAX, 0, 0, 0), (LD_ABS, 0, 0, 16 + (i * 5 + 1 + seed) % 12 * 4),
                    (JEQ | 0x08, 0, 1, 0), (RET, 0, 0, ERRNO + i + 1)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_returns(seed=0):
    program = [(LD_ABS, 0, 0, 0)]
    for i in range(2047):
        program += [(JEQ, 0, 1, i), (RET, 0, 0, ERRNO + (i + seed) % 4096)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_returns_by_arguments(seed=0):
    program = [(LD_ABS, 0, 0, 16)]
    for i in range(2047):
        program += [(JSET, 0, 1, i * 2654435761 + 1 & 0xFFFFFFFF), (RET, 0, 0, ERRNO + (i + seed) % 4096)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_loads_of_everything(seed=0):
    program = []
    for i in range(1364):
        program += [(LD_ABS, 0, 0, (i + seed) % 16 * 4), (JSET, 0, 1, i * 2654435761 + 1 & 0xFFFFFFFF),
                    (RET, 0, 0, ERRNO + i)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_numbers_and_arguments(seed=0):
    program = []
    for i in range(816):
        program += [(LD_ABS, 0, 0, 0), (JGE, 0, 3, i), (LD_ABS, 0, 0, 16 + i % 12 * 4),
                    (JGT, 0, 1, i * 2654435761 + 1 & 0xFFFFFFFF), (RET, 0, 0, ERRNO + (i + seed) % 4096)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_archs(seed=0):
    program = [(LD_ABS, 0, 0, 4)]
    for i in range(2047):
        program += [(JEQ, 0, 1, 0xC000003E + i), (RET, 0, 0, ERRNO + (i + seed) % 4096)]
    return raw(program + [(RET, 0, 0, ALLOW)])


@bpf
def bpf_masks_of_numbers(seed=0):
    program = [(LD_ABS, 0, 0, 0)]
    program += diamonds(lambda i: [(0x54 if i % 2 else 0xA4, 0, 0, i * 2654435761 + seed & 0xFFFFFFFF)],
                        lambda i: [(JSET, 0, 1, 1 << i % 32)], 2040)
    return raw(program + [(0x16, 0, 0, 0)])


@bpf
def bpf_shifts(seed=0):
    program = [(LD_ABS, 0, 0, 16), (TAX, 0, 0, 0), (LD_ABS, 0, 0, 24)]
    for i in range(1000):
        program += [(0x64 | 0x08, 0, 0, 0), (0xA4 | 0x08, 0, 0, 0), (0x04, 0, 0, i + seed + 1), (TAX, 0, 0, 0)]
    return raw(program + [(JEQ, 0, 1, 12345), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW)])


@bpf
def bpf_jumps(seed=0):
    program = [(LD_ABS, 0, 0, 0)] + [(JGT, 0, 0, i + seed) for i in range(4094)]
    return raw(program + [(RET, 0, 0, ALLOW)])


# ---- Logs and expectations ----

LOGS = {}


def log(function):
    LOGS[function.__name__] = function
    return function


def record(pid, call, sig=0, code=0x50000, comm="x", exe='"/bin/x"', serial=1):
    return ('type=SECCOMP msg=audit(1700000000.123:%d): auid=1 uid=1 gid=1 ses=1 subj=x pid=%d comm="%s" exe=%s sig=%d '
            "arch=c000003e syscall=%d compat=0 ip=0x7f code=0x%x\n" % (serial, pid, comm, exe, sig, call, code))


@log
def log_of_processes(_):
    return fill("", lambda i: record(i, i % 450, comm="c%d" % i, exe='"/bin/%d"' % i, serial=i), limit=8 * LIMIT)


@log
def log_of_one_long_line(_):
    return "type=SECCOMP msg=audit(1.1:1): " + "x=1 " * (2 * LIMIT) + "\n"


@log
def log_of_long_fields(_):
    return fill("", lambda i: record(i, 1, exe="41" * 2000), limit=8 * LIMIT)


@log
def log_of_nothing(_):
    return "\n" * (8 * LIMIT)


@log
def log_without_an_end(_):
    return "x" * (8 * LIMIT)


EXPECTATIONS = {}


def expectation(function):
    EXPECTATIONS[function.__name__] = function
    return function


@expectation
def expectations_that_hold(_):
    return fill("policy: good.yml\nexpect:\n", lambda i: "- {call: [read], action: allow}\n")


@expectation
def expectations_that_fail(_):
    return fill("policy: good.yml\nexpect:\n", lambda i: "- {call: [read], action: kill_process}\n")


@expectation
def expectations_of_unknown_calls(_):
    return fill("policy: good.yml\nexpect:\n", lambda i: "- {call: [%s], action: allow}\n" % word(i))


@expectation
def expectations_on_one_line(_):
    return fill("policy: good.yml\nexpect: [", lambda i: "{call: [read], action: log},", "{}]\n")


@expectation
def expectations_of_constants(_):
    return fill("policy: good.yml\nexpect:\n", lambda i: "- {call: [ioctl, 1, %s], action: allow}\n" %
                ("TIOC" + word(i).upper()))


@expectation
def expectations_of_a_large_policy(_):
    return fill("policy: large.yml\nexpect:\n", lambda i: "- {call: [lseek, 1, %d], action: allow}\n" % i)


@expectation
def expectations_of_files(_):
    return fill("policy: files.yml\nexpect:\n", lambda i: "- {path: /p%d/x/y, access: read, action: %s}\n" %
                (i % 5000, "allow" if i % 2 else "deny"))


@expectation
def expectations_of_every_abi(_):
    return fill("policy: every.yml\nexpect:\n", lambda i: "- {call: [read], action: allow, arch: %s}\n" %
                ABIS[i % len(ABIS)])


@expectation
def expectations_of_unknown_keys(_):
    return fill("policy: good.yml\nexpect:\n", lambda i: "- {%s: [read], action: allow}\n" % word(i))


GOOD = HEAD + "  syscalls: [{action: errno, names: [uname]}]\n"
