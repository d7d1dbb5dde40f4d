#!/usr/bin/python3
"""Names the functions in launch_layout.ld or record_layout.ld that the program's objects do not have any more.

    check_layout.py BUILD_DIRECTORY LAYOUT [--self-test]

Prints a warning with their names, or nothing. The exit status is 0 either way: a layout that has grown old costs
speed alone. Objects of libraries that are not built here are not looked at. With --self-test the status is 1 unless a
name that was added is found to be gone, and no more than that.
"""
import pathlib
import re
import subprocess
import sys

PATTERN = re.compile(r"^\s*\*(?:(lib[\w-]+)\.a:)?([\w.]+\.cc\.o)\((\.[^)]+)\)\s*$", re.MULTILINE)


def sections_by_object(build, program):
    """The names of the sections of the program's own objects, and of those of each library that is built here."""
    objects = {}
    for path in pathlib.Path(build).glob("*/**/CMakeFiles/*.dir/**/*.cc.o"):
        target = next(part for part in path.parts if part.endswith(".dir"))[:-len(".dir")]
        library = "" if target == program else "lib" + target
        listing = subprocess.run(["readelf", "--section-headers", "--wide", path], check=True, text=True,
                                 capture_output=True).stdout
        objects.setdefault((library, path.name), set()).update(re.findall(r"\] (\.\S+)", listing))
    return objects


def gone(objects, layout):
    built = {library for library, _ in objects}
    return [f"{name}({section})" for library, name, section in PATTERN.findall(layout)
            if library in built and section not in objects.get((library, name), set())]


def main():
    build, path = sys.argv[1], pathlib.Path(sys.argv[2])
    layout = path.read_text()
    objects = sections_by_object(build, path.parent.name)  # It stands beside the program's source.
    missing = gone(objects, layout)
    if sys.argv[3:] == ["--self-test"]:
        planted = "main.cc.o(.text._ZN7sandbox5neverEv)"
        found = gone(objects, layout + f"\n*{planted}\n")
        if not objects or found != missing + [planted]:
            print(f"expected that only {planted} is found beside {missing}, not {found}")
            return 1
        return 0
    if missing:
        names = subprocess.run(["c++filt", "-p"], input="\n".join(missing), text=True, check=True,
                               capture_output=True).stdout
        print(f"warning: {sys.argv[2]} names {len(missing)} sections that are gone; "
              f"CONTRIBUTING.md says how it is written anew:\n{names}")
    return 0


sys.exit(main())
