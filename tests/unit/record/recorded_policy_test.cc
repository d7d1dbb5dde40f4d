#include "record/recorded_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "arch/constants.h"
#include "arch/syscalls.h"
#include "record/recording.h"
#include "support/random.h"
#include "support/resolved.h"

namespace sandbox::record {
namespace {

using arch::Abi;
using testing::PolicyText;

bpf::SystemCall call(Abi abi, uint32_t number, std::array<uint64_t, 6> arguments = {}) {
  return {number, arch::info(abi).audit_arch, arguments, 0};
}

bpf::SystemCall call(Abi abi, std::string_view name, std::array<uint64_t, 6> arguments = {}) {
  return call(abi, arch::number_of(abi, name).value(), arguments);
}

Run run(std::string command = "/bin/beat -e") {
  Run run;
  run.command = std::move(command);
  run.time = std::chrono::system_clock::time_point(std::chrono::seconds(1775471250));
  run.release = "6.1.0-18";
  run.kernel = arch::KernelVersion{6, 1};
  run.processes = 2;
  return run;
}

const std::vector<Abi> kAbis = {Abi::kX86_64, Abi::kX86, Abi::kX32};

/// A recording, of a program under what an earlier policy allows.
struct Session {
  explicit Session(bool arguments = false, const std::string& earlier_text = "") {
    options.abis = kAbis;
    options.arguments = arguments;
    if (earlier_text.empty()) {
      collector = std::make_unique<Collector>(options);
      return;
    }
    text = std::make_unique<PolicyText>(earlier_text);
    earlier = text->read();
    EXPECT_EQ(text->problems(), "");
    policy::Policy everywhere = *earlier;
    everywhere.architectures.clear();
    for (const Abi abi : kAbis) everywhere.architectures.push_back({abi, {}});
    rules = resolve::resolve(everywhere, Abi::kX86_64, text->diagnostics());
    options.earlier = &rules;
    collector = std::make_unique<Collector>(options);
  }
  Session(Session&&) = delete;

  Session& note(const bpf::SystemCall& seen, int times = 1) {
    for (int i = 0; i < times; ++i) collector->note(seen);
    return *this;
  }

  [[nodiscard]] Result<RecordedPolicy, RecordingError> policy(const Run& of = run()) const {
    return recorded_policy(collector->recording(), of, earlier ? &*earlier : nullptr, "new.yml");
  }
  [[nodiscard]] std::string written(const Run& of = run()) const {
    const auto made = policy(of);
    return made ? made->text : "error: " + made.error().message;
  }

  CollectorOptions options;
  std::unique_ptr<PolicyText> text;
  std::optional<policy::Policy> earlier;
  resolve::PolicyRules rules;
  std::unique_ptr<Collector> collector;
};

constexpr const char* kHead =
    "# What a recorded run has called is allowed, all else gets EPERM. 'sandbox-policy record --merge' adds what\n"
    "# further runs call, to this file too.\n"
    "seccomp:\n"
    "  default_action: errno\n";
constexpr const char* kKernel =
    "  kernel: \"4.0\"  # Newer calls than those below get ENOSYS: programs then do without them.\n";
constexpr const char* kList =
    "  syscalls:\n"
    "  # Recorded by sandbox-policy record; behind each call, how often it was made.\n";

// ---- New policies ----

TEST(RecordedPolicy, NamesWhatWasCalled) {
  Session session;
  session.note(call(Abi::kX86_64, "openat"), 132).note(call(Abi::kX86_64, "read"), 7).note(call(Abi::kX86_64, "exit"));
  EXPECT_EQ(session.written(), std::string(kHead) + kKernel + kList +
                                   "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 140 calls: /bin/beat -e\n"
                                   "  - action: allow\n"
                                   "    names:\n"
                                   "    - exit             # 1, always\n"
                                   "    - exit_group       # always\n"
                                   "    - openat           # 132\n"
                                   "    - read             # 7\n"
                                   "    - restart_syscall  # always\n"
                                   "    - rt_sigreturn     # always\n");
}

TEST(RecordedPolicy, ListsAnotherAbi) {
  Session session;
  session.note(call(Abi::kX86, "socketcall", {1})).note(call(Abi::kX86_64, "execve")).note(call(Abi::kX86, "waitpid"));
  const std::string text = session.written();
  EXPECT_NE(text.find("  architectures: [x86_64, x86]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    - sigreturn        # always\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    - waitpid          # 1\n"), std::string::npos) << text;
}

/// A 32-bit program alone: the machine's own ABI is of no use to it.
TEST(RecordedPolicy, ListsOnlyTheAbiOfTheProgram) {
  Session session;
  session.note(call(Abi::kX86, "write"));
  auto of = run();
  of.started_in = Abi::kX86;
  EXPECT_NE(session.written(of).find("  architectures: [x86]\n"), std::string::npos) << session.written(of);
}

TEST(RecordedPolicy, SaysWhatHasNoName) {
  Session session;
  session.note(call(Abi::kX86_64, 600)).note(call(Abi::kX86_64, UINT32_MAX)).note(call(Abi::kX86_64, 512));
  session.note({5, 0x1234, {}, 0}).note(call(Abi::kX86_64, "gettid"));
  const std::string text = session.written();
  EXPECT_NE(text.find("  #   not allowed, for there is no name for it: number 600 of x86_64\n"
                      "  #   not allowed, for there is no name for it: the ABI 0x1234\n"
                      "  - action"),
            std::string::npos)
      << text;
}

/// The flags of clone3 are out of a filter's sight, so C libraries are to take clone.
TEST(RecordedPolicy, HidesClone3) {
  Session session;
  const std::string text = session.note(call(Abi::kX86_64, "clone3"), 2).written();
  EXPECT_NE(text.find("    - clone            # 2, for clone3\n"), std::string::npos) << text;
  EXPECT_NE(
      text.find("  # C libraries and programs try these first: with ENOSYS they make calls that are allowed above.\n"
                "  - action: errno\n    errno: ENOSYS\n    names:\n    - clone3\n"),
      std::string::npos)
      << text;
  const testing::ResolvedText policy(text);
  EXPECT_EQ(policy.judge(Abi::kX86_64, "clone3"), (resolve::Verdict{policy::Action::kErrno, ENOSYS}));
  // It stays hidden, and the text as it is.
  Session second(false, text);
  const auto merged = second.note(call(Abi::kX86_64, "clone3")).policy();
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(merged->added, 0U);
  EXPECT_NE(merged->text.find("    - clone            # 3, for clone3\n"), std::string::npos) << merged->text;
  EXPECT_EQ(testing::ResolvedText(merged->text).judge(Abi::kX86_64, "clone3").data, ENOSYS);
}

/// With --args: any flags but those of namespaces.
TEST(RecordedPolicy, ClonesWithoutNamespacesForClone3) {
  Session session(true);
  auto of = run();
  of.narrowed = true;
  const std::string text = session.note(call(Abi::kX86_64, "clone3")).written(of);
  const testing::ResolvedText policy(text);
  EXPECT_EQ(policy.judge(Abi::kX86_64, "clone", {0x3d0f00}).action, policy::Action::kAllow) << text;
  EXPECT_EQ(policy.judge(Abi::kX86_64, "clone", {0x1200011}).action, policy::Action::kAllow);
  for (const uint64_t bit : {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000}) {
    EXPECT_EQ(policy.judge(Abi::kX86_64, "clone", {bit}).action, policy::Action::kErrno) << bit;
  }
}

/// What the C libraries of other releases call in place of what was called, and what they can do without.
TEST(RecordedPolicy, HoldsForOtherLibraries) {
  Session session;
  for (const std::string_view name : {"newfstatat", "stat", "faccessat", "rseq"}) {
    session.note(call(Abi::kX86_64, name));
  }
  const auto made = session.policy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->for_others, (std::vector<std::string>{"fstat"})) << made->text;
  EXPECT_NE(made->text.find("    - fstat            # for other C libraries\n"), std::string::npos) << made->text;
  EXPECT_NE(made->text.find("    errno: ENOSYS\n    names:\n    - statx\n"), std::string::npos) << made->text;
  EXPECT_NE(made->text.find("  kernel: \"4.18\""), std::string::npos) << made->text;  // Which brought rseq.
  EXPECT_EQ(made->diagnostics.all().size(), 0U);
  EXPECT_EQ(made->allowed, 9U);
  EXPECT_FALSE(made->allows_exec);
}

TEST(RecordedPolicy, DeniesInAnotherWay) {
  Session session;
  auto of = run();
  of.by_default = policy::Action::kKillProcess;
  const std::string text = session.note(call(Abi::kX86_64, "execve")).written(of);
  EXPECT_TRUE(text.starts_with("# What a recorded run has called is allowed, all else is denied. ")) << text;
  const testing::ResolvedText policy(text);
  EXPECT_EQ(policy.judge(Abi::kX86_64, "mount").action, policy::Action::kKillProcess);
  EXPECT_TRUE(session.policy()->allows_exec);
}

/// A program that tries a call which the recorded kernel answers with ENOSYS sees the same under the policy: the kernel
/// answers again. A later C library that tries another one is told ENOSYS by the filter.
TEST(RecordedPolicy, NewerCallsAreAnsweredAsTheKernelDid) {
  Session session;
  session.note(call(Abi::kX86_64, "fchmodat2"), 3).note(call(Abi::kX86_64, 700));
  const std::string text = session.written();
  EXPECT_NE(text.find("    - fchmodat2        # 3, newer than Linux 6.1\n"), std::string::npos) << text;
  const testing::ResolvedText policy(text);
  EXPECT_EQ(policy.judge(Abi::kX86_64, "fchmodat2"), (resolve::Verdict{policy::Action::kAllow, 0}));
  EXPECT_EQ(policy.judge(Abi::kX86_64, "cachestat"), (resolve::Verdict{policy::Action::kErrno, ENOSYS}));
  EXPECT_EQ(policy.judge(Abi::kX86_64, 700), (resolve::Verdict{policy::Action::kErrno, ENOSYS}));
  EXPECT_EQ(policy.judge(Abi::kX86_64, "mount"), (resolve::Verdict{policy::Action::kErrno, EPERM}));
}

TEST(RecordedPolicy, AssumesSets) {
  Session session;
  session.note(call(Abi::kX86_64, "openat"));
  auto of = run("x");
  of.assumed = {"@basic-io", "getpid"};
  EXPECT_NE(session.written(of).find("    - \"@basic-io\"      # assumed\n"
                                     "    - exit             # always\n"
                                     "    - exit_group       # always\n"
                                     "    - getpid           # assumed\n"
                                     "    - openat           # 1\n"),
            std::string::npos)
      << session.written(of);
  // What stands in a set is not named beside it, though another ABI has notified it.
  session.note(call(Abi::kX86, "read"));
  EXPECT_EQ(session.written(of).find("- read "), std::string::npos) << session.written(of);
}

// ---- Arguments ----

TEST(RecordedPolicy, NarrowsArguments) {
  Session session(true);
  session.note(call(Abi::kX86_64, "ioctl", {0, 0x5401}), 5).note(call(Abi::kX86_64, "ioctl", {1, 0xffffffff00005413}));
  session.note(call(Abi::kX86_64, "socket", {1, 0x80801, 0})).note(call(Abi::kX86_64, "socket", {2, 1, 0}), 2);
  session.note(call(Abi::kX86_64, "clone", {0x1200011})).note(call(Abi::kX86_64, "prctl", {15}));
  session.note(call(Abi::kX86_64, "fcntl", {3, 2, 1})).note(call(Abi::kX86_64, "read", {3}));
  const std::string text = session.written();
  const size_t at = text.find("    names_with_args:\n");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.substr(at),
            "    names_with_args:\n"
            "    - name: clone\n"
            "      arguments:\n"
            "      - {argument: 0, operation: Equal, value: SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID}  # 1\n"
            "    - name: fcntl\n"
            "      arguments:\n"
            "      - {argument: 1, operation: Equal, value: F_SETFD}  # 1\n"
            "    - name: ioctl\n"
            "      arguments:\n"
            "      - {argument: 1, operation: Equal, value: TCGETS}  # 5\n"
            "    - name: ioctl\n"
            "      arguments:\n"
            "      - {argument: 1, operation: Equal, value: TIOCGWINSZ}  # 1\n"
            "    - name: prctl\n"
            "      arguments:\n"
            "      - {argument: 0, operation: Equal, value: PR_SET_NAME}  # 1\n"
            "    - name: socket\n"
            "      arguments:\n"
            "      - {argument: 0, operation: Equal, value: AF_INET}\n"
            "      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_STREAM}  # 2\n"
            "    - name: socket\n"
            "      arguments:\n"
            "      - {argument: 0, operation: Equal, value: AF_UNIX}\n"
            "      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_STREAM}  # 1\n"
            "  # C libraries and programs try these first: with ENOSYS they make calls that are allowed above.\n"
            "  - action: errno\n"
            "    errno: ENOSYS\n"
            "    names:\n"
            "    - clone3\n");
  EXPECT_EQ(text.find("- ioctl"), std::string::npos) << text;
}

/// F_GETLK64 and its like differ: a name must mean the value on every ABI that is listed.
TEST(RecordedPolicy, NamesConstantsThatAreTheSameEverywhere) {
  ASSERT_NE(arch::constant(Abi::kX86_64, "F_GETLK64"), arch::constant(Abi::kX86, "F_GETLK64"));
  Session session(true);
  session.note(call(Abi::kX86, "fcntl", {3, 12})).note(call(Abi::kX86_64, "fcntl", {3, 5}));
  session.note(call(Abi::kX86, "socketcall", {3, 0xffff0000}));
  const std::string text = session.written();
  EXPECT_NE(text.find("{argument: 1, operation: Equal, value: 12}  # 1\n"), std::string::npos) << text;
  const testing::ResolvedText policy(text);
  EXPECT_EQ(policy.judge(Abi::kX86, "socketcall", {3}).action, policy::Action::kAllow);
  EXPECT_EQ(policy.judge(Abi::kX86, "socketcall", {1}).action, policy::Action::kErrno);
}

TEST(RecordedPolicy, GivesUpOnTooManyValues) {
  Session few(true);
  for (uint64_t i = 0; i < kMaxValues; ++i) few.note(call(Abi::kX86_64, "ioctl", {0, i + 100}));
  EXPECT_EQ(few.written().find("- ioctl"), std::string::npos);
  few.note(call(Abi::kX86_64, "ioctl", {0, 100})).note(call(Abi::kX86_64, "ioctl", {0, 99}));
  EXPECT_NE(few.written().find("    - ioctl            # 66, more than 64 different arguments\n"), std::string::npos)
      << few.written();
  EXPECT_EQ(few.written().find("name: ioctl"), std::string::npos);
}

TEST(Collector, IsBounded) {
  Session session;
  for (uint32_t i = 0; i < 100000; ++i) session.note(call(Abi::kX86_64, 2000 + i)).note({1, 0x10000 + i, {}, 0});
  const Recording recording = session.collector->recording();
  EXPECT_EQ(recording.seen, 200000U);
  EXPECT_LE(recording.calls.size() + recording.foreign.size(), 2 * kMaxOddNumbers);
  EXPECT_EQ(recording.uncounted, 200000U - 2 * kMaxOddNumbers);
  const std::string text = session.written();
  EXPECT_NE(text.find("not allowed, for there are no names for them: "), std::string::npos) << text;
  EXPECT_LT(text.size(), 3000U);
}

// ---- Earlier policies ----

TEST(RecordedPolicy, AddsToARecordedPolicy) {
  Session first;
  first.note(call(Abi::kX86_64, "openat"), 132).note(call(Abi::kX86_64, "read"), 7);
  Session second(false, first.written());
  second.note(call(Abi::kX86_64, "read"), 3).note(call(Abi::kX86_64, "mkdir"));
  EXPECT_EQ(second.written(run("two\nlines")),
            std::string(kHead) + kKernel + kList +
                "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 139 calls: /bin/beat -e\n"
                "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 4 calls: two\\nlines\n"
                "  - action: allow\n"
                "    names:\n"
                "    - exit             # always\n"
                "    - exit_group       # always\n"
                "    - mkdir            # 1\n"
                "    - openat           # 132\n"
                "    - read             # 10\n"
                "    - restart_syscall  # always\n"
                "    - rt_sigreturn     # always\n");
  EXPECT_EQ(second.policy()->added, 1U);
}

TEST(RecordedPolicy, SumsCountsOfArguments) {
  Session first(true);
  first.note(call(Abi::kX86_64, "ioctl", {0, 0x5401}), 5);
  // Without --args the condition stays: a further value is a further condition.
  Session second(false, first.written());
  second.note(call(Abi::kX86_64, "ioctl", {0, 0x5401}), 2).note(call(Abi::kX86_64, "ioctl", {0, 0x5413}));
  second.note(call(Abi::kX86_64, "fcntl", {3, 2, 1}));
  const std::string text = second.written();
  EXPECT_NE(text.find("value: TCGETS}  # 7\n"), std::string::npos) << text;
  EXPECT_NE(text.find("value: TIOCGWINSZ}  # 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    - fcntl            # 1\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("- ioctl"), std::string::npos) << text;
}

constexpr const char* kHandWritten =
    "# Ours.\n"
    "name: beat\n"
    "seccomp:\n"
    "  default_action: kill_process  # not errno\n"
    "  syscalls:\n"
    "  # What everybody needs.\n"
    "  - action: allow\n"
    "    names:\n"
    "    - read  # of course\n"
    "    - \"@signal\"\n"
    "    names_with_args:\n"
    "    - name: openat\n"
    "      arguments:\n"
    "      - {argument: 2, operation: Equal, value: O_RDONLY}\n"
    "    - name: socket\n"
    "      arguments: [{argument: 0, operation: Equal, value: AF_UNIX}]\n"
    "output: {file: x}\n";

TEST(RecordedPolicy, KeepsAHandWrittenPolicy) {
  Session session(false, kHandWritten);
  session.note(call(Abi::kX86_64, "read"), 9).note(call(Abi::kX86_64, "mkdir"));
  session.note(call(Abi::kX86_64, "openat", {0, 0, 0}), 4).note(call(Abi::kX86_64, "socket", {1, 5}));
  session.note(call(Abi::kX86_64, "socket", {16, 3}), 2);
  const std::string group =
      "  # Recorded by sandbox-policy record; behind each call, how often it was made.\n"
      "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 17 calls: /bin/beat -e\n"
      "  - action: allow\n"
      "    names:\n"
      "    - exit             # always\n"
      "    - exit_group       # always\n"
      "    - mkdir            # 1\n"
      "    - restart_syscall  # always\n"
      "    - rt_sigreturn     # always\n"
      "    names_with_args:\n"
      "    - name: socket\n"
      "      arguments:\n"
      "      - {argument: 0, operation: Equal, value: AF_NETLINK}\n"
      "      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_RAW}  # 2\n";
  std::string expected = kHandWritten;
  expected.insert(expected.find("  # What everybody"), group);
  EXPECT_EQ(session.written(), expected);

  // Its group is found again, and only it is written anew.
  Session again(false, expected);
  again.note(call(Abi::kX86_64, "mkdir"), 4).note(call(Abi::kX86_64, "rmdir"));
  std::string more = expected;
  more.replace(more.find("mkdir            # 1"), 20, "mkdir            # 5");
  more.insert(more.find("    - rt_sigreturn"), "    - rmdir            # 1\n");
  more.insert(more.find("  - action"),
              "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 5 calls: /bin/beat -e\n");
  EXPECT_EQ(again.written(), more);

  // A call that cannot be narrowed, with other arguments: allowed whole, beside its condition.
  Session open(false, expected);
  open.note(call(Abi::kX86_64, "openat", {0, 0, 0})).note(call(Abi::kX86_64, "openat", {0, 0, 1}));
  EXPECT_NE(open.written().find("    - openat           # 2\n"), std::string::npos) << open.written();
  EXPECT_NE(open.written().find("value: O_RDONLY}\n"), std::string::npos) << open.written();
}

TEST(RecordedPolicy, NothingToAddChangesNothing) {
  const std::string text = "seccomp: {default_action: errno, syscalls: [{action: allow, names: ['@default', read]}]}\n";
  Session session(false, text);
  session.note(call(Abi::kX86_64, "read"));
  EXPECT_EQ(session.written(), text);
  EXPECT_EQ(session.policy()->added, 0U);
}

TEST(RecordedPolicy, AddsToFlowStyle) {
  Session session(true, "seccomp: {default_action: errno, syscalls: [{action: allow, names: ['@default']}]}\n");
  session.note(call(Abi::kX86_64, "read")).note(call(Abi::kX86_64, "prctl", {15}));
  EXPECT_EQ(
      session.written(),
      "seccomp: {default_action: errno, syscalls: [{action: allow, names: [read], names_with_args: [{name: prctl, "
      "arguments: [{argument: 0, operation: Equal, value: PR_SET_NAME}]}]}, {action: allow, names: "
      "['@default']}]}\n");
}

TEST(RecordedPolicy, ListsAFurtherAbiInAnEarlierPolicy) {
  struct Case {
    std::string before;
    std::string after;
  };
  const std::string rest = "syscalls:\n  - action: allow\n    names: ['@default', sigreturn, waitpid]\n";
  const Case cases[] = {
      {"seccomp:\n  default_action: errno # x\n  " + rest,
       "seccomp:\n  default_action: errno # x\n  architectures: [x86_64, x86]\n  " + rest},
      {"seccomp.default_action: errno\nseccomp." + rest,
       "seccomp.default_action: errno\nseccomp.architectures: [x86_64, x86]\nseccomp." + rest},
      {"seccomp:\n  default_action: errno\n  architectures: [amd64]\n  " + rest,
       "seccomp:\n  default_action: errno\n  architectures: [amd64, x86]\n  " + rest},
      {"seccomp:\n  architectures:\n  - amd64  # ours\n  default_action: errno\n  " + rest,
       "seccomp:\n  architectures:\n  - amd64  # ours\n  - x86\n  default_action: errno\n  " + rest},
      {"seccomp:\n  " + rest + "  default_action: errno\n",
       "seccomp:\n  " + rest + "  default_action: errno\n  architectures: [x86_64, x86]\n"},
  };
  for (const Case& each : cases) {
    PolicyText text(each.before);
    auto earlier = text.read();
    ASSERT_TRUE(earlier);
    Collector collector({kAbis, false, nullptr});
    collector.note(call(Abi::kX86, "waitpid"));
    Recording recording = collector.recording();
    for (RecordedCall& seen : recording.calls) seen.count.beyond = 0;
    const auto made = recorded_policy(recording, run(), &*earlier, "new.yml");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->text, each.after);
  }
}

/// Where the report of sandbox-run knew a place and --merge did not: "is written in a way that nothing can be added
/// to".
TEST(RecordedPolicy, AddsToOddLayouts) {
  struct Case {
    std::string before;
    std::string after;
  };
  const std::string group =
      "  # Recorded by sandbox-policy record; behind each call, how often it was made.\n"
      "  # 2026-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 1 call: /bin/beat -e\n"
      "  - action: allow\n"
      "    names:\n"
      "    - waitpid  # 1\n";
  const Case cases[] = {
      // The first group begins with a lone '-'.
      {"seccomp:\n  default_action: errno\n  syscalls:\n  -\n    action: allow\n    names: ['@default', sigreturn]\n",
       "seccomp:\n  default_action: errno\n  architectures: [x86_64, x86]\n  syscalls:\n" + group +
           "  -\n    action: allow\n    names: ['@default', sigreturn]\n"},
      {"seccomp:\n  default_action: errno\n  syscalls:\n  - # Comment.\n    action: allow\n    names: ['@default', "
       "sigreturn]",
       "seccomp:\n  default_action: errno\n  architectures: [x86_64, x86]\n  syscalls:\n" + group +
           "  - # Comment.\n    action: allow\n    names: ['@default', sigreturn]"},
      // Quoted keys.
      {"seccomp:\n  \"default_action\": errno  # x\n  'syscalls':\n  - action: allow\n    names: ['@default', "
       "sigreturn]\n",
       "seccomp:\n  \"default_action\": errno  # x\n  architectures: [x86_64, x86]\n  'syscalls':\n" + group +
           "  - action: allow\n    names: ['@default', sigreturn]\n"},
      // ABIs behind lone dashes.
      {"seccomp:\n  architectures:\n  -\n    x86_64\n  default_action: errno\n  syscalls:\n  - action: allow\n"
       "    names: ['@default', sigreturn]\n",
       "seccomp:\n  architectures:\n  -\n    x86_64\n  - x86\n  default_action: errno\n  syscalls:\n" + group +
           "  - action: allow\n    names: ['@default', sigreturn]\n"},
      // All of it between braces.
      {"{\"seccomp\": {\"default_action\": \"errno\", \"syscalls\": [\n  {\"action\": \"allow\", \"names\": "
       "[\"@default\", \"sigreturn\"]}]}}",
       "{\"seccomp\": {\"architectures\": [\"x86_64\", \"x86\"], \"default_action\": \"errno\", \"syscalls\": [\n"
       "  {\"action\": \"allow\", \"names\": [\"waitpid\"]}, {\"action\": \"allow\", \"names\": [\"@default\", "
       "\"sigreturn\"]}]}}"},
  };
  for (const Case& each : cases) {
    PolicyText text(each.before);
    auto earlier = text.read();
    ASSERT_EQ(text.problems(), "") << each.before;
    Collector collector({kAbis, false, nullptr});
    collector.note(call(Abi::kX86, "waitpid"));
    const auto made = recorded_policy(collector.recording(), run(), &*earlier, "new.yml");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->text, each.after);
  }
}

TEST(RecordedPolicy, SaysWhyAPolicyCannotBeAddedTo) {
  const auto why = [](const std::string& text) {
    PolicyText source(text);
    const auto policy = source.read();
    if (!policy) return std::string("unreadable");
    const auto reason = why_unmergeable(*policy);
    return reason ? reason->message : std::string("mergeable");
  };
  EXPECT_EQ(why(kHandWritten), "mergeable");
  EXPECT_EQ(why("seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names: [read]\n"),
            "p.yml:2:3: --merge takes a policy that denies calls by default; this one has 'allow'");
  EXPECT_EQ(why("seccomp:\n  default_action: errno\n  syscalls:\n  - action: log\n    names: [read]\n"),
            "p.yml:4:5: --merge takes a policy whose groups all allow or deny; this one has 'log', which would be "
            "undone for the calls that are made: what they need is added before all groups. Record a new policy, and "
            "compare it by 'sandbox-policy diff'");
  EXPECT_EQ(why("seccomp:\n  default_action: errno\n  syscalls:\n  - action: errno\n    names: [read]\n"), "mergeable");
  EXPECT_EQ(why("seccomp:\n  enabled: no\n  default_action: errno\n  syscalls:\n  - {action: allow, names: [read]}\n"),
            "p.yml:2:3: 'enabled' is false: --merge takes a policy that applies");
  EXPECT_EQ(why("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], \"action\": "
                "\"SCMP_ACT_ALLOW\"}]}"),
            "p.yml: is a container profile; --merge takes a policy in the format of Elastic Beats, which "
            "'sandbox-policy convert --to beats' makes");
}

constexpr const char* kDenying =
    "seccomp:\n"
    "  default_action: kill_process\n"
    "  syscalls:\n"
    "  # Tried by libraries, and never needed.\n"
    "  - action: errno\n"
    "    errno: EPERM\n"
    "    names: [mount, \"@swap\"]  # on purpose\n"
    "    names_with_args:\n"
    "    - name: socket\n"
    "      arguments: [{argument: 0, operation: Equal, value: AF_PACKET}]\n"
    "  - action: allow\n"
    "    names: [read]\n";

TEST(RecordedPolicy, WhatAGroupDeniesStaysDenied) {
  Session session(true, kDenying);
  session.note(call(Abi::kX86_64, "mkdir")).note(call(Abi::kX86_64, "socket", {1, 5}));
  const auto made = session.policy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(made->text.find("  # Tried by libraries, and never needed.\n"), std::string::npos) << made->text;
  EXPECT_NE(made->text.find("names: [mount, \"@swap\"]  # on purpose\n"), std::string::npos) << made->text;
  const testing::ResolvedText text(made->text);
  EXPECT_EQ(text.judge(Abi::kX86_64, "mkdir").action, policy::Action::kAllow);
  EXPECT_EQ(text.judge(Abi::kX86_64, "mount").data, EPERM);
  EXPECT_EQ(text.judge(Abi::kX86_64, "swapon").data, EPERM);
  EXPECT_EQ(text.judge(Abi::kX86_64, "reboot").action, policy::Action::kKillProcess);
}

TEST(RecordedPolicy, WhatAGroupDeniesAndTheRunCallsIsAnError) {
  const auto error_of = [](bool narrowed, const std::vector<bpf::SystemCall>& calls) {
    Session session(narrowed, kDenying);
    for (const bpf::SystemCall& one : calls) session.note(one);
    const auto made = session.policy();
    return made ? "none: " + made->text : made.error().message;
  };
  EXPECT_EQ(error_of(false, {call(Abi::kX86_64, "mount"), call(Abi::kX86_64, "swapon")}),
            "p.yml:7:13: the run calls 'mount' and 'swapon', which this group denies ('errno EPERM'): take them out of "
            "the group to have them added");
  EXPECT_EQ(error_of(true, {call(Abi::kX86_64, "socket", {17, 3})}),
            "p.yml:9:13: the run calls 'socket', which this group denies ('errno EPERM'): take it out of the group to "
            "have it added");
}

TEST(RecordedPolicy, WhatLookedAbsentAndIsCalledIsTakenOutOfItsGroup) {
  const std::string policy =
      "seccomp:\n"
      "  default_action: errno\n"
      "  syscalls:\n"
      "  - action: errno\n"
      "    errno: ENOSYS  # For libc.\n"
      "    names:\n"
      "    # Newer than 5.0.\n"
      "    - faccessat2  # tried by test\n"
      "    - openat2\n"
      "  - {action: allow, names: [read]}\n";
  Session session(false, policy);
  const auto made = session.note(call(Abi::kX86_64, "openat2")).policy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(made->text.find("    errno: ENOSYS  # For libc.\n    names:\n    # Newer than 5.0.\n"
                            "    - faccessat2  # tried by test\n  - {action: allow, names: [read]}\n"),
            std::string::npos)
      << made->text;
  EXPECT_EQ(testing::ResolvedText(made->text).judge(Abi::kX86_64, "openat2").action, policy::Action::kAllow);
}

// A group that has one call look absent comes to stand before the recording, and cannot lose its only name.
TEST(RecordedPolicy, WhatAloneLookedAbsentAndIsCalledIsAllowedBeforeItsGroup) {
  Session first;
  const std::string start = first.note(call(Abi::kX86_64, "getpgrp")).written();
  Session second(false, start);
  const std::string absent =
      second.note(call(Abi::kX86_64, "faccessat")).note(call(Abi::kX86_64, "cachestat")).written();
  ASSERT_EQ(testing::ResolvedText(absent).judge(Abi::kX86_64, "faccessat2").data, ENOSYS) << absent;
  Session third(false, absent);
  const auto made = third.note(call(Abi::kX86_64, "faccessat2")).policy();
  ASSERT_TRUE(made) << made.error().message << "\n" << absent;
  const testing::ResolvedText text(made->text);
  for (const char* name : {"faccessat2", "faccessat", "getpgrp"}) {
    EXPECT_EQ(text.judge(Abi::kX86_64, name).action, policy::Action::kAllow) << name << " in\n" << made->text;
  }
}

// In one run a call leaves the group, and another comes to it.
TEST(RecordedPolicy, OneCallLeavesTheAbsentAndAnotherJoinsThem) {
  for (const char* names : {"[openat2, faccessat2]", "[faccessat2, openat2]", "\n    - openat2\n    - faccessat2",
                            "\n    - faccessat2\n    - openat2"}) {
    std::string earlier = std::string(kHead) + kList + "  - action: allow\n    names:\n    - exit  # always\n";
    earlier.insert(earlier.find("  # Recorded"),
                   std::string("  - action: errno\n    errno: ENOSYS\n    names: ") + names + "\n");
    Session session(false, earlier);
    const auto made = session.note(call(Abi::kX86_64, "faccessat2")).note(call(Abi::kX86_64, "clone")).policy();
    ASSERT_TRUE(made) << made.error().message << "\n" << earlier;
    const testing::ResolvedText text(made->text);
    EXPECT_EQ(text.judge(Abi::kX86_64, "faccessat2").action, policy::Action::kAllow) << made->text;
    for (const char* name : {"openat2", "clone3"}) {
      EXPECT_EQ(text.judge(Abi::kX86_64, name).data, ENOSYS) << name << " in\n" << made->text;
    }
    EXPECT_EQ(made->text.find("faccessat2"), made->text.rfind("faccessat2")) << made->text;
    EXPECT_EQ(made->text.find("ENOSYS\n"), made->text.rfind("ENOSYS\n")) << made->text;
  }
}

// Of a version of this program that wrote neither `kernel:` nor a group with ENOSYS.
TEST(RecordedPolicy, AnOlderRecordingGetsTheGroupForOtherLibraries) {
  const std::string older = std::string(kHead) + kList +
                            "  # 2025-04-06T10:27:30Z, Linux 6.1.0-18, 2 processes, 140 calls: /bin/beat -e\n"
                            "  - action: allow\n    names:\n    - clone  # 3\n    - exit  # always\n";
  Session session(false, older);
  const auto merged = session.note(call(Abi::kX86_64, "getpgrp")).policy();
  ASSERT_TRUE(merged) << merged.error().message;
  const testing::ResolvedText text(merged->text);
  EXPECT_EQ(text.judge(Abi::kX86_64, "clone3").data, ENOSYS) << merged->text;
  EXPECT_EQ(text.judge(Abi::kX86_64, "clone").action, policy::Action::kAllow);
  EXPECT_EQ(text.judge(Abi::kX86_64, "getpgrp").action, policy::Action::kAllow);
  EXPECT_EQ(text.judge(Abi::kX86_64, "mount").data, EPERM);
  EXPECT_NE(merged->text.find("  # C libraries and programs try these first"), std::string::npos) << merged->text;
  // libc has tried clone3 in the run: not that is allowed, but what it falls back to.
  Session thread(false, older);
  const auto with_thread = thread.note(call(Abi::kX86_64, "clone3")).policy();
  ASSERT_TRUE(with_thread) << with_thread.error().message;
  EXPECT_EQ(testing::ResolvedText(with_thread->text).judge(Abi::kX86_64, "clone3").data, ENOSYS) << with_thread->text;
  // The group is there once, and gets what comes later.
  Session again(false, merged->text);
  const auto twice = again.note(call(Abi::kX86_64, "getuid")).policy();
  ASSERT_TRUE(twice) << twice.error().message;
  EXPECT_EQ(twice->text.find("ENOSYS\n"), twice->text.rfind("ENOSYS\n")) << twice->text;
  // What is written by hand keeps its answers, and so does a recording that allows clone3 or denies it by a group.
  Session by_hand(false, "seccomp:\n  default_action: errno\n  syscalls:\n  - {action: allow, names: [clone, exit]}\n");
  EXPECT_EQ(by_hand.note(call(Abi::kX86_64, "getpgrp")).written().find("ENOSYS"), std::string::npos);
  std::string allowed = older;
  allowed.replace(allowed.find("    - exit "), 0, "    - clone3  # 2\n");
  Session with_clone3(false, allowed);
  const auto kept = with_clone3.note(call(Abi::kX86_64, "getpgrp")).policy();
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(testing::ResolvedText(kept->text).judge(Abi::kX86_64, "clone3").action, policy::Action::kAllow);
}

TEST(RecordedPolicy, ForSystemdHasOneAnswer) {
  Session session;
  auto for_systemd = run();
  for_systemd.for_systemd = true;
  session.note(call(Abi::kX86_64, "clone3")).note(call(Abi::kX86_64, "read"));
  const auto made = session.policy(for_systemd);
  ASSERT_TRUE(made) << made.error().message;
  const testing::ResolvedText text(made->text);
  EXPECT_EQ(text.judge(Abi::kX86_64, "execve").action, policy::Action::kAllow);
  EXPECT_EQ(text.judge(Abi::kX86_64, "clone").action, policy::Action::kAllow);
  for (const char* name : {"clone3", "mount", "statmount"}) {
    EXPECT_EQ(text.judge(Abi::kX86_64, name), (resolve::Verdict{policy::Action::kErrno, ENOSYS})) << name;
  }
  EXPECT_EQ(made->text.find("kernel:"), std::string::npos) << made->text;
}

// ---- Any set of calls ----

/// Allowed is what was called, by name; and nothing else, regardless of the arguments.
TEST(RecordedPolicy, RandomRuns) {
  testing::Random random(testing::test_seed());
  std::string earlier;
  std::set<std::string_view> called = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};
  const std::vector<std::string_view> names = arch::names_on(Abi::kX86_64);
  for (int round = 0; round < 60; ++round) {
    if (random.one_in(4)) {
      earlier.clear();
      called = {"exit", "exit_group", "restart_syscall", "rt_sigreturn"};
    }
    Session session(false, earlier);
    for (size_t i = random.below(20); i > 0; --i) {
      const std::string_view name = random.any_of(names);
      if (name == "clone3") continue;  // See HidesClone3.
      called.insert(name);
      session.note(call(Abi::kX86_64, name, {random.bits(), random.below(20), random.below(20)}),
                   static_cast<int>(1 + random.below(3)));
    }
    const auto made = session.policy();
    ASSERT_TRUE(made) << made.error().message << "\n" << earlier;
    earlier = made->text;
    for (const std::string& name : made->for_others) called.insert(*std::ranges::find(names, name));
    const testing::ResolvedText policy(earlier);
    for (const std::string_view name : names) {
      const bool allowed = policy.judge(Abi::kX86_64, name, {random.bits()}).action == policy::Action::kAllow;
      EXPECT_EQ(allowed, called.contains(name)) << name << " in\n" << earlier;
    }
  }
}

/// With --args: the values that were called with, at the width that the kernel reads, and no others.
TEST(RecordedPolicy, RandomValues) {
  testing::Random random(testing::test_seed());
  constexpr std::string_view kNarrowed[] = {"ioctl", "fcntl", "prctl", "clone"};
  for (int round = 0; round < 40; ++round) {
    std::set<std::pair<std::string_view, uint32_t>> seen;
    std::string earlier;
    for (int again = 0; again < 2; ++again) {
      Session session(true, earlier);
      for (size_t i = 1 + random.below(12); i > 0; --i) {
        const std::string_view name = random.any_of(kNarrowed);
        const uint64_t value = random.one_in(2) ? random.below(70) : random.bits();
        const size_t index = name == "ioctl" || name == "fcntl" ? 1 : 0;
        std::array<uint64_t, 6> arguments = {random.bits(), random.bits()};
        arguments[index] = value;
        seen.emplace(name, static_cast<uint32_t>(value));
        session.note(call(Abi::kX86_64, name, arguments));
      }
      const auto made = session.policy();
      ASSERT_TRUE(made) << made.error().message;
      earlier = made->text;
    }
    const testing::ResolvedText policy(earlier);
    for (const std::string_view name : kNarrowed) {
      const size_t index = name == "ioctl" || name == "fcntl" ? 1 : 0;
      std::vector<uint32_t> values(70);
      for (uint32_t i = 0; i < values.size(); ++i) values[i] = i;
      for (const auto& [other, value] : seen) values.insert(values.end(), {value, value + 1, value ^ 0x80000000U});
      for (const uint32_t value : values) {
        testing::Arguments arguments = {random.bits(), random.bits()};
        arguments[index] = value | (random.bits() << 32U);
        const bool allowed = policy.judge(Abi::kX86_64, name, arguments).action == policy::Action::kAllow;
        EXPECT_EQ(allowed, seen.contains({name, value})) << name << " " << value << " in\n" << earlier;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::record
