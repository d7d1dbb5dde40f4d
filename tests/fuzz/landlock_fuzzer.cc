// Any bytes as a policy with a `landlock` section: its ruleset has nothing that a kernel lacks after it was fitted to
// it, what the filter closes beside it is a policy that compiles, and the section is written and read back.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arch/landlock.h"
#include "compile/compile.h"
#include "fuzzer.h"
#include "policy/landlock_writer.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "resolve/landlock/abi_fit.h"
#include "resolve/landlock/closures.h"
#include "resolve/landlock/evaluate.h"
#include "resolve/landlock/ruleset.h"
#include "resolve/resolve.h"

namespace sandbox::fuzz {
namespace {

const resolve::PathEnvironment kEnvironments[] = {
    {"/etc", "/srv/work", "/home/user"}, {"/", "/", ""}, {"/home/user", "/home/user", "/home/user"}};

/// What a section means, without the places in its text.
std::string meaning(const resolve::Ruleset& ruleset) {
  std::string text = std::to_string(ruleset.handled_files) + " " + std::to_string(ruleset.handled_ports) + " " +
                     std::to_string(ruleset.scopes) + (ruleset.best_effort ? " best effort" : "") + "\n";
  for (const resolve::PathRule& rule : ruleset.paths) {
    text += rule.path + "\n" + std::to_string(rule.rights) + " " + std::to_string(rule.on_devices) +
            (rule.optional ? " optional" : "") + (rule.pattern ? " pattern" : "") + "\n";
  }
  for (const resolve::PortRule& rule : ruleset.ports) {
    text += std::to_string(rule.port) + " " + std::to_string(rule.rights) + "\n";
  }
  return text;
}

std::optional<policy::Policy> read(const std::shared_ptr<const SourceText>& source, bool& errors) {
  Diagnostics problems(source);
  auto policy = policy::read_policy(source, {}, problems);
  errors = problems.has_errors();
  if (!policy && !errors) fail("an error without a reason");
  check_diagnostics(problems);
  return policy;
}

void check_closures(const resolve::Closures& closures) {
  const std::vector<arch::Abi> abis = {arch::Abi::kX86_64, arch::Abi::kX86, arch::Abi::kX32};
  const auto source =
      std::make_shared<const SourceText>(resolve::kClosuresName, resolve::closures_policy(closures, abis));
  bool errors = false;
  const auto policy = read(source, errors);
  Diagnostics problems(source);
  if (!policy || errors) fail("what closes ways around cannot be read");
  const resolve::PolicyRules rules = resolve::resolve(*policy, arch::Abi::kX86_64, problems);
  if (problems.has_errors() || !compile::compile({&rules, 1})) fail("what closes ways around does not compile");
}

/// Rights that the policy names are there, or an error says that they are not, or it asked for the best effort.
void check_fit(resolve::Ruleset ruleset, int abi, const std::shared_ptr<const SourceText>& source) {
  const resolve::Ruleset whole = ruleset;
  Diagnostics problems(source);
  const resolve::Closures closures = resolve::fit_to_abi(ruleset, {abi, "this kernel has no Landlock"}, problems);
  const bool errors = problems.has_errors();
  check_diagnostics(problems);
  const uint64_t files = abi == 0 ? 0 : arch::bits_of(arch::file_rights(), abi);
  const uint64_t ports = abi == 0 ? 0 : arch::bits_of(arch::port_rights(), abi);
  const uint64_t scopes = abi == 0 ? 0 : arch::bits_of(arch::scopes(), abi);
  if ((ruleset.handled_files & ~files) != 0 || (ruleset.handled_ports & ~ports) != 0 || (ruleset.scopes & ~scopes) != 0)
    fail("a right is left that ABI " + std::to_string(abi) + " lacks");
  for (const resolve::PathRule& rule : ruleset.paths) {
    if (((rule.rights | rule.on_devices) & ~files) != 0) fail("a rule has rights that the kernel lacks");
  }
  if (errors && whole.best_effort) fail("an error in spite of the best effort");
  if ((whole.named_files & ~files) != 0 && problems.all().empty()) fail("a right is lost without a word");
  if ((whole.scopes & ~scopes) != 0 && problems.all().empty()) fail("a scope is lost without a word");
  if (closures.any()) check_closures(closures);
}

/// A rule gives what it says for the file that it stands at, and another file gets nothing of it.
void check_judgement(const resolve::Ruleset& ruleset) {
  resolve::PlacedRuleset placed = {ruleset.handled_files, ruleset.handled_ports, ruleset.scopes, {}, {}};
  uint64_t inode = 1;
  for (const resolve::PathRule& rule : ruleset.paths) placed.files[{1, inode++}] |= rule.rights;
  for (const resolve::PortRule& rule : ruleset.ports) placed.ports[rule.port] |= rule.rights;
  const resolve::PlacedRuleset layers[] = {placed};
  inode = 1;
  for (const resolve::PathRule& rule : ruleset.paths) {
    const resolve::Ancestry below = {{1, 1'000'000}, {1, inode++}};
    if (resolve::judge_access(layers, below, rule.rights)) fail("a rule does not give what it says");
  }
  const arch::FileRights handled = ruleset.handled_files;
  if (handled != 0 && !resolve::judge_access(layers, {{2, 1}}, handled)) fail("a file without a rule is open");
  for (const resolve::PortRule& rule : ruleset.ports) {
    if (resolve::judge_port(layers, rule.port, rule.rights)) fail("a port is shut in spite of its rule");
  }
}

void try_section(const std::shared_ptr<const SourceText>& source) {
  bool errors = false;
  const auto policy = read(source, errors);
  if (!policy || !policy->landlock) return;
  std::optional<policy::Policy> again;
  if (!errors) {
    const std::string text = policy::write_landlock(*policy->landlock);
    bool wrong = false;
    again = read(std::make_shared<const SourceText>("written.yml", text), wrong);
    if (wrong || !again || !again->landlock || policy::write_landlock(*again->landlock) != text) {
      fail("not read back: " + text);
    }
  }
  for (const resolve::PathEnvironment& environment : kEnvironments) {
    Diagnostics problems(source);
    const auto ruleset = resolve::resolve_landlock(*policy, environment, problems);
    const bool unresolved = problems.has_errors();
    check_diagnostics(problems);
    if (!ruleset) fail("no ruleset of a section");
    for (const resolve::PathRule& rule : ruleset->paths) {
      if (!rule.path.starts_with('/') || rule.rights == 0) fail("a rule for nothing: " + rule.path);
    }
    if (errors || unresolved) continue;
    ++accepted;
    Diagnostics unused(again->source);
    if (meaning(*resolve::resolve_landlock(*again, environment, unused)) != meaning(*ruleset)) {
      fail("it is read back as another ruleset");
    }
    for (int abi = 0; abi <= arch::kNewestLandlockAbi; ++abi) check_fit(*ruleset, abi, source);
    check_judgement(*ruleset);
  }
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sandbox::policy::kMaxPolicyBytes) return 0;
  sandbox::fuzz::try_section(
      std::make_shared<const sandbox::SourceText>("fuzzed.yml", sandbox::fuzz::text_of(data, size)));
  return 0;
}
