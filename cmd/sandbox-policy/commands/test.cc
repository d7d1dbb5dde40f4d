// test: whether policies do what is expected of them.
#include "base/text.h"
#include "command_line/policy_name.h"
#include "compile/expectations.h"
#include "policy/expectations.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
};

/// A file of expectations, judged.
struct Judged {
  std::shared_ptr<const SourceText> source;
  Input input;
  std::vector<compile::JudgedExpectation> results;
};

/// Reads one file and its policy, and judges it. What is wrong with either has been said.
Step<Judged> judge(const std::string& file, const Options& options, const Log& log) {
  const auto source = open_source(file, log);
  if (!source) return Unusable{};
  Diagnostics diagnostics(*source);
  const auto expectations = policy::read_expectations(*source, diagnostics);
  if (!expectations || diagnostics.has_errors()) {
    diagnostics.sort();
    log.report(diagnostics);
    return Unusable{};
  }
  Options reading = options;
  if (expectations->abi) reading.machine = expectations->abi->abi;
  const std::string policy =
      expectations->profile ? "profile:" + expectations->profile->text : policy::policy_path(*expectations);
  if (command_line::is_standard_input(policy) && command_line::is_standard_input(file)) {
    log.error(printable_path((*source)->name()) + ": its policy cannot come from standard input, too");
    return Unusable{};
  }
  auto input = load_policy(policy, "expected a policy", reading, log);
  if (!input) return Unusable{};
  if (!input->enabled()) {
    log.error(input->name + ": 'enabled' is false: there is nothing to expect of this policy");
    return Unusable{};
  }
  auto results = compile::judge_expectations(*expectations, input->rules, reading.machine, diagnostics);
  if (!results) {
    const policy::Policy* one = &*input->policy;
    log.error(compile::describe(results.error(), {&one, 1}, input->name));
    return Unusable{};
  }
  diagnostics.sort();
  log.report(diagnostics);
  if (diagnostics.has_errors()) return Unusable{};
  // The clauses that the results name stay where they are: the rules are moved as a whole.
  return Judged{*source, std::move(*input), std::move(*results)};
}

void print_failure(const Judged& judged, const compile::JudgedExpectation& result, Output& out) {
  const Diagnostic finding = {Severity::kError, result.range,
                              compile::failure_text(result, *judged.input.policy->source)};
  const std::string whole = format_diagnostic(*judged.source, finding);
  const size_t place = whole.size() - finding.message.size();
  out.line(out.paint(Colour::kBold, whole.substr(0, place)) + out.paint(Colour::kRed, "failed: ") +
           call_with_arguments(result.call, result.abi) + " on " + std::string(arch::info(result.abi).name) + ": " +
           finding.message);
  if (out.on_terminal()) out.line(format_excerpt(*judged.source, finding));
}

void print_json(const Judged& judged, Json& json) {
  json.open_object().member("file", std::string_view(judged.source->name()));
  json.member("policy", std::string_view(judged.input.name)).key("results").open_array();
  for (const compile::JudgedExpectation& result : judged.results) {
    const LineColumn place = judged.source->locate(result.range.offset);
    json.open_object().member("line", uint64_t{place.line}).member("column", uint64_t{place.column});
    json.member("passed", result.passed()).member("abi", arch::info(result.abi).name);
    json.member("call", std::string_view(call_with_arguments(result.call, result.abi)));
    add_verdict(json.key("expected"), result.expected, result.abi);
    add_verdict(json.key("evaluated"), result.evaluated, result.abi);
    add_verdict(json.key("compiled"), result.compiled, result.abi).close_object();
  }
  json.close_array().close_object();
}

}  // namespace

int test(const Options& options, const Log& log, Output& out) {
  bool usable = true;
  Counts counts;
  Json json;
  json.open_object().key("files").open_array();
  for (const std::string& file : options.arguments) {
    const auto judged = judge(file, options, log);
    usable = usable && judged.ok();
    if (!judged) continue;
    for (const compile::JudgedExpectation& result : judged->results) {
      ++(result.passed() ? counts.passed : counts.failed);
      if (!result.passed() && !options.json) print_failure(*judged, result, out);
    }
    if (options.json) print_json(*judged, json);
  }
  json.close_array().member("passed", uint64_t{counts.passed}).member("failed", uint64_t{counts.failed});
  if (options.json) {
    out.add(json.close_object().text());
  } else {
    out.line(std::to_string(counts.passed) + " passed, " + std::to_string(counts.failed) + " failed");
  }
  if (!usable) return kExitFailed;
  return counts.failed > 0 ? kExitFound : kExitGood;
}

}  // namespace sandbox::tool
