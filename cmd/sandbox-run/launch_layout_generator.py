#!/usr/bin/env python3
"""Writes launch_layout.ld: which sections of the launcher a launch touches.

    launch_layout_generator.py BUILD_DIRECTORY POLICY... > launch_layout.ld

BUILD_DIRECTORY is one of the preset `release`. The launcher is linked once more, with a map, and run under valgrind's
lackey, which prints every address that is executed, read or written: once with each policy and once without. valgrind
has no seccomp(2), so there each run ends with an error message; what a launch does instead is learned by single steps
through the one without a policy. The order is a matter of speed alone. A pattern that matches nothing (another
compiler, another C library) is no error, and what no pattern names goes where it always went. Needs valgrind.
"""
import bisect
import collections
import ctypes
import os
import re
import shlex
import subprocess
import sys
import tempfile

KINDS = {'.text': 'BEFORE .text', '.rodata': 'AFTER .rodata', '.bss': 'BEFORE .bss'}

# What goes along: the C library picks its string functions by the processor, and the linker merges constants, so that
# the map does not tell whose they are.
ALONG = {
    '.text': ['*libc.a:*(.text.evex .text.evex512)', '*libc.a:*(.text.avx .text.avx512)'],
    '.rodata': ['*(.rodata.cst* .rodata.*.cst*)', '*(.rodata.str* .rodata.*.str*)'],
}


def link_with_map(build, program, map_file):
    commands = subprocess.run(['ninja', '-C', build, '-t', 'commands', 'sandbox-run'], check=True, text=True,
                              capture_output=True).stdout.splitlines()
    words = shlex.split(commands[-1].replace('&&', ' ').lstrip(': '))
    words = [word for word in words if word != ':' and 'launch_layout' not in word]
    words[words.index('-o') + 1] = program
    subprocess.run(words + ['-Wl,-Map=' + map_file], check=True, cwd=build)


Section = collections.namedtuple('Section', 'start size name file')


def read_map(map_file):
    """The input sections of the program, sorted by address."""
    sections = []
    name = None
    with open(map_file, encoding='utf-8') as lines:
        for line in lines:
            alone = re.match(r'^ (\.\S+)$', line)
            if alone:
                name = alone[1]
                continue
            placed = re.match(r'^ (\.\S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$', line)
            if placed and (placed[1] or name):
                section = Section(int(placed[2], 16), int(placed[3], 16), placed[1] or name, placed[4])
                if section.start and section.size and section.name.startswith(tuple(KINDS)):
                    sections.append(section)
            name = None
    return sorted(sections)


def sections_of(addresses, sections):
    """The indices of the sections that hold the addresses."""
    starts = [section.start for section in sections]
    found = set()
    for address in addresses:
        index = bisect.bisect(starts, address) - 1
        if index >= 0 and address < sections[index].start + sections[index].size:
            found.add(index)
    return found


def traced(program, arguments):
    """Every address that a launch touches under valgrind."""
    command = ['valgrind', '--tool=lackey', '--trace-mem=yes', '--basic-counts=no', '--log-fd=9', program]
    with tempfile.TemporaryFile('w+') as trace:
        subprocess.run(['bash', '-c', 'exec "$@" 9>&%d' % trace.fileno(), 'bash'] + command + arguments + ['/bin/true'],
                       check=False, pass_fds=[trace.fileno()], stderr=subprocess.DEVNULL)
        trace.seek(0)
        addresses = {line[3:].split(',')[0] for line in trace if line[:1] in 'I ' and ',' in line}
    return {int(text, 16) for text in addresses}


def stepped(program, arguments):
    """Every address that a launch executes, until it has become /bin/true. For x86_64."""
    trace_me, peek_user, single_step, rip = 0, 3, 9, 16 * 8
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.restype = ctypes.c_long
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    child = os.fork()
    if child == 0:
        ptrace(trace_me, 0, None, None)
        os.execv(program, [program] + arguments + ['/bin/true'])
    addresses = set()
    os.waitpid(child, 0)
    while True:
        address = ptrace(peek_user, child, rip, None)
        if not 0 < address < 1 << 32:  # The launcher is linked to low addresses, other programs are not.
            break
        addresses.add(address)
        ptrace(single_step, child, None, None)
        if not os.WIFSTOPPED(os.waitpid(child, 0)[1]):
            raise RuntimeError('the launch has failed')
    os.kill(child, 9)
    os.waitpid(child, 0)
    return addresses


def pattern(section):
    member = re.search(r'([^/]+\.a)\((.*)\)$', section.file)
    file = '%s:%s' % member.groups() if member else os.path.basename(section.file)
    return '*%s(%s)' % (file, section.name)


def main():
    build, policies = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, 'sandbox-run')
        link_with_map(build, program, program + '.map')
        sections = read_map(program + '.map')
        bare = sections_of(stepped(program, []), sections)
        failing = sections_of(traced(program, []), sections)
        code = {index for index, section in enumerate(sections) if section.name.startswith('.text')}
        message = (failing - bare) & code
        runs = [failing - message | bare]
        for policy in policies:
            runs.append(sections_of(traced(program, ['-p', policy]), sections) - message | bare)
    counts = collections.Counter(index for run in runs for index in run)
    # First what every launch touches, so that a launch without a policy stays within the first pages.
    order = sorted(counts, key=lambda index: (-counts[index], index))

    print('/* Generated by launch_layout_generator.py; not to be edited. What a launch touches stands together: the\n'
          '   kernel maps a program in pieces of 16 pages, and pays for each page when the program begins and ends. */')
    for kind, place in KINDS.items():
        print('SECTIONS\n{\n  %s.launch :\n  {' % kind)
        for index in order:
            if sections[index].name.startswith(kind) and not re.search(r'\.(cst|str)\d', sections[index].name):
                print('    ' + pattern(sections[index]))
        for name in ALONG.get(kind, ()):
            print('    ' + name)
        print('  }\n}\nINSERT %s;' % place)


if __name__ == '__main__':
    main()
