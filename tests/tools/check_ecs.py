#!/usr/bin/env python3
"""Checks events of `sandbox-run --report=FILE` and `sandbox-policy audit`: JSON lines on standard input.

Each field must be one that the schema below has, with its type and form; those without `?` must be there. The schema is
the event that Auditbeat makes of a seccomp violation, and our own fields under `sandbox_run`. Complaints go to standard
error, one a line, and then the exit status is 1. With no events at all it is 1 too.
"""
import json
import re
import sys

ID = r"[0-9]{1,10}"
HEX = r"0x[0-9a-f]{1,16}"
NAME = r"[^\x00]+"  # Of processes, and paths: what they like.
# Enumerations as expressions.
CATEGORY_AND_TYPE = {
    "execve": (["process"], ["start"]),
    "connect": (["network"], ["connection", "start"]),
    "mount": (["file"], ["creation"]),
}
ACTION = r"kill_process|kill_thread|trap|errno|trace|log|allow|user_notif|" + HEX
PLACE = r".+:[0-9]+:[0-9]+"

EVENT = {
    "@timestamp": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z",
    "event.kind": r"event",
    "event.module": r"auditd",
    "event.action": r"violated-seccomp-policy",
    "event.outcome": r"unknown",
    "event.category": [r"process|network|file"],
    "event.type": [r"start|connection|creation|info"],
    "service.type": r"auditd",
    "process.pid?": int,
    "process.name?": NAME,
    "process.executable?": NAME,
    "user.id?": ID,
    "user.name?": NAME,
    "user.group.id?": ID,
    "user.group.name?": NAME,
    "user.audit.id?": ID,
    "auditd.message_type": r"seccomp",
    "auditd.result": r"unknown",
    "auditd.sequence?": int,
    "auditd.session?": ID,
    "auditd.summary.actor.primary?": ID,
    "auditd.summary.actor.secondary?": ID,
    "auditd.summary.object.type": r"process",
    "auditd.summary.object.primary": r"[a-z0-9_]+",
    "auditd.summary.how?": NAME,
    "auditd.data.arch": r"[a-z0-9_]+",
    "auditd.data.syscall": r"[a-z0-9_]+",
    "auditd.data.sig": r"SIG[A-Z0-9]+|[0-9]+",
    "auditd.data.code": r"0x0|0x80000000|0x30000|0x50000|0x7fc00000|0x7ff00000|0x7ffc0000|0x7fff0000",
    "auditd.data.compat": r"[01]",
    "auditd.data.ip": HEX,
    "sandbox_run.args?": r"[^\x00-\x1f]*",
    "sandbox_run.action": ACTION,
    "sandbox_run.errno?": r"E[A-Z0-9]+|[0-9]+",
    "sandbox_run.rule?": PLACE,
    "sandbox_run.policy?": NAME,
    "sandbox_run.capabilities?": [r"CAP_[A-Z_]+(,CAP_[A-Z_]+)*"],
    "sandbox_run.outcome": r"enforced|let_through|waits",
    "sandbox_run.thread?": int,
    "sandbox_run.process_gone?": bool,
    "sandbox_run.count?": int,
}

# What Landlock denies: no event of Auditbeat's.
LANDLOCK = {key: form for key, form in EVENT.items() if key.split(".")[0] in ("@timestamp", "process", "user")}
LANDLOCK.update({key: EVENT[key] for key in EVENT if key.startswith("sandbox_run.")})
LANDLOCK.update({
    "event.kind": r"event",
    "event.module": r"sandbox_run",
    "event.action": r"denied-file-access|denied-network-access|denied-out-of-scope",
    "event.outcome": r"failure",
    "event.category": [r"file|network|process"],
    "event.type": [r"denied"],
    "service.type": r"sandbox_run",
    "file.path?": NAME,
    "destination.port?": int,
    "sandbox_run.syscall": r"[a-z0-9_]+",
    "sandbox_run.policy": NAME,
    "sandbox_run.missing": [r"[a-z_]+"],
    "sandbox_run.port?": int,
})
del LANDLOCK["sandbox_run.policy?"]

TOTAL = {key: EVENT[key] for key in ("@timestamp", "event.outcome", "event.category", "event.type")}
TOTAL.update({
    "event.kind": r"metric",
    "event.module": r"sandbox_run",
    "event.action": r"counted-seccomp-violations",
    "service.type": r"sandbox_run",
    "auditd.data.arch": EVENT["auditd.data.arch"],
    "auditd.data.syscall": EVENT["auditd.data.syscall"],
    "sandbox_run.action": ACTION,
    "sandbox_run.errno?": EVENT["sandbox_run.errno?"],
    "sandbox_run.rule?": PLACE,
    "sandbox_run.policy?": NAME,
    "sandbox_run.processes": [r"[^\x00]*"],
    "sandbox_run.count": int,
})


def fields(value, path=""):
    """The leaves as (path, value); a list is one."""
    if isinstance(value, dict):
        if not value:
            yield path, value
        for key, inner in value.items():
            yield from fields(inner, path + "." + key if path else key)
    else:
        yield path, value


def fits(value, form):
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(item, form[0]) for item in value)
    if form is bool:
        return value is True
    if form is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64
    return isinstance(value, str) and re.fullmatch(form, value, re.DOTALL) is not None


def no_twins(pairs):
    """A key that comes twice would be lost in a dict."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def errors_in(line):
    try:
        event = json.loads(line, object_pairs_hook=no_twins)
    except ValueError as error:
        yield f"is no JSON: {error}"
        return
    if not isinstance(event, dict):
        yield "is no object"
        return
    found = dict(fields(event))
    schema = TOTAL if found.get("event.kind") == "metric" else EVENT
    if str(found.get("event.action")).startswith("denied-"):
        schema = LANDLOCK
    for path, value in found.items():
        form = schema.get(path, schema.get(path + "?"))
        if form is None:
            yield f"unknown field {path}"
        elif not fits(value, form):
            yield f"{path}: not of the form that it should have: {value!r}"
    for path in schema:
        if not path.endswith("?") and path not in found:
            yield f"{path} is missing"
    if schema is LANDLOCK:
        return
    expected = CATEGORY_AND_TYPE.get(found.get("auditd.data.syscall"), (["process"], ["info"]))
    if (found.get("event.category"), found.get("event.type")) != expected:
        yield "event.category and event.type are not those of the call"


def main():
    bad = count = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        count += 1
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            print(f"line {number}: is no UTF-8: {error}", file=sys.stderr)
            bad += 1
            continue
        if not text.endswith("\n"):
            print(f"line {number}: has no end", file=sys.stderr)
            bad += 1
        for error in errors_in(text):
            print(f"line {number}: {error}", file=sys.stderr)
            bad += 1
    if count == 0:
        print("there are no events", file=sys.stderr)
    else:
        print(f"{count} events, {bad} errors")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
