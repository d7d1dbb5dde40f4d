// The whole policy language: for random policies the evaluator and the compiled program agree about every call; and
// what some of its features mean, said without either.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <set>

#include "arch/abi.h"
#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "judged_policies.h"
#include "random_language.h"
#include "resolve/evaluate.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using policy::Action;
using resolve::Verdict;

/// The first call on which the evaluator and the program differ; empty for none, and for a program that is too long,
/// which is counted.
std::string disagreement(const std::string& text, const std::vector<bpf::SystemCall>& numbers, Dice& dice,
                         size_t& too_long) {
  const ReadPolicy read = read_rules(text, plain_environment());
  if (!read.rules) return read.messages;
  const auto program = program_for({*read.rules});
  if (!program) {
    ++too_long;
    return "";
  }
  std::vector<bpf::SystemCall> calls = argument_calls({*read.rules}, dice);
  calls.insert(calls.end(), numbers.begin(), numbers.end());
  for (const bpf::SystemCall& call : calls) {
    const Verdict evaluated = resolve::evaluate(*read.rules, call).verdict;
    const Verdict verdict = run(*program, call);
    if (verdict == evaluated) continue;
    return describe_call(call) + ": the evaluator says " + describe_verdict(evaluated) + ", the program " +
           describe_verdict(verdict);
  }
  return "";
}

class EachAbi : public testing::TestWithParam<size_t> {};

TEST_P(EachAbi, EvaluatorAndProgramAgree) {
  Dice dice;
  const arch::AbiInfo& abi = arch::all_abis()[GetParam()];
  const std::vector<bpf::SystemCall> numbers = number_calls(dice);
  size_t too_long = 0;
  for (size_t i = 0; i < 50; ++i) {
    LanguageKind kind;
    kind.abis = {abi.abi};
    const std::string text = random_language_policy(kind, dice);
    ASSERT_EQ(disagreement(text, numbers, dice, too_long), "") << text;
  }
  EXPECT_LT(too_long, 10U);
}

INSTANTIATE_TEST_SUITE_P(Language, EachAbi, testing::Range(size_t{0}, arch::kAbiCount),
                         [](const auto& test) { return std::string(arch::all_abis()[test.param].name); });

TEST(Language, SeveralAbisInOneFilter) {
  Dice dice;
  const std::vector<bpf::SystemCall> numbers = number_calls(dice);
  size_t too_long = 0;
  for (size_t i = 0; i < 400; ++i) {
    LanguageKind kind;
    while (kind.abis.size() < 1 + i % 3) {
      const Abi abi = dice.one_in(2) ? dice.pick(std::vector{Abi::kX86_64, Abi::kX86, Abi::kX32, Abi::kS390x})
                                     : dice.pick(arch::all_abis()).abi;
      if (std::find(kind.abis.begin(), kind.abis.end(), abi) == kind.abis.end()) kind.abis.push_back(abi);
    }
    if (dice.one_in(2)) kind.favourites = {"socket", "clone", "openat", "fcntl", "ioctl", "lseek", "fchown", "ptrace"};
    const std::string text = random_language_policy(kind, dice);
    ASSERT_EQ(disagreement(text, numbers, dice, too_long), "") << text;
  }
  EXPECT_LT(too_long, 100U);
}

/// A policy's program, for questions about single calls.
class Program {
 public:
  explicit Program(const std::string& text) {
    const ReadPolicy read = read_rules(text, plain_environment());
    if (read.rules) program_ = program_for({*read.rules});
    EXPECT_TRUE(program_) << read.messages << text;
  }
  Verdict operator()(Abi abi, uint32_t number, std::array<uint64_t, 6> args = {}) const {
    if (!program_) return {};
    return run(*program_, {number, arch::info(abi).audit_arch, args});
  }

 private:
  std::optional<bpf::ValidatedProgram> program_;
};

std::string policy_text(const std::string& head, const std::string& groups) {
  return "seccomp:\n  " + head + "\n  syscalls:\n  " + groups + "\n";
}

/// Random numbers' verdicts under `kernel:`: ENOSYS for what came later and no group names, nothing else.
TEST(Language, KernelHidesWhatCameLaterAndNothingElse) {
  Dice dice;
  constexpr std::array<const char*, 6> kVersions = {"3.17", "4.17", "5.1", "5.10", "6.1", "6.6"};
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    const std::string version = dice.pick(kVersions);
    const arch::KernelVersion kernel = arch::parse_kernel_version(version).value();
    const std::vector<std::string_view> names = arch::names_on(abi.abi);
    std::set<std::string> named;
    while (named.size() < 30) named.emplace(dice.pick(names));
    std::string list;
    for (const std::string& name : named) list += (list.empty() ? "" : ", ") + name;
    std::set<uint32_t> decided;  // Also by another name with the same number.
    for (const std::string& name : named) decided.insert(*arch::number_of(abi.abi, name));

    const bool allow = dice.one_in(2);
    const Verdict fallback = {allow ? Action::kAllow : Action::kKillProcess, 0};
    const Program program(policy_text("architectures: [" + std::string(abi.name) + "]\n  kernel: \"" + version +
                                          "\"\n  default_action: " + (allow ? "allow" : "kill_process"),
                                      "- {action: trap, names: [" + list + "]}"));
    const Verdict no_such_call = {Action::kErrno, arch::errno_number(abi.abi, "ENOSYS").value()};
    size_t hidden = 0;
    for (const std::string_view name : names) {
      const uint32_t number = *arch::number_of(abi.abi, name);
      const auto since = arch::introduced(abi.abi, name);
      const bool x32s_own = abi.abi == Abi::kX86_64 && number >= 512 && number <= 547;
      Verdict expected = since && *since <= kernel ? fallback : no_such_call;
      if (decided.contains(number)) expected = {Action::kTrap, 0};
      if (x32s_own) expected = no_such_call;
      hidden += expected == no_such_call ? 1 : 0;
      // A multiplexer with the selector of a named call is that call.
      const bool multiplexer = !arch::calls_behind(name).empty();
      EXPECT_EQ(program(abi.abi, number, {multiplexer ? 0x7777U : dice.bits()}), expected)
          << abi.name << " " << name << " under " << version << " with " << list;
    }
    EXPECT_GT(hidden, 0U) << abi.name << " " << version;
    EXPECT_EQ(program(abi.abi, abi.first_number + 900), no_such_call);  // What no table knows.
  }
}

TEST(Language, WithoutKernelNothingIsHidden) {
  const Program program(policy_text("default_action: allow", "- {action: errno, names: [getpid]}"));
  for (const std::string_view name : arch::names_on(Abi::kX86_64)) {
    const bool denied = name == "getpid";
    const uint32_t number = *arch::number_of(Abi::kX86_64, name);
    EXPECT_EQ(program(Abi::kX86_64, number).action, denied ? Action::kErrno : Action::kAllow) << name;
  }
  EXPECT_EQ(program(Abi::kX86_64, 900).action, Action::kAllow);
}

TEST(Language, AConditionNamesTheCallForKernel) {
  const Program program(policy_text(
      "kernel: \"4.17\"\n  default_action: errno",
      "- {action: allow, names_with_args: [{name: close_range, arguments: [{operation: Equal, value: 3}]}]}"));
  const uint32_t close_range = arch::number_of(Abi::kX86_64, "close_range").value();
  EXPECT_EQ(program(Abi::kX86_64, close_range, {3}).action, Action::kAllow);
  EXPECT_EQ(program(Abi::kX86_64, close_range, {4}), (Verdict{Action::kErrno, EPERM}));
  EXPECT_EQ(program(Abi::kX86_64, close_range + 1), (Verdict{Action::kErrno, ENOSYS}));  // openat2
}

/// Which numbers, and which selectors of socketcall and ipc, a policy denies on x86.
struct Denied {
  std::set<uint32_t> numbers;
  std::set<uint64_t> socketcalls;
  std::set<uint64_t> ipcs;
  bool operator==(const Denied&) const = default;
};

Denied denied_on_x86(const std::string& names) {
  const Program program(
      policy_text("default_action: allow\n  architectures: [x86]", "- {action: errno, names: [" + names + "]}"));
  Denied denied;
  for (uint32_t number = 0; number < 1024; ++number) {
    if (number != 102 && number != 117 && program(Abi::kX86, number).action != Action::kAllow) {
      denied.numbers.insert(number);
    }
  }
  Dice dice;
  for (uint64_t selector = 0; selector < 1000; ++selector) {
    // The kernel reads an int; regardless of what stands above and behind it changes nothing.
    const std::array<uint64_t, 6> args = {selector | dice.bits() << 32U, dice.bits(), dice.bits()};
    if (program(Abi::kX86, 102, args).action != Action::kAllow) denied.socketcalls.insert(selector);
    if (program(Abi::kX86, 117, args).action != Action::kAllow) denied.ipcs.insert(selector);
  }
  return denied;
}

TEST(Language, ADeniedCallIsDeniedBehindItsMultiplexer) {
  EXPECT_EQ(denied_on_x86("socket"), (Denied{{359}, {1}, {}}));
  EXPECT_EQ(denied_on_x86("connect"), (Denied{{362}, {3}, {}}));
  EXPECT_EQ(denied_on_x86("accept"), (Denied{{}, {5}, {}}));  // It has no number of its own.
  EXPECT_EQ(denied_on_x86("sendmsg, recvmsg"), (Denied{{370, 372}, {16, 17}, {}}));
  EXPECT_EQ(denied_on_x86("shmat"), (Denied{{397}, {}, {21}}));
  EXPECT_EQ(denied_on_x86("msgsnd"), (Denied{{400}, {}, {11}}));
  EXPECT_EQ(denied_on_x86("getpid"), (Denied{{20}, {}, {}}));
}

/// ipc's upper half is a version, which most of its calls ignore.
TEST(Language, TheVersionOfIpcDoesNotHideItsCall) {
  const Program program(
      policy_text("default_action: allow\n  architectures: [x86]", "- {action: errno, names: [shmget]}"));
  EXPECT_EQ(program(Abi::kX86, 117, {23}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86, 117, {0x10017}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86, 117, {0xffff0017}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86, 117, {24}).action, Action::kAllow);
  EXPECT_EQ(program(Abi::kX86, 117, {0x170000}).action, Action::kAllow);
}

TEST(Language, AllowedCallsOpenTheirMultiplexerOnlyWithoutConditions) {
  const std::string head = "default_action: errno\n  architectures: [x86, s390x]";
  const Program open(policy_text(head, "- {action: allow, names: [socket]}"));
  const Program narrow(policy_text(
      head, "- {action: allow, names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_UNIX}]}]}"));
  for (const Abi abi : {Abi::kX86, Abi::kS390x}) {
    const uint32_t socketcall = arch::number_of(abi, "socketcall").value();
    const uint32_t socket = arch::number_of(abi, "socket").value();
    EXPECT_EQ(open(abi, socketcall, {1}).action, Action::kAllow);
    EXPECT_EQ(open(abi, socketcall, {2}).action, Action::kErrno);
    EXPECT_EQ(narrow(abi, socketcall, {1}).action, Action::kErrno);
    EXPECT_EQ(narrow(abi, socket, {1}).action, Action::kAllow);
    EXPECT_EQ(narrow(abi, socket, {2}).action, Action::kErrno);
  }
}

/// The kernel reads 32 bits: what stands above them must neither open nor close anything.
TEST(Language, GarbageInTheUpperHalfPassesNoDeny) {
  const std::string socket =
      "- {action: errno, names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_PACKET}]}]}";
  const Program packet(policy_text("default_action: allow", socket));
  EXPECT_EQ(packet(Abi::kX86_64, 41, {17}).action, Action::kErrno);
  EXPECT_EQ(packet(Abi::kX86_64, 41, {0x100000011}).action, Action::kErrno);
  EXPECT_EQ(packet(Abi::kX86_64, 41, {0xffffffff00000011}).action, Action::kErrno);
  EXPECT_EQ(packet(Abi::kX86_64, 41, {16}).action, Action::kAllow);

  const Program tiocsti(policy_text("default_action: allow",
                                    "- {action: errno, names_with_args: [{name: ioctl, arguments: [{argument: 1, "
                                    "operation: Equal, value: TIOCSTI}]}]}"));
  EXPECT_EQ(tiocsti(Abi::kX86_64, 16, {0, 0x5412}).action, Action::kErrno);
  EXPECT_EQ(tiocsti(Abi::kX86_64, 16, {0, 0x8000000000005412}).action, Action::kErrno);
  EXPECT_EQ(tiocsti(Abi::kX86_64, 16, {0, 0x5413}).action, Action::kAllow);

  const Program fdcwd(policy_text("default_action: errno",
                                  "- {action: allow, names_with_args: [{name: openat, arguments: [{operation: Equal, "
                                  "value: AT_FDCWD}]}]}"));
  EXPECT_EQ(fdcwd(Abi::kX86_64, 257, {0xffffffffffffff9c}).action, Action::kAllow);
  EXPECT_EQ(fdcwd(Abi::kX86_64, 257, {0xffffff9c}).action, Action::kAllow);
  EXPECT_EQ(fdcwd(Abi::kX86_64, 257, {0x9c}).action, Action::kErrno);
}

TEST(Language, WidthSixtyFourComparesTheWholeRegister) {
  const Program program(policy_text("default_action: allow\n  architectures: [x86_64, x86]",
                                    "- {action: errno, names_with_args: [{name: socket, arguments: [{operation: "
                                    "Equal, value: 17, width: 64}]}]}"));
  EXPECT_EQ(program(Abi::kX86_64, 41, {17}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86_64, 41, {0x100000011}).action, Action::kAllow);
  EXPECT_EQ(program(Abi::kX86, 359, {0x100000011}).action, Action::kErrno);  // No upper half there.
}

TEST(Language, ModesAreSixteenBitsWide) {
  const Program program(policy_text("default_action: allow",
                                    "- {action: errno, names_with_args: [{name: fchmod, arguments: [{argument: 1, "
                                    "operation: Equal, value: 0o4755}]}]}"));
  const uint32_t fchmod = arch::number_of(Abi::kX86_64, "fchmod").value();
  EXPECT_EQ(program(Abi::kX86_64, fchmod, {3, 04755}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86_64, fchmod, {3, 0x10000 | 04755}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86_64, fchmod, {3, 0xffffffffffff0000 | 04755}).action, Action::kErrno);
  EXPECT_EQ(program(Abi::kX86_64, fchmod, {3, 0755}).action, Action::kAllow);
}

TEST(Language, ErrnosAndConstantsAreEachAbisOwn) {
  const Program program(
      policy_text("default_action: allow\n  architectures: [x86_64, mips, parisc]",
                  "- {action: errno, errno: ENOSYS, names: [getpid]}\n"
                  "  - {action: errno, names_with_args: [{name: openat, arguments: [{argument: 2, operation: BitsSet, "
                  "value: O_APPEND}]}]}"));
  const auto call = [&](Abi abi, const char* name, std::array<uint64_t, 6> args = {}) {
    return program(abi, arch::number_of(abi, name).value(), args);
  };
  EXPECT_EQ(call(Abi::kX86_64, "getpid").data, 38);
  EXPECT_EQ(call(Abi::kMips, "getpid").data, 89);
  EXPECT_EQ(call(Abi::kParisc, "getpid").data, 251);
  EXPECT_EQ(call(Abi::kX86_64, "openat", {0, 0, 0x400}).action, Action::kErrno);
  EXPECT_EQ(call(Abi::kX86_64, "openat", {0, 0, 0x8}).action, Action::kAllow);
  EXPECT_EQ(call(Abi::kMips, "openat", {0, 0, 0x8}).action, Action::kErrno);
  EXPECT_EQ(call(Abi::kMips, "openat", {0, 0, 0x400}).action, Action::kAllow);
}

TEST(Language, ASetIsItsMembers) {
  for (const std::string_view set : {"@network-io", "@process", "@basic-io", "@clock"}) {
    const Program program(policy_text("default_action: allow\n  architectures: [x86_64, aarch64, s390x]",
                                      "- {action: trap, names: [\"" + std::string(set) + "\"]}"));
    const std::vector<std::string_view> members = arch::members_of_set(set).value();
    ASSERT_FALSE(members.empty());
    for (const Abi abi : {Abi::kX86_64, Abi::kAarch64, Abi::kS390x}) {
      for (const std::string_view name : arch::names_on(abi)) {
        const bool in = std::find(members.begin(), members.end(), name) != members.end();
        const uint32_t number = *arch::number_of(abi, name);
        if (abi == Abi::kX86_64 && number >= 512 && number <= 547) continue;
        EXPECT_EQ(program(abi, number).action, in ? Action::kTrap : Action::kAllow) << set << " " << name;
      }
    }
  }
}

}  // namespace
}  // namespace sandbox::differential
