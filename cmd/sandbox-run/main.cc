// sandbox-run: runs a program under a system-call policy.
//
// Everything up to the last step can fail, and then nothing is started; the last step does not return.
#include <linux/seccomp.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arch/abi.h"
#include "arch/errno_names.h"
#include "base/diagnostic.h"
#include "base/log.h"
#include "bpf/disasm.h"
#include "compile/compile.h"
#include "kernel/enter.h"
#include "kernel/probe.h"
#include "kernel/target.h"
#include "load.h"
#include "options.h"
#include "profiles/profiles.h"

namespace sandbox::launcher {
namespace {

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

std::string join(const std::vector<arch::Abi>& abis, const char* separator) {
  std::string text;
  for (const arch::Abi abi : abis) {
    if (!text.empty()) text += separator;
    text += arch::info(abi).name;
  }
  return text;
}

/// How a policy comes to cover an ABI.
std::string remedy(const LoadedPolicies& loaded, size_t index, arch::Abi abi) {
  const std::string name(arch::info(abi).name);
  if (loaded.built_in[index]) return "";
  if (loaded.policies[index].oci) {
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    return "; list SCMP_ARCH_" + upper + " in its 'architectures'";
  }
  if (!loaded.policies[index].architectures.empty()) return "; list " + name + " in its 'architectures'";
  const std::string native(arch::info(arch::native_abi()).name);
  return "; add 'architectures: [" + native + ", " + name + "]' below 'seccomp:'";
}

/// A program for an ABI that a policy leaves out would be killed at its first call: say so before.
bool covers_program(const LoadedPolicies& loaded, const std::string& path, const Log& log) {
  const kernel::Program program = kernel::inspect(path);
  if (!program.abi) return true;
  const std::string who = (program.script ? "the interpreter of " : "") + quoted(std::string_view(path));
  bool covered = true;
  for (size_t i = 0; i < loaded.policies.size(); ++i) {
    if (!loaded.policies[i].enabled || loaded.covers(i, *program.abi)) continue;
    covered = false;
    log.error(who + " is a program for " + std::string(arch::info(*program.abi).name) + ", which " +
              printable(loaded.policies[i].source->name(), 4096) + " does not cover" + remedy(loaded, i, *program.abi));
  }
  return covered;
}

std::string default_verdict(const policy::Policy& policy) {
  std::string text(policy::name_of(policy.default_action));
  if (policy.default_action != policy::Action::kErrno) return text;
  const policy::ErrnoValue& error = policy.default_error;
  return text + " " + (error.name.empty() ? arch::errno_name(arch::native_abi(), error.number) : error.name);
}

std::string flag_names(uint32_t flags) {
  std::string names;
  const auto add = [&](uint32_t flag, const char* name) {
    if ((flags & flag) != 0) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  add(SECCOMP_FILTER_FLAG_LOG, "log");
  add(SECCOMP_FILTER_FLAG_SPEC_ALLOW, "spec_allow");
  add(SECCOMP_FILTER_FLAG_TSYNC, "tsync");
  return names;
}

void print_dry_run(const LoadedPolicies& loaded, const std::optional<compile::Filter>& filter, uint32_t flags,
                   const std::optional<std::string>& path) {
  for (const policy::Policy& policy : loaded.policies) {
    std::printf("policy:   %s, by default %s\n", printable(policy.source->name(), 4096).c_str(),
                policy.enabled ? default_verdict(policy).c_str() : "nothing: 'enabled' is false");
  }
  if (path) std::printf("program:  %s\n", printable(*path, 4096).c_str());
  if (!filter) {
    std::printf("filter:   none\n");
    return;
  }
  std::printf("ABI:      %s; any other kills the process\n", join(loaded.covered(), ", ").c_str());
  std::printf("filter:   %zu ranges of numbers, %zu instructions%s\n", filter->ranges, filter->program.size(),
              filter->token_sites.empty() ? "" : ", with an exec token (drawn at the launch, zeros here)");
  if (flags != 0) std::printf("flags:    %s\n", flag_names(flags).c_str());
  std::printf("\n%s", bpf::disassemble(filter->program.instructions()).c_str());
}

void warn_of_disabled(const LoadedPolicies& loaded, const std::string& path, const Log& log) {
  for (const policy::Policy& policy : loaded.policies) {
    if (policy.enabled) continue;
    const std::string effect = loaded.any_in_force() ? "this policy changes nothing"
                                                     : quoted(std::string_view(path)) + " runs without a filter";
    log.insistent_warning(
        format_diagnostic(*policy.source, {Severity::kWarning, policy.enabled_range, "'enabled' is false: " + effect}));
  }
}

/// What the kernel lacks for this filter, said. True if it lacks nothing.
bool kernel_suffices(const compile::Filter& filter, uint32_t flags, const Log& log) {
  auto missing = kernel::missing_support(filter.program);
  if (!missing) missing = kernel::missing_flags(flags);
  if (missing) log.error(*missing);
  return !missing;
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
  // The policies first: whatever is wrong with them is said before anything else is looked at.
  const auto loaded = load_policies(options, log);
  if (!loaded) return loaded.error().exit_status;
  std::optional<compile::Filter> filter;
  if (loaded->any_in_force()) {
    auto compiled = compile_policies(*loaded, log);
    if (!compiled) return compiled.error().exit_status;
    filter = std::move(*compiled);
    if (!token_stays_secret(*filter, options, log)) return kExitFailed;
  }

  // The target before the filter: PATH may not be readable under it.
  const auto path = find_target(options, log);
  if (!path) return path.error().exit_status;
  if (filter && *path && !covers_program(*loaded, **path, log)) return kExitFailed;

  // The kernel before anything irreversible.
  uint32_t flags = loaded->filter_flags();
  if (options.log_denied) flags |= SECCOMP_FILTER_FLAG_LOG;
  if (filter && !kernel_suffices(*filter, flags, log)) return kExitFailed;

  if (options.dry_run) {
    print_dry_run(*loaded, filter, flags, *path);
    return finish_output(log);
  }

  warn_of_disabled(*loaded, **path, log);
  const kernel::Target target = {(*path)->c_str(), options.target, environ};
  if (!filter) {
    log.error(kernel::execute_unfiltered(target, options.no_new_privs));
    return kernel::kExitCannotExecute;
  }
  log.info("starting " + quoted(std::string_view(**path)) + " under " + loaded->names() + ": " +
           std::to_string(filter->ranges) + " ranges of numbers, " + std::to_string(filter->program.size()) +
           " instructions");

  // ---- No way back: enter() returns only if it could not put the filter in force. ----
  const kernel::EnterOptions how = {options.no_new_privs, flags};
  log.error(kernel::enter(*filter, target, how, log.error_prefix().c_str()));
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
