#!/usr/bin/env python3
"""dictionary.py TARGET: the words of a fuzzer's inputs, in libFuzzer's format.

They are the string literals of the code that reads such inputs, where its tables of keys and words are, with a sample
of the names that the tables in src/arch know. So a word that is added there is in the dictionary, too.
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
BEATS = ["policy/beats_reader.cc", "policy/reader.cc", "policy/policy.h", "policy/section.cc", "policy/scalar.cc"]
OCI = ["policy/oci_reader.cc", "policy/oci_writer.cc", "policy/oci_keys.h", "policy/enclosed_profile.cc"]
LANDLOCK = ["policy/landlock_reader.cc", "arch/landlock.cc", "resolve/landlock/path_sets.cc"]
YAML = [": ", "- ", "\n  ", "\n- ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<: ", "#", "|", ">", "---\n", "? ", "'",
        "!!str ", "\r\n", "0x", "-1", "4294967295", "18446744073709551615", "0x100000000", "\xef\xbb\xbf"]
JSON = ["{", "}", "[", "]", ":", ",", '"', "null", "true", "\\u0000", "1e3", "-1", "18446744073709551615"]
AUDIT = ["arch=c000003e ", "syscall=", "compat=0 ", "ip=0x7f ", "code=0x50000 ", "sig=31 ", "audit(1:2): ",
         "audit[1]: ", "SECCOMP ", "auid=4294967295 ", "exe=", "comm=", '"x"', "78", "\x1d", "UID=", "ARCH=x86_64 ", "(null)"]
LINES = ["report/audit_record.cc", "report/landlock_record.cc", "report/audit_text.h",
         "../cmd/sandbox-policy/commands/log_line.cc"]

# For each target: files with literals, tables with names (and how many of them), and signs of the syntax.
TARGETS = {
    "policy": (BEATS + LANDLOCK[:1], ["constants", "errno", "sets"], YAML),
    "edit": (BEATS, ["sets"], YAML),
    "landlock": (LANDLOCK + ["policy/reader.cc"], [], YAML + ["~", "@cwd", "/..", "//", "*"]),
    "oci": (OCI, ["errno", "constants"], JSON),
    "seccomp_profile": (OCI + ["policy/formats.cc"], ["errno"], YAML),
    "unit": (["policy/unit_reader.cc", "policy/unit_text.cc", "policy/systemd_words.cc", "policy/default_words.cc"],
             ["errno", "sets"], ["\n", "=", "~", "\\\n", " ", ":", "[", "]", "#", ";"]),
    "expectations": (["policy/expectations.cc", "policy/policy.h", "policy/scalar.cc"], ["constants", "errno", "sets"],
                     YAML),
    "audit": (LINES, [], AUDIT),
    "filter": ([], [], ["\x89SBF\r\n\x1a\n", "\xffSBF", "\x02\x00\x00\x00", "\x06\x00\x00\x00\x00\x00\xff\x7f"]),
    "bpf": ([], [], ["\x20\x00\x00\x00\x00\x00\x00\x00", "\x15\x00", "\x06\x00\x00\x00", "\x00\x00\xff\x7f",
                     "\x3e\x00\x00\xc0", "\x3b\x00\x00\x00"]),
    "elf": ([], [], ["\x7fELF\x02\x01\x01", "\x0f\x05", "\xb8\x3b\x00\x00\x00", "\xe8\x00\x00\x00\x00", "\xff\x24\xc5",
                     "\x50\xe5\x74\x64", "\xf3\x0f\x1e\xfa", "\x31\xc0", "\xc3", "\xcd\x80"]),
}
TABLES = {"constants": ("arch/generated/constants.inc", 40), "errno": ("arch/generated/errno.inc", 12),
          "sets": ("arch/call_sets.inc", 60)}
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CONSTANT = re.compile(r"^[{(A-Z]*?([A-Z]+_[A-Z0-9_]+),", re.M)
WORD = re.compile(r"[-\w@./=:+~ ]{2,32}")


def literals(path):
    """Of a file's code, without messages: those that are single words, and what a word may have at its ends."""
    for line in (SOURCE / path).read_text().splitlines():
        if line.lstrip().startswith(("//", "#include")):
            continue
        for literal in LITERAL.findall(line):
            if WORD.fullmatch(literal) and " " not in literal.strip():
                yield literal


def words_of(target):
    files, tables, signs = TARGETS[target]
    words = dict.fromkeys(signs)
    for path in files:
        words.update(dict.fromkeys(literals(path)))
    for table in tables:
        path, most = TABLES[table]
        names = [name for name in dict.fromkeys(literals(path)) if not name.isdigit()]
        names = names or list(dict.fromkeys(CONSTANT.findall((SOURCE / path).read_text())))
        words.update(dict.fromkeys(names[:: len(names) // most + 1]))
    return list(words)


def escaped(word):
    return "".join(c if c in map(chr, range(32, 127)) and c not in '"\\' else f"\\x{ord(c):02x}" for c in word)


for one in words_of(sys.argv[1]):
    print(f'"{escaped(one)}"')
