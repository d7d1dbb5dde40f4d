#!/usr/bin/env python3
"""Mutation testing: changes operators and constants of the source one by one, and lists what no test notices.

    tests/mutation/run.py [--build build/dev] [--sample 150] [--seed 1] [--only TEXT] [--mutant N]... [FILE...]

FILEs are sources that GROUPS has tests for; without any, all of them. The mutants are drawn by the seed. Each is
compiled alone, in a folder below /tmp, and linked in front of the libraries of the build, which must be there and up to
date; nothing of it is changed. Then the tests of its group run, the fastest first, until one fails. A mutant that does
not compile does not count. One that tests/mutation/equivalent.txt has is left out: it changes nothing that can be
observed, and the file says why. The exit status is 1 if a mutant survived.
"""
import argparse
import functools
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "POLICIES": str(ROOT / "policies"),
    "SANDBOX_RUN_TEST_SEED": "20261130",
    "SANDBOX_RUN_TEST_POLICIES": "30",
    "SANDBOX_RUN_TEST_PROGRAMS": "5000",
    "SANDBOX_RUN_TEST_CALLS": "2000",
}
# A group: its sources, and its tests, the fastest first. A test is a program of the build with its arguments, or a
# script of tests/kernel, which runs the mutated launcher.
SLOW = "*Thousands*:NumberTreeDepth*:Figures*:*FarTooLong*"
COMPILE = [
    "listener_guard_test",
    "diff_test --gtest_filter=Diff.Random*",
    "agreement_test --gtest_filter=*Random*",
    "raw_filter_test",
    f"unit_compile --gtest_filter=-{SLOW}",
    "combination_test --gtest_filter=-*Kernels*",
    f"unit_compile --gtest_filter={SLOW}",
]
GROUPS = {
    "src/compile/*.cc": COMPILE,
    "src/resolve/evaluate.cc": [
        "agreement_test --gtest_filter=*Random*",
        "unit_resolve",
        "language_test",
        "unit_compile",
    ],
    "src/bpf/validate.cc": ["validation_test", "unit_bpf --gtest_filter=Validate*"],
    "src/kernel/enter.cc": [
        "unit_kernel",
        "raw_filter_test",
        "failed_exec_test.sh",
        "exit_status_test.sh",
        "disabled_test.sh",
        "outer_sandbox_test.sh",
        "supervise_output_test.sh",
        "privileges_test.sh",
        "landlock_launch_test.sh",
        "lost_privileges_test.sh",
        "language_flags_test.sh",
        "report_outputs_test.sh",
        "escape_token_test.sh",
        "faults_calls_test.sh",  # Some minutes.
    ],
}
SWAPS = {
    " == ": [" != "], " != ": [" == "], " < ": [" <= ", " >= "], " <= ": [" < "], " > ": [" >= ", " <= "],
    " >= ": [" > "], " && ": [" || "], " || ": [" && "], " + ": [" - "], " - ": [" + "], " * ": [" / "],
    " / ": [" * "], " % ": [" / "], " & ": [" | "], " | ": [" & "], " ^ ": [" & "], " << ": [" >> "], " >> ": [" << "],
    " += ": [" -= "], " -= ": [" += "], " |= ": [" &= "], " &= ": [" |= "], "++": ["--"], "--": ["++"],
    "true": ["false"], "false": ["true"], "std::min": ["std::max"], "std::max": ["std::min"], "!": [""],
    "continue;": ["break;"], "break;": ["continue;"],
}
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'|^[ \t]*\#[^\n]*"""
    r"""|(?P<number>(?<![\w.])(?:0x[0-9a-fA-F]+|\d+)(?=U?L{0,2}\b))"""
    r"""|(?P<word>\b(?:true|false)\b|\bstd::(?:min|max)\b|\b(?:continue|break);)"""
    r"""|(?P<sign>\+\+|--|[ ](?:==|!=|<=|>=|&&|\|\||<<|>>|\+=|-=|\|=|&=|[-+*/%&|^<>])[ ]|!(?=[\w(*]))""",
    re.S | re.M | re.X)


@functools.cache
def text_of(path):
    """As it was at the start: places are in that."""
    return (ROOT / path).read_text()


def mutants_of(path):
    """(file, offset, old, new) for everything that is changed in a file."""
    text = text_of(path)
    for match in TOKEN.finditer(text):
        old = match.group()
        line = text[text.rfind("\n", 0, match.start()) + 1:text.find("\n", match.end())]
        if match.group("number"):
            if "static_assert" in line or "array<" in line:
                continue
            value = int(old, 0)
            for new in {value + 1, value - 1 if value else 2}:
                yield path, match.start(), old, hex(new) if old.startswith("0x") else str(new)
        elif match.group("word") or match.group("sign"):
            if "template" in line or "operator" in line:
                continue
            for new in SWAPS[old]:
                yield path, match.start(), old, new


def described(mutant):
    path, offset, old, new = mutant
    text = text_of(path)
    number = text.count("\n", 0, offset) + 1
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[begin:end]
    changed = line[:offset - begin] + new + line[offset - begin + len(old):]
    return f"{path}:{number}: {line.strip()}  ->  {changed.strip()}"


def key_of(mutant):
    """Without the line's number, which changes with every change of the file."""
    path, rest = described(mutant).split(":", 1)
    return path + ": " + rest.split(": ", 1)[1]


def known_equivalents():
    known = {}
    for line in (ROOT / "tests/mutation/equivalent.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            mutant, _, reason = line.partition("  ## ")
            known[mutant] = reason
    return known


class Build:
    """What a build folder has, and a scratch folder for what is made of it."""

    def __init__(self, folder, scratch):
        self.folder = folder.resolve()
        self.scratch = scratch
        self.compiled = {e["file"]: e["command"] for e in json.loads((folder / "compile_commands.json").read_text())}
        self.links = {}
        self.times = {}

    def run(self, command, seconds, folder=None, environment=None):
        child = subprocess.Popen(command, cwd=folder or self.folder, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={**os.environ, **ENVIRONMENT, **(environment or {})})
        try:
            return child.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:  # With all that it has started; also when this program is stopped.
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def compile(self, path, source, output):
        words = shlex.split(self.compiled[str(ROOT / path)])  # "... -o OBJECT -c SOURCE"
        words = words[1:] if words[0].endswith("ccache") else words
        words[words.index("-o") + 1] = str(output)
        words[words.index("-c") + 1] = str(source)
        # Little optimization and no debugging information: it is compiled in half of the time.
        return self.run([word for word in words if word not in ("-g", "-O2")] + ["-O1", "-w"], 600)

    def link_command(self, program):
        if program not in self.links:
            target = "cmd/sandbox-run/sandbox-run" if program == "sandbox-run" else "tests/bin/" + program
            lines = subprocess.run(["ninja", "-t", "commands", "-s", target], cwd=self.folder, check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.splitlines()
            command = next(line for line in reversed(lines) if f" -o {target} " in line)
            command = re.sub(r"^: && | &&.*$", "", command).replace("ccache ", "")
            self.links[program] = command
        return self.links[program]

    def link(self, program, mutant):
        command = self.link_command(program)
        output = self.scratch / program
        words = shlex.split(command)
        words[words.index("-o") + 1] = str(output)
        if mutant:
            # In front of the library, whose object is then not needed; a linker script lays out the original alone.
            words.insert(words.index("-o") + 2, str(mutant))
        return self.run(words, 600) and output

    def test(self, test, mutant):
        """Whether a test passes with the mutated object, or without one. None: it cannot be linked."""
        program, *arguments = shlex.split(test)
        script = program.endswith(".sh")
        output = self.link("sandbox-run" if script else program, mutant)
        if not output:
            return None
        limit = 3 * self.times.get(test, 200) + 10
        if not script:
            return self.run([str(output), *arguments], limit)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            os.chmod(folder, 0o755)
            return self.run([str(ROOT / "tests/kernel" / program)], limit, folder, {
                "SANDBOX_RUN": str(output), "TEST_BIN": str(self.folder / "tests/bin"), "TEST_DATA": str(ROOT / "tests"),
                "HOME": folder, "TMPDIR": folder})

    def baseline(self, tests):
        """Those of the tests that pass here without a mutant, and how long they take."""
        good = []
        for test in tests:
            begin = time.monotonic()
            try:
                passed = self.test(test, None)
            except (subprocess.CalledProcessError, StopIteration):  # No such program in this build.
                passed = False
            if passed:
                self.times[test] = time.monotonic() - begin
                good.append(test)
            else:
                print(f"left out, since it does not pass here: {test}", flush=True)
        return good


def judge(build, mutant, tests):
    """The test that notices it, "" if none does; None if it is no program."""
    path, offset, old, new = mutant
    text = text_of(path)
    source = build.scratch / "source" / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text[:offset] + new + text[offset + len(old):])
    output = build.scratch / "mutant.o"
    if not build.compile(path, source, output):
        return None
    for test in tests:
        passed = build.test(test, output)
        if passed is None:
            return None
        if not passed:
            return test.split()[0]
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants whose description has this text")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further mutant after that")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()

    groups = {}
    for pattern, tests in GROUPS.items():
        for path in sorted(ROOT.glob(pattern)):
            groups[str(path.relative_to(ROOT))] = tests
    files = options.files or list(groups)
    equivalent = known_equivalents()
    everything = [m for path in files for m in mutants_of(path)]
    left = [m for m in everything if key_of(m) not in equivalent and options.only in described(m)]
    sample = random.Random(options.seed).sample(left, min(options.sample, len(left)))
    print(f"{len(everything)} mutants in {len(files)} files, {len(everything) - len(left)} of them left out; "
          f"{len(sample)} drawn with seed {options.seed}", flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begin = time.monotonic()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sandbox-run-mutation."))
    scratch.chmod(0o755)  # Some of the tests become another user.
    survivors, noticed, broken, tried = [], {}, 0, 0
    try:  # What is left of a run that ends here is taken away.
        build = Build(options.build, scratch)
        passing = {}
        for number, mutant in enumerate(sample, 1):
            if time.monotonic() - begin > 60 * options.minutes:
                break
            tests = tuple(groups[mutant[0]])
            if tests not in passing:
                passing[tests] = build.baseline(tests)
            by = judge(build, mutant, passing[tests])
            tried += 1
            what = {None: "no program", "": "SURVIVED"}.get(by, f"noticed by {by}")
            print(f"{number:4} {what}: {described(mutant)}", flush=True)
            if by is None:
                broken += 1
            elif by:
                noticed[by] = noticed.get(by, 0) + 1
            else:
                survivors.append(mutant)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

    counted = tried - broken
    print(f"\n{tried} mutants, {broken} of them no programs; {counted - len(survivors)} of {counted} noticed"
          + (f" ({100 * (counted - len(survivors)) / counted:.1f} %)" if counted else ""))
    for test, count in sorted(noticed.items(), key=lambda item: -item[1]):
        print(f"  {count:4} by {test}")
    for mutant in survivors:
        print("survived: " + described(mutant))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
