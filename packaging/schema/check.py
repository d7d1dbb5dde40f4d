#!/usr/bin/env python3
"""check.py SCHEMAS SOURCE: the schemas hold for every good policy and file of expectations of SOURCE, and for no bad
one whose fault is one of structure.

Which of the bad ones these are, their expected messages tell: an unknown key or word, something missing, another type.
What a schema cannot know (which calls an ABI has, what stands in the text but not in the data) is left out by name.
Exit status 77: python3-jsonschema or python3-yaml is missing.
"""
import json
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: {error}; Debian has python3-jsonschema and python3-yaml")
    sys.exit(77)

schemas, source = map(pathlib.Path, sys.argv[1:])


def validator(name):
    schema = json.loads((schemas / f"{name}.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


policy, expectations = validator("policy"), validator("expectations")
failures = []


class Loader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: PyYAML reads 1.1, where 'no', 1:30 and 0x1_0 are no text."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    first = [*first, ""] if tag == "null" else list(first)
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def read_integer(loader, node):
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in ("0x", "0o") else 10)


Loader.add_constructor("tag:yaml.org,2002:int", read_integer)


def fault(schema, path):
    """Why the file is not valid; None: it is valid. Raises yaml.YAMLError where it is no YAML."""
    documents = list(yaml.load_all(path.read_bytes(), Loader))
    if len(documents) != 1:
        raise yaml.YAMLError("not one document")
    error = jsonschema.exceptions.best_match(schema.iter_errors(documents[0]))
    return None if error is None else f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def is_policy(path):
    """Whether it has a section. Container profiles and units are other formats, and have schemas of their own."""
    text = path.read_bytes()
    return re.search(rb"^[ {\"']*(seccomp|landlock)\b", text, re.M) is not None and b"defaultAction" not in text


# Keys that JSON cannot have, beside the section; and tabs, which PyYAML does not read.
NOT_FOR_JSON = {"packetbeat.yml", "tabs_between_tokens.yml"}

good = 0
for path in sorted([*source.glob("policies/*.yml"), *source.glob("tests/cli/good/*")]):
    if not is_policy(path):
        continue
    good += 1
    try:
        if why := fault(policy, path):
            failures.append(f"good, but not valid: {path}: {why}")
    except yaml.YAMLError as error:
        if path.name not in NOT_FOR_JSON:
            failures.append(f"good, but not read: {path}: {error}")
for path in sorted(source.glob("tests/expectations/*.yml")):
    good += 1
    if why := fault(expectations, path):
        failures.append(f"good, but not valid: {path}: {why}")

STRUCTURE = re.compile(
    r"unknown (key|action|operation|flag|scope|access|ABI|errno|set)|is missing in|must be |is an empty list|"
    r"a group needs 'names'|restricts nothing|goes with|stands outside the|did you mean 'seccomp|"
    r"unknown system call '[^']*'"
)
# What is another text, but the same data (6. and 6.0, 5.04 and 5.4, 1.0 and 1, 1e3 and 1000, +1 and 1), and a word that
# is nearly another one.
ONLY_IN_THE_TEXT = {
    "document_secomp_beside_seccomp.yml",
    "document_secomp_section_beside_seccomp.yml",
    "kernel_major.yml",
    "kernel_major_dot.yml",
    "kernel_zero_minor.yml",
    "value_exponent.yml",
    "value_fraction.yml",
    "value_plus.yml",
}
bad, unread = 0, 0
for path in sorted((source / "tests/cli/bad").iterdir()):
    expected = path.with_suffix(".expected")
    if path.suffix not in (".yml", ".json") or path.name.startswith("warning_") or not is_policy(path):
        continue
    if not STRUCTURE.search(expected.read_text()):
        continue
    try:
        why = fault(policy, path)
    except (yaml.YAMLError, ValueError, UnicodeDecodeError):
        unread += 1  # An editor shows the mistake in the YAML.
        continue
    bad += 1
    if why is None and path.name not in ONLY_IN_THE_TEXT:
        failures.append(f"bad, but valid: {path.name}: {expected.read_text().splitlines()[0]}")

for failure in failures:
    print(failure)
print(f"{good} good and {bad} bad files, {unread} that are no YAML")
if good < 80 or bad < 150:
    print("too few files were checked")
    sys.exit(1)
sys.exit(1 if failures else 0)
