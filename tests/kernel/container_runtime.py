"""Containers of runc or crun with a profile, for container_runtime_test.sh.

container_runtime.py bundle DIR ROOTFS [--cap NAME]... [--profile FILE] COMMAND...: writes a bundle's config.json.
container_runtime.py compare THEIRS OURS: what `every_call` printed under the runtime and under
sandbox-run; prints each call for which they differ, and how many calls were compared.

container_runtime.py widen FROM TO: the profile, and a rule that allows what runc and `every_call` need, without what
the profile names itself.

Docker's part of a profile (archMap, name, includes, excludes) is decided here, as Docker does it before it writes
config.json, and by no code of the project's. All the rest is left as it is written, for the runtime to read.
"""

import ctypes
import json
import platform
import re
import sys

DOCKERS_KEYS = ("archmap", "name", "includes", "excludes")


def lower_keys(value):
    """encoding/json finds keys without case."""
    if isinstance(value, dict):
        return {key.lower(): lower_keys(one) for key, one in value.items()}
    return [lower_keys(one) for one in value] if isinstance(value, list) else value


def kernel_is(version):
    if version == "":
        return True
    running = [int(part) for part in platform.release().split("-")[0].split(".")[:2]]
    return running >= [int(part) for part in version.split(".")[:2]]


def applies(rule, capabilities):
    """setupSeccomp in Docker's daemon."""
    excludes = rule.get("excludes") or {}
    includes = rule.get("includes") or {}
    if "amd64" in (excludes.get("arches") or []) or set(excludes.get("caps") or []) & capabilities:
        return False
    if excludes.get("minkernel") is not None and kernel_is(excludes["minkernel"]):
        return False
    if includes.get("arches") and "amd64" not in includes["arches"]:
        return False
    if not set(includes.get("caps") or []) <= capabilities:
        return False
    return includes.get("minkernel") is None or kernel_is(includes["minkernel"])


def dockers_reading(text, capabilities):
    """The text of `linux.seccomp` that Docker gives the runtime for a profile."""
    profile = lower_keys(json.loads(text))
    rules = profile.get("syscalls") or []
    if "archmap" not in profile and not any(key in (rule or {}) for rule in rules for key in DOCKERS_KEYS):
        return text
    for entry in profile.pop("archmap", None) or []:
        if entry and entry.get("architecture") == "SCMP_ARCH_X86_64":
            profile["architectures"] = [entry["architecture"], *(entry.get("subarchitectures") or [])]
            break
    profile["syscalls"] = []
    for rule in rules:
        if not applies(rule, capabilities):
            continue
        name = rule.pop("name", None)
        if name:
            rule["names"] = [name]
        profile["syscalls"].append({key: one for key, one in rule.items() if key not in DOCKERS_KEYS})
    return json.dumps(profile)


# What runc 1.1 calls between the filter and the program, and then `every_call`.
NEEDED = """
arch_prctl brk clone close epoll_ctl epoll_pwait execve exit_group fcntl fstat fstatfs futex getdents64 getpid
getppid getrandom gettid madvise mmap mprotect munmap nanosleep newfstatat openat prlimit64 read readlink
readlinkat rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_yield set_robust_list set_tid_address setrlimit
sigaltstack statfs tgkill wait4 write
""".split()


def with_own_architecture(text):
    """Always covered; but runc 1.1.5 leaves it out of the part that answers ENOSYS, unless it is listed."""
    profile = lower_keys(json.loads(text))
    own = '"SCMP_ARCH_X86_64"'
    if any(entry and entry.get("architecture") == own[1:-1] for entry in profile.get("archmap") or []):
        return text
    if profile.get("architectures"):
        if own[1:-1] in profile["architectures"]:
            return text
        return re.sub(r'("architectures"\s*:\s*\[)', rf"\1{own}, ", text, count=1, flags=re.I)
    for key in ("architectures", "archMap"):
        text = re.sub(rf'"{key}"\s*:\s*(null|\[[^]]*\])\s*,', "", text, count=1, flags=re.I)
    return text.replace("{", '{"architectures": [' + own + "],", 1)


def widen(profile, widened):
    with open(profile, encoding="utf-8") as file:
        text = with_own_architecture(file.read())
    if lower_keys(json.loads(text))["defaultaction"] not in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"):
        missing = [name for name in NEEDED if f'"{name}"' not in text]
        rule = json.dumps({"names": missing, "action": "SCMP_ACT_ALLOW"})
        # Before the others, or in place of none: the rest of the text stays as it is.
        text, count = re.subn(r'("syscalls"\s*:\s*\[)(\s*[^\]\s])', rf"\1{rule},\2", text, count=1, flags=re.I)
        if count == 0:
            text, count = re.subn(r'("syscalls"\s*:\s*)(\[\s*\]|null)', rf"\1[{rule}]", text, count=1, flags=re.I)
        assert count == 1, profile
    # What the runtime's libseccomp is too old to know, it passes over; then so shall sandbox-run, or its largest number
    # that the profile names would be another one.
    library = ctypes.CDLL("libseccomp.so.2")
    for rule in lower_keys(json.loads(text)).get("syscalls") or []:
        for name in rule.get("names") or [rule.get("name") or ""]:
            if name and library.seccomp_syscall_resolve_name(name.encode()) == -1:
                text = text.replace(f'"{name}"', '"not_known_yet"')
    with open(widened, "w", encoding="utf-8") as file:
        file.write(text)


def bundle(arguments):
    directory, rootfs = arguments[:2]
    arguments = arguments[2:]
    capabilities, profile = [], None
    while arguments[0] in ("--cap", "--profile"):
        if arguments[0] == "--cap":
            capabilities.append(arguments[1])
        else:
            profile = arguments[1]
        arguments = arguments[2:]
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": arguments,
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": rootfs, "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=1777"]},
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")], "seccomp": "@"},
    }
    seccomp = "null"
    if profile:
        with open(profile, encoding="utf-8") as file:
            seccomp = dockers_reading(file.read(), set(capabilities))
    with open(directory + "/config.json", "w", encoding="utf-8") as file:
        file.write(json.dumps(config).replace('"@"', seccomp))


def outcomes(path):
    """By ABI and number, what a call came to."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            abi, numbers, outcome = line.rstrip("\n").split(" ", 2)
            first, _, last = numbers.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[abi, number] = outcome
    return found


class Libseccomp:
    """That of the runtime: a name that it does not know is passed over."""

    TOKENS = {"x86_64": 0xC000003E, "x86": 0x40000003}

    def __init__(self):
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
        self.newest = {abi: max(n for n in range(500) if self.knows(abi, n)) for abi in self.TOKENS}

    def knows(self, abi, number):
        return self.library.seccomp_syscall_resolve_num_arch(self.TOKENS[abi], number) is not None

    def lacks(self, abi, number):
        return self.newest[abi] < number < 500


def is_x32(abi, number):
    return abi == "x86_64" and number >= 0x40000000


def compare(theirs, ours):
    """Where both differ on purpose: x32's numbers, which here are ENOSYS where x32 is not covered, and kill there; and
    calls that the runtime's libseccomp is too old for."""
    theirs, ours = outcomes(theirs), outcomes(ours)
    libseccomp = Libseccomp()
    different = []
    for call in theirs.keys() | ours.keys():
        if theirs.get(call) == ours.get(call) or libseccomp.lacks(*call):
            continue
        if is_x32(*call) and (theirs[call], ours[call]) == ("signal 31", "ENOSYS"):
            continue
        different.append(call)
    for abi, number in sorted(different):
        print(f"{abi} {number}: {theirs.get((abi, number))} under the runtime, {ours.get((abi, number))} under ours")
    print(f"{len(theirs)} calls, {len(different)} different")
    return 1 if different else 0


if sys.argv[1] == "bundle":
    bundle(sys.argv[2:])
elif sys.argv[1] == "widen":
    widen(*sys.argv[2:])
else:
    sys.exit(compare(*sys.argv[2:]))
