"""Compares the events of 'sandbox-policy audit' with the kernel's records, field by field.

audit_events.py SANDBOX_POLICY CALL[+]:CODE:CATEGORY/TYPE... -- COMMAND...: runs the command while sandbox-policy listens,
and beside it this program. COMMAND's process (not its children) must leave just these records, in this order, and the
event of each must have all that the record has, and nothing else.
"""

import datetime
import grp
import json
import pwd
import re
import signal
import subprocess
import sys

import kernel_records

ARCHITECTURES = {"c000003e": "x86_64", "40000003": "i386", "c00000b7": "aarch64", "40000028": "arm"}
ACTIONS = {
    "0x0": "kill_thread",
    "0x30000": "trap",
    "0x50000": "errno",
    "0x7fc00000": "user_notif",
    "0x7ff00000": "trace",
    "0x7ffc0000": "log",
    "0x80000000": "kill_process",
}
UNSET = "4294967295"


def string(text):
    """What the kernel wrote with quotes, or in hexadecimal."""
    if text.startswith('"'):
        return text[1:-1]
    return bytes.fromhex(text).decode(errors="replace")


def named(identity, lookup):
    what = {"id": identity}
    try:
        what["name"] = lookup(int(identity))[0]
    except KeyError:
        pass
    return what


def without_unset(pairs):
    return {key: value for key, value in pairs.items() if value != UNSET}


def expected_event(text, call, category, kinds):
    """The event that auditbeat-7 makes of the record, whose call is known by other means."""
    stamp = re.match(r"audit\((\d+)\.(\d{3}):(\d+)\): ", text)
    fields = dict(word.split("=", 1) for word in text[stamp.end() :].split(" ") if "=" in word)
    time = datetime.datetime.fromtimestamp(int(stamp[1]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    executable = string(fields["exe"])
    user = named(fields["uid"], pwd.getpwuid)
    user["group"] = named(fields["gid"], grp.getgrgid)
    auditd = {
        "message_type": "seccomp",
        "result": "unknown",
        "sequence": int(stamp[3]),
        "summary": {
            "actor": without_unset({"primary": fields["auid"], "secondary": fields["uid"]}),
            "object": {"type": "process", "primary": call},
            "how": executable,
        },
        "data": {
            "arch": ARCHITECTURES[fields["arch"]],
            "syscall": call,
            "sig": {"0": "0", "31": "SIGSYS"}[fields["sig"]],
            "code": fields["code"],
            "compat": fields["compat"],
            "ip": fields["ip"],
        },
    }
    if fields["auid"] != UNSET:
        user["audit"] = {"id": fields["auid"]}
    if fields["ses"] != UNSET:
        auditd["session"] = fields["ses"]
    return {
        "@timestamp": "%s.%sZ" % (time, stamp[2]),
        "event": {
            "kind": "event",
            "module": "auditd",
            "action": "violated-seccomp-policy",
            "outcome": "unknown",
            "category": [category],
            "type": kinds,
        },
        "service": {"type": "auditd"},
        "process": {"pid": int(fields["pid"]), "name": string(fields["comm"]), "executable": executable},
        "user": user,
        "auditd": auditd,
        "sandbox_run": {"action": ACTIONS[fields["code"]], "outcome": "enforced"},
    }


def compare(what, expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.keys() != found.keys():
            sys.exit("%s has %s, expected %s" % (what, sorted(found), sorted(expected)))
        for key in expected:
            compare(what + "." + key, expected[key], found[key])
    elif expected != found or type(expected) is not type(found):
        sys.exit("%s is %r, expected %r" % (what, found, expected))


def records_of(listener, pid, mark):
    """The records of a process that came before the mark."""
    return [text for text in kernel_records.records_before(listener, mark) if " pid=%d " % pid in text]


def events_until(stream, mark):
    """The events by their sequence numbers, until that of the mark."""
    events = {}
    for line in stream:
        event = json.loads(line)
        if event["process"]["pid"] == mark:
            return events
        events[event["auditd"]["sequence"]] = event
    sys.exit("no event for the mark")


def codes_match(wanted, records):
    """Whether each record has the code that is wanted; a name with a + stands for one or more."""
    pattern = "".join("(%s )%s" % (code, "+" if call.endswith("+") else "") for call, code, _ in wanted)
    return re.fullmatch(pattern, "".join(re.search(r" code=(\S+)", text)[1] + " " for text in records))


def main():
    end = sys.argv.index("--")
    wanted = [word.split(":") for word in sys.argv[2:end]]
    signal.alarm(25)
    auditor = subprocess.Popen(
        [sys.argv[1], "audit", "--format=json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        told = auditor.stderr.readline()
        if "listening" not in told:
            sys.exit("expected that it listens: " + told)
        listener = kernel_records.listen()
        command = subprocess.Popen(sys.argv[end + 1 :], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        command.wait()
        mark = kernel_records.leave_a_mark()
        records = records_of(listener, command.pid, mark)
        events = events_until(auditor.stdout, mark)
        auditor.terminate()
        told = auditor.communicate(timeout=20)[1]
    finally:
        auditor.kill()
    if auditor.returncode != 0 or told:
        sys.exit("sandbox-policy ended with %d and said: %s" % (auditor.returncode, told))
    if not codes_match(wanted, records):
        sys.exit("expected records with %s, the kernel has %s" % (wanted, records))
    for index, text in enumerate(records):
        call, _, kind = wanted[min(index, len(wanted) - 1)]
        sequence = int(re.search(r":(\d+)\)", text)[1])
        if sequence not in events:
            sys.exit("no event for " + text)
        category, kinds = kind.split("/")
        compare("event", expected_event(text, call.rstrip("+"), category, kinds.split("+")), events[sequence])
    print("all compared")


main()
