#include "sandbox-policy/load.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "command_line/policy_name.h"
#include "kernel/capabilities.h"
#include "kernel/path_environment.h"
#include "kernel/probe.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "profiles/by_name.h"
#include "resolve/resolve.h"

namespace sandbox::tool {
namespace {

using Source = std::shared_ptr<const SourceText>;

/// The bytes of a file, and what to call it.
struct Bytes {
  std::string name;
  std::string bytes;
  std::string resource;  ///< Of several SeccompProfiles, the one that is meant.
  const profiles::Profile* profile = nullptr;
  std::string path;  ///< Of the file, or empty.
};

Step<Bytes> read_file_bytes(const std::string& written, const Log& log) {
  const size_t limit = std::max<size_t>(policy::kMaxPolicyBytes, compile::max_filter_bytes());
  const auto [path, resource] = command_line::split_policy_name(written);
  auto contents = read_file(path, limit);
  if (contents) return Bytes{input_name(path), std::move(contents->bytes), resource, nullptr, path};
  log.error_in(printable_path(input_name(path)), describe(contents.error(), limit));
  return Unusable{};
}

/// Of a file, or of a profile by its name.
Step<Bytes> read_bytes(const std::string& path, const Log& log) {
  if (!path.starts_with(profiles::kPrefix)) return read_file_bytes(path, log);
  const std::string_view name = std::string_view(path).substr(profiles::kPrefix.size());
  const auto found = profiles::find_by_name(name, profiles::own_places());
  if (!found) {
    log.error(found.error());
    return Unusable{};
  }
  if (found->built_in == nullptr) return read_file_bytes(found->path, log);
  return Bytes{"profile " + std::string(name), std::string(found->built_in->text), {}, found->built_in, {}};
}

bool same_problem(const Diagnostic& a, const Diagnostic& b) {
  return a.message == b.message && a.range && b.range && a.range->offset == b.range->offset;
}

/// Reads the section as a machine on which nothing is wrong would, and as it is here. What is wrong everywhere is added
/// to `diagnostics`.
std::optional<Section> read_section(const policy::Policy& policy, const std::string& path, Diagnostics& diagnostics) {
  if (!policy.landlock) return std::nullopt;
  Diagnostics everywhere(policy.source);
  resolve::resolve_landlock(policy, {"/etc", "/home/user/work", "/home/user"}, everywhere);
  for (const Diagnostic& problem : everywhere.all()) {
    const SourceRange range = problem.range.value_or(policy.landlock->range);
    if (problem.severity == Severity::kError) {
      diagnostics.error(range, problem.message);
    } else {
      diagnostics.warning(range, problem.message, problem.id);
    }
  }
  Section section;
  section.environment = kernel::path_environment(path);
  Diagnostics here(policy.source);
  section.ruleset = *resolve::resolve_landlock(policy, section.environment, here);
  for (const Diagnostic& problem : here.all()) {
    const auto same = [&](const Diagnostic& other) { return same_problem(problem, other); };
    if (std::ranges::none_of(everywhere.all(), same)) section.unusable.push_back(problem);
  }
  return section;
}

Text read_text(Bytes bytes, const policy::Environment& environment) {
  const auto source = std::make_shared<const SourceText>(std::move(bytes.name), std::move(bytes.bytes));
  Text text = {source, std::nullopt, {}, std::nullopt, Diagnostics(source), bytes.path};
  text.policy = policy::read_policy(source, environment, text.diagnostics, bytes.resource);
  if (text.policy) {
    text.rules = resolve::resolve(*text.policy, environment.native, text.diagnostics);
    text.section = read_section(*text.policy, bytes.path, text.diagnostics);
  }
  text.diagnostics.sort();
  return text;
}

bool is_filter(const Bytes& bytes) {
  return bytes.profile == nullptr && compile::looks_like_filter(bytes.bytes);
}

Step<Input> filter_input(const Bytes& bytes, const Log& log) {
  Input input;
  input.name = printable_path(bytes.name);
  auto ready = compile::inspect_filter(bytes.bytes);
  if (!ready) {
    log.error_in(input.name, ready.error().message);
    return Unusable{};
  }
  input.kind = ready->raw ? Input::Kind::kRawBpf : Input::Kind::kFilterFile;
  input.filter = std::move(*ready);
  return input;
}

Step<Input> policy_input(Bytes bytes, const Options& options, const Log& log) {
  Input input;
  input.name = printable_path(bytes.name);
  if (!bytes.resource.empty()) input.name += "#" + printable(bytes.resource);
  input.profile = bytes.profile;
  Text text = read_text(std::move(bytes), environment_of(options));
  log.report(text.diagnostics);
  if (text.diagnostics.has_errors() || !text.policy) return Unusable{};
  input.policy = std::move(text.policy);
  input.rules = std::move(text.rules);
  input.section = std::move(text.section);
  return input;
}

Step<compile::ReadyFilter> compile_input(const Input& input, std::optional<arch::Abi> launcher, const Log& log) {
  auto ready = compile::compile_ready({&input.rules, 1}, {&input.policy->flags, 1}, input.name, {.launcher = launcher});
  if (ready) return std::move(*ready);
  const policy::Policy* policy = &*input.policy;
  log.error(compile::describe(ready.error(), {&policy, 1}, input.name));
  return Unusable{};
}

}  // namespace

std::vector<arch::Abi> Input::abis(arch::Abi machine) const {
  std::vector<arch::Abi> abis;
  if (kind == Kind::kPolicy) {
    for (const resolve::RuleSet& set : rules) abis.push_back(set.abi);
  } else if (kind == Kind::kFilterFile) {
    abis = filter->covered;
  } else {
    abis = compile::abis_in(filter->filter.program.instructions());
  }
  if (abis.empty()) abis.push_back(machine);
  return abis;
}

policy::Environment environment_of(const Options& options) {
  policy::Environment environment;
  environment.native = options.machine;
  if (options.capabilities) {
    policy::Capabilities capabilities = options.capabilities->names;
    if (options.capabilities->own) capabilities.merge(kernel::attainable_capabilities(true));
    environment.capabilities = [capabilities] { return capabilities; };
  }
  environment.kernel = options.kernel;
  environment.kernel_widths = options.kernel_widths;
  environment.note_capabilities = options.command == Command::kExplain;
  return environment;
}

Step<Text> load_text(const std::string& name, const policy::Environment& environment, const Log& log) {
  auto bytes = read_bytes(name, log);
  if (!bytes) return bytes.error();
  if (!is_filter(*bytes)) return read_text(std::move(*bytes), environment);
  log.error_in(printable_path(input_name(name)), "is a compiled filter, expected a policy");
  return Unusable{};
}

Step<Source> open_source(const std::string& name, const Log& log) {
  auto bytes = read_bytes(name, log);
  if (!bytes) return bytes.error();
  return std::make_shared<const SourceText>(std::move(bytes->name), std::move(bytes->bytes));
}

Step<Input> load(const std::string& name, const Options& options, const Log& log) {
  auto bytes = read_bytes(name, log);
  if (!bytes) return bytes.error();
  if (is_filter(*bytes)) return filter_input(*bytes, log);
  return policy_input(std::move(*bytes), options, log);
}

Step<Input> load_policy(const std::string& name, const std::string& why, const Options& options, const Log& log) {
  auto input = load(name, options, log);
  if (!input || input->kind == Input::Kind::kPolicy) return input;
  log.error_in(input->name, "is a compiled filter, " + why);
  return Unusable{};
}

Step<compile::ReadyFilter> filter_of(const Input& input, const Options& options, const Log& log) {
  if (input.filter) return *input.filter;
  if (input.profile != nullptr) {
    if (auto ready = profiles::ready_filter(*input.profile, options.machine)) return std::move(*ready);
  }
  return compile_input(input, options.machine, log);
}

Step<bpf::ValidatedProgram> program_of(std::span<const Input> inputs, const Options&, const Log& log) {
  if (inputs.size() == 1 && inputs.front().filter) return compile::without_token(inputs.front().filter->filter);
  std::vector<resolve::PolicyRules> rules;
  std::vector<policy::Flags> flags;
  std::vector<const policy::Policy*> policies;
  for (const Input& input : inputs) {
    if (!input.enabled()) continue;
    rules.push_back(input.rules);
    for (resolve::RuleSet& set : rules.back()) resolve::set_policy(set, static_cast<uint32_t>(policies.size()));
    flags.push_back(input.policy->flags);
    policies.push_back(&*input.policy);
  }
  if (policies.empty()) return *bpf::validate({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}});
  const std::string names = join_with_and(inputs, &Input::name);
  if (compile::covered_abis(rules).empty()) {
    log.error(names + " have no ABI in common");
    return Unusable{};
  }
  auto ready = compile::compile_ready(rules, flags, names, {.launcher = std::nullopt});
  if (ready) return std::move(ready->filter.program);
  log.error(compile::describe(ready.error(), policies, names));
  return Unusable{};
}

}  // namespace sandbox::tool
