// Writes policies as C++ initialisers, as text and compiled:
//   profile_embedder native|ABI NAME=FILE... [NAME+NAME]... > embedded_profiles.inc
// A combination is of profiles that stand before it: one filter for all of them. In it "landlock-tcp" stands for what
// the filter closes where TCP is restricted (resolve/landlock/closures.h). "native" is the ABI that this program itself
// was built for.
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
#include "resolve/landlock/closures.h"
#include "resolve/resolve.h"

namespace sandbox {
namespace {

/// A profile that was read and compiled.
struct Compiled {
  std::string name;
  std::string summary;
  std::string text;
  size_t landlock_end;
  std::string by_default;
  policy::Flags flags;
  resolve::PolicyRules rules;
  compile::ReadyFilter ready;
};

/// The first comment's text.
std::string summary_of(const std::string& text) {
  if (!text.starts_with("# ")) return {};
  return text.substr(2, text.find('\n') - 2);
}

/// Shows what is wrong with a policy. False if there is anything to show.
bool is_good(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    std::fprintf(stderr, "%s\n", format_diagnostic(diagnostics.source(), diagnostic).c_str());
  }
  return diagnostics.all().empty();
}

policy::Environment environment_on(arch::Abi abi) {
  policy::Environment environment;
  environment.native = abi;
  return environment;
}

struct Read {
  policy::Policy policy;
  resolve::PolicyRules rules;
};

/// A policy and what it means; none, after messages, if there is anything to be said of it.
std::optional<Read> read_and_resolve(const std::shared_ptr<const SourceText>& source, arch::Abi abi) {
  Diagnostics diagnostics(source);
  auto policy = policy::read_policy(source, environment_on(abi), diagnostics);
  resolve::PolicyRules rules;
  if (policy) rules = resolve::resolve(*policy, abi, diagnostics);
  if (!is_good(diagnostics) || !policy) return std::nullopt;
  return Read{std::move(*policy), std::move(rules)};
}

/// What Landlock's rules for TCP need beside them.
std::optional<Compiled> closures_for_tcp(arch::Abi abi) {
  const auto source = std::make_shared<const SourceText>(resolve::kClosuresName,
                                                         resolve::closures_policy({.tcp_lookalikes = true}, {&abi, 1}));
  auto read = read_and_resolve(source, abi);
  if (!read) return std::nullopt;
  const policy::Flags flags = read->policy.flags;
  auto ready = compile::compile_ready({&read->rules, 1}, {&flags, 1}, source->name(), {.launcher = abi});
  if (!ready) return std::nullopt;
  return Compiled{resolve::kClosuresForTcp, "", "", 0, "", flags, std::move(read->rules), std::move(*ready)};
}

/// Where the `landlock` section ends; 0 if there is none. None, after a message, if it cannot be read without the rest:
/// it must come before the section `seccomp`.
std::optional<size_t> end_of_landlock(const policy::Policy& policy, arch::Abi abi) {
  if (!policy.landlock) return 0;
  const std::string& text = policy.source->text();
  const size_t end = std::min(text.find("\nseccomp:"), text.size() - 1) + 1;
  const auto source = std::make_shared<const SourceText>(policy.source->name(), text.substr(0, end));
  Diagnostics diagnostics(source);
  const auto alone = policy::read_policy(source, environment_on(abi), diagnostics);
  if (!is_good(diagnostics)) return std::nullopt;
  if (alone && alone->landlock && !alone->has_filter) return end;
  std::fprintf(stderr, "%s: the section 'landlock' must come first\n", policy.source->name().c_str());
  return std::nullopt;
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
  auto read = read_and_resolve(source, abi);
  if (!read) return std::nullopt;
  const policy::Policy& policy = read->policy;
  if (!policy.enabled || !policy.has_filter || policy.format != policy::Format::kBeats) {
    std::fprintf(stderr, "%s: a profile must have a filter, be enabled, and in the format of Beats\n", path.c_str());
    return std::nullopt;
  }
  const auto landlock_end = end_of_landlock(policy, abi);
  if (!landlock_end) return std::nullopt;
  auto ready = compile::compile_ready({&read->rules, 1}, {&policy.flags, 1}, "profile " + name,
                                      {.launcher = abi, .effort = compile::Effort::kBest});
  if (!ready) {
    std::fprintf(stderr, "%s: needs %zu instructions\n", path.c_str(), ready.error().instructions);
    return std::nullopt;
  }
  return Compiled{name,
                  summary,
                  source->text(),
                  *landlock_end,
                  compile::default_in_words(policy, abi),
                  policy.flags,
                  std::move(read->rules),
                  std::move(*ready)};
}

/// One filter for the profiles that `name` joins by '+'; none if one is missing, or they are too large together.
std::optional<Compiled> compile_combination(const std::string& name, const std::vector<Compiled>& profiles,
                                            const Compiled& closures, arch::Abi abi) {
  std::vector<resolve::PolicyRules> rules;
  std::vector<policy::Flags> flags;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('+', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    const auto found = std::ranges::find(profiles, part, &Compiled::name);
    const Compiled* one = part == closures.name ? &closures : found != profiles.end() ? &*found : nullptr;
    if (one == nullptr) {
      std::fprintf(stderr, "profile_embedder: no profile '%s'\n", part.c_str());
      return std::nullopt;
    }
    rules.push_back(one->rules);
    for (resolve::RuleSet& set : rules.back()) resolve::set_policy(set, static_cast<uint32_t>(flags.size()));
    flags.push_back(one->flags);
    begin = end + 1;
  }
  auto ready =
      compile::compile_ready(rules, flags, "profiles " + name, {.launcher = abi, .effort = compile::Effort::kBest});
  if (!ready) {
    std::fprintf(stderr, "%s: needs %zu instructions\n", name.c_str(), ready.error().instructions);
    return std::nullopt;
  }
  return Compiled{name, "", "", 0, "", {}, {}, std::move(*ready)};
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
  std::printf(",\n     %zu,\n     \"%s\",\n     ", profile.landlock_end, profile.by_default.c_str());
  print_abi(abi);
  std::printf(",\n     kInstructions%zu,\n     kTokenSites%zu,\n     %zu,\n     kCovered%zu,\n     %u},\n", index,
              index, profile.ready.filter.ranges, index, profile.ready.flags);
}

/// One table. `first` keeps the names of the arrays apart.
void print_profiles(const char* name, const std::vector<Compiled>& profiles, size_t first, arch::Abi abi) {
  for (size_t i = 0; i < profiles.size(); ++i) print_arrays(profiles[i], first + i);
  std::printf("constexpr std::array<Profile, %zu> %s = {{\n", profiles.size(), name);
  for (size_t i = 0; i < profiles.size(); ++i) print_row(profiles[i], first + i, abi);
  std::printf("}};\n");
}

int embed(const std::string& abi_name, const std::vector<std::string>& arguments) {
  const auto abi = abi_name == "native" ? arch::native_abi() : arch::find_abi(abi_name);
  if (!abi) {
    std::fprintf(stderr, "profile_embedder: unknown ABI '%s'\n", abi_name.c_str());
    return 2;
  }
  std::vector<Compiled> profiles;
  std::vector<Compiled> combinations;
  auto closures = closures_for_tcp(*abi);
  if (!closures) return 1;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const bool combined = equals == std::string::npos;
    auto profile = combined ? compile_combination(argument, profiles, *closures, *abi)
                            : compile_profile(argument.substr(0, equals), argument.substr(equals + 1), *abi);
    if (!profile) return 1;
    (combined ? combinations : profiles).push_back(std::move(*profile));
  }
  std::ranges::sort(profiles, {}, &Compiled::name);
  std::printf("// Generated by profile_embedder from policies/. Not to be edited.\n");
  print_profiles("kProfiles", profiles, 0, *abi);
  print_profiles("kCombinations", combinations, profiles.size(), *abi);
  return 0;
}

}  // namespace
}  // namespace sandbox

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: profile_embedder native|ABI NAME=FILE... [NAME+NAME]...\n");
    return 2;
  }
  return sandbox::embed(argv[1], {argv + 2, argv + argc});
}
