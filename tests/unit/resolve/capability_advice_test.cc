#include "resolve/capability_advice.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "arch/syscalls.h"
#include "policy/reader.h"

namespace sandbox::resolve {
namespace {

using Advice = std::vector<std::string>;

constexpr char kProfile[] = R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
  {"names": ["read", "removexattrat"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["bpf", "mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
  {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
  {"names": ["acct"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PACCT", "CAP_KILL"]}},
  {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
  {"names": ["clone3"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
  {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_NET_RAW"]},
   "args": [{"index": 0, "value": 17, "op": "SCMP_CMP_EQ"}]},
  {"names": ["reboot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_BOOT"], "arches": ["arm64"]}},
  {"names": ["ptrace"], "action": "SCMP_ACT_LOG", "excludes": {"caps": ["CAP_KILL"]}},
  {"names": ["swapon"], "action": "SCMP_ACT_KILL", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})";

/// The profile above as it is read with some capabilities.
class Profile {
 public:
  explicit Profile(policy::Capabilities capabilities = {}) {
    policy::Environment environment;
    environment.capabilities = [capabilities] { return capabilities; };
    environment.note_capabilities = true;
    const auto source = std::make_shared<const SourceText>("profile.json", kProfile);
    Diagnostics diagnostics(source);
    policy_ = policy::read_policy(source, environment, diagnostics);
    EXPECT_TRUE(diagnostics.all().empty());
    advice_.emplace(*policy_, environment);
  }

  Advice for_call(std::string_view name, uint64_t argument = 0, bool arguments_known = true) {
    bpf::SystemCall call;
    call.arch = arch::info(arch::Abi::kX86_64).audit_arch;
    call.number = arch::number_of(arch::Abi::kX86_64, name).value();
    call.args[0] = argument;
    return advice_->allowing(call, arguments_known);
  }

 private:
  std::optional<policy::Policy> policy_;
  std::optional<CapabilityAdvice> advice_;
};

TEST(CapabilityAdvice, NamesEveryCapabilityThatSuffices) {
  Profile profile;
  EXPECT_EQ(profile.for_call("mount"), Advice{"CAP_SYS_ADMIN"});
  EXPECT_EQ(profile.for_call("bpf"), (Advice{"CAP_BPF", "CAP_SYS_ADMIN"}));
  EXPECT_EQ(profile.for_call("acct"), Advice{"CAP_KILL,CAP_SYS_PACCT"}) << "both are needed";
  EXPECT_EQ(Profile({"CAP_KILL"}).for_call("acct"), Advice{"CAP_SYS_PACCT"});
}

TEST(CapabilityAdvice, CountsWhatExcludesTakesAway) {
  EXPECT_EQ(Profile().for_call("clone3"), Advice{"CAP_SYS_ADMIN"});
}

TEST(CapabilityAdvice, CountsArguments) {
  Profile profile;
  EXPECT_EQ(profile.for_call("socket", 17), Advice{"CAP_NET_RAW"});
  EXPECT_EQ(profile.for_call("socket", 16), Advice());
  EXPECT_EQ(profile.for_call("socket", 17, false), Advice()) << "without the arguments it is not known";
}

TEST(CapabilityAdvice, IsSilentWhereNoCapabilityHelps) {
  Profile profile;
  EXPECT_EQ(profile.for_call("openat"), Advice()) << "no rule names it";
  EXPECT_EQ(profile.for_call("reboot"), Advice()) << "its rule is for another machine";
  EXPECT_EQ(profile.for_call("swapon"), Advice()) << "the rule that would apply kills";
}

}  // namespace
}  // namespace sandbox::resolve
