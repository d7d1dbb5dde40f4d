"""Policies of up to 1 MB that cost as much as they can: see hostile_inputs.py."""

LIMIT = 1 << 20  # Bytes of a policy.
ABIS = ("x86_64 x86 x32 arm aarch64 mips mipsel mips64 mipsel64 mips64n32 mipsel64n32 ppc ppc64 ppc64le "
        "riscv64 s390 s390x parisc").split()
HEAD = "seccomp:\n  default_action: allow\n"


def fill(head, line, tail="", limit=LIMIT):
    """As many lines as fit: `line` is a function of their number."""
    parts, size, i = [head], len(head) + len(tail), 0
    while True:
        text = line(i)
        if size + len(text) > limit:
            return "".join(parts) + tail
        parts.append(text)
        size += len(text)
        i += 1


def times(count, head, line, tail=""):
    return head + "".join(line(i) for i in range(count)) + tail


def beats(line, abis=None, head=HEAD, count=None, tail=""):
    architectures = "  architectures: [%s]\n" % ", ".join(abis) if abis else ""
    head = head + architectures + "  syscalls:\n"
    return fill(head, line, tail) if count is None else times(count, head, line, tail)


def entries(name, conditions, abis=None, count=None, action="errno"):
    """One group; entry i of names_with_args has conditions(i)."""
    def line(i):
        return "    - {name: %s, arguments: [%s]}\n" % (name, conditions(i))
    architectures = "  architectures: [%s]\n" % ", ".join(abis) if abis else ""
    head = HEAD + architectures + "  syscalls:\n  - action: %s\n    names_with_args:\n" % action
    return fill(head, line) if count is None else times(count, head, line)


def condition(argument, operation, value, more=""):
    return "{argument: %d, operation: %s, value: %d%s}" % (argument, operation, value, more)


def word(i):
    """A name that nothing has, different for each i, of a length that is near to many."""
    text = ""
    for _ in range(5):
        text += "qjxzvkwypb"[i % 10]
        i //= 10
    return "set" + text


FEW = ("read write close lseek mmap ioctl fcntl socket dup kill openat fchmod fchown bind listen mprotect madvise "
       "prctl clone setns unshare pipe2 dup3 mount mlock getpriority tkill tgkill")

POLICIES = {}  # By kind: a function of the names of calls that gives a policy's text.


def policy(function):
    POLICIES[function.__name__] = function
    return function


# ---- Groups and names ----

@policy
def groups_of_one_set(_):
    return beats(lambda i: '  - {action: errno, names: ["@known"]}\n')


@policy
def groups_of_one_set_on_every_abi(_):
    return beats(lambda i: '  - {action: errno, names: ["@known"]}\n', ABIS)


@policy
def groups_of_one_call_on_every_abi(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names: [read]}\n" % (i % 4095 + 1), ABIS)


@policy
def sets_with_conditions_on_every_abi(_):
    return beats(lambda i: '  - {action: errno, names_with_args: [{name: "@system-service", arguments: [%s]}]}\n' %
                 condition(0, "Equal", i), ["x86_64", "aarch64", "riscv64", "arm", "mips64", "ppc64le"])


@policy
def set_with_conditions_that_every_member_has(_):
    return entries('"@aio"', lambda i: condition(0, "Equal", i * 7919), ["x86_64", "aarch64", "riscv64", "ppc64le"])


@policy
def one_group_of_one_name(_):
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names:\n", lambda i: "    - read\n")


@policy
def one_group_of_every_name(names):
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names:\n", lambda i: "    - %s\n" % names[i % len(names)])


@policy
def one_line_of_names_twice(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [", lambda i: "read, ", "read]}]\n")


@policy
def groups_of_alternating_actions(names):
    actions = ["allow", "log", "errno", "trap", "kill_process"]
    return beats(lambda i: "  - {action: %s, names: [%s]}\n" % (actions[i % 5], names[i * 7 % len(names)]))


@policy
def kernel_on_every_abi(_):
    return beats(lambda i: '  - {action: errno, names: ["@network-io"]}\n', ABIS, head=HEAD + '  kernel: "4.4"\n')


@policy
def architectures_listed_often(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [read]}]\n  architectures: [",
                lambda i: ABIS[i % len(ABIS)] + ", ", "x86_64]\n")


# ---- Problems ----

@policy
def unknown_names(_):
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names:\n", lambda i: "    - %s\n" % word(i))


@policy
def unknown_names_on_every_abi(_):
    return fill(HEAD + "  architectures: [%s]\n  syscalls:\n  - action: errno\n    names:\n" % ", ".join(ABIS),
                lambda i: "    - %s\n" % word(i))


@policy
def one_unknown_name_on_one_line(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [", lambda i: "raed,", "raed]}]\n")


@policy
def unknown_sets(_):
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names:\n", lambda i: '    - "@%s"\n' % word(i))


@policy
def names_of_other_abis(_):
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names:\n", lambda i: "    - s390_pci_mmio_read\n")


@policy
def unknown_constants(_):
    return entries("ioctl", lambda i: "{operation: Equal, value: TIOC%s}" % word(i).upper())


@policy
def unknown_constants_in_one_value(_):
    return fill(HEAD + "  syscalls: [{action: errno, names_with_args: [{name: ioctl, arguments: [{argument: 1, "
                "operation: Equal, value: '", lambda i: "TIOC%s|" % word(i).upper(), "TIOCSTI'}]}]}]\n")


@policy
def constants_of_other_abis(_):
    return entries("ioctl", lambda i: "{argument: 1, operation: Equal, value: AF_UNIX}", ABIS)


@policy
def unknown_keys(_):
    return fill("seccomp:\n", lambda i: "  %s: 1\n" % word(i))


@policy
def unknown_keys_of_groups(_):
    return beats(lambda i: "  - {%s: errno, names: [read]}\n" % word(i))


@policy
def keys_given_twice(_):
    return fill(HEAD, lambda i: "  default_action: allow\n")


@policy
def unknown_keys_outside(_):
    return fill("seccomp: {default_action: allow, syscalls: [{action: errno, names: [read]}]}\n",
                lambda i: "%s: 1\n" % word(i))


@policy
def unknown_actions_operations_and_errnos(_):
    return beats(lambda i: "  - {action: %s, errno: %s, names_with_args: [{name: read, "
                 "arguments: [{operation: %s}]}]}\n" % (word(i), word(i).upper(), word(i)))


@policy
def unknown_architectures(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [read]}]\n  architectures:\n",
                lambda i: "  - %s\n" % word(i))


@policy
def problems_on_one_line(_):
    return fill("seccomp: {default_action: allow, syscalls: [", lambda i: "{},", "{}]}\n")


@policy
def warnings_on_every_abi(_):
    return entries("lseek", lambda i: "{argument: 2, operation: LessThan}", ABIS)


@policy
def warnings_of_multiplexers(_):
    return entries("socket", lambda i: condition(0, "Equal", i * 3), ["x86_64", "x86", "s390", "s390x", "ppc64le"])


@policy
def warnings_of_flags(_):
    return entries("openat", lambda i: condition(2, "Equal", i * 2 + 1))


@policy
def warnings_of_pointers(_):
    return entries("read", lambda i: condition(1, "Equal", i + 1))


@policy
def entries_that_others_decide(_):
    return entries("socket", lambda i: condition(i % 3, "GreaterThan", 70000 - i % 1000))


# ---- Conditions ----

@policy
def values_of_one_argument(_):
    return entries("lseek", lambda i: condition(1, "Equal", i * 0x100000007 % 2**63))


@policy
def values_of_one_argument_that_fit(_):
    return entries("lseek", lambda i: condition(1, "Equal", i * 0x10000003 % 2**63), count=950)


@policy
def values_of_arguments_in_turn(_):
    return entries("mmap", lambda i: condition(i % 6, "Equal", i * 977))


@policy
def values_of_two_arguments(_):
    return entries("mmap", lambda i: "%s, %s" % (condition(0, "Equal", i * 977), condition(1, "GreaterThan", i)))


@policy
def one_entry_of_many_conditions(_):
    return fill(HEAD + "  syscalls: [{action: errno, names_with_args: [{name: lseek, arguments: [\n",
                lambda i: condition(1, "NotEqual", i * 7) + ",\n", condition(1, "NotEqual", 1) + "]}]}]\n")


@policy
def one_entry_of_many_conditions_on_a_set(_):
    return fill(HEAD + '  syscalls: [{action: errno, names_with_args: [{name: "@aio", arguments: [\n',
                lambda i: condition(0, "NotEqual", i * 7) + ",\n", condition(0, "NotEqual", 1) + "]}]}]\n")


@policy
def one_entry_of_many_masks(_):
    return fill(HEAD + "  syscalls: [{action: errno, names_with_args: [{name: lseek, arguments: [\n",
                lambda i: condition(1, "MaskedEqual", 0, ", mask: %d" % (i * 7919 + 1)) + ",\n",
                condition(1, "NotEqual", 1) + "]}]}]\n")


@policy
def masks(_):
    return entries("lseek", lambda i: condition(1, "MaskedEqual", 0, ", mask: %d" % (i * 0x1000000007 + 3)))


@policy
def masks_that_fit(_):
    return entries("lseek", lambda i: condition(1, "MaskedEqual", 0, ", mask: %d" % (i * 0x1000000007 % 2**64 + 3)),
                   count=600)


@policy
def bits_of_one_argument(_):
    return entries("lseek", lambda i: condition(1, "BitsSet", i + 1))


@policy
def ranges_of_one_argument(_):
    return entries("lseek", lambda i: condition(1, ["LessThan", "GreaterThan"][i % 2], i * 977 + 1))


@policy
def ranges_of_six_arguments(_):
    return entries("mmap", lambda i: ", ".join(condition(a, ["LessThan", "GreaterThan"][(i + a) % 2], i * 977 + a + 1)
                                               for a in range(6)))


@policy
def ranges_of_six_arguments_that_fit(_):
    return entries("mmap", lambda i: ", ".join(condition(a, ["LessThan", "GreaterThan"][(i + a) % 2],
                                                         i * 0x123456789 + a + 1) for a in range(6)), count=150)


@policy
def same_bits_of_two_arguments(_):
    """Bit i of one argument and bit i of another: a diagram in the order of arguments has 2^i nodes."""
    return entries("mmap", lambda i: "%s, %s" % (condition(0, "BitsSet", 1 << i), condition(1, "BitsSet", 1 << i)),
                   count=64)


@policy
def conditions_of_every_call(names):
    few = [name for name in names if name in FEW.split()]
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: %s, arguments: [%s]}]}\n"
                 % (i % 4000 + 1, few[i % len(few)], condition(0, "Equal", i * 977)))


@policy
def errnos_of_one_call(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (i % 4095 + 1, condition(1, "Equal", i * 3)))


@policy
def errnos_of_one_call_by_bits(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (i % 4095 + 1, condition(1, "BitsSet", i + 1)))


@policy
def most_errnos_of_one_call(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (i + 1, condition(1, "Equal", i * 3)), count=4000)


@policy
def most_errnos_of_one_call_by_another(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (i + 1, condition(0, "Equal", i * 3)), count=4000)


@policy
def kills_of_one_call(_):
    return beats(lambda i: "  - {action: kill_%s, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (["thread", "process"][i % 2], condition(0, "Equal", i * 3)), count=4000)


@policy
def most_conditions_of_many_calls(names):
    """As many as a policy may have: 4000 on each of 25 calls."""
    few = [name for name in names if name in FEW.split()]
    return fill(HEAD + "  syscalls:\n  - action: errno\n    names_with_args:\n",
                lambda i: "    - {name: %s, arguments: [{operation: Equal, value: %d}]}\n" %
                (few[i // 4000 % len(few)], i))


@policy
def values_of_a_word_that_fit(_):
    return entries("socket", lambda i: condition(0, "Equal", i * 0x10003), count=1300)


@policy
def errnos_of_one_call_that_fit(_):
    return beats(lambda i: "  - {action: errno, errno: %d, names_with_args: [{name: lseek, arguments: [%s]}]}\n"
                 % (i % 4095 + 1, condition(i % 3, "Equal", i * 3)), count=900)


@policy
def fits_as_a_whole(names):
    """Answers of many numbers, each with an errno of its own: a large tree."""
    return beats(lambda i: "  - {action: errno, errno: %d, names: [%s]}\n" % (i + 1, names[i]), count=len(names))


@policy
def terms_of_one_value(_):
    return fill(HEAD + "  syscalls: [{action: errno, names_with_args: [{name: socket, arguments: [{argument: 1, "
                "operation: Equal, value: '", lambda i: "SOCK_CLOEXEC|", "SOCK_STREAM'}]}]}]\n")


@policy
def terms_of_one_value_on_a_set(_):
    return fill(HEAD + "  architectures: [%s]\n  syscalls: [{action: errno, names_with_args: [{name: '@aio', "
                "arguments: [{argument: 0, operation: Equal, value: '" % ", ".join(ABIS),
                lambda i: "AF_UNIX|", "AF_INET'}]}]}]\n")


# ---- The text ----

@policy
def nesting_of_lists(_):
    return "[" * LIMIT


@policy
def nesting_of_mappings(_):
    return "{a: " * (LIMIT // 4)


@policy
def nesting_by_indentation(_):
    return "".join(" " * i + "a:\n" for i in range(1400))


@policy
def nesting_by_hyphens(_):
    return "- " * (LIMIT // 2)


@policy
def nesting_of_many_short_lists(_):
    return fill("seccomp: {default_action: allow, syscalls: [{action: errno, names: [read]}]}\nx: [",
                lambda i: "[[[[[[[[[[]]]]]]]]]],", "1]\n")


@policy
def long_scalar(_):
    return HEAD + "  syscalls: [{action: errno, names: [%s]}]\n" % ("x" * (LIMIT - 100))


@policy
def long_quoted_scalar(_):
    return HEAD + "  syscalls: [{action: errno, names: [\"%s\"]}]\n" % ("\\x41" * ((LIMIT - 100) // 4))


@policy
def long_block_scalar(_):
    return fill(HEAD + "  syscalls: |\n", lambda i: "    x\n")


@policy
def long_key(_):
    return "seccomp:\n  ? %s\n  : 1\n" % ("x" * (LIMIT - 100))


@policy
def long_action(_):
    return "seccomp: {default_action: %s, syscalls: []}\n" % ("x" * (LIMIT - 100))


@policy
def long_number(_):
    return HEAD + ("  syscalls: [{action: errno, errno: %s, names_with_args: [{name: read, arguments: [{operation: "
                   "Equal, value: %s}]}]}]\n" % ("1" * (LIMIT // 2 - 200), "1" * (LIMIT // 2 - 200)))


@policy
def long_comment(_):
    return "# " + "x" * (LIMIT - 200) + "\n" + HEAD + "  syscalls: [{action: errno, names: [read]}]\n"


@policy
def wide_characters(_):
    return HEAD + "  syscalls: [{action: errno, names: [%s]}]\n" % ("\U0001F600, " * ((LIMIT - 100) // 6))


@policy
def empty_lines(_):
    return "\n" * (LIMIT - 200) + HEAD + "  syscalls: [{action: errno, names: [raed]}]\n"


@policy
def documents(_):
    return fill("", lambda i: "--- {kind: SeccompProfile, metadata: {name: a%d}, spec: {}}\n" % i)


@policy
def aliases(_):
    return fill("a: &a [x]\nb: [", lambda i: "*a, ", "*a]\n")


@policy
def anchors(_):
    return fill("b: [", lambda i: "&a%d x, " % i, "x]\n")


@policy
def tags(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [", lambda i: "!!str read, ", "read]}]\n")


@policy
def quotes(_):
    return fill(HEAD + "  syscalls: [{action: errno, names: [", lambda i: "'',", "read]}]\n")


@policy
def complex_keys(_):
    return fill("seccomp:\n", lambda i: "  ? [a, b]\n  : 1\n")


@policy
def question_marks(_):
    return "? " * (LIMIT // 2)


@policy
def colons(_):
    return "seccomp: " + "a: " * (LIMIT // 3 - 10)


@policy
def merge_keys(_):
    return fill("a: &a {x: 1}\nseccomp:\n", lambda i: "  <<: *a\n")


@policy
def dotted_keys(_):
    return fill("", lambda i: "seccomp.default_action: allow\n")


# ---- The landlock section ----

PATHS = "landlock:\n  files:\n  - access: [read]\n    paths:\n"

def landlock(line, head="landlock:\n  files:\n", tail=""):
    return fill(head, line, tail)


@policy
def landlock_rules(_):
    return landlock(lambda i: "  - {access: [read], paths: [/p%d]}\n" % i)


@policy
def landlock_rules_that_fit(_):
    return times(4096, "landlock:\n  files:\n", lambda i: "  - {access: [read, write], paths: [/p%d]}\n" % i)


@policy
def landlock_rules_of_one_set(_):
    return landlock(lambda i: '  - {access: [read], paths: ["@system"]}\n')


@policy
def landlock_rules_without_paths(_):
    return landlock(lambda i: "  - {}\n")


@policy
def landlock_paths_of_one_rule(_):
    return landlock(lambda i: "    - %d\n" % i, PATHS)


@policy
def landlock_one_path_many_times(_):
    return landlock(lambda i: "    - x\n", PATHS)


@policy
def landlock_long_paths(_):
    return landlock(lambda i: "    - /%04d%s\n" % (i, "x/" * 2040), PATHS)


@policy
def landlock_unknown_sets(_):
    return landlock(lambda i: '    - "@%s"\n' % word(i), PATHS)


@policy
def landlock_globs(_):
    return landlock(lambda i: "    - /%d*\n" % i, PATHS)


@policy
def landlock_unknown_access(_):
    return landlock(lambda i: "    - %s\n" % word(i), "landlock:\n  files:\n  - paths: [/etc]\n    access:\n")


@policy
def landlock_one_access_many_times(_):
    return landlock(lambda i: "    - read\n", "landlock:\n  files:\n  - paths: [/etc]\n    access:\n")


@policy
def landlock_ports(_):
    return landlock(lambda i: "    - %d\n" % (i % 65535 + 1), "landlock:\n  tcp:\n    bind:\n")


@policy
def landlock_wrong_ports(_):
    return landlock(lambda i: "    - 6553%d\n" % (i + 6), "landlock:\n  tcp:\n    connect:\n")


@policy
def landlock_unknown_scopes(_):
    return landlock(lambda i: "  - %s\n" % word(i), "landlock:\n  scope:\n")


@policy
def landlock_unknown_keys(_):
    return landlock(lambda i: "  %s: 1\n" % word(i), "landlock:\n")


@policy
def landlock_dotted_keys(_):
    return landlock(lambda i: "landlock.scope: [signals]\n", "landlock.files: []\n")


# ---- Container profiles ----

def oci(rules, more=""):
    return ('{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", '
            '"SCMP_ARCH_X32"], %s"syscalls": [%s]}' % (more, rules))


def oci_fill(item, join=",", head="", tail=""):
    before, after = oci("@").split("@")
    return fill(before + head, lambda i: (join if i else "") + item(i), tail + after)


def oci_argument(index, value, operation="SCMP_CMP_EQ"):
    return '{"index":%d,"value":%d,"op":"%s"}' % (index, value, operation)


@policy
def oci_arguments_on_one_index(names):
    listed = ",".join('"%s"' % names[i % len(names)] for i in range(2000))
    arguments = ",".join(oci_argument(0, i) for i in range(20000))
    return oci('{"names":[%s],"action":"SCMP_ACT_ALLOW","args":[%s]}' % (listed, arguments))


@policy
def oci_arguments_on_one_index_of_one_call(_):
    return oci_fill(lambda i: oci_argument(0, i * 977), head='{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[',
                    tail="]}")


@policy
def oci_rules_of_every_call(names):
    listed = ",".join('"%s"' % name for name in names)
    return oci_fill(lambda i: '{"names":[%s],"action":"SCMP_ACT_ALLOW","args":[%s]}' % (listed, oci_argument(i % 6, i)))


@policy
def oci_rules_of_every_call_with_two_arguments(names):
    listed = ",".join('"%s"' % name for name in names)
    return oci_fill(lambda i: '{"names":[%s],"action":"%s","args":[%s,%s]}' % (
        listed, ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"][i % 2], oci_argument(i % 5, i), oci_argument(i % 5 + 1, i)))


@policy
def oci_rules_of_one_call(_):
    return oci_fill(lambda i: '{"name":"lseek","action":"%s","args":[%s,%s]}' % (
        ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"][i % 2], oci_argument(1, i), oci_argument(2, i * 3, "SCMP_CMP_GT")))


@policy
def oci_masks_of_one_call(_):
    return oci_fill(lambda i: '{"name":"lseek","action":"%s","args":[{"index":1,"value":%d,"valueTwo":0,'
                    '"op":"SCMP_CMP_MASKED_EQ"}]}' % (["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"][i % 2], i + 1))


@policy
def oci_errnos_of_one_call(_):
    return oci_fill(lambda i: '{"name":"lseek","action":"SCMP_ACT_ERRNO","errnoRet":%d,"args":[%s]}' % (
        i % 4000 + 2, oci_argument(1, i)))


@policy
def oci_unconditional_rules(names):
    listed = ",".join('"%s"' % name for name in names)
    return oci_fill(lambda i: '{"names":[%s],"action":"SCMP_ACT_ALLOW"}' % listed)


@policy
def oci_rules_without_arguments(_):
    return oci_fill(lambda i: '{"name":"read","action":"SCMP_ACT_ALLOW"}')


@policy
def oci_unknown_names(_):
    return oci_fill(lambda i: '"%s"' % word(i), head='{"action":"SCMP_ACT_ALLOW","names":[', tail="]}")


@policy
def oci_unknown_capabilities(_):
    return oci_fill(lambda i: '"CAP_%s"' % word(i).upper(),
                    head='{"action":"SCMP_ACT_ALLOW","names":["read"],"includes":{"caps":[', tail="]}}")


@policy
def oci_unknown_keys(_):
    return oci_fill(lambda i: '{"name":"read","action":"SCMP_ACT_ALLOW","%s":1}' % word(i))


@policy
def oci_unknown_words(_):
    return oci_fill(lambda i: '{"name":"read","action":"SCMP_ACT_%s","args":[{"index":0,"op":"SCMP_CMP_%s"}]}' % (
        word(i).upper(), word(i).upper()))


@policy
def oci_wrong_architectures(_):
    return fill('{"defaultAction": "SCMP_ACT_ERRNO", "architectures": [', lambda i: '"SCMP_ARCH_%s",' % word(i).upper(),
                '"SCMP_ARCH_X86_64"], "syscalls": []}')


@policy
def oci_archmap(_):
    return fill('{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [', lambda i: '{"architecture": "SCMP_ARCH_X86_64"},',
                '{"architecture": "SCMP_ARCH_X86_64"}], "syscalls": []}')


@policy
def oci_names_that_say_the_default(names):
    listed = ",".join('"%s"' % name for name in names)
    return oci_fill(lambda i: '{"names":[%s],"action":"SCMP_ACT_ERRNO"}' % listed)


@policy
def oci_comments(_):
    return oci_fill(lambda i: '{"_":[[[{"a":[]}]]]}')


@policy
def oci_keys_given_twice(_):
    return oci_fill(lambda i: '"NAMES":[]', head='{', tail='}')


@policy
def oci_cut_off_as_yaml(_):
    """Neither JSON nor YAML, and long before it is seen which it was meant to be."""
    return fill('{"a": [', lambda i: '"SCMP_%d",' % i, "x: y: ]}")


@policy
def oci_objects_of_nothing(_):
    return oci_fill(lambda i: "{}")


@policy
def oci_numbers(_):
    return oci_fill(lambda i: "1", head='{"names":[', tail=']}')


@policy
def oci_long_string(_):
    return oci('{"names":["%s"],"action":"SCMP_ACT_ALLOW"}' % ("\\u0041" * ((LIMIT - 300) // 6)))


@policy
def oci_nesting_of_objects(_):
    return '{"defaultAction":' * ((LIMIT - 100) // 17)


@policy
def oci_nesting(_):
    return '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": ' + "[" * (LIMIT - 100)


# ---- Units of systemd, and resources of Kubernetes ----

UNIT = "[Service]\n"


@policy
def sets_of_a_unit_on_one_line(_):
    return fill(UNIT + "SystemCallFilter=", lambda i: "@known ", "\n")


@policy
def sets_of_a_unit_line_by_line(_):
    return fill(UNIT, lambda i: "SystemCallFilter=%s@known\n" % ("~" if i % 2 else ""))


@policy
def resets_of_a_unit(_):
    return fill(UNIT, lambda i: "SystemCallFilter=\nSystemCallLog=read\n")


@policy
def lines_of_one_value(_):
    return fill(UNIT + "SystemCallFilter=", lambda i: "read\\\n", "\n")


@policy
def empty_lines_of_one_value(_):
    return fill(UNIT + "SystemCallFilter=", lambda i: "\\\n", "\n")


@policy
def unknown_words_of_a_unit(_):
    return fill(UNIT + "SystemCallFilter=~", lambda i: word(i) + " ", "\n")


@policy
def errnos_of_a_unit(names):
    return fill(UNIT + "SystemCallFilter=~", lambda i: "%s:%d " % (names[i % len(names)], i % 4095 + 1), "\n")


@policy
def wrong_errnos_and_architectures_of_a_unit(_):
    return fill(UNIT, lambda i: "SystemCallFilter=~read:E%s\nSystemCallArchitectures=x%s\n" % (word(i), word(i)))


@policy
def lines_of_a_unit_that_are_none(_):
    return fill(UNIT, lambda i: "x\n")


@policy
def sections_and_keys_of_a_unit(_):
    return fill("", lambda i: "[S%d]\nSystemCallFilter=read\nSystemCallFliter=read\n" % i)


@policy
def resources(_):
    return fill("", lambda i: "apiVersion: v1\nkind: SeccompProfile\nmetadata: {name: a%d}\n---\n" % i)


@policy
def resources_in_a_list(_):
    return fill("apiVersion: v1\nkind: List\nitems:\n",
                lambda i: "- {apiVersion: v1, kind: SeccompProfile, metadata: {name: a%d}}\n" % i)


@policy
def rules_of_a_resource(_):
    return fill("apiVersion: v1\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ALLOW\n  syscalls:\n",
                lambda i: "  - {names: [read], action: SCMP_ACT_ERRNO, args: [{index: 0, value: %d, op: SCMP_CMP_EQ}]}\n" % i)


@policy
def aliases_of_a_resource(_):
    return fill("apiVersion: v1\nkind: SeccompProfile\na: &a [x]\nspec:\n  defaultAction: SCMP_ACT_ALLOW\n  x: [",
                lambda i: "*a, ", "*a]\n")


@policy
def lines_of_a_minijail_policy(_):
    return fill("", lambda i: "read: arg0 == %d\n" % i)
