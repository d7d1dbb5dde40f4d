#!/usr/bin/env python3
"""Writes launch_layout.ld: which sections of the launcher a launch touches; or ../sandbox-policy/record_layout.ld: which
functions of sandbox-policy a recording runs.

    launch_layout_generator.py BUILD_DIRECTORY POLICY... > launch_layout.ld
    launch_layout_generator.py BUILD_DIRECTORY --record > record_layout.ld

BUILD_DIRECTORY is one of the preset `release`. The launcher is linked once more, with a map, and run under valgrind's
lackey, which prints every address that is executed, read or written: once with each policy and once without. valgrind
has neither seccomp(2) nor Landlock, so there each run ends with an error message; what a launch does instead is learned
by single steps, which are slow, through two launches that read no policy: one without options and one with rules for
files and ports. So is what a recording does, in all its processes, which takes some minutes. The order is a matter of
speed alone. A pattern that matches nothing (another compiler, another C library) is no error, and what no pattern names
goes where it always went. Needs valgrind.
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


def link_with_map(build, name, program, map_file):
    commands = subprocess.run(['ninja', '-C', build, '-t', 'commands', name], check=True, text=True,
                              capture_output=True).stdout.splitlines()
    words = shlex.split(commands[-1].replace('&&', ' ').lstrip(': '))
    words = [word for word in words if word != ':' and '_layout.ld' not in word]
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


LANDLOCK_OPTIONS = ['--bare', '--rox', '/usr', '--ro', '/etc', '--connect-tcp', '443']

# ptrace(2), for x86_64.
TRACE_ME, PEEK_USER, CONTINUE, SINGLE_STEP, SET_OPTIONS = 0, 3, 7, 9, 0x4200
RIP = 16 * 8
FOLLOW_ALL = 2 | 4 | 8 | 16 | 0x100000  # fork, vfork, clone, execve; killed with the tracer.
EXECUTED = 4
EVERY_CHILD = 0x40000000  # __WALL.

ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.restype = ctypes.c_long
ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def start_traced(program, arguments):
    """The number of the process, which is stopped before its first instruction."""
    child = os.fork()
    if child == 0:
        ptrace(TRACE_ME, 0, None, None)
        os.execv(program, [program] + arguments)
    os.waitpid(child, 0)
    return child


def stepped(program, options=()):
    """Every address that a launch executes, until it has become /bin/true."""
    child = start_traced(program, [*options, '/bin/true'])
    addresses = set()
    while True:
        address = ptrace(PEEK_USER, child, RIP, None)
        if not 0 < address < 1 << 32:  # The launcher is linked to low addresses, other programs are not.
            break
        addresses.add(address)
        ptrace(SINGLE_STEP, child, None, None)
        if not os.WIFSTOPPED(os.waitpid(child, 0)[1]):
            raise RuntimeError('the launch has failed')
    os.kill(child, 9)
    os.waitpid(child, 0)
    return addresses


def stepped_in_all(program, arguments):
    """Every address that the program and its children execute, until they have ended or become another program."""
    first = start_traced(program, arguments)
    ptrace(SET_OPTIONS, first, None, FOLLOW_ALL)
    ptrace(SINGLE_STEP, first, None, None)
    alive, others, addresses = {first}, set(), set()
    while alive:
        process, status = os.waitpid(-1, EVERY_CHILD)
        if not os.WIFSTOPPED(status):
            alive.discard(process)
            if process == first and status != 0:
                raise RuntimeError('the recording has failed')
            continue
        signal, event = os.WSTOPSIG(status), status >> 16
        if process not in alive:  # A new one begins with SIGSTOP.
            alive.add(process)
            signal = 0
        elif signal == 5:  # SIGTRAP.
            signal = 0
        if event == EXECUTED:
            others.add(process)
        if process in others:
            ptrace(CONTINUE, process, None, signal)
            continue
        addresses.add(ptrace(PEEK_USER, process, RIP, None))
        ptrace(SINGLE_STEP, process, None, signal)
    return addresses


def pattern(section):
    member = re.search(r'([^/]+\.a)\((.*)\)$', section.file)
    file = '%s:%s' % member.groups() if member else os.path.basename(section.file)
    return '*%s(%s)' % (file, section.name)


def runs_of_launches(folder, build, policies):
    """The sections of sandbox-run, and of each launch the indices of those that it touches."""
    program = os.path.join(folder, 'sandbox-run')
    link_with_map(build, 'sandbox-run', program, program + '.map')
    sections = read_map(program + '.map')
    bare = sections_of(stepped(program), sections)
    failing = sections_of(traced(program, []), sections)
    code = {index for index, section in enumerate(sections) if section.name.startswith('.text')}
    message = (failing - bare) & code
    plain = failing - message | bare
    runs = [plain, plain | sections_of(stepped(program, LANDLOCK_OPTIONS), sections)]
    for policy in policies:
        runs.append(sections_of(traced(program, ['-p', policy]), sections) - message | bare)
    return sections, runs


def runs_of_recording(folder, build):
    """The same for sandbox-policy, and one recording; only code."""
    program = os.path.join(folder, 'sandbox-policy')
    link_with_map(build, 'sandbox-policy', program, program + '.map')
    sections = read_map(program + '.map')
    command = ['record', '-q', '-o', os.path.join(folder, 'recorded.yml'), '--', '/bin/true']
    return sections, [sections_of(stepped_in_all(program, command), sections)]


def main():
    build, policies = sys.argv[1], sys.argv[2:]
    record = policies == ['--record']
    with tempfile.TemporaryDirectory() as folder:
        sections, runs = runs_of_recording(folder, build) if record else runs_of_launches(folder, build, policies)
    counts = collections.Counter(index for run in runs for index in run)
    # First what every launch touches, so that a launch without a policy stays within the first pages.
    order = sorted(counts, key=lambda index: (-counts[index], index))

    print('/* Generated by launch_layout_generator.py; not to be edited. What a %s touches stands together: the\n'
          '   kernel maps a program in pieces of 16 pages, and pays for each page when the program begins and ends. */' %
          ('recording' if record else 'launch'))
    for kind, place in KINDS.items():
        if record and kind != '.text':
            continue
        print('SECTIONS\n{\n  %s.launch :\n  {' % kind)
        for index in order:
            if sections[index].name.startswith(kind) and not re.search(r'\.(cst|str)\d', sections[index].name):
                print('    ' + pattern(sections[index]))
        for name in ALONG.get(kind, ()):
            print('    ' + name)
        print('  }\n}\nINSERT %s;' % place)


if __name__ == '__main__':
    main()
