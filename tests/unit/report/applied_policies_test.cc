#include "report/applied_policies.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/syscalls.h"
#include "policy/reader.h"
#include "resolve/resolve.h"

namespace sandbox::report {
namespace {

using policy::Action;
using resolve::Verdict;
using resolve::VerdictSource;

const arch::Abi kNative = arch::native_abi();

bpf::SystemCall call(std::string_view name, uint64_t first = 0, uint64_t second = 0) {
  return {*arch::number_of(kNative, name), arch::info(kNative).audit_arch, {first, second}, 0};
}

/// Policies that apply together.
class Applied {
 public:
  explicit Applied(const std::vector<std::string>& texts) {
    policies_.reserve(texts.size());
    for (const std::string& text : texts) add(text);
    const auto filter = compile::compile(rules_);
    EXPECT_TRUE(filter.ok());
    applied = std::make_unique<AppliedPolicies>(listed_, rules_, *filter, "all of them");
  }

  std::unique_ptr<AppliedPolicies> applied;

 private:
  void add(const std::string& text) {
    const std::string name(1, static_cast<char>('a' + policies_.size()));
    const auto source = std::make_shared<const SourceText>(name + ".yml", text);
    policy::Environment environment;
    environment.native = kNative;
    Diagnostics diagnostics(source);
    policies_.push_back(policy::read_policy(source, environment, diagnostics).value());
    rules_.push_back(resolve::resolve(policies_.back(), kNative, diagnostics));
    EXPECT_FALSE(diagnostics.has_errors());
    listed_.push_back({PolicyDenials::Kind::kFile, name + ".yml", &policies_.back(), {}});
  }

  std::vector<policy::Policy> policies_;
  std::vector<resolve::PolicyRules> rules_;
  std::vector<PolicyDenials> listed_;
};

constexpr char kFirst[] =
    "seccomp:\n"
    "  default_action: allow\n"
    "  syscalls:\n"
    "  - action: errno\n"
    "    names: [ptrace, exit]\n"
    "    names_with_args:\n"
    "    - name: kill\n"
    "      arguments: [{argument: 1, operation: Equal, value: 9}]\n";
constexpr char kSecond[] =
    "seccomp:\n"
    "  default_action: log\n"
    "  kernel: \"4.17\"\n"
    "  syscalls:\n"
    "  - action: kill_process\n"
    "    names: [ptrace]\n";

std::string described(AppliedPolicies& applied, const bpf::SystemCall& call) {
  Event event;
  event.call = call;
  applied.describe(applied.judge(call), event);
  EXPECT_EQ(event.policy, "all of them");
  return event.rule_kind + " " + event.rule;
}

TEST(AppliedPolicies, TellsTheDecidingLine) {
  const Applied both({kFirst, kSecond});
  EXPECT_EQ(described(*both.applied, call("ptrace")), "a group b.yml:6:13");
  EXPECT_EQ(described(*both.applied, call("kill", 1, 9)), "a group a.yml:7:13");
  EXPECT_EQ(described(*both.applied, call("kill", 1, 8)), "the default action b.yml:2:3");
  EXPECT_EQ(described(*both.applied, call("clone3")), "kernel: b.yml:3:3");
  bpf::SystemCall skipped = call("kill");
  skipped.number = UINT32_MAX;
  EXPECT_EQ(described(*both.applied, skipped), "a fixed rule ");
  EXPECT_EQ(described(*both.applied, {5, 0x1234, {}, 0}), "a fixed rule ");
}

std::string default_words(AppliedPolicies& applied, const bpf::SystemCall& call) {
  Event event;
  event.call = call;
  applied.describe(applied.judge(call), event);
  return event.default_words + " " + event.rule;
}

TEST(AppliedPolicies, TellsOfTheDefaultInTheWordsOfItsFormat) {
  const Applied beats({"seccomp:\n  default_action: errno\n  syscalls:\n  - {action: allow, names: [read]}\n"});
  EXPECT_EQ(default_words(*beats.applied, call("ptrace")), "default_action a.yml:2:3");
  const Applied profile({R"({"defaultAction": "SCMP_ACT_ERRNO"})"});
  EXPECT_EQ(default_words(*profile.applied, call("ptrace")), "defaultAction a.yml:1:2");
  const Applied unit({"[Service]\nSystemCallFilter=read ptrace\nSystemCallFilter=~ptrace\n"});
  EXPECT_EQ(default_words(*unit.applied, call("ptrace")), "not in SystemCallFilter= a.yml:3:19");
  EXPECT_EQ(default_words(*unit.applied, call("mount")), "not in SystemCallFilter= a.yml:2:1");
  const Applied logs({"[Service]\nSystemCallLog=~read\n"});
  EXPECT_EQ(default_words(*logs.applied, call("mount")), "SystemCallLog= a.yml:2:1");
}

TEST(AppliedPolicies, TellsWhatIsAboveTheLargestNumberNamed) {
  const Applied profile({R"({"defaultAction": "SCMP_ACT_ERRNO",
      "syscalls": [{"names": ["read", "fsync"], "action": "SCMP_ACT_ALLOW"}]})"});
  EXPECT_EQ(described(*profile.applied, call("statx")), "above the largest number named a.yml:1:2");
}

TEST(AppliedPolicies, NobodyElseGetsAListener) {
  const Applied first({kFirst});
  const bpf::SystemCall asking = call("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  EXPECT_EQ(first.applied->judge(asking).verdict, (Verdict{Action::kErrno, EBUSY}));
  EXPECT_EQ(described(*first.applied, asking), "the listener guard ");
  EXPECT_EQ(first.applied->judge(call("seccomp", SECCOMP_SET_MODE_FILTER)).verdict.action, Action::kAllow);
  // By x32's number it is the guard's, too; and without the flag that of any call that there is not.
  bpf::SystemCall x32 = asking;
  x32.number = 0x4000013d;
  EXPECT_EQ(described(*first.applied, x32), "the listener guard ");
  x32.args[1] = 0;
  EXPECT_EQ(described(*first.applied, x32), "a fixed rule ");
  // An ABI that is not covered kills any call.
  bpf::SystemCall x86 = asking;
  x86.arch = arch::info(arch::Abi::kX86).audit_arch;
  x86.number = 354;
  EXPECT_EQ(described(*first.applied, x86), "a fixed rule ");
}

TEST(AppliedPolicies, ARecordWithoutArgumentsIsJudgedWhereTheyDoNotMatter) {
  const Applied both({kFirst, kSecond});
  EXPECT_FALSE(both.applied->judge_by_number(call("kill")));
  const auto judgement = both.applied->judge_by_number(call("ptrace"));
  ASSERT_TRUE(judgement);
  EXPECT_EQ(judgement->verdict.action, Action::kKillProcess);
  EXPECT_TRUE(both.applied->can_give(call("kill"), Action::kErrno));
  EXPECT_TRUE(both.applied->can_give(call("kill"), Action::kLog));
  EXPECT_FALSE(both.applied->can_give(call("kill"), Action::kTrap));
}

TEST(AppliedPolicies, NotesEveryPolicyThatDenies) {
  const Applied both({kFirst, kSecond});
  both.applied->note_denial(call("ptrace"));
  both.applied->note_denial(call("ptrace"));
  both.applied->note_denial(call("kill", 1, 9));
  both.applied->note_denial(call("clone3"));
  const std::vector<PolicyDenials> denials = both.applied->denials();
  ASSERT_EQ(denials.size(), 2U);
  EXPECT_EQ(denials[0].name, "a.yml");
  const uint32_t native = arch::info(kNative).audit_arch;
  const DeniedCall ptrace = {native, call("ptrace").number, VerdictSource::kGroup};
  const DeniedCall kill = {native, call("kill").number, VerdictSource::kGroup};
  const DeniedCall clone3 = {native, call("clone3").number, VerdictSource::kKernel, 0, true};
  std::vector<DeniedCall> first = {ptrace, kill};
  std::ranges::sort(first);
  EXPECT_TRUE(denials[0].calls == first);
  std::vector<DeniedCall> second = {ptrace, clone3};
  std::ranges::sort(second);
  EXPECT_TRUE(denials[1].calls == second);
}

TEST(AppliedPolicies, NamesDeniedCallsThatNobodyWatches) {
  const Applied first({kFirst});
  EXPECT_EQ(first.applied->unwatched_denied(), std::vector<std::string>{"exit"});
  first.applied->note_unwatched();
  ASSERT_EQ(first.applied->denials()[0].calls.size(), 1U);
  EXPECT_EQ(first.applied->denials()[0].calls[0].number, call("exit").number);
}

TEST(AppliedPolicies, AFilterFileHasTheVerdictAlone) {
  const bpf::Program program = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, bpf::kNumberOffset},
                                {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call("ptrace").number},
                                {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
                                {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const compile::Filter filter = {*bpf::validate(program), {}, 0};
  AppliedPolicies applied({{PolicyDenials::Kind::kFilterFile, "a.bpf", nullptr, {}}}, {}, filter, "a.bpf");
  const resolve::Judgement judgement = applied.judge(call("ptrace"));
  EXPECT_EQ(judgement.verdict, (Verdict{Action::kErrno, EPERM}));
  Event event;
  applied.describe(judgement, event);
  EXPECT_EQ(event.policy + event.rule + event.rule_kind, "a.bpf");
  EXPECT_FALSE(applied.judge_by_number(call("ptrace"))) << "arguments may matter";
  EXPECT_TRUE(applied.can_give(call("ptrace"), Action::kTrap)) << "not known";
  applied.note_denial(call("ptrace"));
  applied.note_denial(call("kill"));
  ASSERT_EQ(applied.denials().size(), 1U);
  ASSERT_EQ(applied.denials()[0].calls.size(), 1U);
  EXPECT_EQ(applied.denials()[0].calls[0].source, VerdictSource::kDefault);
}

}  // namespace
}  // namespace sandbox::report
