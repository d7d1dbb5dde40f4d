"""Compares an event of 'sandbox-run --report=FILE' with what the kernel says of the same call without a supervisor.

report_beside_record.py LOGIN SANDBOX_RUN POLICY CALL -- COMMAND...: runs the command once with --log and reads the
kernel's audit record, and once with --report. LOGIN, if it is not empty, becomes the audit user of both.
"""

import json
import os
import signal
import subprocess
import sys

import kernel_records

ARCHITECTURES = {"c000003e": "x86_64", "40000003": "i386"}
SIGNALS = {"0": "0", "31": "SIGSYS"}
UNSET = "4294967295"
# What both have: a field of the record, that of the event, and how the one becomes the other.
FIELDS = [
    ("uid", "user.id", str),
    ("gid", "user.group.id", str),
    ("auid", "user.audit.id", lambda value: None if value == UNSET else value),
    ("auid", "auditd.summary.actor.primary", lambda value: None if value == UNSET else value),
    ("uid", "auditd.summary.actor.secondary", str),
    ("ses", "auditd.session", lambda value: None if value == UNSET else value),
    ("comm", "process.name", lambda value: value.strip('"')),
    ("exe", "process.executable", lambda value: value.strip('"')),
    ("exe", "auditd.summary.how", lambda value: value.strip('"')),
    ("sig", "auditd.data.sig", SIGNALS.get),
    ("arch", "auditd.data.arch", ARCHITECTURES.get),
    ("compat", "auditd.data.compat", str),
    ("code", "auditd.data.code", str),
]
# What an event says of each, and nothing else.
SAME_FOR_ALL = {
    "event.kind": "event",
    "event.module": "auditd",
    "event.action": "violated-seccomp-policy",
    "event.outcome": "unknown",
    "service.type": "auditd",
    "auditd.message_type": "seccomp",
    "auditd.result": "unknown",
    "auditd.summary.object.type": "process",
    "sandbox_run.outcome": "enforced",
}
CATEGORIES = {"execve": (["process"], ["start"]), "connect": (["network"], ["connection", "start"])}
# What only the one of them has, or what must differ between two runs.
OWN = {"@timestamp", "process.pid", "auditd.data.ip"}
OURS = {"sandbox_run." + name for name in ("args", "action", "errno", "rule", "policy", "thread")}


def log_in(login):
    """For this process and all that it starts. The kernel may not let us."""
    try:
        with open("/proc/self/loginuid", "w", encoding="ascii") as file:
            file.write(login)
    except OSError as error:
        print("the audit user cannot be set: %s" % error.strerror)
        sys.exit(77)


def run(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.wait()
    return process


def records_of(listener, pid, mark):
    """The fields of the records that came before the mark. The launcher's process becomes the program; a thread of it has
    a pid of its own in the record."""
    return [
        dict(word.split("=", 1) for word in text.split(": ", 1)[1].split(" ") if "=" in word)
        for text in kernel_records.records_before(listener, mark)
        if " pid=%d " % pid in text or ' comm="kill_one_thread"' in text
    ]


def leaves(value, path=""):
    if not isinstance(value, dict):
        return {path: value}
    found = {}
    for key, inner in value.items():
        found.update(leaves(inner, path + "." + key if path else key))
    return found


def main():
    login, launcher, policy, call = sys.argv[1:5]
    command = sys.argv[6:]
    signal.alarm(25)
    listener = kernel_records.listen()
    if login:
        log_in(login)
    unsupervised = run([launcher, "--log", "--policy", policy, "--", *command])
    records = records_of(listener, unsupervised.pid, kernel_records.leave_a_mark())
    supervised = run([launcher, "--report=events", "--policy", policy, "--", *command])
    with open("events", encoding="utf-8") as file:
        events = [event for event in map(json.loads, file) if event["event"]["kind"] == "event"]
    os.unlink("events")
    status = unsupervised.returncode
    if supervised.returncode != (status if status >= 0 else 128 - status):
        sys.exit("status %d, and %d with --report" % (status, supervised.returncode))
    if len(records) != 1 or len(events) != 1:
        sys.exit("expected one record and one event, got %s and %s" % (records, events))
    record, event = records[0], leaves(events[0])
    expected = {ours: make(record[theirs]) for theirs, ours, make in FIELDS}
    expected.update(SAME_FOR_ALL)
    expected["event.category"], expected["event.type"] = CATEGORIES.get(call, (["process"], ["info"]))
    expected["auditd.data.syscall"] = expected["auditd.summary.object.primary"] = call
    expected = {path: value for path, value in expected.items() if value is not None}
    found = {path: value for path, value in event.items() if path not in OWN | OURS}
    if found != expected:
        different = {path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path)}
        sys.exit("".join("%s is %r, expected %r\n" % (path, found.get(path), expected.get(path)) for path in different))
    for path in OWN:
        if path not in event:
            sys.exit("no " + path)
    # Where a program lies is the same each time if it cannot be moved.
    if not command[0].endswith("kill_one_thread") and event["auditd.data.ip"] != record["ip"]:
        sys.exit("ip is %s, expected %s" % (event["auditd.data.ip"], record["ip"]))
    print("compared")


main()
