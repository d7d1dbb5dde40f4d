"""What an allow list of the time of glibc 2.28 makes of today's programs, and what `check` says of it.

old_lists.py old RECORDED: the policy that `record` wrote, as a list of then: with the calls that glibc 2.28 made where
today's makes others. default_action is kill_process.
old_lists.py compare RECORDED DENIED CHECKED: DENIED is what `sandbox-run --report --permissive` printed, CHECKED what
`check` did. All that was denied must be named, and no more than two calls beside. What the recorded run did not call,
by chance, does not count: threads yield in one run and not in another.

The translation is written down here by itself, and not read from the table that `check` has.
"""

import re
import sys

# Today's call, and what glibc 2.28 called. Nothing: it made no such call there.
THEN = {
    "newfstatat": ["stat", "lstat", "fstat"],
    "statx": ["stat", "lstat"],  # coreutils 8.30 and node 10
    "clone3": ["clone"],
    "clock_nanosleep": ["nanosleep"],
    "pipe2": ["pipe"],
    "pselect6": ["select"],
    "mknodat": ["mknod"],
    "faccessat2": ["faccessat"],
    "fchmodat2": ["fchmodat"],
    "rseq": [],
    "pread64": [],
}
# The start of programs that were not linked with libpthread.
WITHOUT_THREADS = {"set_robust_list": [], "set_tid_address": [], "prlimit64": [], "getrandom": []}
# Go 1.11 woke its poller by a pipe.
GO = {"eventfd2": ["pipe2"], "pipe2": ["pipe2"]}
MOST_BESIDE = 2


def fail(message):
    sys.exit(message)


def names_of(policy):
    names = re.findall(r"^    - (\w+)", policy, re.MULTILINE)
    if not names:
        fail("no calls in the recorded policy")
    return set(names)


def old(policy, is_go):
    now = names_of(policy)
    then = THEN | ({} if "clone3" in now else WITHOUT_THREADS) | (GO if is_go else {})
    names = sorted({name for call in now for name in then.get(call, [call])})
    print("seccomp:\n  default_action: kill_process\n  syscalls:\n  - action: allow\n    names:")
    for name in names:
        print("    - " + name)


def compare(recorded, denied, checked):
    broken = set(re.findall(r"^sandbox-run: would deny (\w+)\(", denied, re.MULTILINE)) & names_of(recorded)
    named = set()
    for line in checked.splitlines():
        if "[newer-call-denied]" in line or "[newer-call-not-enosys]" in line:
            text = line.split("the default action", maxsplit=1)[0]
            for part in text.split("; "):
                part = re.split(r" for | at the start", part.rsplit(" call", 1)[-1])[0]
                named.update(re.findall(r"'(\w+)'", part))
        elif "[clone3-breaks-threads]" in line:
            named.add("clone3")
    if not broken:
        fail("nothing is denied: the list is not old")
    if broken - named:
        fail(f"denied, and not named: {sorted(broken - named)}; named: {sorted(named)}")
    if len(named - broken) > MOST_BESIDE:
        fail(f"named, and not denied: {sorted(named - broken)}; denied: {sorted(broken)}")
    print(f"denied and named: {len(broken)}; named beside: {' '.join(sorted(named - broken)) or 'none'}")


def text_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


if sys.argv[1] == "old":
    old(text_of(sys.argv[2]), "--go" in sys.argv[3:])
elif sys.argv[1] == "compare":
    compare(*(text_of(path) for path in sys.argv[2:5]))
else:
    fail("old or compare")
