#include "report/suggestion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "arch/syscalls.h"
#include "policy/reader.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"

namespace sandbox::report {
namespace {

using arch::Abi;
using resolve::VerdictSource;

/// A policy out of a text that has no errors.
struct Read {
  explicit Read(const std::string& text, const std::string& name = "beat.yml") {
    auto source = std::make_shared<const SourceText>(name, text);
    Diagnostics diagnostics(source);
    policy::Environment environment;
    environment.native = Abi::kX86_64;
    if (auto read = policy::read_policy(source, environment, diagnostics)) policy = std::move(*read);
    rules = resolve::resolve(policy, environment.native, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      if (diagnostic.severity == Severity::kError) problems += format_diagnostic(*source, diagnostic) + "\n";
    }
  }

  policy::Policy policy;
  resolve::PolicyRules rules;
  std::string problems;
};

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

DeniedCall denied(std::string_view name, VerdictSource source = VerdictSource::kDefault, Abi abi = Abi::kX86_64) {
  return {.arch = arch::info(abi).audit_arch, .number = arch::number_of(abi, name).value(), .source = source};
}

/// By a group with ENOSYS.
DeniedCall absent(std::string_view name) {
  DeniedCall call = denied(name, VerdictSource::kGroup);
  call.absent = true;
  return call;
}

std::string suggestion(const policy::Policy* policy, std::vector<DeniedCall> calls,
                       const std::string& name = "beat.yml", PolicyDenials::Kind kind = PolicyDenials::Kind::kFile) {
  const PolicyDenials denials = {kind, name, policy, std::move(calls)};
  return suggestion_text({&denials, 1}, Abi::kX86_64);
}

/// The lines that are to be copied, as those who print a suggestion tell them from the others.
std::string to_copy(const std::string& told) {
  std::string lines;
  for (size_t at = 0; at < told.size();) {
    const size_t end = told.find('\n', at) + 1;
    if (told[at] == ' ' || told[at] == '-') lines += told.substr(at, end - at);
    at = end;
  }
  return lines;
}

/// In front of what allows the calls.
const std::string kIf = "If the program should be allowed to make these calls:\n";

constexpr char kAllowList[] =
    "seccomp:\n"
    "  default_action: errno\n"
    "  syscalls:\n"
    "  - action: allow\n"
    "    names:\n"
    "    - read\n";

TEST(Suggestion, ABeatsFile) {
  const Read beat(kAllowList);
  EXPECT_EQ(suggestion(&beat.policy, {denied("socket"), denied("connect"), denied("socket")}),
            kIf +
                "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                "  - action: allow\n"
                "    names:\n"
                "    - connect\n"
                "    - socket\n");
}

TEST(Suggestion, WhatAGroupDeniesWasMeant) {
  const Read beat(
      "seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names: [socket, connect, ptrace]\n");
  EXPECT_EQ(
      suggestion(&beat.policy, {denied("ptrace", VerdictSource::kGroup), denied("connect", VerdictSource::kGroup)}),
      kIf +
          "Think twice: beat.yml denies connect, ptrace by name, which the lines below undo.\n"
          "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
          "  - action: allow\n"
          "    names:\n"
          "    - connect\n"
          "    - ptrace\n");
}

TEST(Suggestion, ADeeperListIsIndentedAsItStands) {
  const Read beat("seccomp:\n  default_action: errno\n  syscalls:\n        - action: allow\n          names: [read]\n");
  EXPECT_EQ(suggestion(&beat.policy, {denied("socket")}),
            kIf +
                "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                "        - action: allow\n"
                "          names:\n"
                "          - socket\n");
}

TEST(Suggestion, FlowStyleAndJson) {
  const Read flow("seccomp.default_action: errno\nseccomp.syscalls: [{action: allow, names: [read]}]\n");
  EXPECT_EQ(suggestion(&flow.policy, {denied("socket"), denied("connect")}),
            kIf +
                "Add to beat.yml at line 2, column 20, as the first entry of 'syscalls':\n"
                "    {action: allow, names: [connect, socket]},\n");
  const Read json(R"({"seccomp": {"default_action": "errno", "syscalls": [
    {"action": "allow", "names": ["read"]}]}})");
  EXPECT_EQ(suggestion(&json.policy, {denied("socket")}),
            kIf +
                "Add to beat.yml at line 2, column 5, as the first entry of 'syscalls':\n"
                "    {\"action\": \"allow\", \"names\": [\"socket\"]},\n");
}

TEST(Suggestion, AContainerProfile) {
  const Read profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})");
  EXPECT_EQ(suggestion(&profile.policy, {denied("socket"), denied("connect")}, "docker.json"),
            kIf +
                "Add to 'syscalls' in docker.json, and remove the names from rules that deny them:\n"
                "    {\"names\":[\"connect\",\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"},\n");
}

TEST(Suggestion, AContainerProfileThatAllowsItWithACapability) {
  const Read profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})");
  DeniedCall chroot = denied("chroot");
  chroot.capabilities = {"CAP_SYS_CHROOT"};
  DeniedCall bpf = denied("bpf");
  bpf.capabilities = {"CAP_SYS_ADMIN", "CAP_BPF,CAP_PERFMON"};
  EXPECT_EQ(suggestion(&profile.policy, {chroot, denied("socket"), bpf}, "docker.json"),
            kIf +
                "With --cap CAP_SYS_ADMIN or CAP_BPF,CAP_PERFMON, docker.json allows bpf.\n"
                "With --cap CAP_SYS_CHROOT, docker.json allows chroot.\n"
                "Add to 'syscalls' in docker.json, and remove the names from rules that deny them:\n"
                "    {\"names\":[\"bpf\",\"chroot\",\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"},\n");
}

TEST(Suggestion, ASeccompProfileInYaml) {
  const std::string head =
      "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata: {name: app}\n"
      "spec:\n  defaultAction: SCMP_ACT_ERRNO\n";
  const std::string tail = ", and remove the names from rules that deny them:\n";
  const Read block(head + "  syscalls:\n    - action: SCMP_ACT_ALLOW\n      names: [read]\n", "app.yaml");
  ASSERT_EQ(block.problems, "");
  EXPECT_EQ(suggestion(&block.policy, {denied("socket"), denied("connect")}, "app.yaml"),
            kIf + "Add to 'syscalls' in app.yaml before line 7" + tail +
                "    - action: SCMP_ACT_ALLOW\n"
                "      names:\n"
                "      - connect\n"
                "      - socket\n");
  const Read flow(head + "  syscalls: [{action: SCMP_ACT_ALLOW, names: [read]}]\n", "app.yaml");
  ASSERT_EQ(flow.problems, "");
  EXPECT_EQ(
      suggestion(&flow.policy, {denied("socket")}, "app.yaml"),
      kIf + "Add to 'syscalls' in app.yaml" + tail + "    {\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"},\n");
}

TEST(Suggestion, ABuiltInProfile) {
  const Read profile(kAllowList, "profile default");
  EXPECT_EQ(suggestion(&profile.policy, {denied("ptrace")}, "default", PolicyDenials::Kind::kProfile),
            kIf +
                "Make a copy of the built-in profile default:\n"
                "    sandbox-policy show --source profile:default >my.yml\n"
                "add to it, as the first entry of 'syscalls:', and give it by --policy my.yml:\n"
                "  - action: allow\n"
                "    names:\n"
                "    - ptrace\n");
}

TEST(Suggestion, AnOption) {
  const Read profile(kAllowList, "profile no-exec");
  EXPECT_EQ(suggestion(&profile.policy, {denied("execve", VerdictSource::kGroup), denied("ptrace")}, "--no-exec",
                       PolicyDenials::Kind::kOption),
            kIf + "Change the option --no-exec, which denies execve, ptrace.\n");
  EXPECT_EQ(suggestion(&profile.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}, "--no-exec",
                       PolicyDenials::Kind::kOption),
            kIf +
                "Calls through x86 are denied: --no-exec covers what the other policies do, so list x86 in the "
                "'architectures' of these.\n");
}

TEST(Suggestion, AFilterFile) {
  EXPECT_EQ(suggestion(nullptr, {denied("socket"), denied("connect")}, "beat.bpf", PolicyDenials::Kind::kFilterFile),
            kIf +
                "Allow connect, socket in the policy that beat.bpf was compiled from, and compile it "
                "again.\n");
}

TEST(Suggestion, WhatIsAboveTheLargestNumberNamedIsLeftOutIfProgramsDoWithout) {
  const Read profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})");
  EXPECT_EQ(
      suggestion(&profile.policy,
                 {denied("clone3", VerdictSource::kAboveNamed), denied("write", VerdictSource::kAboveNamed)},
                 "docker.json"),
      kIf +
          "Add to 'syscalls' in docker.json, and remove the names from rules that deny them:\n"
          "    {\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},\n"
          "Probably not needed: clone3. They are above the largest number that docker.json names, got ENOSYS, and "
          "programs then do without.\n");
}

TEST(Suggestion, WhatIsNewerThanTheKernelIsLeftOut) {
  const Read beat(
      "seccomp:\n  default_action: errno\n  kernel: \"4.17\"\n  syscalls:\n  - action: allow\n    names: [read]\n");
  EXPECT_EQ(
      suggestion(&beat.policy,
                 {denied("clone3", VerdictSource::kKernel), denied("statx", VerdictSource::kKernel), denied("socket")}),
      kIf +
          "Add to beat.yml before line 5, as the first entry of 'syscalls:':\n"
          "  - action: allow\n"
          "    names:\n"
          "    - socket\n"
          "Probably not needed: clone3, statx. They are newer than 'kernel: 4.17', got ENOSYS, and programs then do "
          "without.\n");
}

TEST(Suggestion, WhatIsMadeToLookAbsentIsLeftOut) {
  const Read beat(kAllowList);
  EXPECT_EQ(suggestion(&beat.policy, {absent("clone3")}),
            "Probably not needed: clone3. beat.yml answers ENOSYS on purpose, and programs then do without.\n");
  // No program does without socket, and clone3 was not hidden by a group here.
  EXPECT_EQ(suggestion(&beat.policy, {absent("socket")}).find("Probably not needed"), std::string::npos);
  DeniedCall by_default = denied("clone3");
  by_default.absent = true;
  EXPECT_EQ(suggestion(&beat.policy, {by_default}), suggestion(&beat.policy, {denied("clone3")}));
}

TEST(Suggestion, AForeignAbi) {
  const Read listed(std::string(kAllowList) + "  architectures:\n  - x86_64\n");
  EXPECT_EQ(
      suggestion(&listed.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}),
      kIf + "Calls through x86 are denied, as beat.yml does not cover it: add x86 to 'architectures:' (line 8).\n");
  EXPECT_EQ(suggestion(&listed.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86),
                                        denied("read", VerdictSource::kNotCovered, Abi::kArm)}),
            kIf +
                "Calls through x86, arm are denied, as beat.yml does not cover them: add arm, x86 to 'architectures:' "
                "(line 8).\n");
  const Read profile(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})");
  EXPECT_EQ(suggestion(&profile.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}, "docker.json"),
            kIf +
                "Calls through x86 are denied, as docker.json does not cover it: add SCMP_ARCH_X86 to its "
                "'architectures'.\n");
  EXPECT_EQ(suggestion(nullptr, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}, "a.bpf",
                       PolicyDenials::Kind::kFilterFile),
            kIf + "Calls through x86 are denied, as a.bpf does not cover it: its policy must, by 'architectures:'.\n");
}

/// What is said of a policy without `architectures` when a call comes through x86, behind "cover it: ".
std::string new_key(const std::string& text, PolicyDenials::Kind kind = PolicyDenials::Kind::kFile) {
  const Read read(text);
  EXPECT_EQ(read.problems, "") << text;
  const std::string said =
      suggestion(&read.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}, "beat.yml", kind);
  const std::string head = kIf + "Calls through x86 are denied, as beat.yml does not cover it: ";
  EXPECT_TRUE(said.starts_with(head)) << said;
  return said.substr(head.size());
}

TEST(Suggestion, TheKeyForAForeignAbiIsIndentedAsThePolicyIs) {
  EXPECT_EQ(new_key(kAllowList), "add below line 2 of beat.yml:\n  architectures: [x86_64, x86]\n");
  EXPECT_EQ(new_key("name: a\nseccomp:\n        syscalls:\n        - {action: allow, names: [read]}\n"
                    "        # All else, [for example {\n        \"default_action\": errno"),
            "add below line 6 of beat.yml:\n        architectures: [x86_64, x86]\n");
  EXPECT_EQ(new_key("name: a\nseccomp.default_action: errno\nseccomp.syscalls: [{action: allow, names: [read]}]\n"),
            "add below line 2 of beat.yml: seccomp.architectures: [x86_64, x86]\n");
  EXPECT_EQ(new_key("  'seccomp.default_action': errno\r\n  seccomp.syscalls: [{action: allow, names: [read]}]\r\n"),
            "add below line 1 of beat.yml:\n  seccomp.architectures: [x86_64, x86]\n");
  EXPECT_EQ(new_key("seccomp:\n  ? default_action\n  : errno\n  syscalls: [{action: allow, names: [read]}]\n"),
            "add below line 3 of beat.yml:\n  architectures: [x86_64, x86]\n");
}

TEST(Suggestion, TheKeyForAForeignAbiInFlowStyle) {
  EXPECT_EQ(new_key("seccomp: {default_action: errno, syscalls: [{action: allow, names: [read]}]}\n"),
            "add to beat.yml at line 1, column 11: architectures: [x86_64, x86],\n");
  EXPECT_EQ(new_key("seccomp: {syscalls: [{action: allow, names: [read]}], # all else\n  default_action: errno}\n"),
            "add to beat.yml at line 2, column 3: architectures: [x86_64, x86],\n");
  EXPECT_EQ(new_key("{\"seccomp\": {\n  \"default_action\": \"errno\",\n  \"syscalls\": [{\"action\": "
                    "\"allow\", \"names\": [\"read\"]}]}}\n"),
            "add to beat.yml at line 2, column 3: \"architectures\": [\"x86_64\", \"x86\"],\n");
}

TEST(Suggestion, TheKeyForAForeignAbiInWords) {
  const std::string in_words = "list x86_64, x86 under 'architectures' in its section 'seccomp'.\n";
  EXPECT_EQ(new_key("!!map {seccomp.default_action: errno, seccomp.syscalls: [{action: allow, names: [read]}]}\n"),
            in_words);
  EXPECT_EQ(new_key(kAllowList, PolicyDenials::Kind::kProfile),
            "in a copy of it (sandbox-policy show --source profile:beat.yml >my.yml), " + in_words);
}

/// The policy's text after what was told has been done: nothing but what a person can read there is known of it.
std::string done(const policy::Policy& policy, const std::string& told) {
  std::string text = policy.source->text();
  std::smatch match;
  static const std::regex above("Add to beat\\.yml before line (\\d+), as the first entry of 'syscalls:':\n");
  static const std::regex within(
      "Add to beat\\.yml at line (\\d+), column (\\d+), as the first entry of 'syscalls':\n");
  static const std::regex below("add below line (\\d+) of beat\\.yml:[ \n]");
  static const std::regex key_within("add to beat\\.yml at line (\\d+), column (\\d+): (.*)\n");
  const auto number = [&](size_t i) { return std::stoul(match[i]); };
  if (std::regex_search(told, match, above)) {
    text.insert(policy.source->offset_of(number(1) - 1, 0), to_copy(told));
  } else if (std::regex_search(told, match, within)) {
    const std::string lines = to_copy(told);
    const std::string piece = lines.starts_with('-') ? lines + std::string(number(2) - 1, ' ') : lines.substr(4);
    text.insert(policy.source->offset_of(number(1) - 1, number(2) - 1), piece);
  } else if (std::regex_search(told, match, below)) {
    const size_t end = std::min(text.find('\n', policy.source->offset_of(number(1) - 1, 0)), text.size());
    text.insert(end, "\n" + match.suffix().str().substr(0, match.suffix().str().find('\n')));
  } else if (std::regex_search(told, match, key_within)) {
    text.insert(policy.source->offset_of(number(1) - 1, number(2) - 1), match[3].str() + " ");
  } else {
    ADD_FAILURE() << told;
  }
  return text;
}

TEST(Suggestion, TheKeyForAForeignAbiWorks) {
  size_t checked = 0;
  for (const std::string folder : {SANDBOX_RUN_GOOD_POLICIES, SANDBOX_RUN_POLICIES}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      SCOPED_TRACE(entry.path().filename().string());
      const Read before(contents(entry.path()));
      if (before.policy.format != policy::Format::kBeats || !before.policy.architectures.empty() ||
          before.policy.default_range.length == 0)
        continue;
      const std::string changed =
          done(before.policy, suggestion(&before.policy, {denied("read", VerdictSource::kNotCovered, Abi::kX86)}));
      const Read after(changed);
      EXPECT_EQ(after.problems, "") << changed;
      ASSERT_EQ(after.policy.architectures.size(), 2U) << changed;
      EXPECT_EQ(after.policy.architectures[1].abi, Abi::kX86);
      ++checked;
    }
  }
  EXPECT_GE(checked, 30U);
}

TEST(Suggestion, AUnitOfSystemdGetsALine) {
  const Read unit("[Service]\nSystemCallFilter=~mkdir\nSystemCallFilter=~connect\nSystemCallArchitectures=native\n");
  EXPECT_EQ(unit.problems, "");
  EXPECT_EQ(
      suggestion(&unit.policy, {denied("connect"), denied("read", VerdictSource::kNotCovered, Abi::kX86)}),
      kIf +
          "Add to beat.yml, below its other SystemCallFilter= lines:\n"
          "    SystemCallFilter=connect\n"
          "Calls through x86 are denied, as beat.yml does not cover it: add x86 to its SystemCallArchitectures=.\n");
}

/// Layouts that nothing could be added to by 'sandbox-policy record --merge' once, which finds its places by the same
/// editor now (RecordedPolicy, AddsToOddLayouts).
TEST(Suggestion, OddLayouts) {
  const Read lone("seccomp:\n  default_action: errno\n  syscalls:\n  -\n    action: allow\n    names: [read]\n");
  EXPECT_EQ(suggestion(&lone.policy, {denied("socket")}),
            kIf +
                "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                "  - action: allow\n"
                "    names:\n"
                "    - socket\n");
  const Read quoted_keys(
      "seccomp:\n  \"default_action\": errno\n  'syscalls':\n  - 'action': allow\n    names: [read]\n");
  EXPECT_EQ(suggestion(&quoted_keys.policy, {denied("socket"), denied("read", VerdictSource::kNotCovered, Abi::kX86)}),
            kIf +
                "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                "  - action: allow\n"
                "    names:\n"
                "    - socket\n"
                "Calls through x86 are denied, as beat.yml does not cover it: add below line 2 of beat.yml:\n"
                "  architectures: [x86_64, x86]\n");
  // A comment stays with the group that it stands above.
  const Read commented(
      "seccomp:\n  default_action: errno\n  syscalls:\n\n  # Files:\n  # all of them.\n  - action: allow\n    names: "
      "[read]\n");
  EXPECT_EQ(suggestion(&commented.policy, {denied("socket")}),
            kIf +
                "Add to beat.yml before line 5, as the first entry of 'syscalls:':\n"
                "  - action: allow\n"
                "    names:\n"
                "    - socket\n");
}

TEST(Suggestion, WhatNoPolicyCanAllow) {
  const Read beat(kAllowList);
  const uint32_t x86_64 = arch::info(Abi::kX86_64).audit_arch;
  EXPECT_EQ(suggestion(&beat.policy, {{x86_64, 0x40000000 + 39, VerdictSource::kNotCovered},
                                      {x86_64, 512, VerdictSource::kFixed},
                                      {x86_64, UINT32_MAX, VerdictSource::kFixed},
                                      {x86_64, 4711, VerdictSource::kDefault},
                                      {0x1234, 5, VerdictSource::kNotCovered}}),
            "Without a name, so no policy can list it: x86_64 call 4711.\n"
            "No policy can allow these, the kernel has no such calls: x86_64 call -1, x86_64 call 512, x32 call 39.\n"
            "No policy can cover calls of arch 0x1234.\n");
  std::vector<DeniedCall> many;
  for (uint32_t i = 0; i < 36; ++i) many.push_back({x86_64, 0x40000000 + i, VerdictSource::kNotCovered});
  EXPECT_EQ(suggestion(&beat.policy, many),
            "No policy can allow these, the kernel has no such calls: x32 call 0, x32 call 1, x32 call 2, x32 call 3, "
            "x32 call 4, x32 call 5, x32 call 6, x32 call 7, x32 call 8, x32 call 9, x32 call 10, x32 call 11, "
            "x32 call 12, x32 call 13, x32 call 14, x32 call 15, x32 call 16, x32 call 17, x32 call 18, x32 call 19 "
            "and 16 more.\n");
}

// Where x32 is listed, its calls are judged as others are.
TEST(Suggestion, X32WhereItIsListed) {
  const Read beat(std::string(kAllowList) + "  architectures: [x86_64, x32]\n");
  const uint32_t getpid = *arch::number_of(Abi::kX32, "getpid");
  const bpf::SystemCall call = {getpid, arch::info(Abi::kX32).audit_arch, {}, 0};
  EXPECT_EQ(resolve::evaluate(beat.rules, call).source, VerdictSource::kDefault);
  EXPECT_EQ(suggestion(&beat.policy, {denied("getpid", VerdictSource::kDefault, Abi::kX32)}),
            kIf +
                "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                "  - action: allow\n"
                "    names:\n"
                "    - getpid\n");
}

TEST(Suggestion, WhatIsAllowedForSomeArgumentsOnly) {
  const Read beat(
      "seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names: [read]\n    names_with_args:\n"
      "    - {name: socket, arguments: [{argument: 0, operation: Equal, value: 1}]}\n"
      "    - {name: '@signal', arguments: [{argument: 0, operation: Equal, value: 1}]}\n"
      "  - action: errno\n    names_with_args:\n"
      "    - {name: ptrace, arguments: [{argument: 0, operation: Equal, value: 1}]}\n");
  ASSERT_EQ(beat.problems, "");
  const std::string lines =
      "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
      "  - action: allow\n"
      "    names:\n";
  EXPECT_EQ(suggestion(&beat.policy, {denied("socket")}),
            kIf + "Think twice: beat.yml allows socket for some arguments only; the lines below allow it for all.\n" +
                lines + "    - socket\n");
  EXPECT_EQ(
      suggestion(&beat.policy, {denied("socket"), denied("rt_sigaction"), denied("ptrace", VerdictSource::kGroup)}),
      kIf +
          "Think twice: beat.yml denies ptrace by name, which the lines below undo.\n"
          "Think twice: beat.yml allows rt_sigaction, socket for some arguments only; the lines below allow them for "
          "all.\n" +
          lines + "    - ptrace\n    - rt_sigaction\n    - socket\n");
  const Read profile(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["socket", "kill"],
    "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]})");
  ASSERT_EQ(profile.problems, "");
  EXPECT_EQ(suggestion(&profile.policy, {denied("socket")}, "docker.json"),
            kIf +
                "Think twice: docker.json allows socket for some arguments only; the lines below allow it for all.\n"
                "Add to 'syscalls' in docker.json, and remove the names from rules that deny them:\n"
                "    {\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"},\n");
}

TEST(Suggestion, AListAtTheLeftMargin) {
  const Read beat("seccomp.default_action: errno\nseccomp.syscalls:\n- action: allow\n  names: [read]\n");
  EXPECT_EQ(suggestion(&beat.policy, {denied("socket")}),
            kIf +
                "Add to beat.yml before line 3, as the first entry of 'syscalls:':\n"
                "- action: allow\n"
                "  names:\n"
                "  - socket\n");
}

TEST(Suggestion, BehindAMultiplexer) {
  const Read beat(std::string(kAllowList) + "  architectures: [x86]\n");
  DeniedCall call = denied("socketcall", VerdictSource::kDefault, Abi::kX86);
  call.selector = 3;
  EXPECT_EQ(suggestion(&beat.policy, {call}), kIf +
                                                  "Add to beat.yml before line 4, as the first entry of 'syscalls:':\n"
                                                  "  - action: allow\n"
                                                  "    names:\n"
                                                  "    - connect\n");
}

TEST(Suggestion, NothingIsSaidOfNothing) {
  const Read beat(kAllowList);
  EXPECT_EQ(suggestion(&beat.policy, {}), "");
  EXPECT_EQ(suggestion_text({}, Abi::kX86_64), "");
}

TEST(Suggestion, ANameIsPrinted) {
  const Read beat(kAllowList);
  EXPECT_NE(suggestion(&beat.policy, {denied("socket")}, "a\nb.yml").find("Add to a\\nb.yml before"),
            std::string::npos);
}

// ---- The lines do what they promise

const std::vector<std::string> kNames = {"connect", "execve", "pivot_root", "ptrace", "uname"};

/// The names among kNames that the policy does not allow on all its ABIs, with arguments that say nothing.
std::vector<std::string> not_allowed(const Read& read) {
  std::vector<std::string> names;
  for (const std::string& name : kNames) {
    const bool allowed = std::all_of(read.rules.begin(), read.rules.end(), [&](const resolve::RuleSet& set) {
      const auto number = arch::number_of(set.abi, name);
      const bpf::SystemCall call = {number.value_or(0), arch::info(set.abi).audit_arch, {17}, 0};
      return !number || resolve::evaluate(read.rules, call).verdict.action == policy::Action::kAllow;
    });
    if (!allowed) names.push_back(name);
  }
  return names;
}

size_t check_folder(const std::string& folder) {
  size_t checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    const Read before(contents(entry.path()));
    EXPECT_EQ(before.problems, "");
    if (before.policy.format != policy::Format::kBeats) continue;
    EXPECT_FALSE(not_allowed(before).empty());
    const std::string changed =
        done(before.policy, suggestion(&before.policy, {denied("connect"), denied("execve"), denied("pivot_root"),
                                                        denied("ptrace"), denied("uname")}));
    const Read after(changed);
    EXPECT_EQ(after.problems, "") << changed;
    EXPECT_EQ(not_allowed(after), std::vector<std::string>()) << changed;
    EXPECT_EQ(after.policy.groups.size(), before.policy.groups.size() + 1);
    ++checked;
  }
  return checked;
}

TEST(Suggestion, WorksForEveryGoodPolicy) {
  EXPECT_GE(check_folder(SANDBOX_RUN_GOOD_POLICIES), 50U);
}

TEST(Suggestion, WorksForEveryShippedPolicy) {
  EXPECT_GE(check_folder(SANDBOX_RUN_POLICIES), 7U);
}

TEST(Suggestion, APolicyWithoutGroups) {
  const Read disabled("seccomp:\n  enabled: false\n");
  ASSERT_EQ(disabled.problems, "");
  EXPECT_EQ(suggestion(&disabled.policy, {denied("connect")}),
            kIf +
                "Add to 'syscalls:' of beat.yml, before its other groups:\n"
                "    - action: allow\n"
                "      names:\n"
                "      - connect\n");
}

// The rule that is printed for a container profile, put into one.
TEST(Suggestion, TheRuleForAContainerProfileAllows) {
  const std::string head = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)";
  const std::string tail = R"({"names": ["read"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["connect"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}]}]})";
  const Read before(head + tail);
  ASSERT_EQ(before.problems, "");
  EXPECT_EQ(not_allowed(before), kNames);
  const std::string told = suggestion(
      &before.policy, {denied("connect"), denied("execve"), denied("pivot_root"), denied("ptrace"), denied("uname")},
      "docker.json");
  const Read after(head + to_copy(told) + tail);
  EXPECT_EQ(after.problems, "");
  EXPECT_EQ(not_allowed(after), std::vector<std::string>());
}

}  // namespace
}  // namespace sandbox::report
