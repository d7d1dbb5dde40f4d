// convert: a policy in another format.
#include "resolve/convert/convert.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "compile/raw_filter.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/raw_output.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

resolve::TextFormat text_format(std::string_view name) {
  if (name == "beats") return resolve::TextFormat::kBeats;
  if (name == "oci") return resolve::TextFormat::kOci;
  if (name == "k8s") return resolve::TextFormat::kKubernetes;
  return resolve::TextFormat::kSystemd;
}

/// The file's name without its folder and ending: "beat" of "/etc/beat.yml".
std::string stem_of(std::string name) {
  name.erase(0, name.find_last_of("/:") + 1);  // npos + 1 is 0.
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  return name.empty() ? "profile" : name;
}

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

/// What sandbox-run is to be given for the policy: a service is started in another folder.
std::string launcher_option(const Input& input, const std::string& name) {
  if (input.profile != nullptr) return "--profile " + std::string(input.profile->name);
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(name, error);
  return "--policy " + exec_word(error ? name : path.lexically_normal().string());
}

Step<std::string> as_text(const Input& input, const Options& options, const Log& log) {
  Diagnostics diagnostics(input.policy->source);
  resolve::ConvertOptions how;
  how.lossy = options.lossy;
  how.name = stem_of(options.arguments.front());
  how.runtime_calls = options.runtime_calls;
  how.systemd.version = options.systemd_version;
  how.systemd.launcher_option = launcher_option(input, options.arguments.front());
  auto text = resolve::convert(*input.policy, environment_of(options), text_format(options.to), how, diagnostics);
  diagnostics.sort();
  log.report(diagnostics);
  if (!text || diagnostics.has_errors()) return Unusable{};
  return std::move(*text);
}

Step<std::string> as_bpf(const Input& input, const Options& options, const Log& log) {
  if (!input.enabled()) {
    log.error(input.name + ": 'enabled' is false, so there is no filter to write");
    return Unusable{};
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
  const auto input = load_policy(options.arguments.front(), "and cannot be turned into a policy", options, log);
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
