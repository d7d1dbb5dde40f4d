#!/usr/bin/env python3
"""sbom.py BUILD PROGRAM...: prints an SBOM (SPDX 2.3 as JSON) of the programs, which BUILD has linked statically.

What is in them the linker and the compiler say: the linker's maps name the archives of which it took something, and
ninja knows which headers each object was compiled from. dpkg tells the packages and versions these files belong to, so
that there is no list to keep. A package whose licence is not in the table below is an error: packaging/deb/copyright
has to name it, too.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

LICENCES = {  # By Debian's source package.
    "cli11": "BSD-3-Clause",
    "fmtlib": "MIT",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "libseccomp": "LGPL-2.1-only",
    "linux": "GPL-2.0-only WITH Linux-syscall-note",
    "rapidjson": "MIT",
    "spdlog": "MIT",
    "yaml-cpp": "MIT",
}
PROJECT_LICENCE = "Apache-2.0"


def fail(message):
    sys.exit(f"sbom.py: {message}")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked_files(build, program):
    """The archives and objects of the system that the linker took code from."""
    name = pathlib.Path(program).name
    path = build / "cmd" / name / f"{name}.map"
    if not path.exists():
        fail(f"there is no {path}; is {build} a static build with this source?")
    text = path.read_text()
    files = set(re.findall(r"^(/\S+\.a)\(\S+\)", text, re.M)) | set(re.findall(r"^LOAD (/\S+\.o)$", text, re.M))
    return {os.path.realpath(file) for file in files if not is_below(file, build)}


def included_files(build):
    """The headers of the system that the programs' objects were compiled from, and those of the generators."""
    headers = {"program": set(), "generator": set()}
    kind = None
    for line in output_of("ninja", "-C", str(build), "-t", "deps").splitlines():
        if line and not line[0].isspace():
            target = line.split(":")[0]
            generator = re.search(r"_(generator|embedder)\.dir/", target)
            ours = target.startswith(("src/", "cmd/")) or generator
            kind = None if not ours else "generator" if generator else "program"
        elif kind and line.strip().startswith("/"):
            headers[kind].add(os.path.realpath(line.strip()))
    return headers


def is_below(path, folder):
    return pathlib.Path(path).resolve().is_relative_to(folder.resolve())


def packages_of(files):
    """The packages that the files belong to. Where /lib is a link to /usr/lib, dpkg may know a file by either name."""
    names = {spelling: file for file in files for spelling in (file, file.removeprefix("/usr"))}
    packages, found = set(), set()
    spellings = sorted(names)
    for i in range(0, len(spellings), 500):
        answer = subprocess.run(
            ["dpkg-query", "-S", *spellings[i : i + 500]], capture_output=True, text=True, check=False
        ).stdout
        for line in answer.splitlines():
            owners, _, path = line.partition(": ")
            if path in names and not owners.startswith("diversion"):
                found.add(names[path])
                packages.update(owner.strip() for owner in owners.split(","))
    if lost := sorted(set(files) - found):
        fail(f"no package has {lost[0]}" + (f", nor {len(lost) - 1} others" if len(lost) > 1 else ""))
    return packages


def described(package, comment):
    fields = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}"
    name, version, machine, source, source_version = output_of("dpkg-query", "-W", "-f", fields, package).split("\t")
    licence = LICENCES.get(re.sub(r"^gcc-\d+$", "gcc", source))
    if licence is None:
        fail(f"{name} (source {source}) is linked in: add its licence here and to packaging/deb/copyright")
    encoded = [part.replace("+", "%2B").replace(":", "%3A") for part in (name, version)]
    return {
        "SPDXID": spdx_id("Package", name),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "sourceInfo": f"built from {source} {source_version}",
        "comment": comment,
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{encoded[0]}@{encoded[1]}?arch={machine}",
            }
        ],
    }


def spdx_id(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def main():
    if len(sys.argv) < 3:
        fail("expected BUILD PROGRAM...")
    build = pathlib.Path(sys.argv[1])
    programs = [pathlib.Path(argument) for argument in sys.argv[2:]]
    cache = (build / "CMakeCache.txt").read_text()
    version = re.search(r"^CMAKE_PROJECT_VERSION:STATIC=(.*)$", cache, re.M).group(1)
    source = pathlib.Path(re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache, re.M).group(1))
    created = int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.datetime.now().timestamp())

    headers = {}
    for kind, included in included_files(build).items():
        headers[kind] = {file for file in included if not is_below(file, source)}
    linked = packages_of(set().union(*(linked_files(build, program) for program in programs)))
    compiled = packages_of(headers["program"]) - linked
    built_with = packages_of(headers["generator"]) - compiled - linked
    comments = [
        (linked, "linked statically", "STATIC_LINK"),
        (compiled, "headers whose code is compiled in", "CONTAINS"),
        (built_with, "used by programs that run during the build; not contained", "BUILD_DEPENDENCY_OF"),
    ]

    root = spdx_id("Package", "sandbox-run")
    packages = [
        {
            "SPDXID": root,
            "name": "sandbox-run",
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": PROJECT_LICENCE,
            "licenseDeclared": PROJECT_LICENCE,
            "copyrightText": "2026 The sandbox-run authors",
            "primaryPackagePurpose": "APPLICATION",
        }
    ]
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    for names, comment, kind in comments:
        for name in sorted(names):
            package = described(name, comment)
            packages.append(package)
            ends = (package["SPDXID"], root) if kind == "BUILD_DEPENDENCY_OF" else (root, package["SPDXID"])
            relations.append(relation(ends[0], kind, ends[1]))
    files = []
    for program in programs:
        contents = program.read_bytes()
        files.append(
            {
                "SPDXID": spdx_id("File", program.name),
                "fileName": f"./bin/{program.name}",
                "fileTypes": ["BINARY"],
                "checksums": [
                    {"algorithm": "SHA1", "checksumValue": hashlib.sha1(contents).hexdigest()},
                    {"algorithm": "SHA256", "checksumValue": hashlib.sha256(contents).hexdigest()},
                ],
                "licenseConcluded": "NOASSERTION",
                "copyrightText": "NOASSERTION",
            }
        )
        relations.append(relation(root, "CONTAINS", files[-1]["SPDXID"]))
    of_programs = hashlib.sha256("".join(file["checksums"][1]["checksumValue"] for file in files).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"sandbox-run-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/sandbox-run-{version}-{of_programs}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(created, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: sandbox-run-packaging/sbom.py"],
        },
        "packages": packages,
        "files": files,
        "relationships": relations,
    }
    print(json.dumps(document, indent=2))


main()
