// sandbox-run: runs a program under a policy for system calls, files and ports.
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
#include "base/diagnostic.h"
#include "base/log.h"
#include "base/text.h"
#include "compile/ready_filter.h"
#include "kernel/enter.h"
#include "kernel/probe.h"
#include "kernel/supervise.h"
#include "kernel/target.h"
#include "policy/systemd_words.h"
#include "resolve/landlock/closures.h"
#include "resolve/lint/lint.h"
#include "sandbox-run/deny_list.h"
#include "sandbox-run/dry_run.h"
#include "sandbox-run/foreign_words.h"
#include "sandbox-run/landlock.h"
#include "sandbox-run/load.h"
#include "sandbox-run/options.h"
#include "sandbox-run/profile_list.h"
#include "sandbox-run/report.h"

namespace sandbox::launcher {
namespace {

/// What to do where no listener can be had for the exec token: where execve leaves it in the registers, the target
/// could use it at once, so the user has to consent.
kernel::LastingToken lasting_token(const Options& options) {
  if (options.token_visible) return kernel::LastingToken::kAccepted;
  if (!arch::exec_clears_arguments(arch::native_abi())) return kernel::LastingToken::kForbidden;
  return options.quiet ? kernel::LastingToken::kAccepted : kernel::LastingToken::kWarned;
}

/// The target's file; none when there is nothing to launch.
Step<std::optional<kernel::Program>> find_target(const Options& options, const Log& log) {
  if (options.target == nullptr) return std::optional<kernel::Program>();
  auto program = kernel::find_target(options.target[0], std::getenv("PATH"));
  if (program) return std::optional(std::move(*program));
  std::string message = program.error().message;
  if (program.error().exit_status == kernel::kExitNotFound) {
    const auto meant = foreign_program(options.target[0], options.report && !options.report_file);
    if (meant) message += "; " + *meant;
  }
  log.error(message);
  return Stop{program.error().exit_status};
}

/// How a part comes to cover an ABI.
std::string suggestion(const Part& part, arch::Abi abi) {
  const std::string name(arch::info(abi).name);
  switch (part.kind) {
    case Part::Kind::kBeats: {
      const std::string native(arch::info(arch::native_abi()).name);
      return "; add 'architectures: [" + native + ", " + name + "]' below 'seccomp:'";
    }
    case Part::Kind::kBeatsWithAbis:
      return "; list " + name + " in its 'architectures'";
    case Part::Kind::kOci: {
      std::string upper = name;
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return static_cast<char>(std::toupper(c)); });
      return "; list SCMP_ARCH_" + upper + " in its 'architectures'";
    }
    case Part::Kind::kSystemd:
      return "; list " + std::string(policy::systemd_name(abi)) + " in its SystemCallArchitectures=";
    case Part::Kind::kFilterFile:
      return "; list " + name + " in the 'architectures' of its policy, and compile that again";
    case Part::Kind::kProfile:
    case Part::Kind::kNoFilter:
    case Part::Kind::kRawBpf:
      break;
  }
  return "";
}

/// A program for an ABI that a policy leaves out would be killed at its first call: say so before.
bool covers_program(const Loaded& loaded, const kernel::Program& program, const Log& log) {
  if (!program.abi) return true;
  bool covered = true;
  for (const Part& part : loaded.parts) {
    if (!part.applies() || part.covers(*program.abi)) continue;
    covered = false;
    log.error((program.script ? "the interpreter of " : "") + in_quotes(std::string_view(program.path)) +
              " is a program for " + std::string(arch::info(*program.abi).name) + ", which " + part.name +
              " does not cover" + suggestion(part, *program.abi));
  }
  return covered;
}

void warn_of_disabled(const Loaded& loaded, const std::string& path, const Log& log) {
  for (const Part& part : loaded.parts) {
    if (part.applies()) continue;
    const bool has_section =
        std::ranges::find(loaded.landlock.layers, part.name, &LandlockLayer::name) != loaded.landlock.layers.end();
    const std::string changes = has_section ? "this policy restricts no system calls" : "this policy changes nothing";
    log.unsuppressed_warning(part.disabled + ": " +
                             (loaded.ready ? changes : in_quotes(std::string_view(path)) + " runs without a filter"));
  }
}

/// A program that lacks what its file would give it often fails without a word of that, and no call was denied.
void warn_of_lost_privileges(const kernel::Program& program, const Options& options, const Log& log) {
  if (!options.no_new_privs || !program.privileges.any()) return;
  const auto warning = kernel::lost_privileges_warning(program.path, kernel::missing_privileges(program.privileges));
  if (warning) log.warning(*warning);
}

/// What the kernel lacks for this filter, said. True if it lacks nothing.
bool kernel_suffices(const compile::Filter& filter, uint32_t flags, const Options& options, const Log& log) {
  auto missing = kernel::missing_support(filter.program);
  if (!missing) missing = kernel::missing_flags(flags);
  if (!missing && options.report) missing = kernel::missing_supervision();
  if (missing) log.error(*missing);
  return !missing;
}

/// What was printed must have arrived.
int finish_output(const Log& log) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return EXIT_SUCCESS;
  log.error("cannot write to standard output");
  return kExitFailed;
}

/// What undoes a policy, where people see it: for programs, and for speed, check reports it.
void warn_of_undone(const Loaded& loaded, const Log& log) {
  if (loaded.policies.empty() || !log.shows_warnings_to_people()) return;
  for (size_t i = 0; i < loaded.policies.size(); ++i) {
    const std::string& name = loaded.policies[i].source->name();
    if (name == kDenyOption || name == resolve::kClosuresName) continue;  // The first has said so itself.
    Diagnostics diagnostics(loaded.policies[i].source);
    resolve::lint_launch(loaded.policies[i], loaded.rules[i], loaded.rules, diagnostics);
    diagnostics.sort();
    log.report(diagnostics);
  }
}

int launch(const Options& options, const Log& log) {
  // The filter first: what is wrong with the policies is reported before anything else is looked at.
  auto loaded = load(options, log);
  if (!loaded) return loaded.error().exit_status;
  const compile::ReadyFilter* ready = loaded->ready ? &*loaded->ready : nullptr;

  // The target before the filter is installed: PATH may not be readable under it.
  const auto program = find_target(options, log);
  if (!program) return program.error().exit_status;
  const bool must_be_covered = ready != nullptr && !options.permissive;
  if (must_be_covered && *program && !covers_program(*loaded, **program, log)) return kExitFailed;

  // The kernel before anything irreversible.
  uint32_t flags = ready != nullptr ? ready->flags : 0;
  if (options.log_denied) flags |= SECCOMP_FILTER_FLAG_LOG;
  if (ready != nullptr && !kernel_suffices(ready->filter, flags, options, log)) return kExitFailed;

  // Paths are opened and rulesets made while nothing is restricted.
  if (!prepare_landlock(options, *program, loaded->landlock, log)) return kExitFailed;

  if (options.dry_run) {
    print_dry_run(*loaded, options, flags, *program);
    return finish_output(log);
  }

  warn_of_disabled(*loaded, (*program)->path, log);
  warn_of_undone(*loaded, log);
  warn_of_lost_privileges(**program, options, log);
  const kernel::Target target = {(*program)->path.c_str(), options.target, environ};
  const std::vector<int> rulesets = loaded->landlock.rulesets(options);
  const kernel::LandlockLayers landlock = {rulesets, Landlock::flags(options)};
  if (ready == nullptr) {
    if (options.report && !loaded->landlock.layers.empty()) {
      log.unsuppressed_warning("no denied access is reported: a report takes a filter, and 'enabled' is false");
    }
    log.error(kernel::execute_unfiltered(target, options.no_new_privs, landlock));
    return kernel::kExitCannotExecute;
  }
  if (options.verbose) {
    log.info("starting " + in_quotes(std::string_view((*program)->path)) + " under " + loaded->names() + ": " +
             size_of(*ready));
  }

  // A child of ours, not this process: all that is said below of the last step happens there.
  if (options.report) return launch_with_report(*loaded, options, target, flags, log);

  // ---- No way back: enter() returns only if it could not install the filter. ----
  const std::string warning_prefix = log.warning_prefix();
  const kernel::EnterOptions how = {options.no_new_privs,   flags,   lasting_token(options),
                                    warning_prefix.c_str(), nullptr, landlock};
  log.error(kernel::enter(ready->filter, target, how, log.error_prefix().c_str()));
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
  log.set_colour(options.colour);
  if (options.list_profiles) {
    list_profiles(options);
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
