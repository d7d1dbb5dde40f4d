// Policies read from text, the program that was made of them together, and the calls to try both with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bpf/program.h"
#include "bpf/validate.h"
#include "policy/environment.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::differential {

/// Randomness of one test. The seed is SANDBOX_RUN_TEST_SEED, or drawn; it is printed.
class Dice {
 public:
  Dice();

  uint64_t bits() { return engine_(); }
  size_t below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(engine_); }
  /// True one time in `count`.
  bool one_in(size_t count) { return below(count) == 0; }
  template <typename Items>
  auto pick(const Items& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// x86_64, no capabilities, Linux 6.1.
policy::Environment plain_environment(arch::Abi native = arch::Abi::kX86_64);

/// What a text means. None when it has errors; then, and with warnings, `messages` has them.
struct ReadPolicy {
  std::optional<resolve::PolicyRules> rules;
  std::string messages;
};
ReadPolicy read_rules(const std::string& text, const policy::Environment& environment);

/// The program for the policies together, without a launcher's token. None when it would be too long.
std::optional<bpf::ValidatedProgram> program_for(const std::vector<resolve::PolicyRules>& policies);

/// What the program answers, run in the byte order of the call's ABI.
resolve::Verdict run(const bpf::ValidatedProgram& program, const bpf::SystemCall& call);

/// The values of an argument around which a comparison with `value` may change its mind: the neighbours, both halves,
/// other bits above bit 15 and bit 31, the sign extended, and the ends.
std::vector<uint64_t> values_around(uint64_t value);

/// Every number of every ABI's table and its neighbours, -1, x32's numbers and numbers far out, each with arguments of
/// 0 and with random ones; through every ABI there is, covered or not.
std::vector<bpf::SystemCall> number_calls(Dice& dice);

/// For each call that a policy has conditions on: each argument through all values around those that any of the
/// policies compares it with, starting from arguments for which a clause holds; and mixtures of these values.
std::vector<bpf::SystemCall> argument_calls(const std::vector<resolve::PolicyRules>& policies, Dice& dice,
                                            size_t mixtures = 40);

std::string describe_call(const bpf::SystemCall& call);
std::string describe_verdict(const resolve::Verdict& verdict);

}  // namespace sandbox::differential
