// explain: what one call gets, and why.
#include <algorithm>

#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "resolve/capability_advice.h"
#include "resolve/evaluate.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/annotate.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/explain_file.h"
#include "sandbox-policy/commands/explain_reason.h"
#include "sandbox-policy/commands/scan_program.h"
#include "sandbox-policy/condition_text.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

/// The question, and the answer.
struct Explanation {
  const Input* input = nullptr;
  arch::Abi abi = arch::Abi::kX86_64;
  bpf::SystemCall call;
  bool all_cases = false;  ///< No arguments are given, and they matter.
  CallChain chain;         ///< With all_cases.
  uint32_t value = 0;      ///< What the filter returns.
  AnswerReason reason;
  std::vector<std::string> capabilities;  ///< Those with which a container profile would allow what it denies.
  std::vector<size_t> path;
  Listing listing;
};

/// What the filter answers to the call, and on which way. Where a launch would put the token stand words that the call
/// does not have.
void run_filter(Explanation& explanation, const compile::ReadyFilter& ready) {
  const arch::AbiInfo& abi = arch::info(explanation.abi);
  compile::Token token = {};
  for (unsigned i = 0; i < compile::kTokenWords / 2; ++i) {
    const uint64_t argument = explanation.call.args.at(compile::kTokenArgument + i);
    token.at(size_t{2} * i) = ~static_cast<uint32_t>(argument);
    token.at(2 * i + 1) = ~static_cast<uint32_t>(argument >> 32U);
  }
  const auto program = bpf::validate(compile::with_token(ready.filter, token));
  const bpf::ValidatedProgram& used = program ? *program : ready.filter.program;
  explanation.value = bpf::interpret(used, explanation.call, abi.endian).value;
  explanation.path = bpf::trace(used, explanation.call, abi.endian);
}

// ---- As text ----

void quote(const SourceText& source, SourceRange range, const std::string& why, Output& out) {
  const Diagnostic place = {Severity::kWarning, range, why};
  std::string line = format_diagnostic(source, place);
  if (why.empty()) line.resize(line.size() - 2);  // No colon and blank in front of nothing.
  out.line(line);
  const std::string excerpt = format_excerpt(source, place);
  const size_t end = excerpt.find('\n');
  out.line("  " + excerpt.substr(0, end));
  out.line("  " + out.paint(Colour::kGreen, excerpt.substr(end + 1)));
}

void print_cases(const Explanation& explanation, Output& out) {
  const Input& input = *explanation.input;
  const arch::Abi abi = explanation.abi;
  out.line(out.paint(Colour::kBold, call_text(abi, explanation.call.number)) + " on " +
           std::string(arch::info(abi).name) + ": depends on its arguments, in " + input.name);
  std::vector<std::vector<Cell>> rows;
  const auto add = [&](resolve::Verdict verdict, std::string when, std::string origin) {
    rows.push_back({{resolve::verdict_text(verdict, abi), colour_of(verdict.action)},
                    std::move(when),
                    {std::move(origin), Colour::kDim}});
  };
  for (CaseText& one : cases_text(explanation.chain, *input.policy, abi)) {
    add(one.verdict, std::move(one.when), std::move(one.origin));
  }
  add(explanation.chain.otherwise, "otherwise", origin_text(explanation.chain.last, *input.policy));
  out.wrapped_table(rows);
}

void print_path(const Explanation& explanation, Output& out) {
  out.line("");
  out.line("the way through the filter, " + std::to_string(explanation.path.size()) + " of " +
           plural(explanation.listing.instructions.size(), "instruction") + ":");
  std::vector<std::vector<Cell>> rows;
  for (const size_t at : explanation.path) {
    const std::string index = std::to_string(at);
    rows.push_back({{std::string(4 - std::min<size_t>(4, index.size()), ' ') + index, Colour::kDim},
                    explanation.listing.instructions[at],
                    {explanation.listing.notes[at], Colour::kCyan}});
  }
  out.table(rows, 0);
}

void print_capabilities(const Explanation& explanation, Output& out) {
  if (explanation.capabilities.empty()) return;
  out.line("allowed with --cap " + join(explanation.capabilities, " or "));
}

void print_text(const Explanation& explanation, const std::vector<std::string>& arguments, Output& out) {
  if (explanation.all_cases) {
    print_cases(explanation, out);
    print_capabilities(explanation, out);
    return;
  }
  const AnswerReason& reason = explanation.reason;
  std::string call = call_text(explanation.abi, explanation.call.number);
  if (!arguments.empty()) call += "(" + join(arguments, ", ") + ")";  // As they were written.
  out.line(out.paint(Colour::kBold, call) + " on " + std::string(arch::info(explanation.abi).name) + ": " +
           out.paint(colour_of(resolve::verdict_of(explanation.value).action),
                     return_text(explanation.value, explanation.abi)));
  if (reason.place && explanation.input->policy) {
    quote(*explanation.input->policy->source, *reason.place, reason.text, out);
  } else {
    out.line(explanation.input->name + ": " + reason.text);
  }
  print_capabilities(explanation, out);
}

// ---- As JSON ----

void json_place(const Input& input, SourceRange range, Json& json) {
  const LineColumn place = input.policy->source->locate(range.offset);
  json.member("line", uint64_t{place.line}).member("column", uint64_t{place.column});
}

void json_cases(const Explanation& explanation, Json& json) {
  json.key("cases").open_array();
  for (const resolve::Clause* clause : explanation.chain.cases) {
    add_verdict(json.open_object().key("verdict"), clause->verdict, explanation.abi);
    json.key("conditions").open_array();
    for (const std::string& condition :
         conditions_text(*clause, &*explanation.input->policy, explanation.abi, explanation.call.number)) {
      json.value(std::string_view(condition));
    }
    json.close_array();
    json_place(*explanation.input, clause->origin->range, json);
    json.close_object();
  }
  add_verdict(json.close_array().key("otherwise"), explanation.chain.otherwise, explanation.abi);
}

void json_answer(const Explanation& explanation, Json& json) {
  add_verdict(json.key("verdict"), resolve::verdict_of(explanation.value), explanation.abi);
  json.key("value").hex(explanation.value);
  json.member("reason", explanation.reason.id);
  if (!explanation.reason.text.empty()) json.member("text", std::string_view(explanation.reason.text));
  if (explanation.reason.place) json_place(*explanation.input, *explanation.reason.place, json);
}

void print_json(const Explanation& explanation, bool path, Output& out) {
  Json json;
  json.open_object().member("file", std::string_view(explanation.input->name));
  json.member("abi", arch::info(explanation.abi).name).key("call").open_object();
  if (const auto name = arch::name_of(explanation.abi, explanation.call.number)) json.member("name", *name);
  json.member("number", uint64_t{explanation.call.number}).key("arguments").open_array();
  for (const uint64_t argument : explanation.call.args) json.hex(argument);
  json.close_array().close_object().member("depends_on_arguments", explanation.all_cases);
  if (explanation.all_cases) {
    json_cases(explanation, json);
  } else {
    json_answer(explanation, json);
  }
  if (!explanation.capabilities.empty()) {
    json.key("capabilities").open_array();
    for (const std::string& one : explanation.capabilities) json.value(std::string_view(one));
    json.close_array();
  }
  if (path) {
    json.key("path").open_array();
    for (const size_t at : explanation.path) {
      json.open_object().member("index", uint64_t{at});
      json.member("text", std::string_view(explanation.listing.instructions[at]));
      if (!explanation.listing.notes[at].empty()) json.member("note", std::string_view(explanation.listing.notes[at]));
      json.close_object();
    }
    json.close_array();
  }
  out.add(json.close_object().text());
}

/// The question as the command line puts it; what is wrong with it has been said.
Step<Explanation> read_question(const Options& options, const Input& input, const Log& log) {
  Explanation explanation;
  explanation.input = &input;
  explanation.abi = options.arch.value_or(input.abis(options.machine).front());
  explanation.call.arch = arch::info(explanation.abi).audit_arch;
  const auto number = read_call(options.arguments[1], explanation.abi);
  if (!number) {
    log.error(number.error());
    return Unusable{};
  }
  explanation.call.number = *number;
  for (size_t i = 2; i < options.arguments.size(); ++i) {
    const auto value = read_argument(options.arguments[i], explanation.abi);
    if (!value) {
      log.error(value.error());
      return Unusable{};
    }
    explanation.call.args.at(i - 2) = *value;
  }
  return explanation;
}

/// Of a denied call; without arguments, of one that is denied for some of them.
std::vector<std::string> capabilities_for(const Explanation& explanation, const Options& options) {
  const bool denied = policy::is_denied(resolve::verdict_of(explanation.value).action);
  if (!denied && !explanation.all_cases) return {};
  resolve::CapabilityAdvice advice(*explanation.input->policy, environment_of(options));
  return advice.allowing(explanation.call, options.arguments.size() > 2);
}

}  // namespace

int explain(const Options& options, const Log& log, Output& out) {
  if (!options.program.empty()) return explain_program(options, log, out);
  const auto input = load(options.arguments.front(), options, log);
  if (!input) return kExitFailed;
  if (asks_for_file(options.arguments[1])) return explain_file(*input, options, log, out);
  auto explanation = read_question(options, *input, log);
  if (!explanation) return kExitFailed;
  explanation->reason = reason_for(*input, explanation->call, explanation->abi);
  if (!input->enabled()) {
    explanation->value = SECCOMP_RET_ALLOW;
  } else {
    const auto filter = filter_of(*input, options, log);
    if (!filter) return kExitFailed;
    run_filter(*explanation, *filter);
    if (options.path) explanation->listing = annotate(*filter, *input, options.machine);
    if (input->policy &&
        resolve::seccomp_return(resolve::evaluate(input->rules, explanation->call).verdict) != explanation->value) {
      log.error(input->name + ": the policy and its filter disagree on this call: a fault in the compiler");
      return kExitFailed;
    }
  }
  if (options.arguments.size() == 2 && !options.path) {
    explanation->chain = cases_of(*input, explanation->call, explanation->reason);
    explanation->all_cases = !explanation->chain.cases.empty();
  }
  if (input->policy && input->enabled()) explanation->capabilities = capabilities_for(*explanation, options);
  if (options.json) {
    print_json(*explanation, options.path && input->enabled(), out);
    return kExitGood;
  }
  print_text(*explanation, {options.arguments.begin() + 2, options.arguments.end()}, out);
  if (options.path && input->enabled()) print_path(*explanation, out);
  return kExitGood;
}

}  // namespace sandbox::tool
