"""Does what a report of 'sandbox-run --report' says would allow the calls that were denied.

apply_suggestion.py POLICY <REPORT: takes the lines as they were printed and puts them where the report says; it knows nothing
of policies. The exit status is 1 if the report says nothing of the policy.
"""

import re
import sys

PREFIX = "sandbox-run: "


def parts(text):
    """Each thing that is said, with the lines below it that are to be copied."""
    said = []
    for line in text.splitlines():
        if line.startswith(PREFIX):
            said.append((line[len(PREFIX) :], []))
        elif line.startswith((" ", "-")) and said:
            said[-1][1].append(line)
    return said


def place_behind(lines, key):
    """The index of the line with the key, and the column behind it."""
    for index, line in enumerate(lines):
        if key in line:
            return index, line.index(key) + len(key)
    sys.exit("no line with " + key)


def changes_for(name, said, lines):
    """What to do, as (line, column, what to take out, text to put there), counted from 0."""
    name = re.escape(name)
    for sentence, copy in said:
        match = re.fullmatch(f"Add to {name} before line (\\d+), as the first entry of 'syscalls:':", sentence)
        if match:
            yield int(match[1]) - 1, 0, "".join(line + "\n" for line in copy)
        match = re.fullmatch(f"Add to {name} at line (\\d+), column (\\d+), as the first entry of 'syscalls':", sentence)
        if match:
            yield int(match[1]) - 1, int(match[2]) - 1, copy[0].strip() + " "
        if re.fullmatch(f"Add to 'syscalls' in {name}, and remove the names from rules that deny them:", sentence):
            yield *place_behind(lines, '"syscalls": ['), copy[0].strip()
        refused = f"Calls through [\\w, ]+ are denied, as {name} does not cover (?:it|them): "
        match = re.fullmatch(refused + f"add below line (\\d+) of {name}:(?: (.+))?", sentence)
        if match:
            yield int(match[1]), 0, (match[2] or copy[0]) + "\n"
        match = re.fullmatch(refused + f"add to {name} at line (\\d+), column (\\d+): (.+)", sentence)
        if match:
            yield int(match[1]) - 1, int(match[2]) - 1, match[3] + " "
        match = re.fullmatch(refused + "add ([\\w, ]+) to 'architectures:' \\(line (\\d+)\\)\\.", sentence)
        if match:
            line = int(match[2]) - 1
            yield line, lines[line].index("]"), ", " + match[1]
        match = re.fullmatch(refused + "add ([\\w, ]+) to its 'architectures'\\.", sentence)
        if match:
            yield *place_behind(lines, '"architectures": ['), "".join(f'"{word}", ' for word in match[1].split(", "))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.readlines()
    changes = sorted(set(changes_for(sys.argv[1], parts(sys.stdin.read()), lines)), reverse=True)
    for line, column, text in changes:  # From the last line to the first, whose numbers stay right meanwhile.
        if line == len(lines):
            lines[-1] = lines[-1].rstrip("\n") + "\n"
            lines.append("")
        lines[line] = lines[line][:column] + text + lines[line][column:]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("".join(lines))
    sys.exit(not changes)


main()
