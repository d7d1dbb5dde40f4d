#include "sandbox-policy/describe.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "arch/constants.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/text.h"
#include "resolve/evaluate.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/condition_text.h"

namespace sandbox::tool {
namespace {

bool never_holds(const resolve::Clause& clause) {
  return std::any_of(clause.conditions.begin(), clause.conditions.end(),
                     [](const resolve::Condition& c) { return resolve::constant_outcome(c) == false; });
}

/// A decimal, 0x or 0o integer; none for anything else.
std::optional<uint64_t> read_digits(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool starts_like_number(std::string_view text) {
  return !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

Result<uint64_t, std::string> read_term(std::string_view term, arch::Abi abi) {
  const std::string on = " on " + std::string(arch::info(abi).name);
  if (starts_like_number(term)) {
    const bool negative = term[0] == '-';
    const auto digits = read_digits(negative ? term.substr(1) : term);
    if (!digits) return in_quotes(term) + " is not an integer of at most 64 bits";
    return negative ? 0 - *digits : *digits;
  }
  if (const auto value = arch::constant(abi, term)) return *value;
  if (!arch::abis_with_constant(term).empty()) return "no constant " + in_quotes(term) + on;
  const auto nearest = nearest_name(term, arch::constant_names());
  return "unknown constant " + in_quotes(term) + (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "");
}

}  // namespace

std::string number_text(uint64_t value) {
  return value < 10 ? std::to_string(value) : hex(value);
}

std::string return_text(uint32_t value, arch::Abi abi) {
  const uint32_t action = value & SECCOMP_RET_ACTION_FULL;
  const uint32_t data = value & SECCOMP_RET_DATA;
  if (action == SECCOMP_RET_USER_NOTIF) return "user_notif";
  const resolve::Verdict verdict = resolve::verdict_of(value);
  if (action == SECCOMP_RET_ERRNO && data == 0) return "errno 0 (looks done)";
  if (verdict.action == policy::Action::kKillProcess && action != SECCOMP_RET_KILL_PROCESS) {
    return hex(value) + " (kills the process)";
  }
  std::string text = resolve::verdict_text(verdict, abi);
  if (data != 0 && (verdict.action == policy::Action::kTrace || verdict.action == policy::Action::kTrap)) {
    text += " " + std::to_string(data);
  }
  return text;
}

std::string call_text(arch::Abi abi, uint32_t number) {
  if (const auto name = arch::name_of(abi, number)) return std::string(*name);
  return "number " + (number < 100000 ? std::to_string(number) : hex(number));
}

CallChain chain_of(const resolve::RuleSet& rules, uint32_t number) {
  CallChain chain;
  chain.number = number;
  chain.otherwise = fallback_of(rules, number).verdict;
  for (const resolve::Clause& clause : clauses_of(rules, number)) {
    if (never_holds(clause)) continue;
    if (clause.conditions.empty()) {
      chain.otherwise = clause.verdict;
      chain.last = &clause;
      break;
    }
    chain.cases.push_back(&clause);
  }
  while (!chain.cases.empty() && chain.cases.back()->verdict == chain.otherwise) chain.cases.pop_back();
  return chain;
}

uint32_t line_of(const resolve::Clause& clause, const policy::Policy& policy) {
  return policy.source->locate(clause.origin->range.offset).line;
}

std::string origin_text(const resolve::Clause* clause, const policy::Policy& policy) {
  if (clause == nullptr && policy.kernel) {
    return "kernel: " + arch::to_string(*policy.kernel);
  }
  if (clause == nullptr || !clause->origin) return "default";
  return "line " + std::to_string(line_of(*clause, policy));
}

Result<uint64_t, std::string> read_argument(std::string_view text, arch::Abi abi) {
  uint64_t value = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('|', begin), text.size());
    const auto term = read_term(text.substr(begin, end - begin), abi);
    if (!term) return term.error();
    value |= *term;
    begin = end + 1;
  }
  if (arch::info(abi).register_bits == 64) return value;
  if (value > UINT32_MAX && value < 0 - (uint64_t{1} << 31U)) {
    return in_quotes(text) + " does not fit in the 32 bits of an argument on " + std::string(arch::info(abi).name);
  }
  return value & UINT32_MAX;
}

Result<uint32_t, std::string> read_call(std::string_view text, arch::Abi abi) {
  const std::string on = " on " + std::string(arch::info(abi).name);
  if (starts_like_number(text)) {
    const auto number = text == "-1" ? std::optional<uint64_t>(UINT32_MAX) : read_digits(text);
    if (number && *number <= UINT32_MAX) return static_cast<uint32_t>(*number);
    return in_quotes(text) + " is not a number that a call can have";
  }
  if (const auto number = arch::number_of(abi, text)) return *number;
  if (text.starts_with('@')) return "expected one call, found the set " + in_quotes(text);
  const auto multiplexed = arch::multiplexed(abi, text);
  if (!multiplexed.empty()) {
    return "system call " + in_quotes(text) + " has no number" + on + "; ask for '" +
           std::string(multiplexed.front().multiplexer) + " " + std::to_string(multiplexed.front().selector) + "'";
  }
  if (!arch::abis_with(text).empty()) return "no system call " + in_quotes(text) + on;
  const auto nearest = nearest_name(text, arch::names_on(abi));
  return "unknown system call " + in_quotes(text) + on + (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "");
}

std::string call_with_arguments(const bpf::SystemCall& call, arch::Abi abi, size_t least, ArgumentStyle style) {
  size_t count = call.args.size();
  while (count > least && call.args.at(count - 1) == 0) --count;
  std::vector<std::string> arguments;
  for (unsigned i = 0; i < count; ++i) {
    const uint64_t value = call.args.at(i);
    const bool named = style == ArgumentStyle::kNames && value != 0;
    arguments.push_back(named ? argument_text(abi, call.number, i, value) : number_text(value));
  }
  return call_text(abi, call.number) + "(" + join(arguments, ", ") + ")";
}

}  // namespace sandbox::tool
