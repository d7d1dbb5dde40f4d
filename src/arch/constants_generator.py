#!/usr/bin/env python3
"""Writes generated/constants.inc and generated/errno.inc from the kernel's own headers.

    constants_generator.py DIRECTORY       writes both files
    constants_generator.py --check         compares them with those that are checked in
    constants_generator.py --check-native  the same, but only the x86 ABIs, whose headers every x86_64 machine has
    constants_generator.py --check-libc    compares the values of x86_64 with those of the C library's headers

The checks exit with 0 when all is equal, 1 when not, 77 when this machine has no or other headers.

The preprocessor lists the names of each ABI, and the compiler evaluates them into an object file, from which they are
read; nothing is run. What is no integer constant makes the compiler complain about its line and is left out. The
compiler is the x86_64 one for all ABIs: what matters to a constant is the size and alignment of types (_IOR contains
the size of a structure), and those it can imitate: -m64 for the 64-bit ABIs, -m32 with 64-bit types aligned to 8 bytes
for the 32-bit ones, x86's own layout for x86.
"""
import dataclasses
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIP = 77
CC = os.environ.get("CC_X86_64", "gcc")


@dataclasses.dataclass(frozen=True)
class Abi:
    name: str
    package: str  # Ships asm/.
    asm: str      # The folder that has asm/.
    layout: str
    defines: str  # What a compiler for this ABI predefines and the headers ask for.


LP64 = "-m64 -D__LP64__ -D_LP64 -D__SIZEOF_LONG__=8 -D__SIZEOF_POINTER__=8"
ILP32 = "-m32 -malign-double -D__ILP32__ -D_ILP32 -D__SIZEOF_LONG__=4 -D__SIZEOF_POINTER__=4"
X86_32 = "-m32 -D__ILP32__ -D_ILP32 -D__SIZEOF_LONG__=4 -D__SIZEOF_POINTER__=4"

NATIVE = ("linux-libc-dev", "/usr/include/x86_64-linux-gnu")
ARM = ("linux-libc-dev-armhf-cross", "/usr/arm-linux-gnueabihf/include")
ARM64 = ("linux-libc-dev-arm64-cross", "/usr/aarch64-linux-gnu/include")
MIPS = ("linux-libc-dev-mips-cross", "/usr/mips-linux-gnu/include")
PARISC = ("linux-libc-dev-hppa-cross", "/usr/hppa-linux-gnu/include")
POWERPC = ("linux-libc-dev-powerpc-cross", "/usr/powerpc-linux-gnu/include")
RISCV = ("linux-libc-dev-riscv64-cross", "/usr/riscv64-linux-gnu/include")
S390 = ("linux-libc-dev-s390x-cross", "/usr/s390x-linux-gnu/include")


def mips(sim, endian, long_bits):
    o32 = sim == 1
    return (f"-D__mips__ -D_MIPS_SIM={sim} -D_MIPS_SZLONG={long_bits} -D_MIPS_SZINT=32 -D__{endian}__"
            + ("" if o32 else " -D__mips64"))


# In the order of enum class Abi. The kernel has one set of headers for an architecture, for each endianness and
# word size, so one package serves a family.
ABIS = [
    Abi("x86_64", *NATIVE, LP64, "-D__x86_64__"),
    Abi("x86", *NATIVE, X86_32, "-D__i386__"),
    Abi("x32", *NATIVE, "-mx32 -D__ILP32__ -D_ILP32 -D__SIZEOF_LONG__=4 -D__SIZEOF_POINTER__=4", "-D__x86_64__"),
    Abi("arm", *ARM, ILP32, "-D__arm__ -D__ARM_EABI__ -D__ARMEL__"),
    Abi("aarch64", *ARM64, LP64, "-D__aarch64__ -D__AARCH64EL__"),
    Abi("mips", *MIPS, ILP32, mips(1, "MIPSEB", 32)),
    Abi("mipsel", *MIPS, ILP32, mips(1, "MIPSEL", 32)),
    Abi("mips64", *MIPS, LP64, mips(3, "MIPSEB", 64)),
    Abi("mipsel64", *MIPS, LP64, mips(3, "MIPSEL", 64)),
    Abi("mips64n32", *MIPS, ILP32, mips(2, "MIPSEB", 32)),
    Abi("mipsel64n32", *MIPS, ILP32, mips(2, "MIPSEL", 32)),
    Abi("parisc", *PARISC, ILP32, "-D__hppa__"),
    Abi("parisc64", *PARISC, LP64, "-D__hppa__ -D__hppa64__"),
    Abi("ppc", *POWERPC, ILP32, "-D__powerpc__ -D__BIG_ENDIAN__"),
    Abi("ppc64", *POWERPC, LP64, "-D__powerpc__ -D__powerpc64__ -D__BIG_ENDIAN__"),
    Abi("ppc64le", *POWERPC, LP64, "-D__powerpc__ -D__powerpc64__ -D__LITTLE_ENDIAN__"),
    Abi("riscv64", *RISCV, LP64, "-D__riscv -D__riscv_xlen=64"),
    Abi("s390", *S390, ILP32, "-D__s390__"),
    Abi("s390x", *S390, LP64, "-D__s390__ -D__s390x__"),
]

# What an argument of a system call can be. Names by call or family of calls.
WANTED = re.compile(r"""^(?:
    # sockets
    AF_\w+ | SOCK_\w+ | SOL_\w+ | SO_\w+ | MSG_\w+ | SHUT_\w+ | IPPROTO_\w+ | NETLINK_\w+ | BTPROTO_\w+ | PACKET_\w+ |
    TCP_\w+ | UDP_\w+ | IP_\w+ | IPV6_\w+ | MCAST_\w+ |
    SYS_[A-Z0-9]+ |
    # files
    O_\w+ | F_\w+ | [RWX]_OK | FD_CLOEXEC | DN_\w+ | AT_\w+ | S_I\w+ | LOCK_\w+ | SEEK_\w+ | FALLOC_\w+ | RENAME_\w+ |
    XATTR_(?:CREATE|REPLACE) |
    RWF_\w+ | SPLICE_F_\w+ | SYNC_FILE_RANGE_\w+ | POSIX_FADV_\w+ | STATX_\w+ | IN_\w+ | FAN_\w+ | CLOSE_RANGE_\w+ |
    EPOLL\w+ | EFD_\w+ | SFD_\w+ | TFD_\w+ | IORING_(?:ENTER|REGISTER|UNREGISTER)_\w+ | LANDLOCK_\w+ |
    # mounts, quotas and swap
    MS_\w+ | MNT_\w+ | UMOUNT_\w+ | MOUNT_ATTR_\w+ | MOVE_MOUNT_\w+ | OPEN_TREE_\w+ | FSOPEN_\w+ | FSCONFIG_\w+ |
    FSMOUNT_\w+ | FSPICK_\w+ | Q_\w+ | SWAP_FLAG_\w+ |
    # memory
    PROT_\w+ | MAP_\w+ | MREMAP_\w+ | MADV_\w+ | MCL_\w+ | MLOCK_ONFAULT | MFD_\w+ | MPOL_\w+ | PKEY_\w+ | SHM_\w+ |
    UFFD_\w+ | UFFDIO_\w+ | USERFAULTFD_IOC_NEW | MEMBARRIER_\w+ |
    # processes
    CLONE_\w+ | CSIGNAL | PR_\w+ | ARCH_\w+ | CAP_\w+ | SECBIT_\w+ | PTRACE_\w+ | KCMP_\w+ | PIDFD_\w+ | SECCOMP_\w+ |
    SIG[A-Z0-9]+ | SIG_(?:BLOCK|UNBLOCK|SETMASK) | P_(?:ALL|PID|PGID|PIDFD) | W[A-Z]+ | __W[A-Z]+ | FUTEX_\w+ |
    RSEQ_FLAG_\w+ | SCHED_\w+ | PRIO_\w+ | IOPRIO_\w+ | RLIMIT_\w+ | RUSAGE_\w+ | PER_\w+ | ADDR_\w+ |
    UNAME26 | FDPIC_FUNCPTRS | MMAP_PAGE_ZERO | READ_IMPLIES_EXEC | SHORT_INODE | WHOLE_SECONDS | STICKY_TIMEOUTS |
    # System V
    IPC_\w+ | SEM_\w+ | (?:SEM|SHM|MSG)(?:GET|CTL) | SEMOP | SEMTIMEDOP | SHMAT | SHMDT | MSGSND | MSGRCV |
    GETPID | GETVAL | GETALL | GETNCNT | GETZCNT | SETVAL | SETALL |
    # time
    CLOCK_\w+ | TIMER_ABSTIME | ITIMER_\w+ |
    # the system
    KEYCTL_(?!CAPS)\w+ | KEY_SPEC_\w+ | KEY_REQKEY_\w+ | BPF_\w+ | PERF_FLAG_\w+ | PERF_EVENT_IOC_\w+ |
    LINUX_REBOOT_\w+ | MODULE_INIT_\w+ | KEXEC_\w+ | GRND_\w+ | SYSLOG_ACTION_\w+ |
    # ioctl
    TIOC\w+ | TC[A-Z0-9]+ | FIO\w+ | SIOC\w+ | FS_IOC\w+ |
    FI(?:BMAP|GETBSZ|FREEZE|THAW|TRIM|CLONE|CLONERANGE|DEDUPERANGE) | BLK[A-Z]\w+ | LOOP_\w+ | TUN[A-Z]\w+ |
    RND[A-Z]\w+ | KD[A-Z]\w+ | VT_\w+ | GIO_\w+ | PIO_\w+ | NS_GET_\w+
)$""", re.VERBOSE)

# The same prefixes on what is no argument: enumerations inside structures, bit positions, counts of enumerators.
UNWANTED = re.compile(r"""^(?:
    \w+_(?:H|MAX|LAST) | CAP_LAST_CAP | KCMP_TYPES | (?:MNT|IPC)_NS_INDEX | TCP_(?:FLAG|NLA|CA)_\w+ |
    TCP_(?:RESERVED_BITS|DATA_OFFSET) | IN_CLASS\w+ | IN_LOOPBACKNET |
    IPV6_(?:PRIORITY|TLV)_\w+ | CLOCK_(?:DEFAULT|EXT|INT|TXINT|TXFROMRX) | UFFD_(?:API|EVENT|FEATURE|PAGEFAULT)\w* |
    SIGSTKSZ | FAN_EVENT_(?:INFO|METADATA)_\w+
)$""", re.VERBOSE)

ERRNO = re.compile(r"^E[A-Z0-9]+$")


class Failure(Exception):
    pass


def run(command, stdin=None):
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


class Source:
    """A text of includes and how to compile it."""

    def __init__(self, flags, text):
        self.flags = ["-std=gnu11", *flags]
        self.text = text


def kernel_source(abi, scratch):
    """The headers of one ABI: linux/ and asm-generic/ are the same on all, so linux-libc-dev's serve."""
    folder = os.path.join(scratch, "include")
    os.makedirs(os.path.join(folder, "sys"))
    for name, target in [("linux", "/usr/include/linux"), ("asm-generic", "/usr/include/asm-generic"),
                         ("asm", abi.asm + "/asm")]:
        os.symlink(target, os.path.join(folder, name))
    for stub in ("stddef.h", "unistd.h", "sys/socket.h", "sys/time.h"):  # constants_generator.h has what is needed.
        open(os.path.join(folder, stub), "w", encoding="ascii").close()
    return Source(["-undef", "-nostdinc", "-isystem", folder, "-D__linux__", "-D__GNUC__=12", "-D__CHAR_BIT__=8",
                   *abi.layout.split(), *abi.defines.split()], f'#include "{HERE}/constants_generator.h"\n')


def preprocess(source, *flags):
    result = run([CC, *source.flags, "-E", *flags, "-x", "c", "-"], source.text)
    if result.returncode != 0:
        raise Failure(result.stderr)
    return result.stdout


def macros(source):
    """name -> replacement text, for macros without parameters."""
    return dict(re.findall(r"^#define (\w+) (.+)$", preprocess(source, "-dM"), re.MULTILINE))


def enumerators(source, tag=r"\w*"):
    names = set()
    for body in re.findall(r"\benum\s*" + tag + r"\s*\{([^}]*)\}", preprocess(source, "-P")):
        names.update(re.findall(r"(?:^|,)\s*(\w+)\s*(?==|,|$)", re.sub(r"\([^()]*\)", "", body)))
    return names


def evaluate(source, names, scratch):
    """name -> value as 64 bits, sign-extended where it is negative, for the names that are integer constants."""
    names = sorted(names)
    stem = os.path.join(scratch, "values")
    while True:
        lines = [source.text, "const unsigned long long values[] __attribute__((section(\".table\"))) = {\n",
                 "#line 1 \"values\"\n", *(f"({name}),\n" for name in names), "};\n"]
        result = run([CC, *source.flags, "-Werror=int-conversion", "-ftrack-macro-expansion=0", "-fmax-errors=0", "-O1",
                      "-c", "-o", stem + ".o", "-x", "c", "-"], "".join(lines))
        if result.returncode == 0:
            break
        bad = {int(line) - 1 for line in re.findall(r"^values:(\d+):\d+: error", result.stderr, re.MULTILINE)}
        if not bad:
            raise Failure(result.stderr)
        names = [name for i, name in enumerate(names) if i not in bad]
    result = run(["objcopy", "-O", "binary", "-j", ".table", stem + ".o", stem + ".bin"])
    if result.returncode != 0:
        raise Failure(result.stderr)
    with open(stem + ".bin", "rb") as file:
        data = file.read()
    if len(data) != 8 * len(names):
        raise Failure(f"{len(names)} names gave {len(data)} bytes")
    return {name: int.from_bytes(data[8 * i:8 * i + 8], "little") for i, name in enumerate(names)}


def constants_of(source, scratch):
    names = {name for name in set(macros(source)) | enumerators(source) if WANTED.match(name)}
    # Among bpf.h's enumerations and instruction codes, only the commands are arguments.
    commands = enumerators(source, "bpf_cmd") | {"BPF_TOKEN_CREATE"}
    names = {name for name in names if not UNWANTED.match(name) and (name[:4] != "BPF_" or name in commands)}
    values = evaluate(source, names, scratch)
    values.update({"P" + name[1:]: value for name, value in values.items() if name.startswith("AF_")})
    return values


def errnos_of(source, scratch):
    """name -> number, and the set of the names that stand for another name's number."""
    source = Source(source.flags[1:], "#include <asm/errno.h>\n")
    texts = {name: text for name, text in macros(source).items() if ERRNO.match(name)}
    values = evaluate(source, texts, scratch)
    aliases = {name for name in values if not texts[name][0].isdigit()}
    if "ENOTSUP" not in values:  # Only the C library has this one.
        values["ENOTSUP"] = values["EOPNOTSUPP"]
        aliases.add("ENOTSUP")
    return values, aliases


def missing_headers(abis):
    wanted = {(abi.package, abi.asm + "/asm") for abi in abis} | {(NATIVE[0], "/usr/include/linux")}
    return sorted({package for package, folder in wanted if not os.path.isdir(folder)})


def version(package):
    return run(["dpkg-query", "-W", "-f", "${Version}", package]).stdout or "(not from a package)"


def head(abis):
    lines = ["// Generated by constants_generator.py. Not to be edited.", "//"]
    for package in dict.fromkeys(abi.package for abi in abis):
        names = " ".join(abi.name for abi in abis if abi.package == package)
        lines.append(f"// {package} {version(package)}: {names}")
    lines += ["//", "// linux/ and asm-generic/ are linux-libc-dev's for all. An architecture's headers serve both of",
              "// its endiannesses and word sizes, as in the kernel's source."]
    return lines


class Columns:
    """Which of a name's distinct values each ABI has."""

    def __init__(self):
        self.patterns = {}

    def add(self, row):
        """row: one value an ABI, None for absent. Returns the number of the pattern and the distinct values."""
        distinct = list(dict.fromkeys(value for value in row if value is not None))
        pattern = tuple(distinct.index(value) if value is not None else None for value in row)
        return self.patterns.setdefault(pattern, len(self.patterns)), distinct


def find_run(values, run_of_values):
    """Where the values stand already, one after another; else they are appended."""
    for i in range(len(values) - len(run_of_values) + 1):
        if values[i:i + len(run_of_values)] == run_of_values:
            return i
    values.extend(run_of_values)
    return len(values) - len(run_of_values)


def constants_text(abis, tables):
    columns, values, rows = Columns(), [], []
    names = sorted(set().union(*tables))
    for name in names:
        row = [table.get(name) for table in tables]
        pattern, distinct = columns.add(row)
        rows.append((name, pattern, find_run(values, distinct), distinct))
    if len(values) > 0xffff or len(columns.patterns) > 0xff:
        raise Failure("the indices of constants.cc are too narrow")

    lines = head(abis) + ["", "constexpr Abi kAbiOrder[] = {"]
    lines += [f"    Abi::k{abi.name.capitalize()}," for abi in abis] + ["};"]
    lines += ["", "// Which of its values a constant has on each ABI.",
              "constexpr uint8_t kPatterns[][kAbiCount] = {"]
    for pattern in columns.patterns:
        lines.append("    {" + ", ".join("kNone" if slot is None else str(slot) for slot in pattern) + "},")
    lines += ["};", "", "constexpr uint64_t kValues[] = {"]
    lines += [f"    {value:#x}," for value in values]
    lines += ["};", "", "// Ordered by name, each followed by NUL.", "constexpr char kNames[] ="]
    lines += [f'    "{name}\\0"' for name in names]
    lines[-1] += ";"
    lines += ["", "constexpr Row kRows[] = {"]
    offset = 0
    for name, pattern, first, distinct in rows:
        lines.append(f"    {{{offset}, {pattern}, {first}}},  // {name} {' '.join(hex(value) for value in distinct)}")
        offset += len(name) + 1
    return "\n".join(lines + ["};"]) + "\n"


def errno_text(abis, tables, aliases):
    everywhere = set.intersection(*map(set, tables))
    names = sorted(set().union(*tables),
                   key=lambda name: (name not in everywhere, name in aliases, tables[0].get(name), name))
    column_of, columns = [], {}
    for table in tables:
        column = tuple(table.get(name, 0) for name in names)
        column_of.append(columns.setdefault(column, len(columns)))
    lines = head(abis)
    lines += ["", "// The column of each ABI.",
              "constexpr uint8_t kColumnOf[kAbiCount] = {" + ", ".join(map(str, column_of)) + "};",
              f"constexpr size_t kColumns = {len(columns)};", "",
              "struct Row {", "  std::string_view name;", "  uint16_t numbers[kColumns];", "};", "",
              "// By number, but last the names that some ABI does not have (0), and before them those that stand for",
              "// another name's number: a search by number finds the proper name first.",
              "constexpr Row kRows[] = {"]
    for i, name in enumerate(names):
        lines.append(f"    {{\"{name}\", {{" + ", ".join(str(column[i]) for column in columns) + "}},")
    return "\n".join(lines + ["};"]) + "\n"


def read_constants(text):
    """ABI -> name -> value, from the text of constants.inc."""
    def section(start):
        return re.search(re.escape(start) + r"[^=]*=(.*?);\n", text, re.DOTALL).group(1)

    patterns = [re.findall(r"\w+", line) for line in section("kPatterns").splitlines() if "{" in line and "}" in line]
    values = [int(value, 0) for value in re.findall(r"\w+", section("kValues"))]
    names = re.findall(r'"(\w+)\\0"', text)
    rows = [tuple(map(int, row)) for row in re.findall(r"^    \{(\d+), (\d+), (\d+)\},  //", text, re.MULTILINE)]
    tables = {abi.lower(): {} for abi in re.findall(r"Abi::k(\w+),", text)}
    for name, (_, pattern, first) in zip(names, rows, strict=True):
        for abi, slot in zip(tables, patterns[pattern], strict=True):
            if slot != "kNone":
                tables[abi][name] = values[first + int(slot)]
    return tables


def tables_of(abi):
    with tempfile.TemporaryDirectory() as scratch:
        source = kernel_source(abi, scratch)
        return constants_of(source, scratch), *errnos_of(source, scratch)


def generate():
    """The texts of both files."""
    constants, errnos, aliases = zip(*map(tables_of, ABIS))
    return {"constants.inc": constants_text(ABIS, constants),
            "errno.inc": errno_text(ABIS, errnos, set().union(*aliases))}


def checked_in(name):
    with open(os.path.join(HERE, "generated", name), encoding="ascii") as file:
        return file.read()


def without_versions(text):
    return re.sub(r"^(// linux-libc-dev\S*) \S+:", r"\1:", text, flags=re.MULTILINE)


def check():
    different = [name for name, text in generate().items()
                 if without_versions(text) != without_versions(checked_in(name))]
    for name in different:
        print(f"{name} is not what constants_generator.py makes of the installed headers")
    return 1 if different else 0


def report(what, known, found):
    """Names the constants that two tables have with different values."""
    bad = [name for name in sorted(known.keys() & found.keys()) if known[name] != found[name]]
    for name in bad:
        print(f"{what}: {name} is {found[name]:#x}, constants.inc has {known[name]:#x}")
    return bad


def check_native():
    tables, bad = read_constants(checked_in("constants.inc")), []
    for abi in (abi for abi in ABIS if abi.asm == NATIVE[1]):
        found = tables_of(abi)[0]
        bad += report(abi.name, tables[abi.name], found)
        if version(NATIVE[0]) != recorded_version():
            continue  # Stable updates add names: only the values of those that both have can be held against each other.
        for name in sorted(found.keys() ^ tables[abi.name].keys()):
            print(f"{abi.name}: {name} is {'not in the headers' if name not in found else 'missing in constants.inc'}")
            bad.append(name)
    return 1 if bad else 0


LIBC_HEADERS = """fcntl.h sched.h signal.h termios.h time.h unistd.h netinet/in.h netinet/tcp.h netinet/udp.h net/if.h
    sys/epoll.h sys/eventfd.h sys/fanotify.h sys/file.h sys/inotify.h sys/ioctl.h sys/ipc.h sys/mman.h sys/mount.h
    sys/msg.h sys/personality.h sys/prctl.h sys/ptrace.h sys/quota.h sys/random.h sys/reboot.h sys/resource.h sys/sem.h
    sys/shm.h sys/signalfd.h sys/socket.h sys/stat.h sys/swap.h sys/time.h sys/timerfd.h sys/wait.h sys/xattr.h"""

# Where the C library's value is not the kernel's, or is that of newer headers: a mask of all flags.
LIBC_DIFFERS = {"MOVE_MOUNT__MASK", "O_LARGEFILE", "SIGRTMIN", "SIGRTMAX"}


def check_libc():
    known = read_constants(checked_in("constants.inc"))["x86_64"]
    text = "".join(f"#include <{header}>\n" for header in LIBC_HEADERS.split())
    with tempfile.TemporaryDirectory() as scratch:
        found = evaluate(Source(["-m64", "-D_GNU_SOURCE"], text), known.keys() - LIBC_DIFFERS, scratch)
    bad = report("the C library", known, found)
    print(f"{len(found)} constants compared with the C library's headers")
    return 1 if bad else 0


def recorded_version():
    return re.search(r"linux-libc-dev (\S+):", checked_in("constants.inc")).group(1)


def series(text):
    match = re.match(r"\d+\.\d+", text)
    return match.group(0) if match else None


def skip_reason(mode):
    """Why the headers of this machine do not allow this comparison; none: they do."""
    missing = missing_headers(ABIS if mode in ("--check", "write") else ABIS[:3])
    if missing:
        return "not installed: " + " ".join(missing)
    recorded, installed = (recorded_version() if mode != "write" else None), version(NATIVE[0])
    same = recorded == installed if mode == "--check" else series(recorded or "") == series(installed)
    if mode in ("--check", "--check-native") and not same:
        return f"the tables are from linux-libc-dev {recorded}, the installed headers are {installed}"
    return None


def write(directory):
    for name, text in generate().items():
        with open(os.path.join(directory, name), "w", encoding="ascii") as file:
            file.write(text)
    return 0


def main(arguments):
    checks = {"--check": check, "--check-native": check_native, "--check-libc": check_libc}
    if len(arguments) != 1 or (arguments[0].startswith("-") and arguments[0] not in checks):
        print(__doc__, file=sys.stderr)
        return 2
    reason = skip_reason(arguments[0] if arguments[0] in checks else "write")
    if reason is not None:
        print(reason)
        return SKIP
    return checks[arguments[0]]() if arguments[0] in checks else write(arguments[0])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
