#include "compile/ready_filter.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "arch/errno_names.h"
#include "base/diagnostic.h"
#include "bpf/filter_file.h"
#include "bpf/foreign_program.h"
#include "compile/token_sites.h"

namespace sandbox::compile {
namespace {

UnusableFilter at_instruction(const bpf::InvalidProgram& invalid) {
  return {"instruction " + std::to_string(invalid.index) + ": " + invalid.message};
}

bpf::FileAbi file_abi(arch::Abi abi) {
  return {arch::info(abi).audit_arch, arch::info(abi).first_number};
}

Result<arch::Abi, UnusableFilter> known_abi(const bpf::FileAbi& wanted) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (file_abi(abi.abi) == wanted) return abi.abi;
  }
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "0x%08x with numbers from 0x%x", wanted.audit_arch, wanted.first_number);
  return UnusableFilter{std::string("names an ABI that is not known (") + text.data() + ")"};
}

Result<std::vector<arch::Abi>, UnusableFilter> known_abis(const std::vector<bpf::FileAbi>& listed) {
  std::vector<arch::Abi> abis;
  for (const bpf::FileAbi& one : listed) {
    const auto abi = known_abi(one);
    if (!abi) return abi.error();
    if (std::find(abis.begin(), abis.end(), *abi) != abis.end()) {
      return UnusableFilter{"covers the ABI " + std::string(arch::info(*abi).name) + " twice"};
    }
    abis.push_back(*abi);
  }
  if (abis.empty()) return UnusableFilter{"covers no ABI"};
  return abis;
}

/// Why the launcher may not install this filter, or could not execute a program under it. None: it can.
std::optional<UnusableFilter> why_unusable(const Filter& filter, arch::Abi launcher) {
  const bool token = !filter.token_sites.empty();
  if (const auto unusable = bpf::unusable_return(filter.program, token, true)) return at_instruction(*unusable);
  if (const auto wrong = wrong_token_site(filter.program, filter.token_sites, launcher)) return at_instruction(*wrong);
  if (opens_for_launcher(filter.program, filter.token_sites, launcher)) return std::nullopt;
  return UnusableFilter{"does not let sandbox-run itself call execve, write and exit_group"};
}

/// What a filter file says.
Result<ReadyFilter, UnusableFilter> contents_of(bpf::FilterFile file) {
  auto covered = known_abis(file.covered);
  if (!covered) return covered.error();
  std::vector<TokenSite> sites;
  sites.reserve(file.token_sites.size());
  for (const bpf::FileTokenSite& site : file.token_sites) sites.push_back({site.index, site.word});
  Filter filter = {std::move(file.program), std::move(sites), file.ranges};
  return ReadyFilter{std::move(filter), std::move(*covered), file.flags, std::move(file.source), false, 0};
}

Result<ReadyFilter, UnusableFilter> read_own_format(std::string_view bytes, arch::Abi launcher) {
  auto file = bpf::read_filter_file(bytes);
  if (!file) return UnusableFilter{file.error().message};
  const auto made_for = known_abi(file->launcher);
  if (!made_for) return made_for.error();
  if (*made_for != launcher) {
    return UnusableFilter{"is for a sandbox-run on " + std::string(arch::info(*made_for).name) +
                          ", and this one is on " + std::string(arch::info(launcher).name)};
  }
  auto ready = contents_of(std::move(*file));
  if (!ready) return ready;
  if (auto unusable = why_unusable(ready->filter, launcher)) return std::move(*unusable);
  return ready;
}

/// `log` and `tsync` if one policy has it, `spec_allow` if all have.
uint32_t combined_flags(std::span<const policy::Flags> flags) {
  uint32_t combined = 0;
  bool all_speculate = true;
  for (const policy::Flags& one : flags) {
    if (one.log) combined |= SECCOMP_FILTER_FLAG_LOG;
    if (one.tsync) combined |= SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    all_speculate = all_speculate && one.spec_allow;
  }
  if (all_speculate) combined |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return combined;
}

}  // namespace

std::vector<arch::Abi> covered_abis(std::span<const resolve::PolicyRules> policies) {
  std::vector<arch::Abi> abis;
  for (const resolve::RuleSet& set : policies.front()) {
    const auto covers = [&](const resolve::PolicyRules& policy) { return find_rules(policy, set.abi) != nullptr; };
    if (std::all_of(policies.begin(), policies.end(), covers)) abis.push_back(set.abi);
  }
  return abis;
}

Result<ReadyFilter, CompileError> compile_ready(std::span<const resolve::PolicyRules> rules,
                                                std::span<const policy::Flags> flags, std::string source,
                                                const CompileOptions& options) {
  auto filter = compile(rules, options);
  if (!filter) return filter.error();
  return ReadyFilter{std::move(*filter), covered_abis(rules), combined_flags(flags), std::move(source), false, 0};
}

std::string describe(const CompileError& error, std::span<const policy::Policy* const> policies,
                     const std::string& names) {
  std::string message = "the policy needs " + std::to_string(error.instructions) + " instructions, a filter may have " +
                        std::to_string(bpf::kMaxInstructions);
  if (error.gave_up) {
    message = "the conditions of the policies on one call come to more than " + std::to_string(kMaxCombinations) +
              " combinations, the most that are tried";
  }
  if (!error.costliest) return names + ": " + message;
  const policy::Policy& policy = *policies[error.costliest->policy];
  if (!error.gave_up) message += "; this group alone takes " + std::to_string(error.costliest_instructions);
  const SourceRange range = policy.groups[error.costliest->group].range;
  return format_diagnostic(*policy.source, {Severity::kError, range, message});
}

std::string default_in_words(const policy::Policy& policy, arch::Abi native) {
  std::string text(policy::name_of(policy.default_action));
  if (policy.default_action != policy::Action::kErrno) return text;
  const policy::ErrnoValue& error = policy.default_error;
  return text + " " + (error.name.empty() ? arch::errno_name(native, error.number) : error.name);
}

size_t max_filter_bytes() {
  return std::max(bpf::kMaxFilterFileBytes, bpf::kMaxInstructions * sizeof(bpf::Instruction));
}

Result<ReadyFilter, UnusableFilter> read_filter(std::string_view bytes, arch::Abi launcher) {
  if (bpf::claims_to_be_filter_file(bytes)) return read_own_format(bytes, launcher);
  auto raw = read_raw_filter(bytes, launcher);
  if (!raw) return raw.error();
  return ReadyFilter{std::move(raw->filter), {}, 0, "", true, raw->prefix};
}

bool looks_like_filter(std::string_view bytes) {
  return bpf::claims_to_be_filter_file(bytes) || looks_like_raw_bpf(bytes);
}

Result<ReadyFilter, UnusableFilter> inspect_filter(std::string_view bytes) {
  if (!bpf::claims_to_be_filter_file(bytes)) {
    auto program = read_raw_program(bytes);
    if (!program) return program.error();
    return ReadyFilter{{std::move(*program), {}, 0}, {}, 0, "", true, 0};
  }
  auto file = bpf::read_filter_file(bytes);
  if (!file) return UnusableFilter{file.error().message};
  return contents_of(std::move(*file));
}

Result<std::string, UnusableFilter> write_filter(const ReadyFilter& ready, arch::Abi launcher) {
  bpf::FilterFile file = {
      printable(ready.source, 200), file_abi(launcher), {}, ready.flags, static_cast<uint32_t>(ready.filter.ranges), {},
      ready.filter.program};
  for (const arch::Abi abi : ready.covered) file.covered.push_back(file_abi(abi));
  for (const TokenSite& site : ready.filter.token_sites) {
    file.token_sites.push_back({static_cast<uint16_t>(site.index), static_cast<uint16_t>(site.word)});
  }
  std::string bytes = bpf::write_filter_file(file);
  if (const auto back = read_own_format(bytes, launcher); !back) return back.error();
  return bytes;
}

}  // namespace sandbox::compile
