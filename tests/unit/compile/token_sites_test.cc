// Token sites from a file: those of our compiler are accepted, and nothing else.
#include "compile/token_sites.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/compile_rules.h"
#include "support/random.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::RuleSet;
using testing::always;
using testing::clause;
using testing::compile_rules;
using testing::condition;
using testing::kAllow;
using testing::kKillProcess;
using testing::kPermission;

uint32_t number(Abi abi, const char* name) {
  return *arch::number_of(abi, name);
}

/// Needs two token checks: one that ends in EPERM, one that kills.
Filter two_checks(Abi abi = Abi::kX86_64, Effort effort = Effort::kQuick) {
  return *compile_rules(RuleSet{abi, kKillProcess, {always(number(abi, "execve"), kPermission)}},
                        {.launcher = abi, .effort = effort});
}

/// "" or "INDEX: MESSAGE".
std::string error_of(const bpf::ValidatedProgram& program, const std::vector<TokenSite>& sites, Abi abi) {
  const auto wrong = wrong_token_site(program, sites, abi);
  return wrong ? std::to_string(wrong->index) + ": " + wrong->message : "";
}

std::string error_of(const Filter& filter, Abi abi = Abi::kX86_64) {
  return error_of(filter.program, filter.token_sites, abi);
}

std::string error_of(bpf::Program program, const std::vector<TokenSite>& sites) {
  auto validated = bpf::validate(std::move(program));
  EXPECT_TRUE(validated.ok()) << validated.error().message;
  return error_of(*validated, sites, Abi::kX86_64);
}

TEST(TokenSitesOfAFile, AreThoseOfTheCompiler) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.abi == Abi::kX32) continue;  // The compiler makes no token for a launcher there.
    for (const Effort effort : {Effort::kQuick, Effort::kBest}) {
      const Filter filter = two_checks(abi.abi, effort);
      EXPECT_EQ(error_of(filter, abi.abi), "") << abi.name;
      EXPECT_TRUE(opens_for_launcher(filter.program, filter.token_sites, abi.abi)) << abi.name;
    }
  }
}

TEST(TokenSitesOfAFile, AreThoseOfOneLauncher) {
  EXPECT_NE(error_of(two_checks(), Abi::kX86), "") << "half of the words is enough there";
  EXPECT_NE(error_of(two_checks(), Abi::kPpc64), "") << "the halves stand in another order there";
  EXPECT_NE(error_of(two_checks(Abi::kX86), Abi::kX86_64), "");
}

TEST(TokenSitesOfAFile, NoneMayBeMissing) {
  const Filter filter = two_checks();
  for (size_t i = 0; i < filter.token_sites.size(); ++i) {
    std::vector<TokenSite> sites = filter.token_sites;
    sites.erase(sites.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(error_of(filter.program, sites, Abi::kX86_64),
              std::to_string(filter.token_sites[i].index) + ": a token check has no token site");
  }
  std::vector<TokenSite> one_check(filter.token_sites.begin(), filter.token_sites.begin() + kTokenWords);
  EXPECT_NE(error_of(filter.program, one_check, Abi::kX86_64), "");
  EXPECT_NE(error_of(filter.program, {}, Abi::kX86_64), "");
}

TEST(TokenSitesOfAFile, NoneMayStandElsewhere) {
  const Filter filter = two_checks();
  for (size_t i = 0; i < filter.token_sites.size(); ++i) {
    for (size_t index = 0; index < 2 * filter.program.size(); ++index) {
      for (size_t word = 0; word < kTokenWords + 2; ++word) {
        std::vector<TokenSite> sites = filter.token_sites;
        sites[i] = {index, word};
        ASSERT_EQ(error_of(filter.program, sites, Abi::kX86_64).empty(), sites == filter.token_sites)
            << i << ": word " << word << " at " << index;
      }
    }
  }
}

TEST(TokenSitesOfAFile, NoneMayBeDoubledOrOutOfOrder) {
  const Filter filter = two_checks();
  for (size_t i = 0; i < filter.token_sites.size(); ++i) {
    for (size_t j = 0; j <= filter.token_sites.size(); ++j) {
      std::vector<TokenSite> sites = filter.token_sites;
      sites.insert(sites.begin() + static_cast<std::ptrdiff_t>(j), filter.token_sites[i]);
      ASSERT_NE(error_of(filter.program, sites, Abi::kX86_64), "") << i << " again at " << j;
    }
    if (i == 0) continue;
    std::vector<TokenSite> sites = filter.token_sites;
    std::swap(sites[i - 1], sites[i]);
    ASSERT_NE(error_of(filter.program, sites, Abi::kX86_64), "") << i;
    std::swap(sites[i - 1].index, sites[i].index);
    ASSERT_NE(error_of(filter.program, sites, Abi::kX86_64), "") << i << ", words";
  }
}

TEST(TokenSitesOfAFile, NoInstructionOfACheckMayDiffer) {
  const Filter filter = two_checks();
  const size_t begin = filter.token_sites.front().index - 1;
  const size_t end = filter.token_sites[kTokenWords - 1].index + 2;  // Behind the last OR.
  constexpr bpf::Instruction kOthers[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  {BPF_LD | BPF_IMM, 0, 0, 0},
      {BPF_LDX | BPF_IMM, 0, 0, 0},         {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 0},
      {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 1}, {BPF_ALU | BPF_AND | BPF_X, 0, 0, 0},
      {BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0}, {BPF_MISC | BPF_TXA, 0, 0, 0},
      {BPF_JMP | BPF_JA, 0, 0, 0},          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  for (size_t i = begin; i < end; ++i) {
    for (const bpf::Instruction& other : kOthers) {
      bpf::Program program = filter.program.instructions();
      if (program[i].code == other.code && program[i].k == other.k) continue;
      program[i] = other;
      ASSERT_NE(error_of(std::move(program), filter.token_sites), "") << other.code << " at " << i;
    }
  }
  bpf::Program program = filter.program.instructions();
  ASSERT_EQ(program[end].code, BPF_JMP | BPF_JEQ | BPF_K);
  program[end].k = 1;
  EXPECT_EQ(error_of(program, filter.token_sites), std::to_string(end) + ": a token check decides nothing");
  program[end].k = 0;
  program[end].code = BPF_JMP | BPF_JGE | BPF_K;
  EXPECT_EQ(error_of(program, filter.token_sites), std::to_string(end) + ": a token check decides nothing");
  program[end].code = BPF_JMP | BPF_JEQ | BPF_K;
  std::swap(program[end].jt, program[end].jf);
  EXPECT_EQ(error_of(program, filter.token_sites), std::to_string(end) + ": a token check does not lead to user_notif");
}

/// A call that gets there without the token would be allowed by the thread that answers for it.
TEST(TokenSitesOfAFile, NothingElseMayNotify) {
  const Filter filter = two_checks();
  const bpf::Program& program = filter.program.instructions();
  for (size_t i = 0; i < program.size(); ++i) {
    if (program[i].code != (BPF_RET | BPF_K) || program[i].k == SECCOMP_RET_USER_NOTIF) continue;
    bpf::Program changed = program;
    changed[i].k = SECCOMP_RET_USER_NOTIF;
    EXPECT_NE(error_of(changed, filter.token_sites).find(": it returns user_notif to a call without the token"),
              std::string::npos)
        << i;
  }
}

TEST(TokenSitesOfAFile, ACheckMayNotBeEnteredInItsMiddle) {
  const Filter filter = two_checks();
  const size_t begin = filter.token_sites.front().index - 1;
  for (size_t target = begin + 1; target < begin + 23; ++target) {
    bpf::Program program = filter.program.instructions();
    ASSERT_EQ(program[1].code, BPF_JMP | BPF_JEQ | BPF_K);
    program[1].jf = static_cast<uint8_t>(target - 2);
    const std::string message = error_of(program, filter.token_sites);
    // The decision is a node that others may share: it is no hole without the sum that is in A.
    ASSERT_EQ(message.empty(), target == begin + 22) << target;
  }
}

TEST(TokenSitesOfAFile, AnXorThatIsNoSiteIsRefused) {
  const Filter without = *compile_rules(RuleSet{Abi::kX86_64, kAllow, {}}, {.launcher = Abi::kX86_64});
  EXPECT_EQ(error_of(without), "");
  bpf::Program program = without.program.instructions();
  program.insert(program.begin(), {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 0});
  EXPECT_EQ(error_of(program, {}), "0: a token check has no token site");
  EXPECT_EQ(error_of(program, {{0, 0}}), "0: a token check lacks a token site");
  EXPECT_EQ(error_of(program, {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}}),
            "0: a token site is out of order or outside the program");
}

TEST(TokenSitesOfAFile, RandomDamageIsSeenOrDoesNotTouchAnyCheck) {
  testing::Random random(testing::test_seed());
  const Filter filter = two_checks();
  const size_t begin = filter.token_sites.front().index - 1;
  const size_t end = filter.token_sites.back().index + 3;
  size_t seen = 0;
  for (int i = 0; i < 20000; ++i) {
    bpf::Program program = filter.program.instructions();
    const size_t at = begin + random.below(end - begin);
    const uint16_t kind = BPF_CLASS(program[at].code);
    if (kind == BPF_JMP || kind == BPF_RET) continue;  // Those between two checks may be anything.
    auto* bytes = reinterpret_cast<unsigned char*>(&program[at]);
    bytes[random.below(sizeof(bpf::Instruction))] ^= static_cast<unsigned char>(1U << random.below(8));
    auto validated = bpf::validate(program);
    if (!validated) continue;
    // The kernel does not look at the jump offsets of other instructions.
    const bpf::Instruction& old = filter.program.instructions()[at];
    const bool same = program[at].code == old.code && program[at].k == old.k;
    ASSERT_EQ(error_of(*validated, filter.token_sites, Abi::kX86_64).empty(), same) << at;
    if (!same) ++seen;
  }
  EXPECT_GT(seen, 1000U);
}

// ---- Whether the launcher gets through ----

bool opens(const RuleSet& rules, std::optional<Abi> launcher) {
  const Filter filter = *compile_rules(rules, {.launcher = launcher});
  EXPECT_EQ(error_of(filter, Abi::kX86_64), "");
  return opens_for_launcher(filter.program, filter.token_sites, Abi::kX86_64);
}

TEST(OpensForLauncher, WithTheTokenOrWithoutNeedOfIt) {
  const RuleSet denies = {Abi::kX86_64, kAllow, {always(59, kPermission)}};
  EXPECT_TRUE(opens(denies, Abi::kX86_64));
  EXPECT_FALSE(opens(denies, std::nullopt));
  EXPECT_TRUE(opens({Abi::kX86_64, kAllow, {}}, std::nullopt));
  EXPECT_FALSE(opens({Abi::kX86_64, kKillProcess, {}}, std::nullopt));
  EXPECT_FALSE(opens({Abi::kX86, kAllow, {}}, std::nullopt)) << "another ABI's filter";
  EXPECT_TRUE(opens({Abi::kX86, kAllow, {}}, Abi::kX86_64));
}

TEST(OpensForLauncher, EveryCallCounts) {
  for (const char* name : {"execve", "write", "exit_group"}) {
    EXPECT_FALSE(opens({Abi::kX86_64, kAllow, {always(number(Abi::kX86_64, name), kPermission)}}, std::nullopt))
        << name;
    EXPECT_FALSE(opens({Abi::kX86_64, kAllow, {always(number(Abi::kX86_64, name), testing::kLog)}}, std::nullopt))
        << name;
  }
  EXPECT_TRUE(opens({Abi::kX86_64, kAllow, {always(number(Abi::kX86_64, "read"), kPermission)}}, std::nullopt));
}

TEST(OpensForLauncher, EveryWayThroughTheConditionsCounts) {
  const RuleSet denies_one = {
      Abi::kX86_64, kAllow, {{1, {clause(kPermission, {condition(Operation::kEqual, 64, 7)})}}}};
  EXPECT_FALSE(opens(denies_one, std::nullopt));
  EXPECT_TRUE(opens(denies_one, Abi::kX86_64));
  const RuleSet allows_one = {
      Abi::kX86_64, kPermission, {{1, {clause(kAllow, {condition(Operation::kEqual, 64, 7)})}}}};
  EXPECT_FALSE(opens(allows_one, std::nullopt));
  EXPECT_TRUE(opens(allows_one, Abi::kX86_64));
  const RuleSet allows_all = {Abi::kX86_64,
                              kPermission,
                              {{1, {clause(kAllow, {condition(Operation::kEqual, 32, 7)}), clause(kAllow)}},
                               always(59, kAllow),
                               always(231, kAllow)}};
  EXPECT_TRUE(opens(allows_all, std::nullopt));
}

TEST(OpensForLauncher, AFilterOfAnyShapeIsJudged) {
  const auto judge = [](bpf::Program program) {
    auto validated = bpf::validate(std::move(program));
    EXPECT_TRUE(validated.ok());
    return opens_for_launcher(*validated, {}, Abi::kX86_64);
  };
  constexpr bpf::Instruction kPass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  constexpr bpf::Instruction kStop = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};
  EXPECT_TRUE(judge({kPass}));
  EXPECT_FALSE(judge({kStop}));
  // A is not known: both ways count.
  EXPECT_FALSE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16}, {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0}, kPass, kStop}));
  EXPECT_FALSE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}, kPass, kStop}));
  EXPECT_TRUE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}, kPass, kPass}));
  // What was computed from the number is not known.
  EXPECT_FALSE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                      {BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1},
                      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 5},
                      kStop,
                      kPass}));
  // The number is known, also behind what leaves A alone.
  EXPECT_TRUE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                     {BPF_LDX | BPF_IMM, 0, 0, 1},
                     {BPF_JMP | BPF_JGT | BPF_K, 1, 0, 231},
                     kPass,
                     kStop}));
  // A division by 0 ends a filter with kill_thread.
  EXPECT_FALSE(judge({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16}, {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0}, kPass}));
  // Thousands of branches whose outcome is not known: each is looked at once.
  bpf::Program long_one(4000, {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0});
  long_one.front() = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16};
  long_one.insert(long_one.end(), 3, kPass);
  EXPECT_TRUE(judge(std::move(long_one)));
}

}  // namespace
}  // namespace sandbox::compile
