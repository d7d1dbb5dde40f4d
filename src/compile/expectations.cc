#include "compile/expectations.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "arch/call_sets.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "bpf/interpret.h"
#include "resolve/evaluate.h"
#include "resolve/values.h"
#include "resolve/verdict_text.h"

namespace sandbox::compile {
namespace {

/// One expectation on its ABI; what is wrong with it is added to the diagnostics.
class Preparation {
 public:
  Preparation(const policy::Expectation& expectation, arch::Abi abi, Diagnostics& diagnostics)
      : expectation_(expectation), abi_(arch::info(abi)), diagnostics_(diagnostics) {}

  std::optional<JudgedExpectation> prepare() {
    JudgedExpectation judged;
    judged.range = expectation_.range;
    judged.abi = abi_.abi;
    judged.call.arch = abi_.audit_arch;
    const auto number = find_number();
    const bool arguments = find_arguments(judged.call);
    const auto expected = find_verdict();
    if (!number || !arguments || !expected) return std::nullopt;
    judged.call.number = *number;
    judged.expected = *expected;
    return judged;
  }

 private:
  std::optional<uint32_t> find_number();
  bool find_arguments(bpf::SystemCall& call);
  std::optional<resolve::Verdict> find_verdict();

  const policy::Expectation& expectation_;
  const arch::AbiInfo& abi_;
  Diagnostics& diagnostics_;
};

std::optional<uint32_t> Preparation::find_number() {
  if (expectation_.number) return expectation_.number;
  const policy::Name& name = expectation_.call;
  if (const auto number = arch::number_of(abi_.abi, name.text)) return number;
  const std::string on = " on " + std::string(abi_.name);
  std::string message = "unknown system call " + in_quotes(std::string_view(name.text)) + on;
  const std::vector<arch::Multiplexed> multiplexed = arch::multiplexed(abi_.abi, name.text);
  if (!multiplexed.empty()) {
    message = "system call " + in_quotes(std::string_view(name.text)) + " has no number" + on + "; write [" +
              std::string(multiplexed.front().multiplexer) + ", " + std::to_string(multiplexed.front().selector) + "]";
  } else if (name.text.starts_with('@')) {
    message = "'call' takes one call, found the set " + in_quotes(std::string_view(name.text)) + "; give it in 'calls'";
  } else if (const std::vector<arch::Abi> others = arch::abis_with(name.text); !others.empty()) {
    message = "no system call " + in_quotes(std::string_view(name.text)) + on + "; it exists on " +
              std::string(arch::info(others.front()).name) + (others.size() > 1 ? " and others" : "");
  } else if (const auto nearest =
                 diagnostics_.nearest(abi_.name, name.text, [&] { return arch::names_on(abi_.abi); })) {
    message += "; did you mean " + in_quotes(*nearest) + "?";
  }
  diagnostics_.error(name.range, std::move(message));
  return std::nullopt;
}

bool Preparation::find_arguments(bpf::SystemCall& call) {
  bool good = true;
  for (size_t i = 0; i < expectation_.arguments.size(); ++i) {
    const policy::Value& value = expectation_.arguments[i];
    const resolve::ResolvedValue resolved = resolve::resolve_value(value, abi_.abi, abi_.register_bits);
    if (!resolved.missing_constant.empty()) {
      diagnostics_.error(value.range, "no constant " + in_quotes(std::string_view(resolved.missing_constant)) + " on " +
                                          std::string(abi_.name));
      good = false;
    } else if (!resolved.fits) {
      diagnostics_.error(value.range, "argument " + std::to_string(i) + " does not fit in " +
                                          std::to_string(abi_.register_bits) + " bits, which is what " +
                                          std::string(abi_.name) + " has");
      good = false;
    }
    call.args.at(i) = resolved.value;
  }
  return good;
}

std::optional<resolve::Verdict> Preparation::find_verdict() {
  resolve::Verdict verdict = {expectation_.action, 0};
  if (verdict.action != policy::Action::kErrno) return verdict;
  const policy::ErrnoValue& error = expectation_.error;
  const auto number = error.name.empty() ? std::optional(error.number) : arch::errno_number(abi_.abi, error.name);
  if (!number) {
    diagnostics_.error(error.range,
                       "no errno " + in_quotes(std::string_view(error.name)) + " on " + std::string(abi_.name));
    return std::nullopt;
  }
  verdict.data = *number;
  return verdict;
}

/// The expectation itself, or one for each member of its set that the ABI has.
std::vector<policy::Expectation> each_call_of(const policy::Expectation& expectation, arch::Abi abi,
                                              Diagnostics& diagnostics) {
  const std::string& name = expectation.call.text;
  if (!expectation.any_arguments || !name.starts_with('@')) return {expectation};
  std::vector<policy::Expectation> each;
  const auto members = arch::members_of_set(name);
  if (!members) {
    const auto nearest = diagnostics.nearest("sets", name, arch::set_names);
    diagnostics.error(expectation.call.range, "unknown set " + in_quotes(std::string_view(name)) +
                                                  (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : ""));
    return each;
  }
  for (const std::string_view member : *members) {
    if (!arch::number_of(abi, member)) continue;
    each.push_back(expectation);
    each.back().call.text = member;
  }
  if (each.empty()) {
    diagnostics.error(expectation.call.range, std::string(arch::info(abi).name) + " has no call of the set " +
                                                  in_quotes(std::string_view(name)));
  }
  return each;
}

void judge(std::span<const resolve::PolicyRules> rules, const Filter& filter, JudgedExpectation& judged) {
  const resolve::Judgement judgement = resolve::evaluate(rules, judged.call);
  judged.evaluated = judgement.verdict;
  judged.clause = judgement.clause;
  if (judgement.source == resolve::VerdictSource::kAboveNamed) {
    judged.above_named =
        above_named_text(*resolve::find_rules(rules[judgement.policy], judged.call), judged.call.number);
  }
  const bpf::Outcome outcome = bpf::interpret(filter.program, judged.call, arch::info(judged.abi).endian);
  judged.compiled = resolve::verdict_of(outcome.value);
}

/// Whether the policies together may answer with something else for other arguments. What one of them gives for all
/// arguments stands where it is the most restrictive that any of them can give.
bool depends_on_arguments(std::span<const resolve::PolicyRules> rules, const bpf::SystemCall& call) {
  std::optional<resolve::Verdict> fixed;
  for (const resolve::PolicyRules& one : rules) {
    if (resolve::depends_on_arguments(one, call)) continue;
    const resolve::Verdict verdict = resolve::evaluate(one, call).verdict;
    fixed = fixed ? resolve::more_restrictive(*fixed, verdict) : verdict;
  }
  return std::ranges::any_of(rules, [&](const resolve::PolicyRules& one) {
    if (!resolve::depends_on_arguments(one, call)) return false;
    if (!fixed) return true;
    for (size_t action = 0; action <= static_cast<size_t>(fixed->action); ++action) {
      if (resolve::can_give(one, call, static_cast<policy::Action>(action))) return true;
    }
    return false;
  });
}

}  // namespace

Result<std::vector<JudgedExpectation>, CompileError> judge_expectations(const policy::Expectations& expectations,
                                                                        std::span<const resolve::PolicyRules> rules,
                                                                        arch::Abi native, Diagnostics& diagnostics) {
  const arch::Abi file_abi = expectations.abi ? expectations.abi->abi : native;
  const auto filter = compile(rules);
  if (!filter) return filter.error();
  std::vector<JudgedExpectation> results;
  for (const policy::Expectation& expectation : expectations.expect) {
    const arch::Abi abi = expectation.abi ? expectation.abi->abi : file_abi;
    const std::vector<policy::Expectation> calls = each_call_of(expectation, abi, diagnostics);
    if (results.size() + calls.size() > kMaxJudgedCalls) {
      diagnostics.error(expectation.range, "with this entry the file has expectations of more than " +
                                               std::to_string(kMaxJudgedCalls) + " calls; split it");
      break;
    }
    for (const policy::Expectation& one : calls) {
      auto judged = Preparation(one, abi, diagnostics).prepare();
      if (!judged) continue;
      judge(rules, *filter, *judged);
      if (expectation.any_arguments) judged->depends_on_arguments = depends_on_arguments(rules, judged->call);
      results.push_back(*judged);
    }
  }
  return results;
}

std::string failure_text(const JudgedExpectation& judged, std::span<const SourceText* const> policies) {
  const auto text = [&](resolve::Verdict verdict) { return resolve::verdict_text(verdict, judged.abi); };
  std::string message = "expected " + text(judged.expected) + ", found " + text(judged.evaluated);
  if (judged.depends_on_arguments) {
    message = "expected " + text(judged.expected) + " for all arguments, found that it depends on them";
  }
  if (judged.clause != nullptr) {
    const SourceText& policy = *policies[judged.clause->origin->policy];
    const uint32_t line = policy.locate(judged.clause->origin->range.offset).line;
    message += " (" + printable(policy.name()) + ":" + std::to_string(line) + ")";
  }
  if (!judged.above_named.empty()) message += " (" + judged.above_named + ")";
  if (judged.evaluated == judged.compiled) return message;
  return message + ", but the compiled program gives " + text(judged.compiled) + ", which is a fault in the compiler";
}

}  // namespace sandbox::compile
