#!/usr/bin/env python3
"""sample.py SANDBOX_POLICY [FOLDER] [--every N] [--json FILE] [--calls]: how many calls a scan finds in the programs of a folder.

The sample: each file of FOLDER (/usr/bin) that is no link, and is an ELF file for x86_64 with an entry point, by the
sorted names; with --every, every Nth of them. Options are the scan's own
defaults. Prints median, mean, quartiles and a histogram; how many programs have a place that the scan does not know, which
places these are and in how many programs each; and with --calls in how many programs each call is. Exit status 1 if
there is no such program."""
import argparse
import collections
import concurrent.futures
import json
import os
import statistics
import struct
import subprocess
import sys

ET_EXEC, ET_DYN, EM_X86_64 = 2, 3, 62


def is_program(path):
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError:
        return False
    if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
        return False
    kind, machine, _, entry = struct.unpack_from("<HHIQ", head, 16)
    return machine == EM_X86_64 and kind in (ET_EXEC, ET_DYN) and entry != 0


def sample_of(folder, every):
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    return [path for path in paths if not os.path.islink(path) and os.path.isfile(path) and is_program(path)][::every]


def scan(tool, path):
    run = subprocess.run([tool, "scan", "--format", "json", path], capture_output=True, text=True, check=False)
    return path, json.loads(run.stdout) if run.stdout else {"error": run.stderr.strip()}


def place_of(unknown):
    place = unknown["place"]
    where = place.get("function") or f"+{place.get('offset', '')}"
    return f"{os.path.basename(place['file'])}: {where}: {unknown['what']}"


def print_figures(scans):
    counts = sorted(len(scan["calls"]) for scan in scans.values())
    unknown = [path for path, scan in scans.items() if scan.get("unknown")]
    print(f"{len(counts)} programs: median {statistics.median(counts):g}, mean {statistics.mean(counts):.1f}, "
          f"quarter at most {counts[len(counts) // 4]}, quarter at least {counts[3 * len(counts) // 4]}, "
          f"least {counts[0]}, most {counts[-1]}")
    print(f"{len(unknown)} of them ({100 * len(unknown) / len(counts):.1f} %) have a place that is not known")
    histogram = collections.Counter(count // 10 * 10 for count in counts)
    for begin in sorted(histogram):
        print(f"{begin:4} to {begin + 9:3}: {histogram[begin]:4} {'#' * (60 * histogram[begin] // max(histogram.values()))}")


def print_places(scans):
    programs, examples = collections.Counter(), {}
    for path, scan in scans.items():
        for place in {place_of(unknown) for unknown in scan.get("unknown", [])}:
            programs[place] += 1
            examples.setdefault(place, os.path.basename(path))
    for place, count in programs.most_common():
        print(f"{count:4} {place} (as in {examples[place]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy_tool")
    parser.add_argument("folder", nargs="?", default="/usr/bin")
    parser.add_argument("--every", type=int, default=1, help="of so many programs, take one")
    parser.add_argument("--json", metavar="FILE", help="write all scans into a file")
    parser.add_argument("--calls", action="store_true", help="print in how many programs each call is found")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = dict(pool.map(lambda path: scan(options.policy_tool, path), sample_of(options.folder, options.every)))
    for path, result in results.items():
        if "calls" not in result:
            print(f"left out: {path}: {result['error']}")
    scans = {path: result for path, result in results.items() if "calls" in result}
    if not scans:
        print(f"{options.folder} has no program for x86_64", file=sys.stderr)
        return 1
    if options.json:
        with open(options.json, "w") as file:
            json.dump(scans, file)
    print_figures(scans)
    print_places(scans)
    if options.calls:
        calls = collections.Counter(name for scan in scans.values() for name in {c["name"] for c in scan["calls"]})
        for name, count in calls.most_common():
            print(f"{count:4} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
