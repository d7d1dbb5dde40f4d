// What --report makes of the kernel's records of what Landlock denied, where they can be read: they are the evidence,
// and our own account (landlock_report.h) says what a call was about.
//
// A denial is reported if the kernel has recorded it, also where our account has not seen it coming. One that only our
// account has is not reported as denied, but counted: unless records cannot be relied on, and then it is reported and
// the end says why.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/bounded_task.h"
#include "kernel/landlock_account.h"
#include "report/event.h"
#include "report/landlock_evidence.h"

namespace sandbox::launcher {

class KernelEvidence {
 public:
  /// Why the kernel's records of what Landlock denies cannot be the evidence here; none: they can. Asks the kernel.
  static std::optional<std::string> why_none();

  /// A call that was denied, to be reported.
  struct Denied {
    kernel::LandlockDenial denial;
    std::optional<report::Event> event;  ///< None: there is nothing new in it, or its call is not known.
    bool further = false;                ///< Of a call that was reported: another object that it was denied.
    /// Whether `denial.reason.path` is a path of this process. In a record it is one of the program, which can have
    /// another root.
    bool path_is_known = true;
  };

  explicit KernelEvidence(size_t layers);

  /// What the target's thread is called while it makes its domains. Empty: none could be drawn, and nothing is proven.
  [[nodiscard]] const std::string& mark() const { return mark_; }
  void set_target(pid_t target);

  /// A denial by our account, to be called before the call goes on. `event`: none if nothing of it is new.
  void expect(pid_t process, const bpf::SystemCall& call, const kernel::LandlockDenial& denial,
              std::optional<report::Event> event);
  /// A record of the kernel's.
  void take(uint32_t type, std::string_view text);
  /// The program restricts itself by Landlock. A domain of its own that denies an access, too, is asked first, and can
  /// have no record made.
  void note_own_domain() { own_domains_ = true; }

  /// What has become certain. `overruns`: how often records were lost because they were not taken in time.
  std::vector<Denied> settle(uint64_t overruns);

  /// How long settle() can wait; -1: nothing is waited for.
  [[nodiscard]] int due_milliseconds() const;

  /// For the end: what is to be known of records that did not come. Lines, each with a newline; each is given once.
  std::string text();

 private:
  using Clock = report::LandlockEvidence::Clock;

  void add(report::LandlockEvidence::Finding finding, uint64_t overruns);
  void add_recorded(report::LandlockEvidence::Finding finding);
  void add_unrecorded(report::LandlockEvidence::Expected expected, uint64_t overruns);
  [[nodiscard]] bool lost_any(uint64_t overruns);
  [[nodiscard]] bool is_at(const std::string& path, uint64_t inode);

  std::string mark_;
  report::LandlockEvidence evidence_;
  std::vector<report::LandlockEvidence::Finding> findings_;
  std::vector<Denied> denied_;
  kernel::BoundedTask task_;
  std::optional<uint32_t> lost_before_;
  bool lost_ = false;
  bool own_domains_ = false;
  uint64_t unrecorded_ = 0;  ///< Not reported.
  std::string first_unrecorded_;
  uint64_t unconfirmed_ = 0;     ///< Reported all the same.
  std::string why_unconfirmed_;  ///< The first of them.
};

}  // namespace sandbox::launcher
