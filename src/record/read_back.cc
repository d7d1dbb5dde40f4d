#include "record/read_back.h"

#include <cerrno>
#include <memory>

#include "arch/syscalls.h"
#include "policy/environment.h"
#include "policy/reader.h"
#include "resolve/evaluate.h"
#include "resolve/lint/lint.h"
#include "resolve/resolve.h"
#include "resolve/verdict_sets.h"

namespace sandbox::record {
namespace {

std::string words_for(arch::Abi abi, uint32_t number) {
  const auto name = arch::name_of(abi, number);
  return (name ? std::string(*name) : "number " + std::to_string(number)) + " on " + std::string(arch::info(abi).name);
}

/// The call that was seen, with those of its arguments that were looked at.
bpf::SystemCall call_with(const RecordedCall& seen, const Values& values) {
  bpf::SystemCall call;
  call.arch = arch::info(seen.abi).audit_arch;
  call.number = seen.number;
  const auto name = arch::name_of(seen.abi, seen.number);
  const auto narrowed = name ? narrowed_arguments(seen.abi, *name) : std::vector<NarrowedArgument>();
  for (size_t i = 0; i < narrowed.size(); ++i) call.args.at(narrowed[i].argument) = values.at(i);
  return call;
}

/// What a group has look absent, programs do without: see Composer::hide_clone3().
bool allows(const resolve::PolicyRules& rules, const bpf::SystemCall& call) {
  const resolve::Judgement judgement = resolve::evaluate(rules, call);
  const bool absent = judgement.verdict == resolve::Verdict{policy::Action::kErrno, ENOSYS} &&
                      judgement.source == resolve::VerdictSource::kGroup;
  return judgement.verdict.action == policy::Action::kAllow || absent;
}

/// A call that was seen and is not allowed. What the earlier policy allows under conditions on arguments that were not
/// looked at is not judged here: the proof holds it to what the earlier policy says.
std::optional<std::string> denied_call(const resolve::PolicyRules& rules, const Recording& recording) {
  for (const RecordedCall& seen : recording.calls) {
    if (!arch::name_of(seen.abi, seen.number)) continue;
    bool good = true;
    if (!seen.narrowed) {
      good = seen.count.beyond == 0 || allows(rules, call_with(seen, {}));
    } else {
      for (const auto& [values, count] : seen.values) {
        good = good && (count.beyond == 0 || allows(rules, call_with(seen, values)));
      }
    }
    if (!good) return words_for(seen.abi, seen.number) + " was called, and would be denied";
  }
  return std::nullopt;
}

std::optional<std::string> different_call(const resolve::PolicyRules& meant, const resolve::PolicyRules& read) {
  resolve::ArgumentSets sets;
  const auto difference = resolve::first_difference(sets, meant, read, resolve::Relation::kSame);
  if (sets.gave_up()) return "its conditions are too involved to be compared";
  if (!difference) return std::nullopt;
  return difference->number
             ? words_for(difference->abi, *difference->number) + " would get another answer than it should"
             : "calls on " + std::string(arch::info(difference->abi).name) +
                   " would get another answer than they should";
}

std::optional<std::string> first_error(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) return format_diagnostic(diagnostics.source(), diagnostic);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> disagreement(const Meaning& meaning, const Recording& recording, Diagnostics& diagnostics,
                                        const std::shared_ptr<const SourceText>& source) {
  policy::Environment environment;
  environment.native = meaning.native;
  const auto read = policy::read_policy(source, environment, diagnostics);
  if (!read) return first_error(diagnostics).value_or("it cannot be read back");
  const resolve::PolicyRules rules = resolve::resolve(*read, meaning.native, diagnostics);
  if (auto error = first_error(diagnostics)) return error;
  Diagnostics unused(source);
  const resolve::PolicyRules meant = resolve::resolve(meaning.policy, meaning.native, unused);
  if (auto different = different_call(meant, rules)) return different;
  if (auto denied = denied_call(rules, recording)) return denied;
  resolve::lint(*read, rules, diagnostics);
  diagnostics.sort();
  return std::nullopt;
}

}  // namespace sandbox::record
