// OCI profiles: our program and the one that runc has libseccomp build from the same rules, held against each other;
// and each of runc's ways, in a small profile.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "arch/capabilities.h"
#include "arch/syscalls.h"
#include "bpf/interpret.h"
#include "judged_policies.h"
#include "policy/reader.h"
#include "resolve/capability_advice.h"
#include "resolve/evaluate.h"
#include "runc_program.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using policy::Action;
using resolve::Verdict;

constexpr Verdict kAllowed = {Action::kAllow, 0};
constexpr Verdict kRefused = {Action::kErrno, EPERM};
constexpr Verdict kNoSuchCall = {Action::kErrno, ENOSYS};

/// Where libseccomp 2.5.4 and this project differ on purpose, regardless of the rules.
bool comparable(const bpf::SystemCall& call, bool x32_is_covered) {
  if (call.number == UINT32_MAX) return false;  // Always ENOSYS here; libseccomp has the default action.
  if (call.arch != arch::info(Abi::kX86_64).audit_arch) return true;
  if (call.number >= 512 && call.number <= 547) return false;  // ENOSYS here: x32's calls without its bit.
  return call.number < arch::info(Abi::kX32).first_number || x32_is_covered;
}

/// What a multiplexer makes that has a name of its own, and that another name covers here too (arch/multiplexers.cc): a
/// rule for sendto is one for send. Docker's profile names both. And of a selector the kernel looks at 32 bits, or at
/// 16 of ipc's, libseccomp at the whole register.
bool is_multiplexed_otherwise(const bpf::SystemCall& call, const std::vector<Abi>& covered) {
  for (const Abi abi : covered) {
    if (arch::info(abi).audit_arch != call.arch) continue;
    const auto selector = static_cast<uint32_t>(call.args[0]);
    if (arch::number_of(abi, "socketcall") == call.number) {
      return call.args[0] > UINT32_MAX || selector == 5 || selector == 9 || selector == 10 || selector == 19;
    }
    if (arch::number_of(abi, "ipc") == call.number) return call.args[0] > 0xffffU || selector == 1 || selector == 4;
  }
  return false;
}

/// libseccomp takes x32 for a 32-bit ABI and compares low halves only; here OCI comparisons are as wide as x32's
/// registers. So calls through x32 are compared with empty upper halves.
void clear_what_libseccomp_ignores(bpf::SystemCall& call) {
  const bool x32 = call.arch == arch::info(Abi::kX32).audit_arch && call.number >= arch::info(Abi::kX32).first_number;
  for (uint64_t& arg : call.args) {
    if (x32) arg &= UINT32_MAX;
  }
}

std::optional<Abi> abi_of(const bpf::SystemCall& call, const std::vector<Abi>& covered) {
  std::optional<Abi> found;
  for (const Abi abi : covered) {
    const arch::AbiInfo& info = arch::info(abi);
    if (info.audit_arch == call.arch && call.number >= info.first_number) found = abi;
  }
  return found;
}

/// Both programs' answers to every call of `calls` that both have an opinion on. Returns how many these were.
size_t compare(const std::string& json, const RuncMachine& machine, const policy::Environment& environment,
               Dice& dice) {
  const RuncProgram theirs = runc_program(json, machine);
  EXPECT_EQ(theirs.error, "");
  const ReadPolicy ours = read_rules(json, environment);
  if (!theirs.error.empty() || !ours.rules) {
    ADD_FAILURE() << theirs.error << ours.messages;
    return 0;
  }
  const auto their_program = bpf::validate(theirs.program);
  const auto our_program = program_for({*ours.rules});
  EXPECT_TRUE(their_program.ok() && our_program.has_value());
  if (!their_program.ok() || !our_program) return 0;

  std::vector<bpf::SystemCall> calls = number_calls(dice);
  for (const auto& [token, largest] : theirs.largest) {
    for (const Abi abi : theirs.covered) {
      for (const uint32_t number : {largest - 1, largest, largest + 1, largest + 2}) {
        calls.push_back({number, arch::info(abi).audit_arch});
      }
    }
  }
  const std::vector<bpf::SystemCall> more = argument_calls({*ours.rules}, dice, 400);
  calls.insert(calls.end(), more.begin(), more.end());
  const bool x32 = std::count(theirs.covered.begin(), theirs.covered.end(), Abi::kX32) > 0;
  size_t compared = 0;
  size_t different = 0;
  for (bpf::SystemCall call : calls) {
    const auto abi = abi_of(call, theirs.covered);
    if (!abi || !comparable(call, x32) || is_multiplexed_otherwise(call, theirs.covered)) continue;
    // Newer calls: no rule of libseccomp's can name them.
    if (!libseccomp_knows(*abi, call.number) && arch::name_of(*abi, call.number)) continue;
    clear_what_libseccomp_ignores(call);
    ++compared;
    const Verdict expected = resolve::verdict_of(runc_answer(theirs, *their_program, call));
    const Verdict verdict = run(*our_program, call);
    const Verdict evaluated = resolve::evaluate(*ours.rules, call).verdict;
    if (verdict == expected && evaluated == expected) continue;
    if (++different > 5) continue;
    ADD_FAILURE() << describe_call(call) << ": runc says " << describe_verdict(expected) << ", our program "
                  << describe_verdict(verdict) << ", our evaluator " << describe_verdict(evaluated);
  }
  EXPECT_EQ(different, 0U) << "of " << compared;
  return compared;
}

std::string docker_profile() {
  const char* given = std::getenv("SANDBOX_RUN_DOCKER_PROFILE");
#ifdef SHARED_DATA
  const std::string path = given != nullptr ? given : std::string(SHARED_DATA) + "/docker-default.json";
#else
  const std::string path = given != nullptr ? given : "";
#endif
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

policy::Environment environment_of(const RuncMachine& machine) {
  policy::Environment environment = plain_environment(machine.native);
  environment.capabilities = [&machine] { return machine.capabilities; };
  return environment;
}

class DockerDefault : public testing::TestWithParam<Abi> {};

TEST_P(DockerDefault, AgreesWithLibseccomp) {
  const std::string profile = docker_profile();
  if (profile.empty()) GTEST_SKIP() << "Docker's profile is not here; SANDBOX_RUN_DOCKER_PROFILE names the file";
  Dice dice;
  std::set<std::string> all = {"CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT",
                               "CAP_SYS_MODULE",      "CAP_SYS_PACCT", "CAP_SYSLOG",   "CAP_SYS_PTRACE",
                               "CAP_SYS_RAWIO",       "CAP_SYS_TIME",  "CAP_BPF",      "CAP_SYS_TTY_CONFIG",
                               "CAP_SYS_NICE",        "CAP_PERFMON"};
  std::set<std::string> some;
  for (const std::string& capability : all) {
    if (dice.one_in(2)) some.insert(capability);
  }
  for (const auto& capabilities : {std::set<std::string>{}, all, {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE"}, some}) {
    for (const bool optimize : {true, false}) {
      const RuncMachine machine = {GetParam(), capabilities, optimize};
      SCOPED_TRACE(std::to_string(capabilities.size()) + " capabilities" + (optimize ? ", binary tree" : ""));
      EXPECT_GT(compare(profile, machine, environment_of(machine), dice), 2000U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Oci, DockerDefault, testing::Values(Abi::kX86_64, Abi::kX86, Abi::kAarch64, Abi::kS390x),
                         [](const auto& test) { return std::string(arch::info(test.param).name); });

/// What runc allows with each capability more, for every call that it denies without.
using AllowedBy = std::map<std::pair<uint32_t, uint32_t>, std::vector<std::string>>;

AllowedBy allowed_by(const std::string& profile, const RuncMachine& machine,
                     const std::vector<std::string_view>& capabilities) {
  const auto allows = [](const RuncProgram& made, const bpf::ValidatedProgram& program, const bpf::SystemCall& call) {
    return policy::is_allowed(resolve::verdict_of(runc_answer(made, program, call)).action);
  };
  AllowedBy allowed;
  const RuncProgram without = runc_program(profile, machine);
  const auto base = bpf::validate(without.program);
  std::vector<bpf::SystemCall> denied;
  for (const Abi abi : without.covered) {
    for (const std::string_view name : arch::names_on(abi)) {
      const bpf::SystemCall call = {*arch::number_of(abi, name), arch::info(abi).audit_arch};
      if (!libseccomp_knows(abi, call.number) || !comparable(call, true)) continue;
      if (is_multiplexed_otherwise(call, without.covered) || allows(without, *base, call)) continue;
      denied.push_back(call);
      allowed[{call.arch, call.number}] = {};
    }
  }
  for (const std::string_view capability : capabilities) {
    RuncMachine more = machine;
    if (!more.capabilities.emplace(capability).second) continue;
    const RuncProgram with = runc_program(profile, more);
    const auto program = bpf::validate(with.program);
    for (const bpf::SystemCall& call : denied) {
      if (allows(with, *program, call)) allowed[{call.arch, call.number}].emplace_back(capability);
    }
  }
  return allowed;
}

TEST_P(DockerDefault, CapabilitiesThatAreAdvisedAreThoseThatAllow) {
  const std::string profile = docker_profile();
  if (profile.empty()) GTEST_SKIP() << "Docker's profile is not here; SANDBOX_RUN_DOCKER_PROFILE names the file";
  std::vector<std::string_view> all(arch::capability_names().begin(), arch::capability_names().end());
  std::ranges::sort(all);
  Dice dice;
  std::vector<std::set<std::string>> given = {{}, {}, {}};
  for (const std::string_view capability : all) {
    for (size_t i = 1; i < given.size(); ++i) {
      if (dice.one_in(8)) given[i].emplace(capability);
    }
  }
  size_t advised = 0;
  for (const std::set<std::string>& capabilities : given) {
    const RuncMachine machine = {GetParam(), capabilities};
    policy::Environment environment = environment_of(machine);
    environment.note_capabilities = true;
    const auto source = std::make_shared<const SourceText>("profile.json", profile);
    Diagnostics diagnostics(source);
    const auto policy = policy::read_policy(source, environment, diagnostics);
    ASSERT_TRUE(policy && !diagnostics.has_errors());
    resolve::CapabilityAdvice advice(*policy, environment);
    for (const auto& [call, expected] : allowed_by(profile, machine, all)) {
      EXPECT_EQ(advice.allowing({call.second, call.first}, true), expected)
          << describe_call({call.second, call.first}) << " with " << capabilities.size() << " capabilities";
      advised += expected.size();
    }
  }
  EXPECT_GT(advised, 60U);
}

/// Profiles as people publish them, each with a quirk or a key of its own: see the folder.
class PublicStyle : public testing::TestWithParam<Abi> {};

TEST_P(PublicStyle, GetsWhatDockerAndRuncMakeOfIt) {
  Dice dice;
  size_t profiles = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SANDBOX_RUN_CONTAINER_PROFILES)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    SCOPED_TRACE(entry.path().filename().string());
    if (runc_program(text.str(), {GetParam(), {}, true}).error == "an architecture") {
      const ReadPolicy ours = read_rules(text.str(), plain_environment(GetParam()));
      EXPECT_FALSE(ours.rules.has_value());
      EXPECT_NE(ours.messages.find("libseccomp cannot put both into one filter"), std::string::npos) << ours.messages;
      continue;
    }
    ++profiles;
    const std::set<std::string> docker = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_SYS_CHROOT"};
    for (const auto& capabilities : {std::set<std::string>{}, docker, {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"}}) {
      const RuncMachine machine = {GetParam(), capabilities, true};
      EXPECT_GT(compare(text.str(), machine, environment_of(machine), dice), 2000U);
    }
  }
  EXPECT_GE(profiles, arch::info(GetParam()).endian == bpf::Endian::kBig ? 25U : 40U);
}

INSTANTIATE_TEST_SUITE_P(Oci, PublicStyle, testing::Values(Abi::kX86_64, Abi::kX86, Abi::kAarch64, Abi::kS390x),
                         [](const auto& test) { return std::string(arch::info(test.param).name); });

/// One call's rules, as far as libseccomp 2.5.4 is right about them: one rule, several that compare one argument for
/// equality, or one that overrides the others. (It merges other rules for one call wrongly.)
std::string random_rules(const std::string& name, bool wide, Dice& dice) {
  constexpr std::array<const char*, 7> kOperators = {"EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"};
  constexpr std::array<const char*, 8> kActions = {"ALLOW", "KILL", "KILL_THREAD", "KILL_PROCESS",
                                                   "LOG",   "TRAP", "ERRNO",       "ALLOW"};
  const auto value = [&] {
    const unsigned bits = wide ? 64 : 32;
    if (dice.one_in(3)) return std::to_string(dice.below(8));
    return std::to_string((dice.bits() >> (64U - bits)) >> dice.below(bits));
  };
  const auto argument = [&](unsigned index, const std::string& op) {
    // A mask of 0 would be no condition at all to libseccomp.
    const std::string first = op == "MASKED_EQ" ? std::to_string(1 + dice.below(UINT32_MAX)) : value();
    return R"({"index": )" + std::to_string(index) + R"(, "op": "SCMP_CMP_)" + op + R"(", "value": )" + first +
           R"(, "valueTwo": )" + value() + "}";
  };
  const auto rule = [&](const std::string& args) {
    const std::string action = dice.pick(kActions);
    const std::string error = action == "ERRNO" && dice.one_in(2) ? R"(, "errnoRet": 7)" : "";
    return R"({"names": [")" + name + R"("], "action": "SCMP_ACT_)" + action + R"(", "args": [)" + args + "]" + error +
           "},";
  };
  std::string rules;
  const size_t shape = dice.below(4);
  if (shape == 0) return rule("");
  if (shape == 1) {
    const auto index = static_cast<unsigned>(dice.below(6));
    return rule(argument(index, "EQ") + "," + argument(index, "EQ") + "," + argument(index, "EQ"));
  }
  for (unsigned index = 0; index < 6; ++index) {
    if (dice.one_in(2)) rules += (rules.empty() ? "" : ",") + argument(index, dice.pick(kOperators));
  }
  rules = rule(rules);
  if (shape == 2 && !rules.empty()) rules = dice.one_in(2) ? rules + rule("") : rule("") + rules;
  return rules;
}

/// Profiles of which libseccomp can express every rule, on ABIs of either width and byte order.
TEST(Oci, RandomProfilesAgreeWithLibseccomp) {
  Dice dice;
  for (size_t i = 0; i < 300; ++i) {
    const Abi native = dice.pick(std::vector{Abi::kX86_64, Abi::kX86, Abi::kAarch64, Abi::kArm, Abi::kS390x, Abi::kS390,
                                             Abi::kMips, Abi::kRiscv64});
    std::string rules;
    for (const char* name : {"read", "openat", "fcntl", "ioctl", "prctl", "kill", "dup3", "epoll_ctl", "mprotect"}) {
      rules += random_rules(name, arch::info(native).register_bits == 64, dice);
    }
    rules.pop_back();
    const std::string fallback = dice.pick(std::vector<std::string>{"ALLOW", "ERRNO", "KILL", "KILL_PROCESS"});
    const std::string profile = R"({"defaultAction": "SCMP_ACT_)" + fallback + R"(", "syscalls": [)" + rules + "]}";
    EXPECT_GT(compare(profile, {native, {}, false}, plain_environment(native), dice), 2000U);
    ASSERT_FALSE(testing::Test::HasFailure()) << profile;
  }
}

/// What the profile does with a call, on which the evaluator and the program have to agree.
class Profile {
 public:
  explicit Profile(const std::string& json, const policy::Environment& environment = plain_environment())
      : native_(environment.native), read_(read_rules(json, environment)) {
    if (read_.rules) program_ = program_for({*read_.rules});
  }

  [[nodiscard]] bool accepted() const { return program_.has_value(); }
  [[nodiscard]] const std::string& messages() const { return read_.messages; }

  Verdict operator()(const std::string& name, std::vector<uint64_t> args = {}, std::optional<Abi> abi = {}) const {
    const Abi through = abi.value_or(native_);
    bpf::SystemCall call = {arch::number_of(through, name).value(), arch::info(through).audit_arch};
    std::copy(args.begin(), args.end(), call.args.begin());
    if (!program_) {
      ADD_FAILURE() << read_.messages;
      return {};
    }
    const Verdict verdict = resolve::evaluate(*read_.rules, call).verdict;
    EXPECT_EQ(run(*program_, call), verdict) << describe_call(call);
    return verdict;
  }

 private:
  Abi native_;
  ReadPolicy read_;
  std::optional<bpf::ValidatedProgram> program_;
};

std::string profile_with(const std::string& rules, const std::string& head = R"("defaultAction": "SCMP_ACT_ERRNO")") {
  return "{" + head + R"(, "syscalls": [)" + rules + "]}";
}

std::string rule(const std::string& name, const std::string& action, const std::string& rest = "") {
  return R"({"names": [")" + name + R"("], "action": "SCMP_ACT_)" + action + "\"" + (rest.empty() ? "" : ", ") + rest +
         "}";
}

std::string argument(unsigned index, const std::string& op, const std::string& value, const std::string& two = "0") {
  return R"({"index": )" + std::to_string(index) + R"(, "op": "SCMP_CMP_)" + op + R"(", "value": )" + value +
         R"(, "valueTwo": )" + two + "}";
}

TEST(Oci, NamesThatNobodyKnowsAreSkipped) {
  const Profile profile(profile_with(rule("no_such_call", "ALLOW") + "," + rule("s390_runtime_instr", "ALLOW") + "," +
                                     rule("@system-service", "ALLOW") + "," + rule("@nothing", "ALLOW") + "," +
                                     rule("read", "ALLOW")));
  EXPECT_EQ(profile("read"), kAllowed);
  EXPECT_EQ(profile("write"), kRefused);  // A set would be a name like any other to runc: unknown.
}

TEST(Oci, RulesEqualToTheDefaultAreDropped) {
  for (const char* head :
       {R"("defaultAction": "SCMP_ACT_ERRNO")", R"("defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1)"}) {
    for (const char* same : {"", R"("errnoRet": 1)"}) {
      const Profile profile(profile_with(
          rule("read", "ERRNO", same) + "," + rule("read", "ALLOW", R"("args": [)" + argument(0, "EQ", "3") + "]"),
          head));
      EXPECT_EQ(profile("read", {3}), kAllowed) << head << same;
      EXPECT_EQ(profile("read", {4}), kRefused);
    }
  }
  // KILL and KILL_THREAD are one action; KILL_PROCESS and another errno are not.
  const std::string allow = rule("read", "ALLOW", R"("args": [)" + argument(0, "EQ", "3") + "]");
  EXPECT_EQ(Profile(profile_with(rule("read", "KILL_THREAD") + "," + allow, R"("defaultAction": "SCMP_ACT_KILL")"))(
                "read", {3}),
            kAllowed);
  EXPECT_EQ(Profile(profile_with(rule("read", "KILL_PROCESS") + "," + allow, R"("defaultAction": "SCMP_ACT_KILL")"))(
                "read", {3}),
            (Verdict{Action::kKillProcess, 0}));
  EXPECT_EQ(Profile(profile_with(rule("read", "ERRNO", R"("errnoRet": 2)") + "," + allow))("read", {3}),
            (Verdict{Action::kErrno, 2}));
}

TEST(Oci, ARuleWithoutArgumentsOverridesThoseWith) {
  const std::string conditional = rule("read", "KILL_PROCESS", R"("args": [)" + argument(0, "EQ", "3") + "]");
  for (const std::string& rules :
       {conditional + "," + rule("read", "ALLOW"), rule("read", "ALLOW") + "," + conditional}) {
    EXPECT_EQ(Profile(profile_with(rules))("read", {3}), kAllowed);
    EXPECT_EQ(Profile(profile_with(rules))("read", {4}), kAllowed);
  }
}

TEST(Oci, TwoArgumentsOfOneIndexAreRulesOfTheirOwn) {
  const Profile profile(profile_with(rule(
      "fcntl", "ALLOW",
      R"("args": [)" + argument(1, "EQ", "3") + "," + argument(1, "EQ", "5") + "," + argument(0, "EQ", "9") + "]")));
  EXPECT_EQ(profile("fcntl", {1, 3}), kAllowed);
  EXPECT_EQ(profile("fcntl", {1, 5}), kAllowed);
  EXPECT_EQ(profile("fcntl", {9, 6}), kAllowed);  // Also the third, although its index stands once.
  EXPECT_EQ(profile("fcntl", {1, 6}), kRefused);
  const Profile both(profile_with(
      rule("fcntl", "ALLOW", R"("args": [)" + argument(1, "EQ", "3") + "," + argument(0, "EQ", "9") + "]")));
  EXPECT_EQ(both("fcntl", {9, 3}), kAllowed);
  EXPECT_EQ(both("fcntl", {9, 4}), kRefused);
  EXPECT_EQ(both("fcntl", {8, 3}), kRefused);
}

TEST(Oci, ActionsAndErrnos) {
  const Profile profile(profile_with(rule("read", "KILL") + "," + rule("write", "KILL_THREAD") + "," +
                                     rule("open", "KILL_PROCESS") + "," + rule("close", "TRAP") + "," +
                                     rule("stat", "LOG") + "," + rule("fstat", "ERRNO", R"("errnoRet": 38)") + "," +
                                     rule("lstat", "ERRNO", R"("errnoRet": 1)") + "," + rule("poll", "TRACE")));
  EXPECT_EQ(profile("read").action, Action::kKillThread);
  EXPECT_EQ(profile("write").action, Action::kKillThread);
  EXPECT_EQ(profile("open").action, Action::kKillProcess);
  EXPECT_EQ(profile("close"), (Verdict{Action::kTrap, 0}));
  EXPECT_EQ(profile("stat").action, Action::kLog);
  EXPECT_EQ(profile("fstat"), (Verdict{Action::kErrno, 38}));
  EXPECT_EQ(profile("lstat"), (Verdict{Action::kErrno, 1}));
  EXPECT_EQ(profile("poll").action, Action::kTrace);
  EXPECT_EQ(profile("getpid"), kNoSuchCall) << "above the largest number named";
  EXPECT_EQ(Profile(profile_with(rule("read", "ALLOW"), R"("defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38)"))(
                "getpid"),
            (Verdict{Action::kErrno, 38}));
}

TEST(Oci, MaskedEqualTakesTheMaskFirst) {
  const Profile profile(
      profile_with(rule("clone", "ALLOW", R"("args": [)" + argument(0, "MASKED_EQ", "2114060288") + "]")));
  EXPECT_EQ(profile("clone", {17}), kAllowed);
  EXPECT_EQ(profile("clone", {0x10000000 | 17}), kRefused);
  const Profile datum(
      profile_with(rule("clone", "ALLOW", R"("args": [)" + argument(0, "MASKED_EQ", "240", "16") + "]")));
  EXPECT_EQ(datum("clone", {0x1f}), kAllowed);
  EXPECT_EQ(datum("clone", {0x10}), kAllowed);
  EXPECT_EQ(datum("clone", {0x20}), kRefused);
  EXPECT_EQ(datum("clone", {0xf0}), kRefused);
  // libseccomp cuts the datum with the mask.
  const Profile beyond(
      profile_with(rule("clone", "ALLOW", R"("args": [)" + argument(0, "MASKED_EQ", "240", "17") + "]")));
  EXPECT_EQ(beyond("clone", {0x1f}), kAllowed);
  EXPECT_EQ(beyond("clone", {0x2f}), kRefused);
}

TEST(Oci, IncludesAndExcludesAskForCapabilitiesMachinesAndKernels) {
  const auto verdict = [](const std::string& filter, const policy::Environment& environment) {
    return Profile(profile_with(rule("read", "ALLOW", filter)), environment)("read");
  };
  policy::Environment bare = plain_environment();
  policy::Environment capable = bare;
  capable.capabilities = [] { return policy::Capabilities{"CAP_BPF", "CAP_PERFMON"}; };
  const std::string both = R"("includes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]})";
  EXPECT_EQ(verdict(R"("includes": {})", bare), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"caps": []}, "excludes": {"caps": [], "arches": []})", bare), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"caps": ["CAP_BPF"]})", bare), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"caps": ["CAP_BPF"]})", capable), kAllowed);
  EXPECT_EQ(verdict(both, capable), kRefused);  // Every one is needed.
  EXPECT_EQ(verdict(R"("excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]})", capable), kRefused);  // One suffices.
  EXPECT_EQ(verdict(R"("excludes": {"caps": ["CAP_SYS_ADMIN"]})", capable), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"arches": ["arm64", "amd64"]})", bare), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"arches": ["arm64"]})", bare), kRefused);
  EXPECT_EQ(verdict(R"("excludes": {"arches": ["s390", "amd64"]})", bare), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"arches": ["s390"]})", plain_environment(Abi::kS390x)), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"arches": ["s390x"]})", plain_environment(Abi::kS390x)), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"minKernel": "6.1"})", bare), kAllowed);
  EXPECT_EQ(verdict(R"("includes": {"minKernel": "6.2"})", bare), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"minKernel": "4.18"})", bare), kAllowed);
  EXPECT_EQ(verdict(R"("excludes": {"minKernel": "4.8"})", bare), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"caps": ["CAP_BPF"], "arches": ["amd64"]})", bare), kRefused);
  EXPECT_EQ(verdict(R"("includes": {"caps": ["CAP_BPF"]}, "excludes": {"caps": ["CAP_PERFMON"]})", capable), kRefused);
}

/// What is not a list must not be read as "no condition": an allow rule would allow every call.
TEST(Oci, FiltersThatCannotBeReadAreErrors) {
  for (const char* filter : {R"("includes": {"caps": "CAP_SYS_ADMIN"})", R"("includes": {"arches": "s390x"})",
                             R"("includes": {"caps": {"CAP_SYS_ADMIN": true}})",
                             R"("includes": {"caps": [["CAP_SYS_ADMIN"]]})", R"("includes": ["CAP_SYS_ADMIN"])",
                             R"("includes": {"minKernel": "new"})", R"("includes": {"cap": ["CAP_BPF"]})",
                             R"("excludes": {"caps": "CAP_SYS_ADMIN"})", R"("excludes": "CAP_SYS_ADMIN")"}) {
    EXPECT_FALSE(Profile(profile_with(rule("read", "ALLOW", filter))).accepted()) << filter;
  }
}

constexpr const char* kArchMap = R"("defaultAction": "SCMP_ACT_ERRNO", "archMap": [
  {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
  {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
  {"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null},
  {"architecture": "SCMP_ARCH_LOONGARCH64", "subArchitectures": null}])";

TEST(Oci, ArchMapCoversTheNativeMachineAndItsKin) {
  const std::string profile = profile_with(rule("read", "ALLOW"), kArchMap);
  const Profile here(profile);
  EXPECT_EQ(here("read"), kAllowed);
  EXPECT_EQ(here("read", {}, Abi::kX86), kAllowed);
  EXPECT_EQ(here("fork", {}, Abi::kX86), kRefused);
  EXPECT_EQ(here("write", {}, Abi::kX86), kNoSuchCall) << "above read, the largest number named";
  EXPECT_EQ(here("read", {}, Abi::kAarch64).action, Action::kKillProcess);
  const Profile there(profile, plain_environment(Abi::kAarch64));
  EXPECT_EQ(there("read"), kAllowed);
  EXPECT_EQ(there("read", {}, Abi::kArm), kAllowed);
  EXPECT_EQ(there("read", {}, Abi::kX86_64).action, Action::kKillProcess);
  // No entry for the machine: itself alone.
  const Profile elsewhere(profile, plain_environment(Abi::kS390x));
  EXPECT_EQ(elsewhere("read"), kAllowed);
  EXPECT_EQ(elsewhere("read", {}, Abi::kS390).action, Action::kKillProcess);
}

TEST(Oci, ArchitecturesListWhatIsCoveredBesideTheNativeOne) {
  const std::string two =
      R"("defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])";
  const Profile profile(profile_with(rule("read", "ALLOW"), two));
  EXPECT_EQ(profile("read"), kAllowed);
  EXPECT_EQ(profile("read", {}, Abi::kX86), kAllowed);
  EXPECT_EQ(profile("read", {}, Abi::kX32), (Verdict{Action::kErrno, ENOSYS}));
}

TEST(Oci, ArchitecturesAndArchMapTogetherAreAnError) {
  const Profile profile(
      profile_with(rule("read", "ALLOW"), std::string(kArchMap) + R"(, "architectures": ["SCMP_ARCH_X86_64"])"));
  EXPECT_FALSE(profile.accepted());
  EXPECT_NE(profile.messages().find("both 'architectures' and 'archMap'"), std::string::npos) << profile.messages();
}

TEST(Oci, NotificationsAreRefusedWithAReason) {
  for (const std::string& text : {profile_with(rule("read", "NOTIFY")),
                                  profile_with(rule("read", "ALLOW"), R"("defaultAction": "SCMP_ACT_NOTIFY")")}) {
    const Profile profile(text);
    EXPECT_FALSE(profile.accepted());
    EXPECT_NE(profile.messages().find("SCMP_ACT_NOTIFY needs"), std::string::npos) << profile.messages();
  }
}

TEST(Oci, ComparisonsAreWideUnlessTheKernelsWidthsAreAskedFor) {
  const std::string text =
      profile_with(rule("socket", "ERRNO", R"("args": [)" + argument(0, "EQ", "17") + "]"),
                   R"("defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])");
  policy::Environment narrow = plain_environment();
  narrow.kernel_widths = true;
  EXPECT_EQ(Profile(text)("socket", {17}), kRefused);
  EXPECT_EQ(Profile(text)("socket", {0x100000011}), kAllowed);  // The hole that the format has.
  EXPECT_EQ(Profile(text, narrow)("socket", {0x100000011}), kRefused);
  EXPECT_EQ(Profile(text, narrow)("socket", {18}), kAllowed);
  // 32-bit ABIs have no upper half to compare.
  EXPECT_EQ(Profile(text)("socket", {0x100000011}, Abi::kX86), kRefused);
}

}  // namespace
}  // namespace sandbox::differential
