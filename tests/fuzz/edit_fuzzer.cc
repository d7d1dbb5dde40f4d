// Any bytes as a policy whose text is changed: a group or names are added, ABIs are covered, a kernel is set, and what
// was denied is turned into a suggestion. What the editor writes means what was asked for, call by call, and nothing of
// the text before is lost.
//
// The first bytes of an input say what is asked for; the policy stands behind them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "fuzzer.h"
#include "policy/beats_writer.h"
#include "policy/edit.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "report/suggestion.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"

namespace sandbox::fuzz {
namespace {

constexpr arch::Abi kNative = arch::Abi::kX86_64;
constexpr auto kNames = std::to_array<std::string_view>(
    {"read", "write", "openat", "socket", "connect", "execve", "ptrace", "uname", "getpid", "io_uring_setup"});
constexpr auto kAbis = std::to_array<arch::Abi>(
    {arch::Abi::kX86_64, arch::Abi::kX86, arch::Abi::kX32, arch::Abi::kAarch64, arch::Abi::kS390x});
constexpr auto kActions = std::to_array<policy::Action>(
    {policy::Action::kAllow, policy::Action::kErrno, policy::Action::kTrap, policy::Action::kLog});

struct Reading {
  std::optional<policy::Policy> policy;
  bool errors = false;
};

Reading read(const std::string& text) {
  const auto source = std::make_shared<const SourceText>("fuzzed.yml", text);
  policy::Environment environment;
  environment.native = kNative;
  Diagnostics problems(source);
  Reading reading;
  reading.policy = policy::read_policy(source, environment, problems);
  reading.errors = problems.has_errors() || !reading.policy;
  return reading;
}

/// None: with errors.
std::optional<resolve::PolicyRules> rules_of(const policy::Policy& policy) {
  Diagnostics problems(policy.source);
  resolve::PolicyRules rules = resolve::resolve(policy, kNative, problems);
  if (problems.has_errors()) return std::nullopt;
  return rules;
}

/// The changes that an input asks for, made in the text and in a policy that was never text.
class Changes {
 public:
  Changes(const policy::Policy& before, Bytes& bytes) : editor_(before), wanted_(before) {
    const uint8_t what = bytes.byte();
    names_ = some_names(bytes);
    // Names first: the first group is another one behind a new group.
    if ((what & 1U) != 0) add_names(bytes.byte());
    if ((what & 2U) != 0) add_group(bytes.byte());
    if ((what & 4U) != 0) cover(bytes.byte());
    if ((what & 8U) != 0) set_kernel(bytes.byte());
  }

  [[nodiscard]] const policy::TextEditor& editor() const { return editor_; }
  [[nodiscard]] const policy::Policy& wanted() const { return wanted_; }
  [[nodiscard]] bool replaces() const { return replaces_; }

 private:
  static std::vector<std::string> some_names(Bytes& bytes) {
    std::vector<std::string> names;
    for (size_t count = 1 + bytes.byte() % 3U; count > 0; --count) {
      names.emplace_back(kNames[bytes.byte() % kNames.size()]);
    }
    return names;
  }

  void add_names(size_t group) {
    if (wanted_.groups.empty()) return;
    group %= wanted_.groups.size();
    if (!editor_.add_names(group, names_)) return;
    for (const std::string& name : names_) {
      auto& there = wanted_.groups[group].names;
      if (std::ranges::find(there, name, &policy::Name::text) == there.end()) there.push_back({name, {}});
    }
  }

  void add_group(uint8_t how) {
    policy::Group group;
    group.action = kActions[how % kActions.size()];
    for (const std::string& name : names_) {
      if (std::ranges::find(group.names, name, &policy::Name::text) == group.names.end())
        group.names.push_back({name, {}});
    }
    policy::GroupComments comments;
    if (how >= 128) comments = {{"# added"}, {"the first name"}, {}};
    if (editor_.add_group(group, comments)) wanted_.groups.insert(wanted_.groups.begin(), group);
  }

  void cover(uint8_t which) {
    const arch::Abi abi = kAbis[which % kAbis.size()];
    if (!editor_.cover({abi}, kNative)) return;
    auto& listed = wanted_.architectures;
    if (std::ranges::find(listed, abi, &policy::ListedAbi::abi) != listed.end()) return;
    if (listed.empty() && abi == kNative) return;
    if (listed.empty()) listed.push_back({kNative, {}});
    listed.push_back({abi, {}});
  }

  void set_kernel(uint8_t which) {
    const arch::KernelVersion version = {static_cast<uint16_t>(4 + which % 3U), static_cast<uint16_t>(which / 16U)};
    replaces_ = wanted_.kernel.has_value();
    if (editor_.set_kernel(version)) wanted_.kernel = version;
  }

  policy::TextEditor editor_;
  policy::Policy wanted_;
  std::vector<std::string> names_;
  bool replaces_ = false;
};

/// Whether the text is left when something is taken out of the other.
bool is_left_in(std::string_view text, std::string_view other) {
  size_t at = 0;
  for (const char c : text) {
    at = other.find(c, at);
    if (at == std::string_view::npos) return false;
    ++at;
  }
  return true;
}

/// Two policies give every call the same, as far as a sample can tell.
void compare(const policy::Policy& wanted, const policy::Policy& written) {
  const auto expected = rules_of(wanted);
  const auto found = rules_of(written);
  if (expected.has_value() != found.has_value()) fail("one of the two does not resolve");
  if (!expected) return;
  if (expected->size() != found->size()) fail("another number of ABIs");
  for (const resolve::RuleSet& rules : *expected) {
    std::vector<uint32_t> numbers = {0, 1, 59, 231, UINT32_MAX, 0x40000000, 1'000'000};
    for (const resolve::CallRules& call : rules.calls) numbers.push_back(call.number);
    for (const uint32_t number : numbers) {
      for (const uint64_t argument : {uint64_t{0}, uint64_t{1}, uint64_t{2}, UINT64_MAX}) {
        bpf::SystemCall call = {number, arch::info(rules.abi).audit_arch, {}, 0};
        call.args.fill(argument);
        if (resolve::evaluate(*expected, call).verdict != resolve::evaluate(*found, call).verdict) {
          fail("what was written means something else for call " + std::to_string(number));
        }
      }
    }
  }
}

void suggest(const policy::Policy& policy, Bytes& bytes) {
  report::PolicyDenials denials;
  denials.name = "fuzzed.yml";
  denials.policy = &policy;
  for (size_t count = bytes.byte() % 6U; count > 0; --count) {
    report::DeniedCall call;
    const arch::Abi abi = kAbis[bytes.byte() % kAbis.size()];
    call.arch = arch::info(abi).audit_arch;
    const auto known = arch::number_of(abi, kNames[bytes.byte() % kNames.size()]);
    call.number = known ? *known : bytes.word();
    call.source = static_cast<resolve::VerdictSource>(bytes.byte() % 6U);
    call.selector = bytes.byte() % 24U;
    call.absent = bytes.byte() % 4U == 0;
    denials.calls.push_back(call);
  }
  std::string text = report::suggestion_text({&denials, 1}, kNative);
  if (text.empty() != denials.calls.empty()) fail("denials without a suggestion");
  if (!text.empty() && text.back() != '\n') fail("a line without its end");
}

void try_edit(std::string_view input) {
  constexpr size_t kAsked = 48;  // Bytes that say what is asked for.
  if (input.size() < kAsked) return;
  Bytes bytes(input.substr(0, kAsked));
  const std::string before(input.substr(kAsked));
  const Reading reading = read(before);
  if (reading.errors || !rules_of(*reading.policy)) return;
  const Changes changes(*reading.policy, bytes);
  if (reading.policy->has_filter) suggest(*reading.policy, bytes);
  if (changes.editor().changes().empty()) return;
  const auto after = changes.editor().text();
  if (!after) return;
  ++accepted;
  const Reading written = read(*after);
  if (written.errors) fail("the editor's text has errors:\n" + *after);
  if (policy::write_beats(*written.policy) != policy::write_beats(changes.wanted())) {
    fail("the editor's text is another policy:\n" + *after);
  }
  compare(changes.wanted(), *written.policy);
  if (!changes.replaces() && !is_left_in(before, *after)) fail("something of the text is lost:\n" + *after);
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sandbox::policy::kMaxPolicyBytes) return 0;
  sandbox::fuzz::try_edit(sandbox::fuzz::text_of(data, size));
  return 0;
}
