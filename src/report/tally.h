// How often each call was denied, and which denials are worth a line of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "report/event.h"

namespace sandbox::report {

/// What makes two denials the same.
struct DenialKey {
  uint32_t arch = 0;         ///< AUDIT_ARCH_*.
  uint32_t number = 0;       ///< Of the call.
  uint32_t action = 0;       ///< SECCOMP_RET_* with its data.
  uint64_t rule = 0;         ///< Any number that stands for the deciding rule, the address of its clause for example.
  std::string_view process;  ///< Its name, which may be another each time.
};

/// Denials of one call by one rule, in all processes.
struct Total {
  uint32_t arch = 0;
  uint32_t number = 0;
  uint32_t action = 0;
  std::string rule;                    ///< As in Event; empty where it is not known.
  std::string rule_kind;               ///< As in Event.
  std::vector<std::string> processes;  ///< Names, sorted.
  bool other_processes = false;        ///< And in others, whose names were too many to keep.
  uint64_t count = 0;
};

/// A program may deny itself 2^32 numbers, under any name, so what is kept is bounded. But not so that odd calls push
/// out those that matter: every call that has a name is in some total.
class Tally {
 public:
  static constexpr size_t kMaxKeys = 512;     ///< Further ones are counted without the process's name.
  static constexpr size_t kMaxNameless = 64;  ///< Of these, those of calls without a name; others are uncounted().
  static constexpr size_t kMaxNamesOfCalls = 4096;  ///< Calls by action and rule, beside those.
  static constexpr size_t kMaxShown = 5;            ///< Lines for one key.
  static constexpr size_t kMaxLines = 500;          ///< For all of them, where people are to read them in one go.
  /// Denials of one key that only repeat a line, before it is not looked at.
  static constexpr size_t kMaxRepeats = 100;

  enum class Show : uint8_t {
    kYes,
    kNo,        ///< It is counted, and that is enough.
    kMoreOfIt,  ///< Not this one, but more_of_it_text(): from now on, denials of this key are only counted.
    kNoMore,    ///< Not this one, but kNoMoreText: from now on, all are only counted. Answered once.
  };

  /// `most_lines`: how often note() answers that there is a line to show, before it answers kNoMore.
  explicit Tally(size_t most_lines = SIZE_MAX) : lines_left_(most_lines) {}

  /// Counts a denial. True: it may be worth a line, so find out the rest and ask note(). A call that is denied a
  /// million times gets its false here, at the price of one look into a hash table.
  bool wants_details(const DenialKey& key);

  /// Says, of the denial that was just counted, whether it is to be shown. `text` is what tells it from others of its
  /// key: its arguments. The first is shown, and further ones whose text differs, up to kMaxShown. What
  /// wants_details() has asked for comes here even when there are no lines left: the totals need the rule.
  Show note(const DenialKey& key, std::string_view text, const std::string& rule, const std::string& rule_kind);

  /// All denials.
  [[nodiscard]] uint64_t count() const { return count_; }
  /// Those whose key found no place any more; in no total. Calls without a name, as long as those with a name are
  /// fewer than kMaxNamesOfCalls.
  [[nodiscard]] uint64_t uncounted() const { return uncounted_; }
  /// By call, action and rule; the most frequent first, and of equal ones the one that came first.
  [[nodiscard]] std::vector<Total> totals() const;

 private:
  struct OwnKey {
    uint32_t arch, number, action;
    uint64_t rule;
    std::string process;
    bool operator==(const OwnKey&) const = default;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const DenialKey& key) const;
    size_t operator()(const OwnKey& key) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const OwnKey& a, const OwnKey& b) const { return a == b; }
    bool operator()(const OwnKey& a, const DenialKey& b) const;
    bool operator()(const DenialKey& a, const OwnKey& b) const { return (*this)(b, a); }
  };
  struct Count {
    size_t place = 0;  ///< Among all, in the order in which they came.
    uint64_t count = 0;
    std::vector<std::string> shown;
    size_t repeats = 0;
    bool silent = false;
    std::string rule;
    std::string rule_kind;
  };

  using Counts = std::unordered_map<OwnKey, Count, Hash, Equal>;

  Count* place_for(const DenialKey& key);
  Count* find(const DenialKey& key);
  Show show(Count& count, std::string_view text);

  Counts counts_;
  Counts others_;  ///< Without the names of processes, which had no place in `counts_`.
  size_t nameless_ = 0;
  size_t lines_left_;
  bool ended_ = false;  ///< kNoMore was answered.
  uint64_t count_ = 0;
  uint64_t uncounted_ = 0;
};

/// One line without a newline, for Tally::Show::kNoMore.
inline constexpr std::string_view kNoMoreText = "further denials, of any call, are counted, not shown";

/// "further denials of socket in tcpdump are counted, not shown", one printable line without a newline.
std::string more_of_it_text(const DenialKey& key);

/// The summary of a run: "3 calls were denied 17 times:" and below it a line for each; every line ends with a newline.
/// Empty if nothing was denied.
std::string summary_text(const Tally& tally, Outcome outcome);

}  // namespace sandbox::report
