#include "libseccomp_program.h"

#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace sandbox::differential {
namespace {

using policy::Action;
using policy::Operation;
using resolve::Clause;
using resolve::Condition;
using resolve::Verdict;

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

uint32_t action_of(Verdict verdict) {
  switch (verdict.action) {
    case Action::kKillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case Action::kKillThread:
      return SCMP_ACT_KILL_THREAD;
    case Action::kTrap:
      return SCMP_ACT_TRAP;
    case Action::kErrno:
      return SCMP_ACT_ERRNO(verdict.data);
    case Action::kTrace:
      return SCMP_ACT_TRACE(0);
    case Action::kLog:
      return SCMP_ACT_LOG;
    case Action::kAllow:
      return SCMP_ACT_ALLOW;
  }
  return SCMP_ACT_KILL_PROCESS;
}

std::optional<scmp_arg_cmp> comparison(const Condition& condition) {
  const auto make = [&](scmp_compare operation, uint64_t a, uint64_t b = 0) {
    return scmp_arg_cmp{condition.argument, operation, a, b};
  };
  switch (condition.operation) {
    case Operation::kEqual:
      return make(SCMP_CMP_EQ, condition.value);
    case Operation::kNotEqual:
      return make(SCMP_CMP_NE, condition.value);
    case Operation::kGreaterThan:
      return make(SCMP_CMP_GT, condition.value);
    case Operation::kLessThan:
      return make(SCMP_CMP_LT, condition.value);
    case Operation::kGreaterOrEqual:
      return make(SCMP_CMP_GE, condition.value);
    case Operation::kLessOrEqual:
      return make(SCMP_CMP_LE, condition.value);
    case Operation::kBitsNotSet:
      return make(SCMP_CMP_MASKED_EQ, condition.value, 0);
    case Operation::kMaskedEqual:  // A value with bits outside the mask would lose them.
      if ((condition.value & ~condition.mask) != 0) return std::nullopt;
      return make(SCMP_CMP_MASKED_EQ, condition.mask, condition.value);
    case Operation::kBitsSet:
      break;
  }
  const bool one_bit = condition.value != 0 && (condition.value & (condition.value - 1)) == 0;
  if (!one_bit) return std::nullopt;
  return make(SCMP_CMP_MASKED_EQ, condition.value, condition.value);
}

std::optional<std::vector<scmp_arg_cmp>> comparisons(const Clause& clause) {
  std::vector<scmp_arg_cmp> all;
  unsigned used = 0;
  for (const Condition& condition : clause.conditions) {
    const auto one = comparison(condition);
    if (!one || condition.width != 64 || (used >> condition.argument & 1U) != 0) return std::nullopt;
    used |= 1U << condition.argument;
    all.push_back(*one);
  }
  return all;
}

bool alike(const Clause& a, const Clause& b) {
  return a.conditions.size() == 1 && b.conditions.size() == 1 && a.conditions[0].argument == b.conditions[0].argument &&
         a.conditions[0].operation == Operation::kEqual && b.conditions[0].operation == Operation::kEqual;
}

/// The clauses that count, if their order does not: one without conditions, or several with one verdict.
std::optional<std::span<const Clause>> order_free(std::span<const Clause> clauses, Verdict default_verdict) {
  std::span<const Clause> rest = clauses;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (!rest[i].conditions.empty()) continue;
    if (i != 0 && rest[i].verdict != default_verdict) return std::nullopt;
    rest = rest.first(i == 0 ? 1 : i);
    break;
  }
  for (const Clause& clause : rest) {
    if (clause.verdict != rest.front().verdict) return std::nullopt;
    // libseccomp 2.5.4 merges the chains of several rules for one call wrongly, unless all compare one argument for
    // equality: of LT(a5, 0), LE(a5) and NE(a1) it loses the second.
    if (rest.size() > 1 && !alike(clause, rest.front())) return std::nullopt;
  }
  return rest;
}

/// libseccomp takes errno numbers below 4095; the kernel takes 4095 too.
bool has_action(Verdict verdict) {
  return verdict.data < 4095;
}

/// False when libseccomp cannot express the call's rules.
bool add_call(const Context& context, const resolve::CallRules& rules, Verdict default_verdict) {
  const auto clauses = order_free(rules.clauses, default_verdict);
  if (!clauses) return false;
  for (const Clause& clause : *clauses) {
    if (clause.verdict == default_verdict) continue;  // libseccomp refuses such rules.
    const auto arguments = comparisons(clause);
    if (!arguments || !has_action(clause.verdict)) return false;
    const int result =
        seccomp_rule_add_exact_array(context.get(), action_of(clause.verdict), static_cast<int>(rules.number),
                                     static_cast<unsigned>(arguments->size()), arguments->data());
    if (result == -EEXIST) continue;  // The same rule twice.
    EXPECT_EQ(result, 0) << "libseccomp takes no rule for number " << rules.number;
    if (result != 0) return false;
  }
  return true;
}

bpf::Program exported(const Context& context) {
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(seccomp_export_bpf(context.get(), fd), 0);
  bpf::Program program(static_cast<size_t>(lseek(fd, 0, SEEK_END)) / sizeof(bpf::Instruction));
  const auto size = static_cast<ssize_t>(program.size() * sizeof(bpf::Instruction));
  EXPECT_EQ(pread(fd, program.data(), static_cast<size_t>(size), 0), size);
  close(fd);
  return program;
}

}  // namespace

std::optional<bpf::ValidatedProgram> libseccomp_program(const resolve::RuleSet& rules) {
  if (!has_action(rules.default_verdict)) return std::nullopt;
  const Context context(seccomp_init(action_of(rules.default_verdict)), seccomp_release);
  EXPECT_NE(context, nullptr);
  EXPECT_EQ(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
  for (const resolve::CallRules& call : rules.calls) {
    if (!add_call(context, call, rules.default_verdict)) return std::nullopt;
  }
  bpf::Program program = exported(context);
  if (program.size() > bpf::kMaxInstructions) return std::nullopt;
  auto valid = bpf::validate(std::move(program));
  EXPECT_TRUE(valid.ok()) << "libseccomp's program: " << (valid.ok() ? "" : valid.error().message);
  if (!valid) return std::nullopt;
  return std::move(*valid);
}

bool libseccomp_judges(const bpf::SystemCall& call) {
  if (call.number >= 0x40000000) return false;
  return call.number < 512 || call.number > 547;
}

}  // namespace sandbox::differential
