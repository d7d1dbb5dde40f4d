"""Makes system calls with arguments of many kinds: report_arguments.py GROUP.

The numbers are those of x86_64. A group makes its calls once each, in the order in which they stand here.
"""

import ctypes
import mmap
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
CONNECT, SENDTO, SETSOCKOPT, EXECVE, KILL, MKDIR, CHMOD, RMDIR, SOCKET = 42, 44, 54, 59, 62, 83, 90, 84, 41
UNLINK, PRCTL, OPENAT, OPENAT2, MOUNT, SYMLINK, CREAT, IOCTL = 87, 157, 257, 437, 165, 88, 85, 16
kept = []  # What the calls point to.


def pointer(data):
    memory = ctypes.create_string_buffer(data, len(data) + 1)
    kept.append(memory)
    return ctypes.c_void_p(ctypes.addressof(memory))


def call(number, *arguments):
    libc.syscall(
        ctypes.c_long(number),
        *(
            pointer(one) if isinstance(one, bytes) else one if isinstance(one, ctypes.c_void_p) else ctypes.c_long(one)
            for one in arguments
        ),
    )


def connect(address):
    call(CONNECT, 3, address, len(address))


def path_at_the_end_of_memory(path):
    """Behind its last byte there is no memory, and no NUL."""
    memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    kept.append(memory)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    memory[mmap.PAGESIZE - len(path) : mmap.PAGESIZE] = path
    libc.munmap(ctypes.c_void_p(start + mmap.PAGESIZE), ctypes.c_size_t(mmap.PAGESIZE))
    return ctypes.c_void_p(start + mmap.PAGESIZE - len(path))


def internet():
    connect(struct.pack("=HH4s8x", 2, int.from_bytes((8080).to_bytes(2, "big"), sys.byteorder), b"\x7f\0\0\1"))
    port = int.from_bytes((443).to_bytes(2, "big"), sys.byteorder)
    connect(struct.pack("=HHI16sI", 10, port, 0, b"\0" * 15 + b"\1", 0))
    connect(struct.pack("=HHI16sI", 10, port, 0, b"\xfe\x80" + b"\0" * 13 + b"\1", 3))
    connect(struct.pack("=HHII", 16, 0, 5, 3))
    connect(struct.pack("=H", 17) + b"123456")


def local():
    connect(struct.pack("=H", 1) + b"/run/socket\0")
    connect(struct.pack("=H", 1) + b"\0abstract")
    connect(struct.pack("=H", 1) + b"\0a\0\x1b\xff")
    connect(struct.pack("=H", 1))
    connect(struct.pack("=H", 1) + b"/" + b"a" * 107)


def strings():
    call(MKDIR, b"plain", 0o755)
    call(RMDIR, b"a" * 64)
    call(UNLINK, b"b" * 65)
    call(CREAT, b'quote" and \\', 0o644)
    call(CHMOD, b"c" * 5000, 0o4755)
    call(SYMLINK, b"from", b"to")


def dangerous_strings():
    call(MKDIR, b"\x1b[31mred\x07", 0)
    call(RMDIR, b"line\nsandbox-run: denied nothing\r\t")
    call(UNLINK, b"\xff\xfe\x80")
    call(CREAT, "uml\u00e4ut \u202e \u200b \u009b".encode(), 0)
    call(CHMOD, "a".encode() * 63 + "\u00e4".encode(), 0)  # Cut in the middle of a character.


def bad_pointers():
    call(MKDIR, 0xDEADBEEF, 0)
    call(RMDIR, 0)
    call(UNLINK, -1)
    call(CREAT, path_at_the_end_of_memory(b"end"), 0)
    call(CONNECT, 3, 1, 16)
    call(EXECVE, 1, 2, 3)


def programs():
    argv = struct.pack("=QQQQ", *(pointer(word).value for word in (b"ls", b"-l", b"a b")), 0)
    call(EXECVE, b"/bin/ls", argv, 0)
    argv = struct.pack("=21Q", *(pointer(b"x").value for _ in range(20)), 0)
    call(EXECVE, b"/bin/echo", argv, 0)


def constants():
    call(SOCKET, 17, 3 | 0o2000000, 768)
    call(SOCKET, 2, 1, 6)
    call(SOCKET, 999, 1, 0)
    call(SETSOCKOPT, 3, 1, 2, 0, 4)
    call(SENDTO, 3, b"hello\0world", 11, 0x4000, 0, 0)
    call(OPENAT2, -100, b"/etc/passwd", struct.pack("=QQQ", os.O_RDONLY | os.O_CLOEXEC, 0, 8), 24)
    call(PRCTL, 15, b"name")
    call(KILL, -1, 9)
    call(MOUNT, b"none", b"/mnt", b"tmpfs", 6, 0)
    call(IOCTL, 0, 0x5412, 0)


def flags():
    call(OPENAT, -100, b"one", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    call(OPENAT, 5, b"two", os.O_RDONLY | os.O_DIRECTORY, 0o777)  # Where nothing is created, the mode is ignored.


for group in sys.argv[1:]:
    globals()[group]()
