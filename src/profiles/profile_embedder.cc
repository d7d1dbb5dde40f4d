// Writes policies as C++ initialisers, as text and compiled:
//   profile_embedder native|ABI NAME=FILE... > embedded_profiles.inc
// "native" is the ABI that this program itself was built for.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "compile/ready_filter.h"
#include "policy/reader.h"
#include "resolve/resolve.h"

namespace sandbox {
namespace {

/// A profile that was read and compiled.
struct Compiled {
  std::string name;
  std::string summary;
  std::string text;
  std::string by_default;
  compile::ReadyFilter ready;
};

/// The first comment's text.
std::string summary_of(const std::string& text) {
  if (!text.starts_with("# ")) return {};
  return text.substr(2, text.find('\n') - 2);
}

/// Reads and compiles one profile; none if there is anything to be said of it, warnings too: a launch that does not
/// read the text could not say them.
std::optional<Compiled> compile_profile(const std::string& name, const std::string& path, arch::Abi abi) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string summary = summary_of(text);
  if (!file || summary.empty()) {
    std::fprintf(stderr, "%s: cannot be read, or does not begin with a comment that says what it is\n", path.c_str());
    return std::nullopt;
  }
  const auto source = std::make_shared<const SourceText>(path, std::move(text));
  Diagnostics diagnostics(source);
  policy::Environment environment;
  environment.native = abi;
  const auto policy = policy::read_policy(source, environment, diagnostics);
  resolve::PolicyRules rules;
  if (policy) rules = resolve::resolve(*policy, abi, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    std::fprintf(stderr, "%s\n", format_diagnostic(*source, diagnostic).c_str());
  }
  if (!policy || !diagnostics.all().empty()) return std::nullopt;
  if (!policy->enabled || policy->format != policy::Format::kBeats) {
    std::fprintf(stderr, "%s: a profile must be enabled, and in the format of Beats\n", path.c_str());
    return std::nullopt;
  }
  auto ready = compile::compile_ready({&rules, 1}, {&policy->flags, 1}, "profile " + name,
                                      {.launcher = abi, .effort = compile::Effort::kBest});
  if (!ready) {
    std::fprintf(stderr, "%s: needs %zu instructions\n", path.c_str(), ready.error().instructions);
    return std::nullopt;
  }
  return Compiled{name, summary, source->text(), compile::default_in_words(*policy, abi), std::move(*ready)};
}

void print_literal(std::string_view text) {
  std::printf("\"");
  for (const char c : text) {
    if (c == '\n') {
      std::printf("\\n\"\n     \"");
    } else if (c == '"' || c == '\\') {
      std::printf("\\%c", c);
    } else {
      std::printf("%c", c);
    }
  }
  std::printf("\"");
}

void print_abi(arch::Abi abi) {
  std::printf("static_cast<arch::Abi>(%d)", static_cast<int>(abi));
}

/// The arrays that one profile's row refers to.
void print_arrays(const Compiled& profile, size_t index) {
  std::printf("constexpr bpf::Instruction kInstructions%zu[] = {\n", index);
  for (const bpf::Instruction& instruction : profile.ready.filter.program.instructions()) {
    std::printf("    {0x%02x, %u, %u, 0x%08x},\n", static_cast<unsigned>(instruction.code),
                static_cast<unsigned>(instruction.jt), static_cast<unsigned>(instruction.jf), instruction.k);
  }
  std::printf("};\n");
  const auto& sites = profile.ready.filter.token_sites;
  std::printf("constexpr std::array<compile::TokenSite, %zu> kTokenSites%zu = {{\n", sites.size(), index);
  for (const compile::TokenSite& site : sites) std::printf("    {%zu, %zu},\n", site.index, site.word);
  std::printf("}};\nconstexpr arch::Abi kCovered%zu[] = {\n", index);
  for (const arch::Abi abi : profile.ready.covered) {
    std::printf("    ");
    print_abi(abi);
    std::printf(",  // %s\n", std::string(arch::info(abi).name).c_str());
  }
  std::printf("};\n\n");
}

void print_row(const Compiled& profile, size_t index, arch::Abi abi) {
  std::printf("    {\"%s\",\n     ", profile.name.c_str());
  print_literal(profile.summary);
  std::printf(",\n     ");
  print_literal(profile.text);
  std::printf(",\n     \"%s\",\n     ", profile.by_default.c_str());
  print_abi(abi);
  std::printf(",\n     kInstructions%zu,\n     kTokenSites%zu,\n     %zu,\n     kCovered%zu,\n     %u},\n", index,
              index, profile.ready.filter.ranges, index, profile.ready.flags);
}

int embed(const std::string& abi_name, const std::vector<std::string>& arguments) {
  const auto abi = abi_name == "native" ? arch::native_abi() : arch::find_abi(abi_name);
  if (!abi) {
    std::fprintf(stderr, "profile_embedder: unknown ABI '%s'\n", abi_name.c_str());
    return 2;
  }
  std::vector<Compiled> profiles;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) return 2;
    auto profile = compile_profile(argument.substr(0, equals), argument.substr(equals + 1), *abi);
    if (!profile) return 1;
    profiles.push_back(std::move(*profile));
  }
  std::printf("// Generated by profile_embedder from policies/. Not to be edited.\n");
  for (size_t i = 0; i < profiles.size(); ++i) print_arrays(profiles[i], i);
  std::printf("constexpr Profile kProfiles[] = {\n");
  for (size_t i = 0; i < profiles.size(); ++i) print_row(profiles[i], i, *abi);
  std::printf("};\n");
  return 0;
}

}  // namespace
}  // namespace sandbox

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: profile_embedder native|ABI NAME=FILE...\n");
    return 2;
  }
  std::vector<std::string> arguments(argv + 2, argv + argc);
  std::sort(arguments.begin(), arguments.end());
  return sandbox::embed(argv[1], arguments);
}
