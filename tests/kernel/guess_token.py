"""Calls execve and execveat with many guesses at the launcher's token in registers 4 to 6.

Prints each answer's name once. The seed comes from SANDBOX_RUN_TEST_SEED or is drawn, and is printed to standard error.
"""

import ctypes
import errno
import os
import random
import sys

NUMBERS = {"x86_64": (59, 322), "aarch64": (221, 281)}
TRIES = 20000


def guesses(generator):
    ones = 2**64 - 1
    yield (0, 0, 0)
    yield (ones, ones, ones)
    for bit in range(64):
        yield (1 << bit,) * 3
        yield (ones ^ (1 << bit),) * 3
        yield (1 << bit, 0, 0)
        yield (0, 0, 1 << bit)
    for _ in range(TRIES):
        yield tuple(generator.getrandbits(64) for _ in range(3))
    for _ in range(1000):  # Pointers into this process, and what stands there.
        place = ctypes.create_string_buffer(64)
        yield (ctypes.addressof(place),) * 3


def main():
    seed = int(os.environ.get("SANDBOX_RUN_TEST_SEED", "0"), 0) or random.SystemRandom().getrandbits(64)
    print("seed", seed, file=sys.stderr)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    execve, execveat = NUMBERS[os.uname().machine]
    path = ctypes.c_char_p(b"/bin/echo")
    arguments = (ctypes.c_char_p * 2)(b"started", None)
    environment = (ctypes.c_char_p * 1)(None)
    answers = set()
    for guess in guesses(random.Random(seed)):
        registers = [ctypes.c_uint64(value) for value in guess]
        result = libc.syscall(ctypes.c_long(execve), path, arguments, environment, *registers)
        answers.add((result, errno.errorcode.get(ctypes.get_errno())))
        result = libc.syscall(ctypes.c_long(execveat), ctypes.c_long(-100), path, arguments, environment, ctypes.c_long(0),
                              registers[2])
        answers.add((result, errno.errorcode.get(ctypes.get_errno())))
    for result, name in sorted(answers):
        print(result, name)


main()
