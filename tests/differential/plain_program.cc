#include "plain_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "arch/errno_names.h"
#include "resolve/evaluate.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using policy::Action;
using policy::Operation;
using resolve::Condition;
using resolve::RuleSet;
using resolve::Verdict;

constexpr Verdict kKill = {Action::kKillProcess, 0};

/// Instructions whose jumps go to labels. Conditional ones only pass over one JA, so no distance is too far.
class Code {
 public:
  using Label = size_t;

  Label label() {
    places_.push_back(0);
    return places_.size() - 1;
  }
  void here(Label label) { places_[label] = program_.size(); }

  void load(uint32_t offset) { program_.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}); }
  void mask(uint32_t mask) { program_.push_back({BPF_ALU | BPF_AND | BPF_K, 0, 0, mask}); }
  void ret(Verdict verdict) { program_.push_back({BPF_RET | BPF_K, 0, 0, resolve::seccomp_return(verdict)}); }
  void jump(Label to) {
    jumps_.emplace_back(program_.size(), to);
    program_.push_back({BPF_JMP | BPF_JA, 0, 0, 0});
  }
  void jump_if(uint16_t comparison, uint32_t k, Label to) {
    program_.push_back({static_cast<uint16_t>(BPF_JMP | comparison | BPF_K), 0, 1, k});
    jump(to);
  }
  void jump_unless(uint16_t comparison, uint32_t k, Label to) {
    program_.push_back({static_cast<uint16_t>(BPF_JMP | comparison | BPF_K), 1, 0, k});
    jump(to);
  }

  bpf::Program finish() {
    for (const auto& [from, label] : jumps_) program_[from].k = static_cast<uint32_t>(places_[label] - from - 1);
    return std::move(program_);
  }

 private:
  bpf::Program program_;
  std::vector<size_t> places_;
  std::vector<std::pair<size_t, Label>> jumps_;
};

uint32_t high(uint64_t value) {
  return static_cast<uint32_t>(value >> 32U);
}
uint32_t low(uint64_t value) {
  return static_cast<uint32_t>(value);
}

/// One of the four comparisons that are not another one's opposite. Continues behind itself where it holds.
void positive(Code& code, const Condition& condition, Operation operation, bpf::Endian endian, Code::Label no) {
  const bool wide = condition.width == 64;
  const uint64_t value = condition.value;
  const uint64_t mask = operation == Operation::kMaskedEqual ? condition.mask : UINT64_MAX;
  const Code::Label yes = code.label();
  if (wide) {
    code.load(bpf::high_half_offset(condition.argument, endian));
    switch (operation) {
      case Operation::kBitsSet:
        code.jump_if(BPF_JSET, high(value), yes);
        break;
      case Operation::kGreaterThan:
      case Operation::kGreaterOrEqual:
        code.jump_if(BPF_JGT, high(value), yes);
        code.jump_unless(BPF_JEQ, high(value), no);
        break;
      default:
        code.mask(high(mask));
        code.jump_unless(BPF_JEQ, high(value), no);
        break;
    }
  }
  code.load(bpf::low_half_offset(condition.argument, endian));
  if (condition.width == 16) code.mask(0xFFFF);
  switch (operation) {
    case Operation::kBitsSet:
      code.jump_unless(BPF_JSET, low(value), no);
      break;
    case Operation::kGreaterThan:
      code.jump_unless(BPF_JGT, low(value), no);
      break;
    case Operation::kGreaterOrEqual:
      code.jump_unless(BPF_JGE, low(value), no);
      break;
    default:
      code.mask(low(mask));
      code.jump_unless(BPF_JEQ, low(value), no);
      break;
  }
  code.here(yes);
}

/// Continues behind itself where the condition holds.
void condition(Code& code, const Condition& condition, bpf::Endian endian, Code::Label no) {
  if (const auto always = resolve::constant_outcome(condition)) {
    if (!*always) code.jump(no);
    return;
  }
  const auto opposite = [&](Operation operation) {
    const Code::Label yes = code.label();
    positive(code, condition, operation, endian, yes);
    code.jump(no);
    code.here(yes);
  };
  switch (condition.operation) {
    case Operation::kNotEqual:
      return opposite(Operation::kEqual);
    case Operation::kLessThan:
      return opposite(Operation::kGreaterOrEqual);
    case Operation::kLessOrEqual:
      return opposite(Operation::kGreaterThan);
    case Operation::kBitsNotSet:
      return opposite(Operation::kBitsSet);
    default:
      return positive(code, condition, condition.operation, endian, no);
  }
}

/// One ABI's rules, or the answer when the policy has none. The number is in A.
void numbers(Code& code, const RuleSet* rules, Verdict without) {
  if (rules == nullptr) return code.ret(without);
  const bpf::Endian endian = arch::info(rules->abi).endian;
  if (rules->largest_named) {  // As container runtimes have it; 0 is no call on s390.
    const Code::Label unknown = code.label();
    const Code::Label known = code.label();
    code.jump_if(BPF_JGE, *rules->largest_named + 1, unknown);
    if (rules->abi == Abi::kS390 || rules->abi == Abi::kS390x) code.jump_if(BPF_JEQ, 0, unknown);
    code.jump(known);
    code.here(unknown);
    code.ret({Action::kErrno, *arch::errno_number(rules->abi, "ENOSYS")});
    code.here(known);
  }
  std::vector<Code::Label> bodies;
  for (const resolve::CallRules& call : rules->calls) {
    bodies.push_back(code.label());
    code.jump_if(BPF_JEQ, call.number, bodies.back());
  }
  code.ret(rules->default_verdict);
  for (size_t i = 0; i < bodies.size(); ++i) {
    code.here(bodies[i]);
    bool always = false;
    for (const resolve::Clause& clause : rules->calls[i].clauses) {
      const Code::Label next = code.label();
      for (const Condition& each : clause.conditions) condition(code, each, endian, next);
      code.ret(clause.verdict);
      code.here(next);
      always = clause.conditions.empty();
      if (always) break;
    }
    if (!always) code.ret(rules->default_verdict);
  }
}

const RuleSet* find(const resolve::PolicyRules& rules, Abi abi) {
  const auto set = std::find_if(rules.begin(), rules.end(), [&](const RuleSet& r) { return r.abi == abi; });
  return set == rules.end() ? nullptr : &*set;
}

/// What comes through one value of arch. The answers that are fixed stand in sandbox-policy(5).
void through(Code& code, const resolve::PolicyRules& rules, Abi abi) {
  const Verdict no_such_call = {Action::kErrno, *arch::errno_number(abi, "ENOSYS")};
  const Code::Label fixed = code.label();
  code.load(bpf::kNumberOffset);
  code.jump_if(BPF_JEQ, UINT32_MAX, fixed);
  const bool with_x32 = arch::info(abi).audit_arch == arch::info(Abi::kX86_64).audit_arch;
  if (!with_x32) {
    numbers(code, find(rules, abi), kKill);
  } else {
    const Code::Label x32 = code.label();
    code.jump_if(BPF_JGE, arch::info(Abi::kX32).first_number, x32);
    const RuleSet* x86_64 = find(rules, Abi::kX86_64);
    for (uint32_t number = 512; number <= 547; ++number) code.jump_if(BPF_JEQ, number, fixed);
    numbers(code, x86_64, kKill);
    code.here(x32);
    numbers(code, find(rules, Abi::kX32), no_such_call);
  }
  code.here(fixed);
  code.ret(no_such_call);
}

}  // namespace

std::optional<bpf::ValidatedProgram> plain_program(const resolve::PolicyRules& rules) {
  Code code;
  code.load(bpf::kArchOffset);
  std::set<uint32_t> archs;
  for (const RuleSet& set : rules) {
    const uint32_t arch = arch::info(set.abi).audit_arch;
    if (!archs.insert(arch).second) continue;
    const Code::Label next = code.label();
    code.jump_unless(BPF_JEQ, arch, next);
    through(code, rules, set.abi);
    code.here(next);
  }
  code.ret(kKill);
  bpf::Program program = code.finish();
  if (program.size() > bpf::kMaxInstructions) return std::nullopt;
  auto valid = bpf::validate(std::move(program));
  EXPECT_TRUE(valid.ok()) << (valid.ok() ? "" : valid.error().message);
  if (!valid) return std::nullopt;
  return std::move(*valid);
}

}  // namespace sandbox::differential
