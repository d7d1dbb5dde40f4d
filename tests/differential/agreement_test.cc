// The evaluator, our program run by our interpreter, and libseccomp's program must say the same of every call.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "arch/abi.h"
#include "base/file.h"
#include "probes.h"
#include "random_policy.h"
#include "subject.h"

namespace sandbox::differential {
namespace {

/// Tries everything on one policy: empty, or the first disagreement.
std::string first_disagreement(const Subject& subject, Random& random) {
  const resolve::RuleSet& rules = subject.rules();
  std::vector<bpf::SystemCall> probes = number_probes(rules, random);
  for (const bpf::SystemCall& call : foreign_probes(rules, random)) probes.push_back(call);
  for (const resolve::CallRules& rule : rules.calls) {
    for (const bpf::SystemCall& call : argument_probes(subject.policy(), rule, random)) probes.push_back(call);
  }
  for (const bpf::SystemCall& call : probes) {
    if (std::string found = subject.disagreement(call); !found.empty()) return found;
    if (call.arch != arch::info(rules.abi).audit_arch) continue;
    if (std::string found = subject.not_cached(call.number); !found.empty()) return found;
  }
  for (const uint32_t number : subject.launcher_numbers()) {
    if (std::string found = subject.token_refused(number, random); !found.empty()) return found;
  }
  return subject.token_misled(random);
}

/// Mostly the native ABI: libseccomp and the kernel judge it too. Others have 32 bits, or the halves the other way
/// round. x32 shares its arch value with x86_64, and no launcher is built for it.
arch::Abi draw_abi(Random& random) {
  if (!random.one_in(3)) return arch::native_abi();
  const auto abis = arch::all_abis();
  const arch::Abi abi = abis[random.below(abis.size())].abi;
  return abi == arch::Abi::kX32 ? arch::native_abi() : abi;
}

PolicyKind draw_kind(Random& random) {
  PolicyKind kind;
  kind.abi = draw_abi(random);
  kind.order_free = random.one_in(3);
  kind.many_conditions = random.one_in(10);
  if (random.one_in(2)) kind.favourites = {"execve", "write", "exit_group"};
  return kind;
}

TEST(Agreement, RandomPolicies) {
  const uint64_t run = run_seed();
  const size_t count = policy_count(1000);
  size_t too_long = 0;
  size_t by_libseccomp = 0;
  size_t far = 0;
  for (size_t i = 0; i < count; ++i) {
    Random random = nth_random(run, i);
    const PolicyKind kind = draw_kind(random);
    const std::string text = random_policy(kind, random);
    std::string errors;
    auto rules = load(text, kind.abi, errors);
    ASSERT_TRUE(rules) << errors << text;
    const auto subject = Subject::make(std::move(*rules), random);
    if (!subject) {
      ++too_long;
      continue;
    }
    by_libseccomp += subject->judged_by_libseccomp() ? 1 : 0;
    far += subject->plain().size() > 2 * bpf::kMaxJump ? 1 : 0;
    ASSERT_EQ(first_disagreement(*subject, random), "")
        << "policy " << i << " of the run, for " << arch::info(kind.abi).name << ":\n"
        << text;
  }
  std::printf("%zu policies: %zu with libseccomp, %zu with far jumps, %zu too long for a filter\n", count,
              by_libseccomp, far, too_long);
  if (count < 100) return;
  // The generator makes what it is meant to make.
  EXPECT_GT(by_libseccomp, count / 10);
  EXPECT_GT(far, count / 50);
  EXPECT_LT(too_long, count / 10);
}

TEST(Agreement, ShippedPolicies) {
  const char* folder = std::getenv("POLICIES");
  ASSERT_NE(folder, nullptr) << "POLICIES names the folder of the shipped policies";
  Random random(run_seed());
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yml") continue;
    ++files;
    const auto contents = read_file(entry.path().string(), 1 << 20);
    ASSERT_TRUE(contents.ok()) << entry.path();
    size_t abis = 0;
    std::string errors;
    for (const arch::AbiInfo& info : arch::all_abis()) {
      if (info.abi == arch::Abi::kX32) continue;
      auto rules = load(contents->bytes, info.abi, errors);
      if (!rules) continue;  // A list for one machine names calls that another lacks.
      ++abis;
      const auto subject = Subject::make(std::move(*rules), random);
      ASSERT_TRUE(subject) << entry.path() << " is too long for a filter on " << info.name;
      EXPECT_EQ(first_disagreement(*subject, random), "") << entry.path() << " on " << info.name;
    }
    EXPECT_GT(abis, 0U) << entry.path() << " cannot be used on any ABI:\n" << errors;
  }
  EXPECT_GT(files, 0U) << "no policies in " << folder;
}

}  // namespace
}  // namespace sandbox::differential
