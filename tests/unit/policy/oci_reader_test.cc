#include "policy/oci_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

/// A profile with these keys beside `defaultAction: SCMP_ACT_ERRNO`.
std::string profile(const std::string& keys) {
  return R"({"defaultAction": "SCMP_ACT_ERRNO", )" + keys + "}\n";
}

std::string with_rules(const std::string& rules) {
  return profile(R"("syscalls": [)" + rules + "]");
}

Policy read(const std::string& json, const Environment& environment = {}) {
  testing::PolicyText text(json);
  const auto policy = text.read(environment);
  EXPECT_EQ(text.problems(), "") << json;
  return policy.value_or(Policy{});
}

std::string problems(const std::string& json) {
  testing::PolicyText text(json);
  text.read();
  return text.problems();
}

/// The groups as "ACTION NAME NAME? …": a question mark behind a name with conditions.
std::vector<std::string> groups(const std::string& rules, const Environment& environment = {}) {
  std::vector<std::string> all;
  for (const Group& group : read(with_rules(rules), environment).groups) {
    all.emplace_back(name_of(group.action));
    for (const Name& name : group.names) all.back() += " " + name.text;
    for (const ConditionalName& entry : group.names_with_args) all.back() += " " + entry.name.text + "?";
  }
  return all;
}

using Groups = std::vector<std::string>;

TEST(OciReader, ReadsAProfile) {
  const Policy policy = read(R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    "syscalls": [{"names": ["read", "no_such_call"], "action": "SCMP_ACT_ALLOW", "comment": "x", "args": null}]
  })");
  EXPECT_EQ(policy.format, Format::kOci);
  EXPECT_EQ(policy.default_action, Action::kErrno);
  EXPECT_EQ(policy.default_error.number, 38);
  ASSERT_EQ(policy.architectures.size(), 2U);
  EXPECT_EQ(policy.architectures[1].abi, arch::Abi::kX86);
  EXPECT_TRUE(policy.flags.log);
  EXPECT_TRUE(policy.flags.spec_allow);
  EXPECT_FALSE(policy.flags.tsync);
  ASSERT_EQ(policy.groups.size(), 1U);
  EXPECT_EQ(policy.groups[0].names.size(), 2U) << "the resolver skips what no ABI has";
}

TEST(OciReader, KnowsTheActions) {
  const auto action = [](const std::string& name) {
    return read(R"({"defaultAction": ")" + name + "\"}").default_action;
  };
  EXPECT_EQ(action("SCMP_ACT_KILL"), Action::kKillThread);
  EXPECT_EQ(action("SCMP_ACT_KILL_THREAD"), Action::kKillThread);
  EXPECT_EQ(action("SCMP_ACT_KILL_PROCESS"), Action::kKillProcess);
  EXPECT_EQ(action("SCMP_ACT_TRAP"), Action::kTrap);
  EXPECT_EQ(action("SCMP_ACT_ERRNO"), Action::kErrno);
  EXPECT_EQ(action("SCMP_ACT_TRACE"), Action::kTrace);
  EXPECT_EQ(action("SCMP_ACT_LOG"), Action::kLog);
  EXPECT_EQ(action("SCMP_ACT_ALLOW"), Action::kAllow);
  EXPECT_EQ(problems(R"({"defaultAction": "SCMP_ACT_NOTIFY"})"),
            "1:19: error: SCMP_ACT_NOTIFY needs a container runtime that answers notifications\n");
  EXPECT_EQ(problems(R"({"defaultAction": "SCMP_ACT_ALOW"})"),
            "1:19: error: unknown action 'SCMP_ACT_ALOW'; did you mean 'SCMP_ACT_ALLOW'?\n");
}

TEST(OciReader, ReadsArguments) {
  const Policy policy = read(with_rules(
      R"({"name": "clone", "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 0, "value": 2114060288, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"},
            {"index": 1, "value": 7, "op": "SCMP_CMP_NE"}]})"));
  ASSERT_EQ(policy.groups.at(0).names_with_args.size(), 1U);
  const auto& conditions = policy.groups[0].names_with_args[0].conditions;
  ASSERT_EQ(conditions.size(), 2U);
  EXPECT_EQ(conditions[0].operation, Operation::kMaskedEqual);
  EXPECT_EQ(conditions[0].mask.terms.at(0).integer.magnitude, 2114060288U) << "the mask comes first";
  EXPECT_EQ(conditions[0].value.terms.at(0).integer.magnitude, 1U);
  EXPECT_EQ(conditions[1].operation, Operation::kNotEqual);
  EXPECT_EQ(conditions[1].argument, 1);
  EXPECT_TRUE(conditions[1].wide) << "as the format says";
  Environment narrow;
  narrow.kernel_widths = true;
  const Policy as_the_kernel = read(
      with_rules(
          R"({"names": ["close"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]})"),
      narrow);
  EXPECT_FALSE(as_the_kernel.groups.at(0).names_with_args.at(0).conditions.at(0).wide);
}

constexpr char kOnFive[] = R"("args": [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}])";

TEST(OciReader, PutsRulesWithoutArgumentsFirst) {
  EXPECT_EQ(groups(std::string(R"({"names": ["read"], "action": "SCMP_ACT_LOG", )") + kOnFive +
                   R"(}, {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"})"),
            (Groups{"allow read write", "log read?"}));
}

TEST(OciReader, DropsWhatTheDefaultSays) {
  const std::string conditional = std::string(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", )") + kOnFive + "}";
  EXPECT_EQ(groups(conditional + R"(, {"names": ["read"], "action": "SCMP_ACT_ERRNO"})"), Groups{"allow read?"});
  EXPECT_EQ(groups(conditional + R"(, {"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1})"),
            Groups{"allow read?"})
      << "EPERM is what the default gives";
  EXPECT_EQ(groups(conditional + R"(, {"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})"),
            (Groups{"errno read", "allow read?"}));
}

TEST(OciReader, MakesARuleOfEachConditionOnOneArgument) {
  EXPECT_EQ(groups(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 6, "op": "SCMP_CMP_EQ"}]})"),
            Groups{"allow read?"});
  EXPECT_EQ(groups(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 6, "op": "SCMP_CMP_EQ"}]})"),
            Groups{"allow read? read?"});
}

/// Whether a rule with these filters applies.
bool applies(const std::string& filters, const Environment& environment = {}) {
  return !groups(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", )" + filters + "}", environment).empty();
}

TEST(OciReader, LooksForCapabilities) {
  Environment environment;
  environment.capabilities = [] { return Capabilities{"CAP_SYS_ADMIN"}; };
  EXPECT_TRUE(applies(R"("includes": {"caps": ["CAP_SYS_ADMIN"]})", environment));
  EXPECT_FALSE(applies(R"("includes": {"caps": ["CAP_SYS_ADMIN"]})"));
  EXPECT_FALSE(applies(R"("includes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]})", environment)) << "all are needed";
  EXPECT_FALSE(applies(R"("excludes": {"caps": ["CAP_SYS_ADMIN"]})", environment));
  EXPECT_FALSE(applies(R"("excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]})", environment)) << "one suffices";
  EXPECT_TRUE(applies(R"("excludes": {"caps": ["CAP_BPF"]}, "includes": {})", environment));
}

TEST(OciReader, LooksAtTheMachineAndItsKernel) {
  Environment environment;
  environment.native = arch::Abi::kS390x;
  environment.kernel = {4, 8};
  EXPECT_TRUE(applies(R"("includes": {"arches": ["amd64", "s390x"]})", environment));
  EXPECT_FALSE(applies(R"("includes": {"arches": ["amd64"]})", environment));
  EXPECT_FALSE(applies(R"("excludes": {"arches": ["s390x"]})", environment));
  EXPECT_TRUE(applies(R"("includes": {"minKernel": "4.8"})", environment));
  EXPECT_FALSE(applies(R"("includes": {"minKernel": "4.9"})", environment));
  EXPECT_FALSE(applies(R"("includes": {"minKernel": "4.8", "arches": ["amd64"]})", environment)) << "both are needed";
}

TEST(OciReader, RefusesFiltersThatItCannotRead) {
  const auto refused = [](const std::string& filters) {
    const std::string all = problems(with_rules(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", )" + filters + "}"));
    return all.substr(all.find("error: "));
  };
  EXPECT_EQ(refused(R"("includes": {"caps": "CAP_BPF"})"), "error: 'caps' must be a list, found 'CAP_BPF'\n");
  EXPECT_EQ(refused(R"("excludes": {"caps": ["CAP_SYS_ADMN"]})"),
            "error: unknown capability 'CAP_SYS_ADMN'; did you mean 'CAP_SYS_ADMIN'?\n");
  EXPECT_EQ(refused(R"("includes": {"arches": "amd64"})"), "error: 'arches' must be a list, found 'amd64'\n");
  EXPECT_EQ(refused(R"("includes": {"minKernel": "new"})"),
            "error: 'minKernel' must be a Linux version such as \"6.1\", found 'new'\n");
  EXPECT_TRUE(refused(R"("includes": {"caps_": []})").starts_with("error: unknown key 'caps_' in"));
}

std::vector<arch::Abi> architectures(const std::string& keys, arch::Abi native = arch::Abi::kX86_64) {
  Environment environment;
  environment.native = native;
  std::vector<arch::Abi> abis;
  for (const ListedAbi& listed : read(profile(keys), environment).architectures) abis.push_back(listed.abi);
  return abis;
}

TEST(OciReader, CoversTheMachineInAnyCase) {
  using Abis = std::vector<arch::Abi>;
  EXPECT_EQ(architectures(R"("architectures": ["SCMP_ARCH_X86"])"), (Abis{arch::Abi::kX86_64, arch::Abi::kX86}));
  EXPECT_TRUE(architectures(R"("syscalls": [])").empty()) << "the native one";
}

TEST(OciReader, TakesTheMachinesEntryOfArchMap) {
  const std::string keys = R"("archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
      {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}])";
  using Abis = std::vector<arch::Abi>;
  EXPECT_EQ(architectures(keys), (Abis{arch::Abi::kX86_64, arch::Abi::kX86, arch::Abi::kX32}));
  EXPECT_EQ(architectures(keys, arch::Abi::kAarch64), (Abis{arch::Abi::kAarch64, arch::Abi::kArm}));
  EXPECT_TRUE(architectures(keys, arch::Abi::kRiscv64).empty());
}

TEST(OciReader, TakesPodmansNamesOfErrors) {
  const Policy policy = read(
      R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "defaultErrnoRet": 1,
          "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errno": "EACCES", "errnoRet": 1}]})");
  EXPECT_EQ(policy.default_error.name, "ENOSYS");
  EXPECT_EQ(policy.groups.at(0).error.name, "EACCES");
}

TEST(OciReader, TakesAnEmptyStringOrListForOneThatIsNotThere) {
  EXPECT_EQ(
      groups(
          R"({"name": "", "names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "args": [], "errno": "", "errnoRet": ""})"),
      (Groups{"allow mkdir"}));
  EXPECT_EQ(groups(R"({"name": "mkdir", "names": [], "action": "SCMP_ACT_ALLOW", "args": null})"),
            (Groups{"allow mkdir"}));
  EXPECT_EQ(groups(R"({"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": [], "minKernel": ""}})"),
            (Groups{"allow mkdir"}));
  const Policy policy = read(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "", "defaultErrnoRet": "",
      "listenerPath": "", "listenerMetadata": "", "flags": [], "architectures": [], "archMap": [], "syscalls": []})");
  EXPECT_EQ(policy.default_error.name, "EPERM");
  EXPECT_TRUE(policy.architectures.empty());
  EXPECT_EQ(problems(R"({"defaultAction": "", "syscalls": []})"),
            "1:1: error: 'defaultAction' is missing in the profile: what a call gets that no rule matches\n");
  EXPECT_EQ(problems(with_rules(R"({"names": ["read"], "action": ""})")),
            "1:50: error: 'action' is missing in an entry of 'syscalls'\n");
  EXPECT_EQ(problems(with_rules(R"({"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "op": ""}]})")),
            "1:105: error: 'op' is missing in an entry of 'args'\n");
  for (const char* none : {R"("names": [])", R"("name": "")", R"("name": null)", R"("names": [], "name": "")"}) {
    EXPECT_EQ(problems(with_rules("{" + std::string(none) + R"(, "action": "SCMP_ACT_ALLOW"})")),
              "1:50: warning: an entry of 'syscalls' that names no call; it does nothing\n");
  }
  EXPECT_EQ(problems(with_rules(R"({"names": [""], "action": "SCMP_ACT_ALLOW"})")),
            "1:61: error: an entry of 'names' must be a system call's name, found ''\n");
}

TEST(OciReader, ComparesKeysWithoutCase) {
  const Policy policy = read(R"({"DEFAULTACTION": "SCMP_ACT_ERRNO", "defaulterrnoret": 7,
      "archMap": [{"Architecture": "SCMP_ARCH_X86_64", "subarchitectures": ["SCMP_ARCH_X86"]}],
      "Syscalls": [{"NAMES": ["kill"], "Action": "SCMP_ACT_ALLOW", "Includes": {"Caps": []},
                    "Args": [{"Index": 1, "VALUE": 9, "valuetwo": 1, "Op": "SCMP_CMP_EQ"}]}]})");
  EXPECT_EQ(policy.default_error.number, 7);
  EXPECT_EQ(policy.architectures.size(), 2U);
  EXPECT_EQ(policy.groups.at(0).names_with_args.at(0).conditions.at(0).argument, 1);
  EXPECT_EQ(problems(R"({"defaultAction": "SCMP_ACT_ALLOW", "DefaultAction": "SCMP_ACT_ALLOW"})"),
            "1:37: error: key 'DefaultAction' is given twice in the profile; first on line 1\n");
}

TEST(OciReader, PassesOverComments) {
  EXPECT_EQ(
      problems(
          R"({"_comment": "why", "$schema": {"a": [1]}, "//": ["x"], "// why": 1, "defaultAction": "SCMP_ACT_ALLOW",
      "Description": null, "COMMENT": {}, "_": 1, "_": 2,
      "archMap": [{"architecture": "SCMP_ARCH_X86_64", "_": 1}],
      "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "description": 1, "_": 1,
                    "includes": {"comment": "y"}, "excludes": {"_": 1},
                    "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ", "comment": "SIGKILL"}]}]})"),
      "");
  EXPECT_EQ(
      problems(R"({"defaultAction": "SCMP_ACT_ALLOW", "-comment": 1})"),
      "1:37: error: unknown key '-comment' in the profile; expected defaultAction, defaultErrnoRet, defaultErrno, "
      "architectures, archMap, flags, syscalls, listenerPath or listenerMetadata\n");
}

TEST(OciReader, KnowsTheArchitecturesThatNoMachineOfOursHas) {
  const Policy policy = read(profile(R"("architectures": ["SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_X86", "SCMP_ARCH_SH"])"));
  ASSERT_EQ(policy.architectures.size(), 2U);
  EXPECT_EQ(policy.architectures[0].abi, arch::Abi::kX86_64);
  EXPECT_EQ(policy.architectures[1].abi, arch::Abi::kX86);
  Environment big;
  big.native = arch::Abi::kS390x;
  const auto others = R"("architectures": ["SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_M68K",
      "SCMP_ARCH_SHEB"])";
  EXPECT_EQ(read(profile(others), big).architectures.size(), 3U) << "its own is always covered";
}

/// libseccomp's seccomp_arch_add() answers EDOM, and runc starts nothing.
TEST(OciReader, RefusesArchitecturesOfTheOtherByteOrder) {
  const auto message = [](const std::string& place, const std::string& name) {
    return place + ": error: '" + name + "' is big-endian, and the machine's own x86_64, which every profile covers, " +
           "little-endian: libseccomp cannot put both into one filter, and container runtimes do not start the "
           "program\n";
  };
  EXPECT_EQ(problems(profile(R"("architectures": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X", "SCMP_ARCH_M68K"])")),
            message("1:76", "SCMP_ARCH_S390X") + message("1:95", "SCMP_ARCH_M68K"));
  const std::string map = R"("archMap": [{"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_S390"]},
{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_PPC64"]}])";
  EXPECT_EQ(problems(profile(map)), message("2:59", "SCMP_ARCH_PPC64")) << "only this machine's entry counts";
}

TEST(OciReader, TakesNullForWhatIsNotThere) {
  const Policy policy = read(with_rules(R"({"names": ["kill"], "name": null, "action": "SCMP_ACT_ERRNO", "errnoRet": 0,
      "args": [{"index": 1, "value": null, "valueTwo": null, "op": "SCMP_CMP_EQ"}]})"));
  ASSERT_EQ(policy.groups.size(), 1U);
  EXPECT_EQ(policy.groups[0].error.name, "");
  EXPECT_EQ(policy.groups[0].error.number, 0);
  EXPECT_TRUE(policy.groups[0].names_with_args.at(0).conditions.at(0).value.terms.empty());
  EXPECT_EQ(problems(with_rules(R"({"names": ["kill"], "action": "SCMP_ACT_LOG", "args": [null]})")),
            "1:105: error: an entry of 'args' must be a mapping, found nothing\n");
  EXPECT_EQ(problems(with_rules("null")), "1:50: error: an entry of 'syscalls' must be a mapping, found nothing\n");
}

TEST(OciReader, KnowsTheFlagsOfAListener) {
  EXPECT_EQ(
      problems(profile(R"("flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])")),
      "1:47: error: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a container runtime that answers notifications\n");
}

TEST(OciReader, RefusesTooManyConditions) {
  std::string names;
  for (int i = 0; i < 1000; ++i) names += std::string(i > 0 ? "," : "") + "\"read\"";
  std::string arguments;
  for (int i = 0; i < 101; ++i) {
    arguments +=
        std::string(i > 0 ? "," : "") + R"({"index":0,"value":)" + std::to_string(i) + R"(,"op":"SCMP_CMP_EQ"})";
  }
  const std::string rule = R"({"names":[)" + names + R"(],"action":"SCMP_ACT_ALLOW","args":[)";
  EXPECT_EQ(problems(with_rules(rule + arguments + "]}")),
            "1:50: error: with this rule the profile has more than 100000 conditions, counted for each name; the most "
            "that a policy may have\n");
}

}  // namespace
}  // namespace sandbox::policy
