#include "probes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "arch/abi.h"
#include "random_policy.h"
#include "resolve/evaluate.h"

namespace sandbox::differential {
namespace {

using resolve::CallRules;
using resolve::Clause;
using resolve::Condition;
using resolve::PolicyRules;
using resolve::RuleSet;

constexpr uint64_t kHighHalf = 0xffffffff00000000;
constexpr uint64_t kLowHalf = 0xffffffff;

std::array<uint64_t, bpf::kArgumentCount> random_arguments(Random& random) {
  std::array<uint64_t, bpf::kArgumentCount> arguments = {};
  for (uint64_t& argument : arguments) argument = interesting_value(random, 64);
  return arguments;
}

bpf::SystemCall make_call(const RuleSet& rules, uint32_t number, Random& random) {
  return {number, arch::info(rules.abi).audit_arch, random_arguments(random), random.bits()};
}

/// A value for which the clause's conditions on one argument hold, if one is found among their boundaries.
uint64_t argument_for(const Clause& clause, unsigned argument, uint64_t otherwise, Random& random) {
  std::vector<uint64_t> candidates;
  for (const Condition& condition : clause.conditions) {
    if (condition.argument != argument) continue;
    for (const uint64_t value : boundary_values(condition, random)) candidates.push_back(value);
  }
  std::shuffle(candidates.begin(), candidates.end(), std::mt19937_64(random.bits()));
  for (const uint64_t value : candidates) {
    const bool good = std::all_of(clause.conditions.begin(), clause.conditions.end(), [&](const Condition& condition) {
      return condition.argument != argument || resolve::holds(condition, value);
    });
    if (good) return value;
  }
  return otherwise;
}

/// A call that the clause decides, if one is found; else one that comes near.
bpf::SystemCall witness(const PolicyRules& policy, uint32_t number, const Clause& clause, Random& random) {
  bpf::SystemCall call;
  for (int attempt = 0; attempt < 8; ++attempt) {  // An earlier clause may take it.
    call = make_call(policy.front(), number, random);
    for (unsigned i = 0; i < bpf::kArgumentCount; ++i) call.args[i] = argument_for(clause, i, call.args[i], random);
    if (resolve::evaluate(policy, call).clause == (clause.origin ? &clause : nullptr)) break;
  }
  return call;
}

}  // namespace

std::vector<uint64_t> boundary_values(const Condition& condition, Random& random) {
  const uint64_t value = condition.value;
  const uint64_t garbage = random.bits();
  std::vector<uint64_t> values = {
      value - 1, value, value + 1, 0, 1, UINT64_MAX, UINT64_MAX - 1, ~value, value ^ (uint64_t{1} << 63U),
      // Beside the value in the upper half, with the lower half the same, least and greatest.
      value + (kLowHalf + 1), value - (kLowHalf + 1), value & kLowHalf, value & kHighHalf, value | kLowHalf,
      value | kHighHalf, (value & kHighHalf) + (kLowHalf + 1), (value & kHighHalf) - 1,
      // The lower half right, garbage above; the upper right, garbage below.
      (value & kLowHalf) | (garbage & kHighHalf), (value & kHighHalf) | (garbage & kLowHalf),
      ((value - 1) & kLowHalf) | (garbage & kHighHalf), ((value + 1) & kLowHalf) | (garbage & kHighHalf), garbage,
      // The ends of the 16-, 32- and 63-bit ranges.
      0xffff, 0x10000, 0x7fffffff, 0x80000000, kLowHalf, kLowHalf + 1, INT64_MAX, uint64_t{1} << 63U};
  for (const uint64_t word : {value, condition.mask}) {  // One bit of it, or all but one.
    if (word == 0) continue;
    const uint64_t lowest = word & -word;
    const uint64_t highest = uint64_t{1} << (63 - std::countl_zero(word));
    for (const uint64_t bit : {lowest, highest}) {
      values.insert(values.end(), {bit, ~bit, word ^ bit, value ^ bit, ~word | bit, garbage ^ bit});
    }
  }
  if (condition.mask != 0) {
    values.insert(values.end(), {value | ~condition.mask, value | (garbage & ~condition.mask), garbage & condition.mask,
                                 condition.mask, ~condition.mask});
  }
  return values;
}

std::vector<bpf::SystemCall> argument_probes(const PolicyRules& policy, const CallRules& call, Random& random) {
  std::vector<bpf::SystemCall> probes;
  std::array<std::vector<uint64_t>, bpf::kArgumentCount> pools;
  for (const Clause& clause : call.clauses) {
    if (clause.conditions.empty()) continue;
    const bpf::SystemCall base = witness(policy, call.number, clause, random);
    probes.push_back(base);
    for (const Condition& condition : clause.conditions) {
      for (const uint64_t value : boundary_values(condition, random)) {
        probes.push_back(base);
        probes.back().args[condition.argument] = value;
        pools[condition.argument].push_back(value);
      }
    }
  }
  const size_t mixtures = std::min<size_t>(probes.size(), 500);
  for (size_t i = 0; i < mixtures; ++i) {
    probes.push_back(make_call(policy.front(), call.number, random));
    for (unsigned argument = 0; argument < bpf::kArgumentCount; ++argument) {
      if (!pools[argument].empty()) probes.back().args[argument] = random.pick(pools[argument]);
    }
  }
  return probes;
}

std::vector<bpf::SystemCall> number_probes(const RuleSet& rules, Random& random) {
  std::vector<uint32_t> numbers = {UINT32_MAX, UINT32_MAX - 1, 0x3fffffff, 0x7fffffff, 0x80000000, 0xf0001, 0xf0005};
  const uint32_t x32 = arch::info(arch::Abi::kX32).first_number;
  for (const uint32_t first : {uint32_t{0}, x32, arch::info(rules.abi).first_number}) {
    for (uint32_t i = 0; i <= 1024; ++i) numbers.push_back(first + i);
  }
  for (const CallRules& call : rules.calls) numbers.push_back(call.number ^ (1U << random.below(32)));

  std::vector<bpf::SystemCall> probes;
  for (const uint32_t number : numbers) {
    probes.push_back(make_call(rules, number, random));
    probes.push_back(probes.back());
    probes.back().args = {};
  }
  return probes;
}

std::vector<bpf::SystemCall> foreign_probes(const RuleSet& rules, Random& random) {
  const uint32_t own = arch::info(rules.abi).audit_arch;
  std::vector<uint32_t> archs = {0, UINT32_MAX, own + 1, own - 1, static_cast<uint32_t>(random.bits())};
  for (unsigned bit = 0; bit < 32; ++bit) archs.push_back(own ^ (1U << bit));
  for (const arch::AbiInfo& info : arch::all_abis()) archs.push_back(info.audit_arch);
  std::erase(archs, own);

  std::vector<bpf::SystemCall> probes;
  for (const uint32_t arch : archs) {
    std::vector<uint32_t> numbers = {0, 1, 2, 11, 59, 520, UINT32_MAX, 0x40000000};
    numbers.push_back(static_cast<uint32_t>(random.below(1024)));
    if (!rules.calls.empty()) numbers.push_back(random.pick(rules.calls).number);
    for (const uint32_t number : numbers) {
      probes.push_back(make_call(rules, number, random));
      probes.back().arch = arch;
    }
  }
  return probes;
}

}  // namespace sandbox::differential
