#include "judged_policies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <sstream>
#include <utility>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "policy/reader.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"

namespace sandbox::differential {
namespace {

using resolve::PolicyRules;
using Arguments = std::array<uint64_t, bpf::kArgumentCount>;

uint64_t seed_of_run() {
  const char* given = std::getenv("SANDBOX_RUN_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::printf("SANDBOX_RUN_TEST_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
  return seed;
}

/// A call of one ABI whose arguments some policy compares, with the clauses that do.
struct ComparedCall {
  uint32_t audit_arch;
  uint32_t number;
  auto operator<=>(const ComparedCall&) const = default;
};

/// The values worth trying for each argument of a call.
struct Pools {
  std::array<std::vector<uint64_t>, bpf::kArgumentCount> values;
  std::vector<const resolve::Clause*> clauses;
};

void add_values(const resolve::Condition& condition, std::vector<uint64_t>& pool) {
  for (const uint64_t compared : {condition.value, condition.mask, condition.value | ~condition.mask}) {
    const std::vector<uint64_t> values = values_around(compared);
    pool.insert(pool.end(), values.begin(), values.end());
    if (condition.operation != policy::Operation::kMaskedEqual) return;
  }
}

std::map<ComparedCall, Pools> compared_calls(const std::vector<PolicyRules>& policies) {
  std::map<ComparedCall, Pools> calls;
  for (const PolicyRules& rules : policies) {
    for (const resolve::RuleSet& set : rules) {
      for (const resolve::CallRules& call : set.calls) {
        for (const resolve::Clause& clause : call.clauses) {
          if (clause.conditions.empty()) continue;
          Pools& pools = calls[{arch::info(set.abi).audit_arch, call.number}];
          pools.clauses.push_back(&clause);
          for (const resolve::Condition& c : clause.conditions) add_values(c, pools.values.at(c.argument));
        }
      }
    }
  }
  for (auto& [call, pools] : calls) {
    for (std::vector<uint64_t>& pool : pools.values) {
      std::sort(pool.begin(), pool.end());
      pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
    }
  }
  return calls;
}

/// Arguments for which the clause holds, where the pools have such values.
Arguments satisfying(const resolve::Clause& clause, const Pools& pools, Dice& dice) {
  Arguments args = {};
  for (uint64_t& arg : args) arg = dice.one_in(2) ? 0 : dice.bits();
  for (const resolve::Condition& condition : clause.conditions) {
    std::vector<uint64_t> good;
    for (const uint64_t value : pools.values.at(condition.argument)) {
      const bool all = std::all_of(clause.conditions.begin(), clause.conditions.end(), [&](const auto& other) {
        return other.argument != condition.argument || resolve::holds(other, value);
      });
      if (all) good.push_back(value);
    }
    if (!good.empty()) args.at(condition.argument) = dice.pick(good);
  }
  return args;
}

}  // namespace

Dice::Dice() : engine_(seed_of_run()) {}

policy::Environment plain_environment(arch::Abi native) {
  policy::Environment environment;
  environment.native = native;
  environment.kernel = {6, 1};
  return environment;
}

ReadPolicy read_rules(const std::string& text, const policy::Environment& environment) {
  const auto source = std::make_shared<const SourceText>("policy", text);
  Diagnostics diagnostics(source);
  ReadPolicy read;
  if (const auto policy = policy::read_policy(source, environment, diagnostics)) {
    read.rules = resolve::resolve(*policy, environment.native, diagnostics);
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    read.messages += diagnostic.severity == Severity::kError ? "error: " : "warning: ";
    read.messages += format_diagnostic(*source, diagnostic) + "\n";
  }
  if (diagnostics.has_errors()) read.rules.reset();
  return read;
}

std::optional<bpf::ValidatedProgram> program_for(const std::vector<PolicyRules>& policies) {
  auto filter = compile::compile(policies);
  if (filter) return std::move(filter->program);
  EXPECT_GT(filter.error().instructions, bpf::kMaxInstructions) << "the compiler made an invalid program";
  return std::nullopt;
}

resolve::Verdict run(const bpf::ValidatedProgram& program, const bpf::SystemCall& call) {
  auto endian = bpf::Endian::kLittle;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch == call.arch) endian = abi.endian;
  }
  return resolve::verdict_of(bpf::interpret(program, call, endian).value);
}

std::vector<uint64_t> values_around(uint64_t value) {
  constexpr uint64_t kLow = UINT32_MAX;
  const uint64_t low = value & kLow;
  const uint64_t high = value & ~kLow;
  return {value,
          value - 1,
          value + 1,
          high | ((low - 1) & kLow),
          high | ((low + 1) & kLow),
          low,
          high,
          value | uint64_t{1} << 32U,
          value ^ uint64_t{1} << 63U,
          (value + (uint64_t{1} << 32U)),
          (value - (uint64_t{1} << 32U)),
          low | ~kLow,
          ~value,
          value ^ (uint64_t{1} << 16U),
          value | uint64_t{0xffff0000},
          value & 0xffff,
          low << 32U,
          value & (value - 1),
          value ^ 1U,
          0,
          kLow,
          UINT64_MAX};
}

std::vector<bpf::SystemCall> number_calls(Dice& dice) {
  std::vector<bpf::SystemCall> calls;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    const auto add = [&](uint32_t number) {
      calls.push_back({number, abi.audit_arch});
      calls.push_back({number, abi.audit_arch});
      for (uint64_t& arg : calls.back().args) arg = dice.bits();
    };
    for (uint32_t offset = 0; offset < 1024; ++offset) add(abi.first_number + offset);
    for (uint32_t number = 0xf0000; number <= 0xf0007; ++number) add(number);
    for (const uint32_t edge : {0U, abi.first_number, 0x40000000U, 0x80000000U, 0xc0000000U}) {
      for (const uint32_t number : {edge - 2, edge - 1, edge, edge + 1, edge + 512, edge + 547}) add(number);
    }
    for (unsigned i = 0; i < 20; ++i) add(static_cast<uint32_t>(dice.bits()));
  }
  for (const uint32_t unknown : {0U, 0xffffffffU, 0xc000003fU, static_cast<uint32_t>(dice.bits())}) {
    calls.push_back({static_cast<uint32_t>(dice.below(500)), unknown});
  }
  return calls;
}

std::vector<bpf::SystemCall> argument_calls(const std::vector<PolicyRules>& policies, Dice& dice, size_t mixtures) {
  std::vector<bpf::SystemCall> calls;
  for (const auto& [compared, pools] : compared_calls(policies)) {
    for (const resolve::Clause* clause : pools.clauses) {
      const Arguments start = satisfying(*clause, pools, dice);
      calls.push_back({compared.number, compared.audit_arch, start});
      for (const resolve::Condition& condition : clause->conditions) {
        for (const uint64_t value : pools.values.at(condition.argument)) {
          calls.push_back({compared.number, compared.audit_arch, start});
          calls.back().args.at(condition.argument) = value;
        }
      }
    }
    for (size_t i = 0; i < mixtures; ++i) {
      calls.push_back({compared.number, compared.audit_arch, {}});
      for (unsigned a = 0; a < bpf::kArgumentCount; ++a) {
        const std::vector<uint64_t>& pool = pools.values.at(a);
        calls.back().args.at(a) = pool.empty() ? dice.bits() : dice.pick(pool);
      }
    }
  }
  return calls;
}

std::string describe_call(const bpf::SystemCall& call) {
  std::ostringstream text;
  std::string name = "?";
  std::string abi_name = "arch";
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch != call.arch) continue;
    abi_name = abi.name;
    if (const auto known = arch::name_of(abi.abi, call.number)) name = *known;
  }
  text << abi_name << " (0x" << std::hex << call.arch << ") " << name << " = " << std::dec << call.number << " (0x"
       << std::hex << call.number << ")";
  for (const uint64_t arg : call.args) text << " 0x" << arg;
  return text.str();
}

std::string describe_verdict(const resolve::Verdict& verdict) {
  return std::string(policy::name_of(verdict.action)) + ":" + std::to_string(verdict.data);
}

}  // namespace sandbox::differential
