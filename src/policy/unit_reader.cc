#include "policy/unit_reader.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "arch/call_sets.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/landlock_reader.h"
#include "policy/scalar.h"
#include "policy/systemd_words.h"
#include "policy/unit_text.h"

namespace sandbox::policy {
namespace {

constexpr std::string_view kFilterKey = "SystemCallFilter";
constexpr std::string_view kErrorKey = "SystemCallErrorNumber";
constexpr std::string_view kAbisKey = "SystemCallArchitectures";
constexpr std::string_view kLogKey = "SystemCallLog";
constexpr std::array<std::string_view, 4> kKeys = {kFilterKey, kErrorKey, kAbisKey, kLogKey};

/// Sections whose units execute programs.
constexpr std::array<std::string_view, 4> kSections = {"Service", "Socket", "Mount", "Swap"};

/// Machines that SystemCallArchitectures= has a name for (seccomp_arch_from_string in systemd's
/// src/shared/seccomp-util.c, not the longer list of ConditionArchitecture=), and this program no table: no call comes
/// from them. loongarch64 is not among them: systemd before 253, or built with libseccomp before 2.6, ignores it.
constexpr std::string_view kOtherMachines[] = {"parisc", "parisc64"};

/// What a listed call gets.
struct Answer {
  Action action = Action::kAllow;
  ErrnoValue error;  ///< With kErrno only.

  [[nodiscard]] auto key() const {
    return std::tuple<Action, const std::string&, uint16_t>(action, error.name, error.number);
  }
  bool operator==(const Answer& other) const {
    if (action != other.action) return false;
    return action != Action::kErrno || key() == other.key();
  }
};

/// One call, and in which lists it is.
struct Call {
  std::string_view name;
  bool listed = false;        ///< By SystemCallFilter=.
  std::optional<Answer> own;  ///< Given with it, `name:errno`.
  SourceRange listed_at;      ///< Where it was added to that list, or taken out of it.
  bool logged = false;        ///< By SystemCallLog=.
  SourceRange logged_at;
};

/// A list that assignments add to and take from.
struct List {
  bool given = false;
  bool inverted = false;  ///< The first assignment began with '~'.
  SourceRange range;      ///< Of the first assignment's key.
};

class UnitReader {
 public:
  UnitReader(const Environment& environment, Diagnostics& diagnostics)
      : environment_(environment), diagnostics_(diagnostics), calls_(arch::call_count()) {}

  Policy read() {
    read_assignments(diagnostics_, [this](const UnitAssignment& assignment) { take(assignment); });
    if (seen_ && !other_section_.text.empty()) {
      diagnostics_.error(other_section_.range, "a unit has [" + std::string(section_.text) + "] or [" +
                                                   std::string(other_section_.text) +
                                                   "]: systemd ignores the one that is not of its type");
    }
    if (!seen_ && !diagnostics_.has_errors()) {
      diagnostics_.error({0, 1},
                         "a systemd unit without SystemCallFilter=, SystemCallArchitectures= and "
                         "SystemCallLog=: systemd filters no system calls for it");
    }
    return policy();
  }

 private:
  void take(const UnitAssignment& assignment);
  void note_section(const UnitPiece& section);
  bool is_ours(const UnitAssignment& assignment);
  void take_filter(const UnitAssignment& assignment, std::vector<UnitPiece> words);
  void take_log(const UnitAssignment& assignment, std::vector<UnitPiece> words);
  void take_abis(const UnitAssignment& assignment, const std::vector<UnitPiece>& words);
  void take_error(const UnitAssignment& assignment, const std::vector<UnitPiece>& words);
  /// Begins the list, if this is its first assignment. True for an assignment that takes from what the list does.
  static bool begin_list(List& list, const UnitAssignment& assignment, std::vector<UnitPiece>& words);
  std::optional<Answer> read_answer(const UnitPiece& text, std::string_view what);
  using Members = std::vector<std::pair<arch::CallId, std::string_view>>;
  const Members* members_of(std::string_view word);
  /// Calls `take` for each call that the word names.
  template <typename Take>
  void for_each_call(const UnitPiece& word, const Take& take);
  void warn_of_unknown(const UnitPiece& word);
  [[nodiscard]] Policy policy();
  [[nodiscard]] Answer answer_of(const Call& call) const;

  const Environment& environment_;
  Diagnostics& diagnostics_;
  bool seen_ = false;        ///< One of the keys, wherever it stands.
  UnitPiece section_;        ///< The first section with an assignment whose units execute programs.
  UnitPiece other_section_;  ///< Another one.
  std::vector<Call> calls_;  ///< By CallId.
  size_t named_ = 0;
  std::map<std::string, Members, std::less<>> members_;  ///< Of the sets that were named.
  Members one_call_;
  List filter_;
  List log_;
  bool logs_ = false;  ///< Whether `log_` does anything, when all is read.
  Answer negative_ = {Action::kKillProcess, {}};
  SourceRange negative_at_;
  bool abis_given_ = false;
  SourceRange abis_at_;
  std::vector<ListedAbi> abis_;
};

bool UnitReader::is_ours(const UnitAssignment& assignment) {
  const UnitPiece& key = assignment.key;
  if (std::ranges::find(kKeys, key.text) == kKeys.end()) {
    const auto same = [&](std::string_view known) { return equal_ignoring_case(known, key.text); };
    const bool near = key.text.starts_with("Sys") || key.text.starts_with("sys") || key.text.starts_with("SYS");
    const auto* const meant = std::ranges::find_if(kKeys, same);
    const auto nearest = meant != kKeys.end() ? std::optional(*meant)
                         : near               ? diagnostics_.nearest("keys of units", key.text, kKeys)
                                              : std::nullopt;
    if (nearest) {
      diagnostics_.warning(
          key.range, "systemd ignores the key " + in_quotes(key.text) + "; did you mean " + in_quotes(*nearest) + "?");
    }
    return false;
  }
  seen_ = true;
  if (std::ranges::find(kSections, assignment.section.text) != kSections.end()) return true;
  const std::string where = assignment.section.text.empty()
                                ? "stands before the first section"
                                : "stands in the section [" + printable(assignment.section.text, 40) + "]";
  diagnostics_.error(key.range, std::string(key.text) + "= " + where + ", where systemd ignores it; expected " +
                                    "[Service], [Socket], [Mount] or [Swap]");
  return false;
}

void UnitReader::note_section(const UnitPiece& section) {
  if (std::ranges::find(kSections, section.text) == kSections.end()) return;
  if (section_.text.empty()) section_ = section;
  if (section.text != section_.text && other_section_.text.empty()) other_section_ = section;
}

void UnitReader::take(const UnitAssignment& assignment) {
  if (equal_ignoring_case(assignment.section.text, kLandlockKey) ||
      equal_ignoring_case(assignment.key.text, kLandlockKey)) {
    const bool section = equal_ignoring_case(assignment.section.text, kLandlockKey);
    diagnostics_.error(section ? assignment.section.range : assignment.key.range,
                       "a systemd unit has no landlock section; write it into a policy file, and give that with "
                       "another --policy");
    return;
  }
  note_section(assignment.section);
  if (!is_ours(assignment)) return;
  const std::vector<UnitPiece> words = words_of(assignment);
  for (const UnitPiece& word : words) {
    if (word.text.find('\\') != std::string_view::npos) {
      diagnostics_.error(word.range, "a backslash in " + in_quotes(word.text, 40) +
                                         ": systemd takes what is behind it as a character of the name");
      return;
    }
    if (word.text.find('%') == std::string_view::npos) continue;
    diagnostics_.error(word.range, "a specifier, which systemd does not resolve in " +
                                       std::string(assignment.key.text) + "=: " + in_quotes(word.text, 40));
    return;
  }
  if (assignment.key.text == kFilterKey) {
    take_filter(assignment, words);
  } else if (assignment.key.text == kLogKey) {
    take_log(assignment, words);
  } else if (assignment.key.text == kAbisKey) {
    take_abis(assignment, words);
  } else {
    take_error(assignment, words);
  }
}

bool UnitReader::begin_list(List& list, const UnitAssignment& assignment, std::vector<UnitPiece>& words) {
  const bool inverted = words.front().text.starts_with('~');
  if (!list.given) list = {true, inverted, assignment.key.range};
  if (inverted) {
    UnitPiece& first = words.front();
    first.text.remove_prefix(1);
    first.range = {first.range.offset + 1, first.range.length - 1};
    if (first.text.empty()) words.erase(words.begin());
  }
  return inverted != list.inverted;
}

void UnitReader::take_filter(const UnitAssignment& assignment, std::vector<UnitPiece> words) {
  if (words.empty()) {
    filter_ = {};
    for (Call& call : calls_) call = {call.name, false, {}, {}, call.logged, call.logged_at};
    return;
  }
  const bool first = !filter_.given;
  const bool takes_out = begin_list(filter_, assignment, words);
  const bool denies = takes_out != filter_.inverted;
  if (first && !filter_.inverted) {
    for_each_call({"@default", assignment.key.range}, [&](Call& call) {
      call.listed = true;
      call.listed_at = assignment.key.range;
    });
  }
  for (const UnitPiece& word : words) {
    const size_t colon = std::min(word.text.find(':'), word.text.size());
    const UnitPiece name = {word.text.substr(0, colon), {word.range.offset, static_cast<uint32_t>(colon)}};
    std::optional<Answer> own;
    if (colon != word.text.size()) {
      if (!denies) {
        diagnostics_.warning(word.range, "systemd ignores " + in_quotes(word.text, 80) +
                                             ": only what a list with '~' denies can have an errno");
        continue;
      }
      const auto behind = static_cast<uint32_t>(colon + 1);
      own = read_answer({word.text.substr(behind), {word.range.offset + behind, word.range.length - behind}},
                        "the errno of " + in_quotes(name.text, 40));
      if (!own) continue;
    }
    for_each_call(name, [&](Call& call) {
      call.listed = !takes_out || own.has_value();  // An allow list keeps what is denied with an errno of its own.
      call.own = own;
      call.listed_at = word.range;
    });
  }
}

void UnitReader::take_log(const UnitAssignment& assignment, std::vector<UnitPiece> words) {
  if (words.empty()) {
    log_ = {};
    for (Call& call : calls_) call.logged = false;
    return;
  }
  const bool takes_out = begin_list(log_, assignment, words);
  for (const UnitPiece& word : words) {
    if (word.text.find(':') != std::string_view::npos) {
      diagnostics_.warning(word.range, "systemd ignores " + in_quotes(word.text, 80) + ": what is logged has no errno");
      continue;
    }
    for_each_call(word, [&](Call& call) {
      call.logged = !takes_out;
      call.logged_at = word.range;
    });
  }
}

void UnitReader::take_abis(const UnitAssignment& assignment, const std::vector<UnitPiece>& words) {
  abis_given_ = !words.empty();
  abis_at_ = assignment.key.range;
  if (words.empty()) abis_.clear();
  const std::vector<arch::Abi> local = systemd_abis_on(environment_.native);
  for (const UnitPiece& word : words) {
    const auto abi = word.text == "native" ? std::optional(environment_.native) : find_systemd_abi(word.text);
    if (!abi) {
      if (std::ranges::find(kOtherMachines, word.text) != std::end(kOtherMachines)) continue;
      const auto ours = arch::find_abi(word.text);  // "x86_64", "amd64".
      const auto nearest = ours ? std::nullopt : diagnostics_.nearest("architectures", word.text, systemd_abi_names);
      diagnostics_.error(word.range, "unknown architecture " + in_quotes(word.text, 40) +
                                         (ours      ? "; systemd's name for it is " + in_quotes(systemd_name(*ours))
                                          : nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                                    : "; expected 'native', or a name such as x86-64 or arm64"));
      continue;
    }
    const auto same = [&](const ListedAbi& listed) { return listed.abi == *abi; };
    if (std::ranges::find(local, *abi) == local.end() || std::ranges::any_of(abis_, same)) continue;
    abis_.push_back({*abi, word.range});
  }
  // systemd never takes the machine's own from a program.
  const auto own = [&](const ListedAbi& listed) { return listed.abi == environment_.native; };
  if (abis_given_ && std::ranges::none_of(abis_, own)) {
    abis_.insert(abis_.begin(), {environment_.native, assignment.key.range});
  }
}

void UnitReader::take_error(const UnitAssignment& assignment, const std::vector<UnitPiece>& words) {
  negative_ = {Action::kKillProcess, {}};
  negative_at_ = assignment.key.range;
  if (words.empty()) return;
  if (words.size() > 1) {
    diagnostics_.error(words[1].range, "SystemCallErrorNumber= takes one errno, found " + in_quotes(words[1].text, 40));
    return;
  }
  if (const auto answer = read_answer(words.front(), "SystemCallErrorNumber=")) negative_ = *answer;
}

std::optional<Answer> UnitReader::read_answer(const UnitPiece& text, std::string_view what) {
  if (text.text == "kill") return Answer{Action::kKillProcess, {}};
  TreeNode node;
  node.kind = TreeNode::Kind::kScalar;
  node.text = text.text;
  node.plain = true;
  node.range = text.range;
  if (node.range.length == 0) node.range = {node.range.offset - 1, 1};  // The ':' that nothing stands behind.
  const auto error = read_errno(node, what, diagnostics_);
  if (!error) return std::nullopt;
  return Answer{Action::kErrno, *error};
}

/// The calls that a word stands for; those that no ABI here has are left out. None for a set that does not exist.
const UnitReader::Members* UnitReader::members_of(std::string_view word) {
  if (const auto known = members_.find(word); known != members_.end()) return &known->second;
  const bool is_set = word.starts_with('@');
  const auto names = is_set ? arch::members_of_set(word) : std::vector<std::string_view>{word};
  if (!names) return nullptr;
  Members members;
  for (const std::string_view name : *names) {
    if (const auto id = arch::find_call(name)) members.emplace_back(*id, name);
  }
  if (is_set) return &(members_[std::string(word)] = std::move(members));
  one_call_ = std::move(members);
  return &one_call_;
}

template <typename Take>
void UnitReader::for_each_call(const UnitPiece& word, const Take& take) {
  if (named_ > kMaxUnitNames) return;  // Which has been said.
  const Members* members = members_of(word.text);
  if (members == nullptr || members->empty()) return warn_of_unknown(word);
  named_ += members->size();
  if (named_ > kMaxUnitNames) {
    diagnostics_.error(word.range, "with this word the unit names more than " + std::to_string(kMaxUnitNames) +
                                       " calls, counted for each time; the most that a unit may name");
    return;
  }
  for (const auto& [id, name] : *members) {
    Call& call = calls_[static_cast<size_t>(id)];
    call.name = name;
    take(call);
  }
}

/// systemd ignores a name that it does not know, so less is allowed, or denied, than was meant.
void UnitReader::warn_of_unknown(const UnitPiece& word) {
  const bool is_set = word.text.starts_with('@');
  const auto calls = [] {
    std::set<std::string_view> all;
    for (const arch::AbiInfo& abi : arch::all_abis()) {
      for (const std::string_view name : arch::names_on(abi.abi)) all.insert(name);
    }
    return std::vector<std::string_view>(all.begin(), all.end());
  };
  const auto nearest = is_set ? diagnostics_.nearest("sets", word.text, arch::set_names())
                              : diagnostics_.nearest("calls of any ABI", word.text, calls);
  diagnostics_.warning(word.range, (is_set ? "unknown set " : "unknown system call ") + in_quotes(word.text, 80) +
                                       ", which systemd ignores" +
                                       (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : ""));
}

Answer UnitReader::answer_of(const Call& call) const {
  const bool denied = filter_.given && (filter_.inverted ? call.listed : !call.listed || call.own);
  if (denied) return call.own.value_or(negative_);
  const bool logged = logs_ && call.logged != log_.inverted;
  return {logged ? Action::kLog : Action::kAllow, {}};
}

/// Every call has one answer: those of one answer are a group, the strictest first, so that what is said of a
/// multiplexer itself comes before what is said of the calls behind it only where it denies more.
Policy UnitReader::policy() {
  // With '~' and no call left in the list, systemd installs no filter that logs (context_has_syscall_logs in its
  // src/core/execute.c).
  logs_ = log_.given && (!log_.inverted || std::ranges::any_of(calls_, &Call::logged));
  Policy policy;
  policy.format = Format::kSystemd;
  const Answer by_default = answer_of({});
  policy.default_action = by_default.action;
  policy.default_error = by_default.error;
  const bool denies = by_default == negative_ && filter_.given && !filter_.inverted;
  policy.default_range = denies && negative_at_.length > 0 ? negative_at_
                         : filter_.given                   ? filter_.range
                         : log_.given                      ? log_.range
                                                           : abis_at_;
  std::map<std::tuple<Action, std::string, uint16_t>, Group> groups;
  for (const Call& call : calls_) {
    const Answer answer = answer_of(call);
    const bool taken_out = filter_.given && !call.listed && call.listed_at.length > 0;
    if (taken_out && answer == by_default) policy.taken_out.push_back({std::string(call.name), call.listed_at});
    if (call.name.empty() || answer == by_default) continue;
    const bool by_log =
        answer.action == Action::kLog || (answer.action == Action::kAllow && call.listed_at.length == 0);
    const SourceRange range = by_log ? call.logged_at : call.listed_at;
    Group& group = groups[answer.key()];
    if (group.names.empty()) group = {answer.action, answer.error, {}, {}, range};
    group.names.push_back({std::string(call.name), range});
  }
  for (auto& [answer, group] : groups) {
    std::ranges::stable_sort(group.names, {}, [](const Name& name) { return name.range.offset; });
    group.range = group.names.front().range;
    policy.groups.push_back(std::move(group));
  }
  policy.architectures = abis_;
  if (abis_given_) return policy;
  for (const arch::Abi abi : systemd_abis_on(environment_.native)) {
    policy.architectures.push_back({abi, policy.default_range});
  }
  return policy;
}

}  // namespace

Policy read_unit(const Environment& environment, Diagnostics& diagnostics) {
  return UnitReader(environment, diagnostics).read();
}

}  // namespace sandbox::policy
