// sandbox-run: runs a program under a system-call policy.
//
// Everything up to the last step can fail, and then nothing is started; the last step does not return.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arch/abi.h"
#include "arch/errno_names.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/file.h"
#include "base/log.h"
#include "bpf/disasm.h"
#include "compile/compile.h"
#include "kernel/enter.h"
#include "kernel/probe.h"
#include "kernel/target.h"
#include "options.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "profiles/profiles.h"
#include "resolve/resolve.h"

namespace sandbox::launcher {
namespace {

constexpr int kExitFailed = 125;  // As env(1), timeout(1) and others that exec a program have it.

/// A launch that ends before anything was started. The reason has been said.
struct Stop {
  int exit_status = kExitFailed;
};

template <typename T>
using Step = Result<T, Stop>;

std::string unknown_profile(const std::string& name) {
  std::vector<std::string_view> names;
  for (const profiles::Profile& profile : profiles::all_profiles()) names.push_back(profile.name);
  std::string message = "unknown profile " + quoted(name);
  if (const auto nearest = nearest_name(name, names)) return message + "; did you mean " + quoted(*nearest) + "?";
  return message + "; --list-profiles shows those there are";
}

/// The text of the policy that the options name: a file, or a profile.
Step<std::shared_ptr<const SourceText>> find_policy(const Options& options, const Log& log) {
  if (!options.policy) {
    const std::string name = options.profile.value_or(std::string(profiles::kDefaultProfile));
    const profiles::Profile* profile = profiles::find_profile(name);
    if (profile == nullptr) {
      log.error(unknown_profile(name));
      return Stop{};
    }
    return std::make_shared<const SourceText>("profile " + name, std::string(profile->text));
  }
  auto contents = read_file(*options.policy, policy::kMaxPolicyBytes);
  if (!contents) {
    std::string message = printable(*options.policy, 4096) + ": " + describe(contents.error(), policy::kMaxPolicyBytes);
    if (*options.policy == "-") message += "; standard input is /dev/stdin";
    log.error(message);
    return Stop{};
  }
  if (geteuid() == 0 && contents->regular && contents->others_may_write) {
    log.warning(printable(*options.policy, 4096) + ": users other than root may write this policy");
  }
  return std::make_shared<const SourceText>(*options.policy, std::move(contents->bytes));
}

/// What the policy says for this machine's ABI. All problems of the file are shown, not the first one alone.
struct LoadedPolicy {
  policy::Policy policy;
  resolve::RuleSet rules;
};

Step<LoadedPolicy> load_policy(const Options& options, const Log& log) {
  auto source = find_policy(options, log);
  if (!source) return source.error();

  Diagnostics diagnostics(*source);
  LoadedPolicy loaded;
  if (auto policy = policy::read_policy(*source, diagnostics)) {
    loaded.policy = std::move(*policy);
    loaded.rules = resolve::resolve(loaded.policy, arch::native_abi(), diagnostics);
  }
  diagnostics.sort();
  log.report(diagnostics);
  if (diagnostics.has_errors()) return Stop{};
  return loaded;
}

Step<compile::Filter> compile_policy(const LoadedPolicy& loaded, const Log& log) {
  const std::string& name = loaded.policy.source->name();
  auto filter = compile::compile({&loaded.rules, 1}, {.launcher = arch::native_abi()});
  if (filter) return std::move(*filter);
  const compile::CompileError& error = filter.error();
  std::string message = "the policy needs " + std::to_string(error.instructions) + " instructions, a filter may have " +
                        std::to_string(bpf::kMaxInstructions);
  if (!error.costliest_group) {
    log.error(printable(name, 4096) + ": " + message);
    return Stop{};
  }
  const SourceRange range = loaded.policy.groups[*error.costliest_group].range;
  message += "; this group alone takes " + std::to_string(error.costliest_instructions);
  log.error(format_diagnostic(*loaded.policy.source, {Severity::kError, range, message}));
  return Stop{};
}

/// Where the target could read the token out of its registers, it could use it: only with the user's consent.
bool token_stays_secret(const compile::Filter& filter, const Options& options, const Log& log) {
  const arch::AbiInfo& abi = arch::info(arch::native_abi());
  if (filter.token_sites.empty() || options.token_visible || arch::exec_clears_arguments(abi.abi)) return true;
  log.error("the policy does not allow execve, write and exit_group, and on " + std::string(abi.name) +
            " the program would see the token that lets sandbox-run make them; allow them, or give --token-visible");
  return false;
}

/// The target's file; none when there is nothing to launch.
Step<std::optional<std::string>> find_target(const Options& options, const Log& log) {
  if (options.target == nullptr) return std::optional<std::string>();
  auto path = kernel::find_target(options.target[0], std::getenv("PATH"));
  if (path) return std::optional(std::move(*path));
  log.error(path.error().message);
  return Stop{path.error().exit_status};
}

void print_dry_run(const LoadedPolicy& loaded, const compile::Filter& filter, const std::optional<std::string>& path) {
  std::string verdict(policy::name_of(loaded.policy.default_action));
  if (loaded.policy.default_action == policy::Action::kErrno) {
    verdict += " " + arch::errno_name(loaded.policy.default_errno);
  }
  std::printf("policy:   %s\n", printable(loaded.policy.source->name(), 4096).c_str());
  if (path) std::printf("program:  %s\n", printable(*path, 4096).c_str());
  if (!loaded.policy.enabled) {
    std::printf("filter:   none, the policy says 'enabled: false'\n");
    return;
  }
  std::printf("ABI:      %s; any other kills the process\n", std::string(arch::info(arch::native_abi()).name).c_str());
  std::printf("default:  %s\n", verdict.c_str());
  std::printf("filter:   %zu ranges of numbers, %zu instructions%s\n", filter.ranges, filter.program.size(),
              filter.token_sites.empty() ? "" : ", with an exec token (drawn at the launch, zeros here)");
  std::printf("\n%s", bpf::disassemble(filter.program.instructions()).c_str());
}

int list_profiles() {
  for (const profiles::Profile& profile : profiles::all_profiles()) {
    std::printf("%-12s %s\n", std::string(profile.name).c_str(), std::string(profile.summary).c_str());
  }
  return EXIT_SUCCESS;
}

/// What was printed must have arrived.
int finish_output(const Log& log) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return EXIT_SUCCESS;
  log.error("cannot write to standard output");
  return kExitFailed;
}

int launch(const Options& options, const Log& log) {
  // The policy first: whatever is wrong with it is said before anything else is looked at.
  auto loaded = load_policy(options, log);
  if (!loaded) return loaded.error().exit_status;
  auto filter = compile_policy(*loaded, log);
  if (!filter) return filter.error().exit_status;
  if (!token_stays_secret(*filter, options, log)) return kExitFailed;

  // The target before the filter: PATH may not be readable under it.
  const auto path = find_target(options, log);
  if (!path) return path.error().exit_status;

  // The kernel before anything irreversible.
  if (loaded->policy.enabled) {
    if (const auto missing = kernel::missing_support(filter->program)) {
      log.error(*missing);
      return kExitFailed;
    }
  }

  if (options.dry_run) {
    print_dry_run(*loaded, *filter, *path);
    return finish_output(log);
  }

  const kernel::Target target = {(*path)->c_str(), options.target, environ};
  if (!loaded->policy.enabled) {
    log.insistent_warning(format_diagnostic(*loaded->policy.source,
                                            {Severity::kWarning, loaded->policy.enabled_range,
                                             "'enabled' is false: " + quoted(**path) + " runs without a filter"}));
    log.error(kernel::execute_unfiltered(target, options.no_new_privs));
    return kernel::kExitCannotExecute;
  }
  log.info("starting " + quoted(**path) + " under " + printable(loaded->policy.source->name(), 4096) + ": " +
           std::to_string(filter->ranges) + " ranges of numbers, " + std::to_string(filter->program.size()) +
           " instructions");

  // ---- No way back: enter() returns only if it could not put the filter in force. ----
  log.error(kernel::enter(*filter, target, options.no_new_privs, log.error_prefix().c_str()));
  return kExitFailed;
}

int run(int argc, char** argv) {
  Log log("sandbox-run");
  if (kernel::runs_with_borrowed_privileges()) {
    log.error("refuses to run set-user-ID, set-group-ID or with file capabilities");
    return kExitFailed;
  }
  const auto parsed = parse_options(argc, argv);
  if (!parsed) {
    log.error(parsed.error().message);
    return kExitFailed;
  }
  if (const auto* information = std::get_if<Information>(&*parsed)) {
    std::fputs(information->text.c_str(), stdout);
    return finish_output(log);
  }
  const Options& options = std::get<Options>(*parsed);
  if (options.quiet) log.set_level(LogLevel::kError);
  if (options.verbose) log.set_level(LogLevel::kInfo);
  if (options.list_profiles) {
    list_profiles();
    return finish_output(log);
  }
  return launch(options, log);
}

}  // namespace
}  // namespace sandbox::launcher

int main(int argc, char** argv) {
  try {
    return sandbox::launcher::run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "sandbox-run: error: %s\n", exception.what());
  } catch (...) {
    std::fprintf(stderr, "sandbox-run: error: an unknown exception\n");
  }
  return 125;
}
