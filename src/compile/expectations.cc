#include "compile/expectations.h"

#include <optional>
#include <string_view>
#include <utility>

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
    message = "an expectation is about one call, found the set " + in_quotes(std::string_view(name.text));
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

}  // namespace

Result<std::vector<JudgedExpectation>, CompileError> judge_expectations(const policy::Expectations& expectations,
                                                                        const resolve::PolicyRules& rules,
                                                                        arch::Abi native, Diagnostics& diagnostics) {
  const arch::Abi file_abi = expectations.abi ? expectations.abi->abi : native;
  const auto filter = compile({&rules, 1});
  if (!filter) return filter.error();
  std::vector<JudgedExpectation> results;
  for (const policy::Expectation& expectation : expectations.expect) {
    const arch::Abi abi = expectation.abi ? expectation.abi->abi : file_abi;
    auto judged = Preparation(expectation, abi, diagnostics).prepare();
    if (!judged) continue;
    const resolve::Judgement judgement = resolve::evaluate(rules, judged->call);
    judged->evaluated = judgement.verdict;
    judged->clause = judgement.clause;
    if (judgement.source == resolve::VerdictSource::kAboveNamed) {
      judged->above_named = above_named_text(*resolve::find_rules(rules, judged->call), judged->call.number);
    }
    const bpf::Outcome outcome = bpf::interpret(filter->program, judged->call, arch::info(abi).endian);
    judged->compiled = resolve::verdict_of(outcome.value);
    results.push_back(*judged);
  }
  return results;
}

std::string failure_text(const JudgedExpectation& judged, const SourceText& policy) {
  const auto text = [&](resolve::Verdict verdict) { return resolve::verdict_text(verdict, judged.abi); };
  std::string message = "expected " + text(judged.expected) + ", found " + text(judged.evaluated);
  if (judged.clause != nullptr) {
    const uint32_t line = policy.locate(judged.clause->origin->range.offset).line;
    message += " (" + printable(policy.name()) + ":" + std::to_string(line) + ")";
  }
  if (!judged.above_named.empty()) message += " (" + judged.above_named + ")";
  if (judged.evaluated == judged.compiled) return message;
  return message + ", but the compiled program gives " + text(judged.compiled) + ", which is a fault in the compiler";
}

}  // namespace sandbox::compile
