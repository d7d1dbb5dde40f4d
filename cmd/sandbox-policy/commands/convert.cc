// convert: a policy in another format.
#include "resolve/convert/convert.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "compile/raw_filter.h"
#include "profiles/by_name.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/raw_output.h"
#include "sandbox-policy/text_formats.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

/// A word of an ExecStart= line (systemd.service(5), COMMAND LINES).
std::string exec_word(std::string_view word) {
  std::string out;
  bool plain = true;
  for (const char c : word) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                        std::string_view("/._+-@:,").find(c) != std::string_view::npos;
    plain = plain && letter;
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || c == '$') out += c;
    out += c;
  }
  return plain ? out : "\"" + out + "\"";
}

/// Whether the name is of use to a service that is started later: a pipe's is not.
bool is_file_to_keep(const std::string& name) {
  return name != kStandardStream && !name.starts_with("/dev/fd/") && !name.starts_with("/proc/");
}

/// The options that have sandbox-run read the policy as it was read here. A service is started in another folder.
void set_launcher_options(const Input& input, const Options& options, resolve::SystemdOptions& systemd) {
  std::string name = options.arguments.front();
  if (input.profile != nullptr) {
    systemd.launcher_options = "--profile " + std::string(input.profile->name);
    return;
  }
  // Of a profile out of a folder its file: a service may be another user's, who has other folders.
  if (name.starts_with(profiles::kPrefix)) name = input.policy->source->name();
  systemd.policy_has_no_file = !is_file_to_keep(name);
  if (!systemd.policy_has_no_file) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(name, error);
    systemd.launcher_options = "--policy " + exec_word(error ? name : path.lexically_normal().string());
  }
  if (!policy::is_container_profile(input.policy->format)) return;
  if (!options.cap.empty()) systemd.launcher_options += " --cap " + exec_word(options.cap);
  if (options.kernel_widths) systemd.launcher_options += " --kernel-widths";
}

Step<std::string> as_text(const Input& input, const Options& options, const Log& log) {
  Diagnostics diagnostics(input.policy->source);
  resolve::ConvertOptions how;
  how.lossy = options.lossy;
  how.name = stem_of(options.arguments.front());
  how.runtime_calls = options.runtime_calls;
  how.systemd.version = options.systemd_version;
  set_launcher_options(input, options, how.systemd);
  auto text = resolve::convert(*input.policy, environment_of(options), text_format(options.to), how, diagnostics);
  diagnostics.sort();
  log.report(diagnostics);
  if (!text || diagnostics.has_errors()) return Unusable{};
  return std::move(*text);
}

Step<std::string> as_bpf(const Input& input, const Options& options, const Log& log) {
  if (!input.enabled()) {
    log.error(input.name + ": " + std::string(input.why_no_filter()) + ", so there is no filter to write");
    return Unusable{};
  }
  if (input.policy->landlock) {
    const std::string message =
        "a landlock section cannot be expressed in raw BPF: it knows nothing of files and ports";
    const SourceRange range = input.policy->landlock->range;
    const SourceText& source = *input.policy->source;
    if (!options.lossy) {
      log.error(format_diagnostic(source, {Severity::kError, range, message}));
      return Unusable{};
    }
    log.warning(format_diagnostic(source, {Severity::kWarning, range, message + "; left out: it restricts neither"}));
  }
  const auto ready = compile::compile_ready({&input.rules, 1}, {&input.policy->flags, 1}, input.name,
                                            {.launcher = std::nullopt, .effort = compile::Effort::kBest});
  if (!ready) {
    const policy::Policy* policy = &*input.policy;
    log.error(compile::describe(ready.error(), {&policy, 1}, input.name));
    return Unusable{};
  }
  warn_of_raw_limits(*ready, input.name, options.machine, log);
  return raw_bytes(ready->filter.program, options.machine);
}

}  // namespace

int convert(const Options& options, const Log& log, Output& out) {
  const auto input = load_policy(options.arguments.front(),
                                 "which cannot be converted; 'sandbox-policy show' prints what it does", options, log);
  if (!input) return kExitFailed;
  const bool binary = options.to == "bpf";
  const auto bytes = binary ? as_bpf(*input, options, log) : as_text(*input, options, log);
  if (!bytes) return kExitFailed;
  if (options.output.empty() || options.output == kStandardStream) {
    if (binary && out.on_terminal()) {
      log.error("raw BPF is not for a terminal; name a file by -o");
      return kExitFailed;
    }
    out.add(*bytes);
    return kExitGood;
  }
  const auto failure = write_file(options.output, *bytes);
  if (!failure) return kExitGood;
  log.error(*failure);
  return kExitFailed;
}

}  // namespace sandbox::tool
