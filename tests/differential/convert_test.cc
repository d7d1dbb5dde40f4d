// Policies carried into other formats and back: proved equal, program against program; and held against what libseccomp
// makes of a container profile and what systemd.exec(5) says of a drop-in.
#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "bpf/diff.h"
#include "judged_policies.h"
#include "policy/reader.h"
#include "random.h"
#include "random_language.h"
#include "random_policy.h"
#include "resolve/argument_sets.h"
#include "resolve/convert/convert.h"
#include "resolve/evaluate.h"
#include "resolve/verdict_sets.h"
#include "runc_program.h"

namespace sandbox::differential {
namespace {

using arch::Abi;
using policy::Action;
using resolve::TextFormat;
using resolve::Verdict;

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Converted {
  std::optional<std::string> text;
  std::string errors;
  size_t warnings = 0;
};

Converted convert(const std::string& text, const policy::Environment& environment, TextFormat format,
                  bool lossy = false) {
  const auto source = std::make_shared<const SourceText>("policy", text);
  Diagnostics diagnostics(source);
  Converted made;
  if (const auto policy = policy::read_policy(source, environment, diagnostics)) {
    resolve::ConvertOptions options;
    options.lossy = lossy;
    options.name = "policy";
    made.text = resolve::convert(*policy, environment, format, options, diagnostics);
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) made.errors += format_diagnostic(*source, diagnostic) + "\n";
    if (diagnostic.severity == Severity::kWarning) ++made.warnings;
  }
  EXPECT_EQ(made.text.has_value(), made.errors.empty()) << made.errors;
  return made;
}

resolve::PolicyRules rules_of(const std::string& text, const policy::Environment& environment) {
  ReadPolicy read = read_rules(text, environment);
  EXPECT_TRUE(read.rules.has_value()) << read.messages;
  return read.rules.value_or(resolve::PolicyRules());
}

/// Whether the difference is about a call that is above the largest number that one of the two names, on its ABI or, as
/// a Beats section says it by name, on another one; and both deny it, one of them with ENOSYS. The converter warns of
/// that.
bool is_of_runtimes(const bpf::Difference& difference, const resolve::PolicyRules& a, const resolve::PolicyRules& b) {
  const uint32_t number = difference.calls.numbers.first;
  const auto abi = arch::abi_of(difference.witness.arch, number);
  const auto name = abi ? arch::name_of(*abi, number) : std::nullopt;
  const auto is_above = [&](const resolve::RuleSet& set) {
    const auto there = set.abi == abi ? std::optional(number) : name ? arch::number_of(set.abi, *name) : std::nullopt;
    return there && set.largest_named && resolve::is_above_named(set.abi, *there, *set.largest_named);
  };
  const bool above = std::ranges::any_of(a, is_above) || std::ranges::any_of(b, is_above);
  const Verdict left = resolve::verdict_of(difference.left);
  const Verdict right = resolve::verdict_of(difference.right);
  const auto is_enosys = [](Verdict verdict) {
    return verdict.action == Action::kErrno && (verdict.data == ENOSYS || verdict.data == 89);  // 89: on mips.
  };
  const bool denied = left.action <= Action::kErrno && right.action <= Action::kErrno;
  return above && denied && (is_enosys(left) || is_enosys(right));
}

/// Empty if the two texts are one filter: no call gets two answers, but for what is_of_runtimes(). None if they need
/// too many instructions.
std::optional<std::string> difference(const std::string& a, const policy::Environment& environment_a,
                                      const std::string& b, const policy::Environment& environment_b) {
  const resolve::PolicyRules rules_a = rules_of(a, environment_a);
  const resolve::PolicyRules rules_b = rules_of(b, environment_b);
  const auto left = program_for({rules_a});
  const auto right = program_for({rules_b});
  if (!left || !right) return std::nullopt;
  const bpf::Comparison comparison = bpf::diff(*left, *right);
  if (comparison.equal()) return "";
  if (comparison.differences.empty()) return "undecided";
  const auto found = std::ranges::find_if(
      comparison.differences, [&](const bpf::Difference& d) { return !is_of_runtimes(d, rules_a, rules_b); });
  if (found == comparison.differences.end()) return "";
  const bpf::Difference& first = *found;
  return describe_call(first.witness) + ": " + describe_verdict(resolve::verdict_of(first.left)) + " and " +
         describe_verdict(resolve::verdict_of(first.right));
}

/// The first ABI that a Beats policy lists is the machine's own.
policy::Environment environment_for(const std::string& text) {
  const resolve::PolicyRules rules = rules_of(text, plain_environment());
  return plain_environment(rules.empty() ? Abi::kX86_64 : rules.front().abi);
}

void expect_round_trip(const std::string& text, const policy::Environment& environment) {
  const Converted oci = convert(text, environment, TextFormat::kOci);
  ASSERT_TRUE(oci.text) << oci.errors;
  EXPECT_EQ(difference(text, environment, *oci.text, environment), "");
  const Converted back = convert(*oci.text, environment, TextFormat::kBeats);
  ASSERT_TRUE(back.text) << back.errors;
  EXPECT_EQ(difference(*oci.text, environment, *back.text, environment), "");
  const Converted normal = convert(text, environment, TextFormat::kBeats);
  ASSERT_TRUE(normal.text) << normal.errors;
  EXPECT_EQ(difference(text, environment, *normal.text, environment), "");
  EXPECT_EQ(convert(*normal.text, environment, TextFormat::kBeats).text, normal.text);
}

std::vector<std::string> shipped_policies() {
  std::vector<std::string> files;
  const char* directory = std::getenv("POLICIES");
  if (directory == nullptr) return files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  }
  return files;
}

/// The policy without its section about files and ports, which no container profile can have.
std::string filter_alone(const std::string& text) {
  constexpr std::string_view kSection = "\nlandlock:";
  const size_t section = text.find(kSection);
  if (section == std::string::npos) return text;
  size_t end = section + kSection.size();
  while ((end = text.find('\n', end)) != std::string::npos && end + 1 < text.size() && text[end + 1] == ' ') ++end;
  return text.substr(0, section) + (end == std::string::npos ? "" : text.substr(end));
}

TEST(Convert, ShippedPoliciesSurviveTheRoundTrip) {
  const std::vector<std::string> files = shipped_policies();
  ASSERT_GE(files.size(), 7U) << "POLICIES must name the folder of the policies";
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    const std::string text = filter_alone(contents(file));
    expect_round_trip(text, environment_for(text));
  }
}

// ---- Container profiles

struct Profile {
  const char* variable;
  const char* path;  ///< Where the file is without the variable; null: nowhere.
};

class ContainerProfile : public testing::TestWithParam<Profile> {};

TEST_P(ContainerProfile, SurvivesTheWayToBeatsAndBack) {
  const char* given = std::getenv(GetParam().variable);
  const char* path = given != nullptr ? given : GetParam().path;
  const std::string text = path != nullptr ? contents(path) : "";
  if (text.empty()) GTEST_SKIP() << "the profile is not here; " << GetParam().variable << " names the file";
  for (const Abi native : {Abi::kX86_64, Abi::kAarch64, Abi::kS390x, Abi::kMips64, Abi::kRiscv64, Abi::kPpc64le}) {
    for (const auto& capabilities :
         {policy::Capabilities{}, {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"}, {"CAP_SYSLOG", "CAP_SYS_TIME", "CAP_BPF"}}) {
      SCOPED_TRACE(std::string(arch::info(native).name) + ", " + std::to_string(capabilities.size()) + " capabilities");
      policy::Environment environment = plain_environment(native);
      environment.capabilities = [&] { return capabilities; };
      const Converted beats = convert(text, environment, TextFormat::kBeats);
      ASSERT_TRUE(beats.text) << beats.errors;
      EXPECT_EQ(difference(text, environment, *beats.text, environment), "");
      const Converted back = convert(*beats.text, environment, TextFormat::kOci);
      ASSERT_TRUE(back.text) << back.errors;
      EXPECT_EQ(difference(text, environment, *back.text, environment), "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles, ContainerProfile,
                         testing::Values(Profile{"SANDBOX_RUN_DOCKER_PROFILE", nullptr},
                                         Profile{"SANDBOX_RUN_PODMAN_PROFILE", "/usr/share/containers/seccomp.json"}));

// ---- Random policies

std::string random_text(Dice& dice, size_t index) {
  if (index % 3 == 0) {
    Random random(dice.bits());
    return random_policy({}, random);
  }
  LanguageKind kind;
  static const std::vector<std::vector<Abi>> kAbis = {{Abi::kX86_64},
                                                      {Abi::kX86_64, Abi::kX86},
                                                      {Abi::kAarch64},
                                                      {Abi::kAarch64, Abi::kArm},
                                                      {Abi::kS390x},
                                                      {Abi::kX86},
                                                      {Abi::kMips64, Abi::kMips},
                                                      {Abi::kX86_64, Abi::kX86, Abi::kX32}};
  kind.abis = dice.pick(kAbis);
  kind.favourites = {"socket", "clone", "ioctl", "prctl", "openat"};
  kind.groups = 3;
  kind.kernel = dice.one_in(3);
  return random_language_policy(kind, dice);
}

TEST(Convert, RandomPoliciesSurviveWhereTheyAreNotRefused) {
  Dice dice;
  size_t carried = 0;
  const size_t count = policy_count(150);
  for (size_t i = 0; i < count; ++i) {
    const std::string text = random_text(dice, i);
    const policy::Environment environment = environment_for(text);
    SCOPED_TRACE(text);
    const Converted normal = convert(text, environment, TextFormat::kBeats);
    ASSERT_TRUE(normal.text) << normal.errors;
    ASSERT_EQ(difference(text, environment, *normal.text, environment).value_or(""), "");
    const Converted oci = convert(text, environment, TextFormat::kOci);
    if (!oci.text) {
      EXPECT_NE(oci.errors.find("cannot be expressed in an OCI profile"), std::string::npos) << oci.errors;
      continue;
    }
    const auto there = difference(text, environment, *oci.text, environment);
    if (!there) continue;
    ++carried;
    ASSERT_EQ(*there, "") << *oci.text;
    const Converted back = convert(*oci.text, environment, TextFormat::kBeats);
    ASSERT_TRUE(back.text) << back.errors;
    ASSERT_EQ(difference(*oci.text, environment, *back.text, environment).value_or(""), "") << *back.text;
  }
  std::printf("%zu of %zu random policies went through\n", carried, count);
  EXPECT_GT(carried, count / 4);
}

/// Whether `made` lets through nothing that `meant` does not, on directed calls. Container runtimes answer numbers
/// above the largest one named with ENOSYS, where `meant` may kill: that lets nothing through either.
void expect_not_wider(const resolve::PolicyRules& meant, const resolve::PolicyRules& made, Dice& dice) {
  std::vector<bpf::SystemCall> calls = number_calls(dice);
  const std::vector<bpf::SystemCall> more = argument_calls({meant, made}, dice);
  calls.insert(calls.end(), more.begin(), more.end());
  for (const bpf::SystemCall& call : calls) {
    const Verdict before = resolve::evaluate(meant, call).verdict;
    const resolve::Judgement judgement = resolve::evaluate(made, call);
    const Verdict after = judgement.verdict;
    if (judgement.source == resolve::VerdictSource::kAboveNamed && before.action < Action::kTrace) continue;
    ASSERT_LE(after.action, before.action)
        << describe_call(call) << ": " << describe_verdict(before) << ", then " << describe_verdict(after);
  }
}

TEST(Convert, LossyIsNeverWider) {
  Dice dice;
  size_t lost = 0;
  const size_t count = policy_count(60);
  for (size_t i = 0; i < count; ++i) {
    const std::string text = random_text(dice, i);
    const policy::Environment environment = environment_for(text);
    SCOPED_TRACE(text);
    const Converted made = convert(text, environment, TextFormat::kOci, true);
    if (!made.text) continue;
    if (!convert(text, environment, TextFormat::kOci).text) {
      ++lost;
      EXPECT_GT(made.warnings, 0U);
    }
    expect_not_wider(rules_of(text, environment), rules_of(*made.text, environment), dice);
    if (HasFatalFailure()) return;
  }
  std::printf("%zu of %zu random policies became stricter\n", lost, count);
}

// ---- libseccomp

/// Calls of which libseccomp 2.5.4 and this project say the same on purpose.
bool comparable(const bpf::SystemCall& call) {
  if (call.arch != arch::info(Abi::kX86_64).audit_arch || call.number >= arch::info(Abi::kX32).first_number)
    return false;
  if (call.number >= 512 && call.number <= 547) return false;
  return libseccomp_knows(Abi::kX86_64, call.number) || !arch::name_of(Abi::kX86_64, call.number);
}

/// How many calls libseccomp's program of the profile judges otherwise than the policy.
size_t misjudged_by_libseccomp(const std::string& text, const policy::Environment& environment,
                               const RuncProgram& theirs, Dice& dice) {
  EXPECT_EQ(theirs.error, "");
  const auto program = bpf::validate(theirs.program);
  EXPECT_TRUE(program.ok()) << theirs.program.size() << " instructions";
  if (!program.ok()) return 0;
  const resolve::PolicyRules rules = rules_of(text, environment);
  std::vector<bpf::SystemCall> calls = number_calls(dice);
  const std::vector<bpf::SystemCall> more = argument_calls({rules}, dice, 200);
  calls.insert(calls.end(), more.begin(), more.end());
  size_t wrong = 0;
  for (const bpf::SystemCall& call : calls) {
    if (!comparable(call)) continue;
    const Verdict expected = resolve::evaluate(rules, call).verdict;
    const Verdict found = run(*program, call);
    const bool same =
        found.action == expected.action && (found.data == expected.data || found.action == Action::kTrace);
    if (same) continue;
    if (++wrong <= 3) {
      ADD_FAILURE() << describe_call(call) << ": " << describe_verdict(expected) << ", by libseccomp "
                    << describe_verdict(found);
    }
  }
  return wrong;
}

TEST(Convert, LibseccompReadsTheShippedPoliciesAsTheyAreMeant) {
  Dice dice;
  for (const char* name : {"default.yml", "beats-amd64.yml", "beats-amd64-2018.yml", "beats-example.yml"}) {
    SCOPED_TRACE(name);
    const std::string text = contents(std::string(std::getenv("POLICIES")) + "/" + name);
    const policy::Environment environment = plain_environment();
    const Converted oci = convert(text, environment, TextFormat::kOci);
    ASSERT_TRUE(oci.text) << oci.errors;
    const auto theirs = bounded_runc_program(*oci.text, {Abi::kX86_64, {}, dice.one_in(2)});
    ASSERT_TRUE(theirs.has_value()) << "libseccomp does not end";
    EXPECT_EQ(misjudged_by_libseccomp(text, environment, *theirs, dice), 0U);
  }
}

// ---- systemd

/// systemd.exec(5) on SystemCallFilter=, SystemCallErrorNumber= and SystemCallLog=, for one ABI's calls by name.
class Unit {
 public:
  explicit Unit(const std::string& drop_in) {
    std::istringstream lines(drop_in);
    for (std::string line; std::getline(lines, line);) {
      const size_t equals = line.find('=');
      if (equals == std::string::npos || line.starts_with('#')) continue;
      take(line.substr(0, equals), line.substr(equals + 1));
    }
  }

  Verdict verdict(const std::string& call) const {
    const auto listed = filter_.find(call);
    Verdict found = {Action::kAllow, 0};
    if (allow_list_ && listed == filter_.end()) found = refused_;
    if (!allow_list_ && listed != filter_.end()) found = listed->second.value_or(refused_);
    if (found.action != Action::kAllow || !logs_) return found;
    return log_.contains(call) != log_inverted_ ? Verdict{Action::kLog, 0} : found;
  }

 private:
  static std::vector<std::string> calls_of(const std::string& word) {
    const auto members = arch::members_of_set(word);
    return members ? std::vector<std::string>(members->begin(), members->end()) : std::vector<std::string>{word};
  }

  static Verdict refusal(const std::string& text) {
    if (text == "kill") return {Action::kKillProcess, 0};
    const auto number = arch::errno_number(Abi::kX86_64, text);
    return {Action::kErrno, number ? *number : static_cast<uint16_t>(std::stoul(text))};
  }

  void take(const std::string& key, std::string value) {
    const bool inverted = value.starts_with('~');
    std::istringstream words(value.substr(inverted ? 1 : 0));
    if (key == "SystemCallErrorNumber") refused_ = refusal(value);
    if (key == "SystemCallLog") {
      logs_ = true;
      log_inverted_ = inverted;
    }
    if (key == "SystemCallFilter" && !filters_) {
      filters_ = true;
      allow_list_ = !inverted;
      const std::vector<std::string> implied = allow_list_ ? calls_of("@default") : std::vector<std::string>();
      for (const std::string& call : implied) filter_[call];
    }
    for (std::string word; words >> word;) {
      if (key == "SystemCallLog") log_.insert(word);
      if (key == "SystemCallFilter") take_filter(word, inverted);
    }
  }

  void take_filter(std::string word, bool inverted) {
    const size_t colon = word.find(':');
    std::optional<Verdict> own;
    if (colon != std::string::npos) {
      own = refusal(word.substr(colon + 1));
      word.resize(colon);
      EXPECT_FALSE(allow_list_) << "an allow list takes no errno";
    }
    for (const std::string& call : calls_of(word)) {
      if (inverted == allow_list_) {
        filter_.erase(call);
      } else {
        filter_[call] = own;
      }
    }
  }

  bool filters_ = false;
  bool allow_list_ = false;
  bool logs_ = false;
  bool log_inverted_ = false;
  Verdict refused_ = {Action::kKillProcess, 0};
  std::map<std::string, std::optional<Verdict>> filter_;
  std::set<std::string> log_;
};

/// Whether systemd can hold the policy; otherwise the drop-in has sandbox-run start the service.
bool is_held(const Converted& made) {
  return made.text && made.text->find("ExecStart=/usr/bin/sandbox-run") == std::string::npos;
}

TEST(Convert, DropInsSayWhatThePolicySays) {
  Dice dice;
  size_t exact = 0;
  const size_t count = policy_count(1000);
  for (size_t i = 0; i < count; ++i) {
    LanguageKind kind = {{Abi::kX86_64}, {}, {}, false, 1 + i % 3};
    std::string text = random_language_policy(kind, dice);
    if (i % 2 == 0) text += "  - {action: allow, names: [execve]}\n";
    SCOPED_TRACE(text);
    const policy::Environment environment = plain_environment();
    const resolve::PolicyRules rules = rules_of(text, environment);
    for (const bool lossy : {false, true}) {
      const Converted made = convert(text, environment, TextFormat::kSystemd, lossy);
      if (!is_held(made)) continue;
      exact += lossy ? 0 : 1;
      const Unit unit(*made.text);
      std::vector<bpf::SystemCall> calls = argument_calls({rules}, dice, 5);
      for (const std::string_view name : arch::names_on(Abi::kX86_64)) {
        calls.push_back({*arch::number_of(Abi::kX86_64, name), arch::info(Abi::kX86_64).audit_arch, {}, 0});
      }
      for (const bpf::SystemCall& call : calls) {
        const auto name = arch::name_of(Abi::kX86_64, call.number);
        if (!name || call.number >= arch::info(Abi::kX32).first_number) continue;
        const Verdict meant = resolve::evaluate(rules, call).verdict;
        const Verdict said = unit.verdict(std::string(*name));
        if (lossy) {
          ASSERT_LE(said.action, meant.action) << *name << "\n" << *made.text;
        } else {
          ASSERT_EQ(said, meant) << *name << "\n" << *made.text;
        }
      }
    }
  }
  EXPECT_GT(exact, 0U);
  std::printf("%zu of %zu random policies are drop-ins without loss\n", exact, count);
}

/// What is written is read back, and says the same; so does what was read, written once more.
TEST(Convert, DropInsReadBackAsWhatTheySay) {
  Dice dice;
  const auto same = [](const resolve::PolicyRules& before, const resolve::PolicyRules& after) {
    resolve::ArgumentSets sets;
    return !resolve::first_difference(sets, before, after, resolve::Relation::kSame) && !sets.gave_up();
  };
  const auto reads_as = [&](const std::string& text, const policy::Environment& environment) {
    const Converted made = convert(text, environment, TextFormat::kSystemd);
    if (!is_held(made)) return false;
    SCOPED_TRACE(text + "\n" + *made.text);
    const resolve::PolicyRules meant = rules_of(text, environment);
    const resolve::PolicyRules read = rules_of(*made.text, environment);
    EXPECT_TRUE(same(meant, read));
    const Converted again = convert(*made.text, environment, TextFormat::kSystemd);
    EXPECT_TRUE(again.text) << again.errors;
    EXPECT_TRUE(!again.text || same(meant, rules_of(*again.text, environment)));
    return true;
  };
  size_t shipped = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::getenv("POLICIES"))) {
    if (file.path().extension() == ".yml" && reads_as(contents(file.path()), plain_environment())) ++shipped;
  }
  EXPECT_GT(shipped, 0U);
  size_t exact = 0;
  const size_t count = policy_count(1000);
  for (size_t i = 0; i < count; ++i) {
    LanguageKind kind = {{Abi::kX86_64}, {}, {}, false, 1 + i % 3};
    std::string text = random_language_policy(kind, dice);
    if (i % 2 == 0) text += "  - {action: allow, names: [execve]}\n";
    if (reads_as(text, plain_environment())) ++exact;
  }
  EXPECT_GT(exact, 0U);
  std::printf("%zu shipped and %zu of %zu random policies are read back\n", shipped, exact, count);
}

/// The call that systemd does not know, as it reports that: in the words of systemd 252 (Debian 12) or 257 (Debian 13).
std::string unknown_call(const std::string& line) {
  constexpr std::string_view kBefore = ": System call ";
  const size_t before = line.find(kBefore);
  const size_t behind = line.find(" is not known, ignoring.");
  if (before != std::string::npos && behind != std::string::npos) {
    return line.substr(before + kBefore.size(), behind - before - kBefore.size());
  }
  return line.find("Failed to parse system call") != std::string::npos ? line.substr(line.rfind(' ') + 1) : "";
}

/// systemd's own parser says nothing of the drop-in but that it does not know the newest calls.
TEST(Convert, SystemdTakesTheDropIns) {
  if (std::system("command -v systemd-analyze > /dev/null 2>&1") != 0) GTEST_SKIP() << "no systemd-analyze here";
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("drop_in." + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "tried.service.d");
  std::ofstream(folder / "tried.service") << "[Service]\nExecStart=/bin/true\n";
  const auto errors_in = [&](const std::string& drop_in) {
    std::ofstream(folder / "tried.service.d" / "10.conf") << drop_in;
    const std::string command =
        "systemd-analyze verify " + (folder / "tried.service").string() + " > " + (folder / "said").string() + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::istringstream lines(contents(folder / "said"));
    std::string found;
    for (std::string line; std::getline(lines, line);) {
      const std::string call = unknown_call(line);
      const auto since = arch::first_introduced(call);
      const bool new_call = since && *since > arch::KernelVersion{5, 17};
      if (!new_call && line.find("10.conf") != std::string::npos && call != "uretprobe") found += line + "\n";
    }
    return found;
  };
  EXPECT_NE(errors_in("[Service]\nSystemCallFilter=no_such_call\n"), "");
  const std::string deny_list =
      "seccomp: {default_action: log, syscalls: [{action: errno, errno: EACCES, names: ['@mount']}, {action: errno, "
      "errno: 4000, names: [sync]}, {action: kill_process, names: [ptrace]}, {action: allow, names: [read]}]}\n";
  const std::string all_logged = "seccomp: {default_action: log, syscalls: [{action: errno, names: [sync]}]}\n";
  for (const std::string& text :
       {contents(std::string(std::getenv("POLICIES")) + "/default.yml"),
        contents(std::string(std::getenv("POLICIES")) + "/beats-amd64.yml"), deny_list, all_logged}) {
    const Converted made = convert(text, plain_environment(), TextFormat::kSystemd, true);
    ASSERT_TRUE(made.text) << made.errors;
    EXPECT_EQ(errors_in(*made.text), "") << *made.text;
  }
  std::filesystem::remove_all(folder);
}

TEST(Convert, LibseccompReadsRandomPoliciesAsTheyAreMeant) {
  Dice dice;
  size_t compared = 0;
  size_t endless = 0;
  const size_t count = policy_count(60);
  for (size_t i = 0; i < count; ++i) {
    LanguageKind kind = {{Abi::kX86_64}, {"socket", "clone", "ioctl", "prctl", "lseek"}, {}, dice.one_in(3), 3};
    const std::string text = random_language_policy(kind, dice);
    const policy::Environment environment = plain_environment();
    const Converted oci = convert(text, environment, TextFormat::kOci);
    if (!oci.text) continue;
    const auto theirs = bounded_runc_program(*oci.text, {Abi::kX86_64, {}, dice.one_in(2)});
    if (!theirs) {
      ++endless;
      continue;
    }
    if (!bpf::validate(theirs->program).ok()) continue;
    ++compared;
    SCOPED_TRACE(text + *oci.text);
    ASSERT_EQ(misjudged_by_libseccomp(text, environment, *theirs, dice), 0U);
  }
  EXPECT_GT(compared, count / 4);
  EXPECT_LE(endless, count / 20) << "the shapes that overwhelm libseccomp are refused by the writer";
}

}  // namespace
}  // namespace sandbox::differential
