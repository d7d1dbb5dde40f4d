#include "sandbox-run/dry_run.h"

#include <linux/seccomp.h>

#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "arch/landlock.h"
#include "base/diagnostic.h"
#include "base/json.h"
#include "base/text.h"
#include "bpf/disasm.h"
#include "kernel/landlock.h"
#include "sandbox-run/landlock.h"

namespace sandbox::launcher {
namespace {

std::string abi_list(const std::vector<arch::Abi>& abis) {
  return join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; });
}

std::vector<std::string_view> flag_names(uint32_t flags) {
  constexpr std::pair<uint32_t, std::string_view> kNames[] = {{SECCOMP_FILTER_FLAG_LOG, "log"},
                                                              {SECCOMP_FILTER_FLAG_SPEC_ALLOW, "spec_allow"},
                                                              {SECCOMP_FILTER_FLAG_TSYNC, "tsync"}};
  std::vector<std::string_view> names;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) != 0) names.push_back(name);
  }
  return names;
}

bool is_filter(const Part& part) {
  return part.kind == Part::Kind::kFilterFile || part.kind == Part::Kind::kRawBpf;
}

template <typename Texts>
void add_texts(std::string_view key, const Texts& texts, Json& json) {
  json.key(key).open_array();
  for (const auto& text : texts) json.value(std::string_view(text));
  json.close_array();
}

void add_filter(const compile::ReadyFilter& ready, uint32_t flags, Json& json) {
  json.key("filter").open_object().member("instructions", uint64_t{ready.filter.program.size()});
  if (!ready.raw) {
    json.member("ranges", uint64_t{ready.filter.ranges});
    json.key("abis").open_array();
    for (const arch::Abi abi : ready.covered) json.value(arch::info(abi).name);
    json.close_array();
  }
  json.member("token", !ready.filter.token_sites.empty());
  add_texts("flags", flag_names(flags), json);
  json.close_object();
}

void add_layer(const LandlockLayer& layer, Json& json) {
  const resolve::Ruleset& ruleset = layer.ready.ruleset;
  json.open_object().member("policy", std::string_view(layer.name));
  json.key("files").open_array();
  size_t described = ruleset.paths.size();
  for (const kernel::OpenedPath& path : layer.ready.paths) {
    if (std::exchange(described, path.rule) == path.rule) continue;  // Of a pattern there are several.
    const resolve::PathRule& rule = ruleset.paths[path.rule];
    json.open_object().member("path", std::string_view(rule.path));
    add_texts("access", arch::names_of(arch::file_rights(), rule.rights), json);
    json.close_object();
  }
  json.close_array().key("ports").open_array();
  for (const arch::LandlockBit& right : arch::port_rights()) {
    if ((ruleset.handled_ports & right.bit) == 0) continue;
    json.open_object().member("access", right.name).key("ports").open_array();
    for (const resolve::PortRule& rule : ruleset.ports) {
      if ((rule.rights & right.bit) != 0) json.value(uint64_t{rule.port});
    }
    json.close_array().close_object();
  }
  json.close_array();
  add_texts("scope", arch::names_of(arch::scopes(), ruleset.scopes), json);
  json.close_object();
}

void print_as_json(const Loaded& loaded, const Options& options, uint32_t flags,
                   const std::optional<kernel::Program>& program) {
  Json json;
  json.open_object().key("policies").open_array();
  for (const Part& part : loaded.parts) {
    json.open_object().member("name", std::string_view(part.name));
    json.member("kind", is_filter(part) ? "filter" : "policy");
    json.member("description", std::string_view(part.description)).close_object();
  }
  json.close_array();
  if (program) json.member("program", std::string_view(program->path));
  if (loaded.ready) add_filter(*loaded.ready, flags, json);
  if (!loaded.landlock.layers.empty()) {
    json.key("landlock").open_array();
    for (const LandlockLayer& layer : loaded.landlock.layers) add_layer(layer, json);
    json.close_array();
  }
  json.member("report", options.report).member("permissive", options.permissive);
  std::fputs(json.close_object().text().c_str(), stdout);
}

}  // namespace

std::string size_of(const compile::ReadyFilter& ready) {
  const std::string instructions = std::to_string(ready.filter.program.size()) + " instructions";
  if (!ready.raw) return std::to_string(ready.filter.ranges) + " ranges of numbers, " + instructions;
  return instructions + (ready.prefix == 0 ? "" : ", the first " + std::to_string(ready.prefix) + " by sandbox-run");
}

void print_dry_run(const Loaded& loaded, const Options& options, uint32_t flags,
                   const std::optional<kernel::Program>& program) {
  if (options.json) return print_as_json(loaded, options, flags, program);
  for (const Part& part : loaded.parts) {
    const bool file = is_filter(part);
    std::printf("%s%s, %s\n", file ? "file:     " : "policy:   ", part.name.c_str(), part.description.c_str());
  }
  if (program) std::printf("program:  %s\n", printable(program->path, 4096).c_str());
  std::fputs(describe_landlock(loaded.landlock, options).c_str(), stdout);
  if (!loaded.ready) {
    std::printf("filter:   none\n");
    return;
  }
  const compile::ReadyFilter& ready = *loaded.ready;
  if (ready.raw) {
    std::printf("ABI:      unknown; raw BPF does not say\n");
  } else {
    std::printf("ABI:      %s; any other %s\n", abi_list(ready.covered).c_str(),
                options.permissive ? "is reported" : "kills the process");
  }
  std::printf("filter:   %s%s\n", size_of(ready).c_str(),
              ready.filter.token_sites.empty() ? "" : ", with an exec token (drawn at the launch, zeros here)");
  if (options.report) {
    std::printf("report:   to %s%s\n",
                options.report_file ? printable(*options.report_file, 4096).c_str() : "standard error",
                options.permissive ? ", and denied calls are allowed" : "");
  }
  if (flags != 0) std::printf("flags:    %s\n", join(flag_names(flags), ", ").c_str());
  std::printf("\n%s", bpf::disassemble(ready.filter.program.instructions()).c_str());
}

}  // namespace sandbox::launcher
