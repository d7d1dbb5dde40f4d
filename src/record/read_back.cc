#include "record/read_back.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "arch/narrowed_arguments.h"
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

bool same(const policy::ErrnoValue& a, const policy::ErrnoValue& b) {
  return a.name == b.name && a.number == b.number;
}

bool same(const policy::Group& a, const policy::Group& b) {
  const bool by_names = a.names_with_args.empty() && b.names_with_args.empty();
  return by_names && a.action == b.action && (a.action != policy::Action::kErrno || same(a.error, b.error)) &&
         std::ranges::equal(a.names, b.names, {}, &policy::Name::text, &policy::Name::text);
}

/// The ABIs that a policy covers, the one that it covers without naming any left out.
std::vector<arch::Abi> further_abis(const policy::Policy& policy, arch::Abi native) {
  std::vector<arch::Abi> abis;
  for (const policy::ListedAbi& listed : policy.architectures) abis.push_back(listed.abi);
  if (abis == std::vector{native}) abis.clear();
  return abis;
}

/// Whether the two say the same in the same words, places apart, so that they mean the same. False where the words may
/// still mean the same: values of arguments are not compared.
bool says_the_same(const policy::Policy& a, const policy::Policy& b, arch::Abi native) {
  const auto plain = [](const policy::Policy& policy) {
    return policy.format == policy::Format::kBeats && policy.has_filter && policy.enabled;
  };
  return plain(a) && plain(b) && a.default_action == b.default_action && same(a.default_error, b.default_error) &&
         a.kernel == b.kernel && a.skip_missing_calls == b.skip_missing_calls &&
         further_abis(a, native) == further_abis(b, native) &&
         std::ranges::equal(a.groups, b.groups, [](const auto& one, const auto& other) { return same(one, other); });
}

}  // namespace

bpf::SystemCall call_with(const RecordedCall& seen, const Values& values) {
  bpf::SystemCall call;
  call.arch = arch::info(seen.abi).audit_arch;
  call.number = seen.number;
  const auto name = arch::name_of(seen.abi, seen.number);
  const auto narrowed = name ? arch::narrowed_arguments(seen.abi, *name) : std::vector<arch::NarrowedArgument>();
  for (size_t i = 0; i < narrowed.size(); ++i) call.args.at(narrowed[i].argument) = values.at(i).value_or(0);
  return call;
}

ReadBack read_back(const policy::Policy& meant, arch::Abi native, const Recording& recording, Diagnostics& diagnostics,
                   const std::shared_ptr<const SourceText>& source) {
  policy::Environment environment;
  environment.native = native;
  const auto read = policy::read_policy(source, environment, diagnostics);
  if (!read) return {first_error(diagnostics).value_or("it cannot be read back"), {}};
  resolve::PolicyRules rules = resolve::resolve(*read, native, diagnostics);
  if (auto error = first_error(diagnostics)) return {error, std::move(rules)};
  if (!says_the_same(meant, *read, native)) {
    Diagnostics unused(std::make_shared<const SourceText>("", ""));
    auto different = different_call(resolve::resolve(meant, native, unused), rules);
    if (different) return {std::move(different), std::move(rules)};
  }
  if (auto denied = denied_call(rules, recording)) return {std::move(denied), std::move(rules)};
  resolve::lint(*read, rules, diagnostics);
  diagnostics.sort();
  return {std::nullopt, std::move(rules)};
}

}  // namespace sandbox::record
