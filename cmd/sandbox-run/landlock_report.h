// What --report says of files and ports: our account of the calls that Landlock judges. The kernel decides by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "compile/notify.h"
#include "kernel/bounded_task.h"
#include "kernel/landlock_account.h"
#include "kernel/watcher.h"
#include "report/landlock_reason.h"
#include "resolve/landlock/evaluate.h"
#include "sandbox-run/landlock.h"

namespace sandbox::launcher {

class LandlockReporter {
 public:
  /// `landlock`, which is prepared, and `notified` are borrowed.
  LandlockReporter(const Landlock& landlock, std::span<const compile::NotifiedCall> notified);

  /// Whether the call is notified for Landlock.
  [[nodiscard]] bool watches(const bpf::SystemCall& call) const;

  /// What denies the call. None: nothing does, or that cannot be found out in time.
  std::optional<kernel::LandlockDenial> judge(const kernel::Notification& notification);

  /// Whether the call installs a filter that traces: its tracer would not see what is notified.
  bool installs_trace(const kernel::Notification& notification);

  /// Whether what would allow it is known already, so that note() would return false.
  [[nodiscard]] bool knows(const kernel::LandlockDenial& denial) const {
    return suggestions_[denial.layer].knows(denial.reason);
  }
  /// Counts a denial. True: it is to be shown, as nothing like it was shown before.
  bool note(const kernel::LandlockDenial& denial);
  /// The same of one whose path means nothing here: nothing is suggested for it.
  bool note_foreign(const kernel::LandlockDenial& denial);
  /// More of a call that was counted.
  void note_further(const kernel::LandlockDenial& denial) { suggestions_[denial.layer].note(denial.reason); }

  /// Whether the call makes a domain of the program's own.
  static bool makes_domain(const bpf::SystemCall& call);

  [[nodiscard]] const std::string& name_of(size_t layer) const { return landlock_.layers[layer].name; }
  [[nodiscard]] uint64_t count() const { return count_; }
  /// How many calls were not judged, because a file system or the caller's memory did not answer in time.
  [[nodiscard]] uint64_t unjudged() const { return unjudged_; }
  /// How many were not, because their path or the way up from their file was too long (kernel::kMaxSteps).
  [[nodiscard]] uint64_t too_far() const { return too_far_; }
  /// What would allow what was denied; every line ends with a newline.
  [[nodiscard]] std::string suggestion_text() const;

  /// The descriptors of the rules: while they are open, no other file gets their inode's numbers.
  void add_descriptors(std::vector<int>& all) const;

 private:
  using Layers = std::vector<resolve::PlacedRuleset>;

  void find_changing();
  bool follow_changes();
  std::optional<kernel::LandlockDenial> judge_signal(int process) const;

  const Landlock& landlock_;
  std::span<const compile::NotifiedCall> notified_;
  /// A rule's file whose inode number may change (kernel::keeps_inode_numbers).
  struct Changing {
    size_t layer;
    const kernel::OpenedPath* path;
    resolve::FileId id;  ///< The last that was seen.
  };

  std::shared_ptr<const Layers> layers_;
  std::vector<Changing> changing_;
  kernel::BoundedTask task_;
  std::vector<report::LandlockSuggestions> suggestions_;  ///< By layer.
  uint64_t count_ = 0;
  uint64_t unjudged_ = 0;
  uint64_t too_far_ = 0;
  std::set<std::string> foreign_;  ///< What note_foreign() has had, up to a number.
};

}  // namespace sandbox::launcher
