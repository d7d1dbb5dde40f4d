#!/usr/bin/env python3
"""Runs the commands of a document and compares their output with what the document shows.

run_examples.py [--update] DOCUMENT...

A document is Markdown or a manual page. What counts in it:

* A block ```console: lines that begin with "$ " are commands, a line that ends with "\\" goes on in the next one, lines
  that begin with "> " too. What follows up to the next command is the output, of both streams. The commands of a
  document run one after the other in one shell, in a folder of its own.
* <!-- file: NAME --> before a block: the block is the file NAME of that folder. <!-- appears: NAME --> before a block:
  by then the commands have made that file, with these contents.
* <!-- not run: REASON --> before a block: it is not run (a service manager, another machine).
* <!-- where installed: PROGRAM... --> before a block: it is run where these are installed.
* <!-- on: MACHINE --> before a block: it is run on this kind of machine (x86_64).
* <!-- setup: COMMAND -->: runs, and is not shown to the reader.
* <!-- needs: PROGRAM... -->: the document is skipped (77) where one of them is not installed.

In a manual page a block stands between .EX and .EE, and is run if it begins with "$ "; the comments are lines such as
.\" not run: REASON. Below EXAMPLES every block is one that is run, a file, or has a reason not to be run.

A line of output that is "..." stands for any number of lines, " ..." at the end of a line for its end. What differs from
run to run is compared by its kind: process IDs, times, dates, kernel releases and the folder of the user.

With --update the output in the documents is replaced by what came, but for blocks with "...".
"""
import argparse
import difflib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT = 120  # Seconds, for all commands of a document.
MARKER = "@@end of a command@@"
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S)
COMMENT = re.compile(r"<!-- (file|appears|not run|where installed|on|setup|needs): (.*?) -->", re.S)
MAN_BLOCK = re.compile(r"^(?P<indent>)\.EX\n(?P<body>.*?)^\.EE$", re.M | re.S)
MAN_COMMENT = re.compile(r'^\.\\" (file|appears|not run|where installed|on|setup|needs): (.*)$', re.M)
MAN_ESCAPES = {r"\-": "-", r"\e": "\\", r"\(aq": "'", r"\(ti": "~", r"\(ha": "^", r"\(ga": "`", r"\(dq": '"', r"\&": ""}

KINDS = [
    (re.compile(r"\bpid \d+"), "pid N"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "DATE"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\bLinux \d+\.\d+[^ ,;)]*"), "Linux N"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s|us|seconds|minutes)\b"), "TIME"),
    (re.compile(r"[ \t]+$"), ""),
]


def from_roff(text):
    """What a manual page shows for the text between .EX and .EE."""
    return re.sub(r"\\(\(..|.)", lambda escape: MAN_ESCAPES[escape[0]], text)


def to_roff(text):
    """The other way round."""
    for escape in (r"\e", r"\-", r"\(aq", r"\(ti", r"\(ha", r"\(ga"):
        text = text.replace(MAN_ESCAPES[escape], escape)
    return re.sub(r"^(?=\.)", r"\\&", text, flags=re.M)


class Block:
    """A block of a document with the comment before it."""

    def __init__(self, match, comment, in_manual):
        self.start, self.end = match.start("body"), match.end("body")
        self.body = from_roff(match["body"]) if in_manual else match["body"]
        self.kind = match["kind"] if not in_manual else "console" if self.body.startswith("$ ") else ""
        self.role, self.argument = comment or ("", "")
        if self.role == "where installed":
            self.role = "not run" if any(shutil.which(name) is None for name in self.argument.split()) else ""
        if self.role == "on":
            self.role = "" if platform.machine() == self.argument else "not run"

    def commands(self):
        """Pairs of a command and the lines that are shown as its output."""
        pairs = []
        continues = False
        for line in self.body.splitlines():
            if continues or (line.startswith("> ") and pairs and not pairs[-1][1]):
                pairs[-1][0] += "\n" + (line[2:] if line.startswith("> ") else line)
            elif line.startswith("$ "):
                pairs.append([line[2:], []])
            elif pairs:
                pairs[-1][1].append(line)
            else:
                sys.exit(f"a block begins with output: {line!r}")
            continues = line.endswith("\\") and not pairs[-1][1]
        return pairs


def parts_of(path, text):
    """The blocks and the hidden commands of a document, in order, and the programs that it needs."""
    in_manual = not path.endswith(".md")
    examples = re.search(r"^\.SH EXAMPLES\n.*?(?=^\.SH |\Z)", text, re.M | re.S) if in_manual else None
    parts, needs, last = [], [], 0
    for match in (MAN_BLOCK if in_manual else BLOCK).finditer(text):
        comment = None
        for found in (MAN_COMMENT if in_manual else COMMENT).finditer(text, last, match.start()):
            between = text[found.end() : match.start()]
            if found[1] == "setup":
                parts.append(found[2])
            elif found[1] == "needs":
                needs += found[2].split()
            elif re.sub(r"^\.(PP|in \+4)$", "", between, flags=re.M).strip() == "":
                comment = (found[1], found[2])
        block = Block(match, comment, in_manual)
        if examples and examples.start() < match.start() < examples.end() and not block.kind and not block.role:
            sys.exit(f"{path}:{text.count(chr(10), 0, block.start)}: an example that is neither run nor a file")
        parts.append(block)
        last = match.end()
    return parts, needs


def by_kind(line, home):
    """The line with what differs from run to run replaced by its kind."""
    line = line.replace(home, "/home/user")
    for pattern, kind in KINDS:
        line = pattern.sub(kind, line)
    return line


def agrees(expected, actual):
    """Whether the lines are what was expected, of which "..." stands for any."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(agrees(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    if not actual:
        return False
    cut = expected[0].endswith(" ...")
    same = actual[0].startswith(expected[0][:-4]) if cut else expected[0] == actual[0]
    return same and agrees(expected[1:], actual[1:])


class Shell:
    """One shell for the commands of a document."""

    def __init__(self, folder, home):
        environment = dict(os.environ, HOME=home, TERM="dumb", COLUMNS="80", LC_ALL="C.UTF-8", NO_COLOR="1")
        for name in ("SANDBOX_RUN", "TEST_BIN", "TEST_DATA", "POLICIES", "XDG_CONFIG_HOME", "TMPDIR"):
            environment.pop(name, None)
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        errors="replace", start_new_session=True)
        self.status = 0

    def run(self, command):
        """The lines that the command printed, and its exit status."""
        # In the shell itself, so that variables and the folder stay; without the shell's standard input.
        self.process.stdin.write(f"(exit {self.status}); {{ {command}\n}} </dev/null; echo \"{MARKER} $?\"\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            text, found, status = line.partition(MARKER)
            if found:
                self.status = int(status)
                return lines + ([text] if text else []), self.status
            lines.append(line.rstrip("\n"))
        sys.exit(f"the shell ended at: {command}")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def without_shell_prefix(line):
    """Bash names itself and the line of its input in what it says of a command that a signal ended."""
    return re.sub(r"^bash: line \d+: +(\d+ )?", "", re.sub(r"^bash: line \d+: +\d+ (Bad system call|Killed).*", r"\1", line))


def check(path, update):
    """Runs one document. The number of commands that ran, and the differences."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    parts, needs = parts_of(path, text)
    missing = [program for program in needs if shutil.which(program) is None]
    if missing:
        print(f"skipped: {path}: {', '.join(missing)} not installed")
        return 0, [], True
    home = tempfile.mkdtemp(prefix="home.", dir=os.environ.get("TMPDIR"))
    folder = os.path.join(home, "work")
    os.mkdir(folder)
    shell = Shell(folder, home)
    ran, faults, replaced = 0, [], []
    for part in parts:
        if isinstance(part, str):
            lines, status = shell.run(part)
            if status != 0:
                faults.append(f"{path}: setup: {part}: exit status {status}: {lines}")
        elif part.role == "file":
            place = os.path.join(folder, part.argument)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(part.body)
        elif part.role == "appears":
            try:
                with open(os.path.join(folder, part.argument), encoding="utf-8") as file:
                    actual = [by_kind(line, home) for line in file.read().splitlines()]
            except OSError as error:
                actual = [str(error)]
            expected = [by_kind(line, home) for line in part.body.splitlines()]
            ran += 1
            if not agrees(expected, actual):
                faults.append(difference(path, text, part, part.argument, expected, actual))
        elif part.kind == "console" and part.role != "not run":
            shown = []
            for command, output in part.commands():
                lines, _ = shell.run(command)
                lines = [without_shell_prefix(line) for line in lines]
                actual = [by_kind(line, home) for line in lines]
                expected = [by_kind(line, home) for line in output]
                while expected and expected[-1] == "":
                    expected.pop()
                while actual and actual[-1] == "":
                    actual.pop()
                ran += 1
                good = agrees(expected, actual)
                if not good:
                    faults.append(difference(path, text, part, command, expected, actual))
                keep = good or any(line == "..." or line.endswith(" ...") for line in output)
                body = output if keep else [line.replace(home, "/home/user") for line in lines]
                shown += ["$ " + command.replace("\n", "\n" if command.rstrip().endswith("\\") else "\n> ")] + body
            replaced.append((part, "\n".join(shown) + "\n"))
    shell.end()
    shutil.rmtree(home, ignore_errors=True)
    if update:
        for part, body in reversed(replaced):
            if not path.endswith(".md"):
                body = to_roff(body)
            text = text[: part.start] + body + text[part.end :]
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return ran, faults, False


def difference(path, text, part, what, expected, actual):
    line = text.count("\n", 0, part.start)
    diff = "\n".join(difflib.unified_diff(expected, actual, "document", "output", lineterm="", n=1))
    return f"{path}:{line}: {what}\n{diff}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true", help="write the output into the documents")
    parser.add_argument("documents", nargs="+")
    options = parser.parse_args()
    faults, total, skipped = [], 0, 0
    for path in options.documents:
        ran, found, was_skipped = check(path, options.update)
        faults += found
        total += ran
        skipped += was_skipped
    for fault in faults:
        print(fault)
    print(f"{total} commands and files of {len(options.documents) - skipped} documents, {len(faults)} differ")
    if faults:
        return 1
    return SKIPPED if skipped == len(options.documents) else 0


if __name__ == "__main__":
    sys.exit(main())
