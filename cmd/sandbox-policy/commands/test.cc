// test: whether policies do what is expected of them.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <map>
#include <set>
#include <utility>

#include "base/diagnostic.h"
#include "base/text.h"
#include "command_line/policy_name.h"
#include "compile/expectations.h"
#include "kernel/path_environment.h"
#include "policy/expectations.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/test_report.h"
#include "sandbox-policy/file_access.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

using Policies = std::unique_ptr<TestedPolicies>;

/// The names of the policies' files and profiles, as load() takes them.
std::vector<std::string> names_of(const policy::Expectations& expectations) {
  std::vector<std::string> names;
  for (const policy::Name& name : expectations.policies) names.push_back(policy::policy_path(expectations, name));
  for (const policy::Name& name : expectations.profiles) names.push_back("profile:" + name.text);
  return names;
}

/// Reads the policies that the expectations are about.
Step<Policies> load_policies(const policy::Expectations& expectations, const Options& options, const Log& log) {
  auto policies = std::make_unique<TestedPolicies>();
  std::vector<std::string> names;
  std::vector<Input> off;  // They filter nothing.
  for (const std::string& name : names_of(expectations)) {
    auto input = load_policy(name, "expected a policy", options, log);
    if (!input) return Unusable{};
    names.push_back(input->name);
    (input->enabled() ? policies->inputs : off).push_back(std::move(*input));
  }
  policies->names = join_with_and(names);
  if (policies->inputs.empty()) {
    const bool filters = std::ranges::any_of(off, [](const Input& input) { return input.policy->has_filter; });
    log.error_in(policies->names, filters ? "'enabled' is false: there is nothing to expect of this policy"
                                          : "there is no seccomp section: it filters no calls to expect something of");
    return Unusable{};
  }
  for (const Input& input : policies->inputs) {
    policies->rules.push_back(input.rules);
    for (resolve::RuleSet& set : policies->rules.back()) {
      resolve::set_policy(set, static_cast<uint32_t>(policies->rules.size() - 1));
    }
    policies->sources.push_back(input.policy->source.get());
  }
  return policies;
}

/// What it is judged by together: expectations that count on the same capabilities.
std::vector<policy::Expectations> by_capabilities(const policy::Expectations& expectations, const Options& options) {
  std::map<std::pair<std::set<std::string>, bool>, policy::Expectations> parts;
  for (const policy::Expectation& one : expectations.expect) {
    const arch::CapabilityList& capabilities = one.capabilities ? *one.capabilities
                                               : expectations.capabilities
                                                   ? *expectations.capabilities
                                                   : options.capabilities.value_or(arch::CapabilityList());
    policy::Expectations& part = parts[{capabilities.names, capabilities.own}];
    if (part.expect.empty()) {
      part = expectations;
      part.expect.clear();
      part.capabilities = capabilities;
    }
    part.expect.push_back(one);
  }
  std::vector<policy::Expectations> all;
  for (auto& [capabilities, part] : parts) all.push_back(std::move(part));
  return all;
}

/// Judges expectations that count on the same capabilities. False if something cannot be used: the reason has been
/// said.
bool judge(const policy::Expectations& expectations, const Options& options, const Log& log, Diagnostics& diagnostics,
           TestedFile& file) {
  Options reading = options;
  if (expectations.abi) reading.machine = expectations.abi->abi;
  if (expectations.kernel) reading.kernel = *expectations.kernel;
  reading.capabilities = *expectations.capabilities;
  Log reading_log = log;
  if (!file.policies.empty()) reading_log.set_level(LogLevel::kError);  // Warnings have been shown.
  auto policies = load_policies(expectations, reading, reading_log);
  if (!policies) return false;
  TestedPolicies& tested = **policies;
  auto results = compile::judge_expectations(expectations, tested.rules, reading.machine, diagnostics);
  if (!results) {
    std::vector<const policy::Policy*> all;
    for (const Input& input : tested.inputs) all.push_back(&*input.policy);
    log.error(compile::describe(results.error(), all, tested.names));
    return false;
  }
  for (compile::JudgedExpectation& result : *results) {
    file.results.push_back({&tested, std::move(result), std::nullopt});
  }
  file.policies_text = tested.names;
  file.policies.push_back(std::move(*policies));
  return true;
}

/// Where the nearest rule is that gives some of the rights.
std::string where_allowed(const SectionLayers& layers, const kernel::FoundFile& file, arch::FileRights wanted) {
  for (const RuleAbove& above : layers.rules_above(file)) {
    if ((above.rights & wanted) == 0) continue;
    const SourceText& source = *layers.section(above.layer).ruleset.source;
    return printable(source.name()) + ":" + std::to_string(source.locate(above.rule->range.offset).line);
  }
  return "it is not restricted";
}

std::string name_of_layer(const SectionLayers& layers, size_t layer) {
  return printable(layers.section(layer).ruleset.source->name());
}

/// What is wrong with the expectation is added to `diagnostics`.
std::optional<JudgedAccess> judge_file_access(const policy::AccessExpectation& expectation, const std::string& folder,
                                              SectionLayers& layers, Diagnostics& diagnostics) {
  const std::string path = asked_path(expectation.path.text, folder);
  const auto file = layers.find(path);
  if (!file) {
    diagnostics.error(expectation.path.range, file.error());
    return std::nullopt;
  }
  arch::FileRights wanted = 0;
  for (const policy::PlacedText& word : expectation.access) wanted |= arch::find_access(word.text)->rights;
  wanted = askable(*file, wanted);
  JudgedAccess judged = {expectation.range,
                         printable_path(path),
                         join(expectation.access, ", ", &policy::PlacedText::text),
                         expectation.allowed,
                         {},
                         {}};
  if (wanted == 0) {
    diagnostics.error(expectation.path.range,
                      in_quotes(path, PATH_MAX) + " is no directory, and " + judged.access + " is for directories");
    return std::nullopt;
  }
  const auto denial = layers.judge(*file, wanted);
  judged.allowed = !denial;
  judged.why = denial ? "no rule of " + name_of_layer(layers, denial->layer) + " gives " +
                            describe_rights(*file, denial->missing)
                      : where_allowed(layers, *file, wanted);
  return judged;
}

JudgedAccess judge_port_access(const policy::AccessExpectation& expectation, const SectionLayers& layers) {
  arch::PortRights wanted = 0;
  for (const policy::PlacedText& word : expectation.access) {
    wanted |= std::ranges::find(arch::port_rights(), word.text, &arch::LandlockBit::name)->bit;
  }
  const auto denial = layers.judge(*expectation.port, wanted);
  JudgedAccess judged = {expectation.range,
                         "port " + std::to_string(*expectation.port),
                         join(expectation.access, ", ", &policy::PlacedText::text),
                         expectation.allowed,
                         {},
                         {}};
  judged.allowed = !denial;
  judged.why = denial ? "no rule of " + name_of_layer(layers, denial->layer) + " gives " +
                            join(arch::names_of(arch::port_rights(), denial->missing))
                      : "it is listed, or not restricted";
  return judged;
}

/// Judges the expectations about files and ports, by the sections of all policies. False as judge() says.
bool judge_accesses(const policy::Expectations& expectations, const Options& options, const Log& log,
                    Diagnostics& diagnostics, TestedFile& file) {
  if (expectations.accesses.empty()) return true;
  Log reading_log = log;
  if (!file.policies.empty()) reading_log.set_level(LogLevel::kError);  // Warnings have been shown.
  std::vector<Input> inputs;
  for (const std::string& name : names_of(expectations)) {
    auto input = load_policy(name, "expected a policy", options, reading_log);
    if (!input) return false;
    inputs.push_back(std::move(*input));
  }
  file.policies_text = join_with_and(inputs, &Input::name);
  auto layers = SectionLayers::place(inputs, log);
  if (!layers) return false;
  if (layers->empty()) {
    diagnostics.error(expectations.accesses.front().range,
                      "there is no landlock section in " + file.policies_text + ": it restricts no files and no ports");
    return false;
  }
  const std::string folder = kernel::path_environment(expectations.source->name()).policy_folder;
  for (const policy::AccessExpectation& expectation : expectations.accesses) {
    auto judged = expectation.port ? judge_port_access(expectation, *layers)
                                   : judge_file_access(expectation, folder, *layers, diagnostics);
    if (judged) file.results.push_back({nullptr, {}, std::move(judged)});
  }
  return true;
}

/// A policy's file that is not there has its place: the name stands in the expectations.
bool policies_are_there(const policy::Expectations& expectations, Diagnostics& diagnostics) {
  for (const policy::Name& name : expectations.policies) {
    const std::string path = command_line::split_policy_name(policy::policy_path(expectations, name)).path;
    if (path.starts_with("profile:") || command_line::is_standard_input(path)) continue;
    if (access(path.c_str(), F_OK) == 0 || errno != ENOENT) continue;
    diagnostics.error(name.range, "there is no file " + in_quotes(printable_path(path)) +
                                      "; a policy's name is relative to this file");
  }
  return !diagnostics.has_errors();
}

/// Whether standard input is read once at most: it cannot be had again.
bool standard_input_suffices(const std::string& file, const policy::Expectations& expectations, const Options& options,
                             const Log& log) {
  size_t reads = command_line::is_standard_input(file) ? 1 : 0;
  const size_t parts = by_capabilities(expectations, options).size() + (expectations.accesses.empty() ? 0 : 1);
  for (const std::string& policy : names_of(expectations)) {
    if (command_line::is_standard_input(policy)) reads += parts;
  }
  if (reads <= 1) return true;
  log.error_in(printable_path(command_line::is_standard_input(file) ? "<standard input>" : file),
               "its policy cannot come from standard input, which would be read more than once");
  return false;
}

/// Reads one file and its policies, and judges it. What is wrong with either has been said.
bool judge_file(const std::string& name, const Options& options, const Log& log, TestedFile& file) {
  const auto source = open_source(name, log);
  if (!source) return false;
  file.source = *source;
  Diagnostics diagnostics(*source);
  const auto expectations = policy::read_expectations(*source, diagnostics);
  bool good = expectations && !diagnostics.has_errors();
  if (good && !standard_input_suffices(name, *expectations, options, log)) return false;
  good = good && policies_are_there(*expectations, diagnostics);
  if (good) {
    for (const policy::Expectations& part : by_capabilities(*expectations, options)) {
      good = good && judge(part, options, log, diagnostics, file);
    }
    good = good && judge_accesses(*expectations, options, log, diagnostics, file);
  }
  diagnostics.sort();
  log.report(diagnostics);
  std::ranges::stable_sort(file.results, {}, [](const TestResult& result) { return result.range().offset; });
  return good && !diagnostics.has_errors();
}

TestedFile test_file(const std::string& name, const Options& options, const Log& log) {
  TestedFile file;
  file.name = printable_path(name);
  const size_t earlier = log.kept().size();
  if (judge_file(name, options, log, file)) return file;
  file.results.clear();
  file.errors.assign(log.kept().begin() + static_cast<std::ptrdiff_t>(earlier), log.kept().end());
  return file;
}

void print(const std::vector<TestedFile>& files, OutputFormat format, Output& out) {
  switch (format) {
    case OutputFormat::kText:
      return print_test_text(files, out);
    case OutputFormat::kJson:
      return print_test_json(files, out);
    case OutputFormat::kTap:
      return print_test_tap(files, out);
    case OutputFormat::kJunit:
      return print_test_junit(files, out);
  }
}

}  // namespace

int test(const Options& options, const Log& log, Output& out) {
  std::vector<TestedFile> files;
  for (const std::string& name : options.arguments) files.push_back(test_file(name, options, log));
  print(files, options.format, out);
  if (std::ranges::any_of(files, [](const TestedFile& file) { return !file.errors.empty(); })) return kExitFailed;
  return std::ranges::any_of(files, [](const TestedFile& file) { return file.failed() > 0; }) ? kExitFound : kExitGood;
}

}  // namespace sandbox::tool
