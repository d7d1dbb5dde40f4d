// compile: a filter file, or raw BPF.
#include <linux/seccomp.h>

#include <algorithm>

#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "compile/raw_filter.h"
#include "policy/text_check.h"
#include "resolve/evaluate.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/raw_output.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

/// The policies that are to be compiled together.
struct Policies {
  std::vector<Input> inputs;
  std::vector<resolve::PolicyRules> rules;
  std::vector<policy::Flags> flags;
  std::vector<const policy::Policy*> policies;
  std::string names;
};

Step<Policies> load_all(const Options& options, const Log& log) {
  Policies all;
  bool good = true;
  size_t bytes = 0;
  for (const std::string& file : options.arguments) {
    auto input = load_policy(file, "and cannot be compiled again", options, log);
    good = good && input.ok();
    if (!input) continue;
    if (input->policy->landlock) {
      log.error(format_diagnostic(*input->policy->source,
                                  {Severity::kError, input->policy->landlock->range,
                                   "a filter file cannot hold a landlock section; give the policy itself to "
                                   "sandbox-run, or --ro, --rw and their kin beside --bpf"}));
      good = false;
      continue;
    }
    bytes += input->policy->source->text().size();
    if (bytes > policy::kMaxTogether) {
      log.error(input->name + ": with this file the policies are larger than " + std::to_string(policy::kMaxTogether) +
                " bytes, the most that they may have together");
      return Unusable{};
    }
    if (input->enabled()) {
      all.inputs.push_back(std::move(*input));
    } else {
      log.warning(format_diagnostic(*input->policy->source,
                                    {Severity::kWarning, input->no_filter_range(),
                                     std::string(input->why_no_filter()) + ": this policy changes nothing"}));
    }
  }
  if (!good) return Unusable{};
  if (all.inputs.empty()) {
    log.error("no policy is enabled, so there is no filter to write");
    return Unusable{};
  }
  for (Input& input : all.inputs) {
    for (resolve::RuleSet& set : input.rules) resolve::set_policy(set, static_cast<uint32_t>(all.rules.size()));
    all.rules.push_back(input.rules);
    all.flags.push_back(input.policy->flags);
    all.policies.push_back(&*input.policy);
  }
  all.names = join_with_and(all.inputs, &Input::name);
  return all;
}

}  // namespace

int compile(const Options& options, const Log& log, Output& out) {
  const bool to_output = options.output == kStandardStream;
  if (to_output && out.on_terminal()) {
    log.error("a filter is not for a terminal; name a file by -o");
    return kExitFailed;
  }
  const auto all = load_all(options, log);
  if (!all) return kExitFailed;
  if (compile::covered_abis(all->rules).empty()) {
    log.error(all->names + " have no ABI in common");
    return kExitFailed;
  }
  compile::CompileOptions how = {.launcher = options.machine, .effort = compile::Effort::kBest};
  if (options.raw) how.launcher.reset();
  auto ready = compile::compile_ready(all->rules, all->flags, all->names, how);
  if (!ready) {
    log.error(compile::describe(ready.error(), all->policies, all->names));
    return kExitFailed;
  }
  std::string bytes;
  if (options.raw) {
    warn_of_raw_limits(*ready, all->names, options.machine, log);
    bytes = raw_bytes(ready->filter.program, options.machine);
  } else {
    auto file = compile::write_filter(*ready, options.machine);
    if (!file) {
      log.error(all->names + ": the filter " + file.error().message);
      return kExitFailed;
    }
    bytes = std::move(*file);
  }
  if (to_output) {
    out.add(bytes);
    return kExitGood;
  }
  const auto failure = write_file(options.output, bytes);
  if (!failure) return kExitGood;
  log.error(*failure);
  return kExitFailed;
}

}  // namespace sandbox::tool
