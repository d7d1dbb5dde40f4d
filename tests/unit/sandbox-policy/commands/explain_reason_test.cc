// Why a call gets its answer, and when all its cases are told.
#include "sandbox-policy/commands/explain_reason.h"

#include <cstdint>

#include <gtest/gtest.h>
#include <linux/audit.h>

#include "support/policy_input.h"

namespace sandbox::tool {
namespace {

using arch::Abi;
using testing::policy_input;

bpf::SystemCall call_of(uint32_t number, uint64_t argument = 0, uint32_t audit_arch = AUDIT_ARCH_X86_64) {
  return {.number = number, .arch = audit_arch, .args = {argument}, .instruction_pointer = 0};
}

constexpr uint32_t kRead = 0;
constexpr uint32_t kBrk = 12;
constexpr uint32_t kSocket = 41;
constexpr uint32_t kCachestat = 451;  // Of Linux 6.5.

constexpr const char* kPolicy = R"(seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: [brk]
    names_with_args:
    - name: socket
      arguments:
      - {argument: 0, operation: Equal, value: AF_PACKET}
)";

/// "ID LINE: TEXT"; 0 is no line.
std::string reason_text(const Input& input, const bpf::SystemCall& call, Abi abi = Abi::kX86_64) {
  const AnswerReason reason = reason_for(input, call, abi);
  const uint32_t line = reason.place ? input.policy->source->locate(reason.place->offset).line : 0;
  return std::string(reason.id) + " " + std::to_string(line) + ": " + reason.text;
}

TEST(ExplainReason, IsTheGroupThatDecides) {
  const Input input = policy_input(kPolicy);
  EXPECT_EQ(reason_text(input, call_of(kBrk)), "group 5: ");
  EXPECT_EQ(reason_text(input, call_of(kSocket, 17)), "group 7: because arg0 == AF_PACKET");
}

TEST(ExplainReason, IsTheDefaultWhereNoGroupDoes) {
  const Input input = policy_input(kPolicy);
  EXPECT_EQ(reason_text(input, call_of(kRead)), "default 2: no group names it: the default action");
  EXPECT_EQ(reason_text(input, call_of(kSocket, 2)), "default 2: no group matches these arguments: the default action");
}

TEST(ExplainReason, OfAUnitIsInItsOwnWords) {
  const Input allows = policy_input("[Service]\nSystemCallFilter=read\nSystemCallErrorNumber=EPERM\n");
  EXPECT_EQ(reason_text(allows, call_of(kSocket)), "default 3: not in the list of SystemCallFilter=");
  const Input denies = policy_input("[Service]\nSystemCallFilter=~brk\n");
  EXPECT_EQ(reason_text(denies, call_of(kRead)), "default 2: no SystemCallFilter= denies it");
}

TEST(ExplainReason, OfAUnitIsTheLineThatTakesACallOut) {
  const Input allows = policy_input(
      "[Service]\nSystemCallErrorNumber=EPERM\nSystemCallFilter=read socket brk\nSystemCallFilter=~mount socket\n"
      "SystemCallFilter=~brk\nSystemCallFilter=brk\n");
  EXPECT_EQ(reason_text(allows, call_of(kSocket)), "default 4: this takes it out of the list of SystemCallFilter=");
  EXPECT_EQ(reason_text(allows, call_of(kBrk)), "group 6: ") << "which puts it back";
  EXPECT_EQ(reason_text(allows, call_of(kCachestat)), "default 2: not in the list of SystemCallFilter=");
  const Input denies = policy_input("[Service]\nSystemCallFilter=~brk socket\nSystemCallFilter=socket\n");
  EXPECT_EQ(reason_text(denies, call_of(kSocket)), "default 3: this takes it out of the list of denied calls");
  const Input reset = policy_input(
      "[Service]\nSystemCallFilter=socket\nSystemCallFilter=~socket\nSystemCallFilter=\nSystemCallFilter=read\n");
  EXPECT_EQ(reason_text(reset, call_of(kSocket)), "default 5: not in the list of SystemCallFilter=");
}

TEST(ExplainReason, IsTheKernelThatThePolicyNames) {
  const Input input = policy_input(std::string(kPolicy) + "  kernel: '6.1'\n");
  EXPECT_EQ(reason_text(input, call_of(kCachestat)),
            "kernel 10: no group names it, and Linux 6.1 has no such call ('kernel')");
  EXPECT_EQ(reason_text(input, call_of(kRead)), "default 2: no group names it: the default action");
}

TEST(ExplainReason, IsFixedBeforeAnyRule) {
  const Input input = policy_input(kPolicy);
  EXPECT_EQ(reason_text(input, call_of(UINT32_MAX)), "fixed 0: a tracer skips a call with this number");
  EXPECT_EQ(reason_text(input, call_of(520)),
            "fixed 0: one of x32's own numbers, 512 to 547, which no policy opens on x86_64");
  EXPECT_EQ(reason_text(input, call_of(0x40000000), Abi::kX32),
            "abi 0: a number of x32, which the policy does not cover");
  EXPECT_EQ(reason_text(input, call_of(3, 0, AUDIT_ARCH_I386), Abi::kX86),
            "abi 0: the policy does not cover x86: every call through it kills");
}

TEST(ExplainReason, IsThatThereIsNoPolicyInForce) {
  const Input disabled = policy_input(std::string(kPolicy) + "  enabled: false\n");
  EXPECT_EQ(reason_text(disabled, call_of(kBrk)), "disabled 10: 'enabled' is false: the policy filters nothing");
  Input raw;
  raw.kind = Input::Kind::kRawBpf;
  EXPECT_EQ(reason_text(raw, call_of(kBrk)), "filter 0: raw BPF");
}

/// How many cases are told of a call whose arguments are not given.
size_t cases(const Input& input, const bpf::SystemCall& call) {
  return cases_of(input, call, reason_for(input, call, Abi::kX86_64)).cases.size();
}

TEST(ExplainCases, AreToldWhereArgumentsMatter) {
  const Input input = policy_input(kPolicy);
  EXPECT_EQ(cases(input, call_of(kSocket)), 1U);
  EXPECT_EQ(cases(input, call_of(kBrk)), 0U);
  EXPECT_EQ(cases(input, call_of(kRead)), 0U);
  const Input disabled = policy_input(std::string(kPolicy) + "  enabled: false\n");
  EXPECT_EQ(cases(disabled, call_of(kSocket)), 0U) << "nothing is filtered, regardless of the arguments";
}

// x32's own numbers get a fixed answer, even if a rule names the x86_64 number.
TEST(ExplainCases, AreNotToldOfAFixedAnswer) {
  Input input = policy_input(kPolicy);
  for (resolve::CallRules& call : input.rules.front().calls) {
    if (call.number == kSocket) call.number = 520;
  }
  EXPECT_EQ(cases(input, call_of(520)), 0U);
}

}  // namespace
}  // namespace sandbox::tool
