#!/usr/bin/env python3
"""beyond_recording.py SANDBOX_POLICY PAIRS [--min N]: what one run of a program did not show and another one needed.

PAIRS has two command lines for sh on each line, with " || " between them: both start the same program. The calls of its
own process and threads are seen by strace. Those of the second run that the first had not are what a recording of the
first would have denied; how many of them a scan of the program names is the share that is printed. The exit status is
1 if the scan lacks any that neither a library accounts for which the program loads nor a place that the scan tells."""
import argparse
import os
import shutil
import sys

from superset import Scans, is_told_unknown, names_of, observe


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy_tool")
    parser.add_argument("pairs")
    parser.add_argument("--min", type=int, default=0, help="how many programs must have run")
    options = parser.parse_args()
    scans, programs, all_new, all_named, lost = Scans(options.policy_tool), 0, 0, 0, 0
    print(f"{'program':16} {'first':>5} {'second':>6} {'new':>4} {'named':>5}  new in the second run; (in brackets: not named)")
    with open(options.pairs) as file:
        pairs = [line.strip().split(" || ") for line in file if line.strip() and not line.startswith("#")]
    for first, second in pairs:
        if not shutil.which(first.split()[0]):
            continue
        program, before, _ = observe(first)
        other, after, mapped = observe(second)
        if program is None or other is None or os.path.realpath(program) != os.path.realpath(other):
            continue
        path = os.path.realpath(program)
        scan = scans.of(path)
        new = after - before - {"???"}
        named = new & names_of(scan)
        loaded = mapped - {os.path.realpath(library) for library in scan.get("libraries", [])} - {path}
        for call in new - named:
            known = loaded and call in names_of(scans.of(path, loaded))
            lost += 0 if known or is_told_unknown(scan, second, call) else 1
        programs += 1
        all_new += len(new)
        all_named += len(named)
        words = [call if call in named else f"({call})" for call in sorted(new)]
        print(f"{os.path.basename(path):16} {len(before):5} {len(after):6} {len(new):4} {len(named):5}  {' '.join(words)}",
              flush=True)
    share = 100 * all_named // all_new if all_new else 100
    print(f"{programs} programs: {all_new} calls were new in the second run, the scan had named {all_named} ({share} %)")
    if programs < options.min:
        print(f"expected {options.min} programs to run")
        return 1
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
