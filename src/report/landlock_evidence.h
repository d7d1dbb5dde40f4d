// The kernel's records of what Landlock denied, as the evidence for a report: which of them are about the report's own
// domains, and which of our account's denials they confirm.
//
// A record names the domain by a number that only the kernel gives. With a domain's first denial comes a record of the
// domain itself, with the name of the thread that made it: the launcher gives its thread a random name for the moment,
// another one for each layer (kernel::LandlockLayers::mark). So another sandbox's denials, of the same paths too, are
// not taken for ours, and neither are those of domains that the program makes for itself.
//
//   1423 ...: domain=1a7e869bf blockers=fs.make_dir path="/srv/closed" dev="vda" ino=11010125
//   1424 ...: domain=1a7e869bf status=allocated mode=enforcing pid=3189 ... comm="kq2vx7m3zt5wbna"
//   1300 ...: arch=c000003e syscall=83 success=no exit=-13 a0=7ffc5776099f ... pid=3191 ... comm="mkdir"
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/event.h"
#include "report/landlock_record.h"

namespace sandbox::report {

class LandlockEvidence {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr size_t kMaxExpected = 1000;
  static constexpr size_t kMaxPending = 256;              ///< Records that wait for another one.
  static constexpr std::chrono::milliseconds kCall{200};  ///< That the record of the call may take behind a denial's.
  static constexpr std::chrono::milliseconds kTimeout{1000};  ///< That any record may take. It takes about one.

  /// A denial by our account: its record is expected.
  struct Expected {
    pid_t process = 0;
    bpf::SystemCall call;
    size_t layer = 0;
    int error = 0;  ///< An errno.
    LandlockReason reason;
    std::optional<Event> event;  ///< For people; none: nothing of it is new to them.
    Clock::time_point since;
  };

  /// A denial that the kernel has recorded.
  struct Recorded {
    size_t layer = 0;
    LandlockReason reason;
    uint64_t inode = 0;
    std::optional<Event> event;  ///< Of the call; none: its record did not come.
    bool further = false;        ///< The same call was denied another object, which came before.
  };

  /// One of the two, or both: what was expected and has been recorded.
  struct Finding {
    std::optional<Expected> expected;
    std::optional<Recorded> recorded;
  };

  /// `mark`: what the names of the threads that make the domains begin with; 'a' follows for the first layer.
  LandlockEvidence(std::string mark, size_t layers) : mark_(std::move(mark)), domains_(layers) {}

  /// The process that makes the domains, and the path of what it runs then.
  void set_maker(pid_t process, std::string program) {
    process_ = process;
    program_ = std::move(program);
  }

  /// To be called before the call goes on. What was expected for too long is put out, unrecorded, if there is too much.
  std::optional<Finding> expect(Expected expected);

  /// Takes a record. What is certain by it.
  std::vector<Finding> take(uint32_t type, std::string_view text, Clock::time_point now);

  /// What is overdue: denials whose call did not come, and expected ones of which no record came.
  std::vector<Finding> overdue(Clock::time_point now);

  /// When something can be overdue; none: nothing is waited for.
  [[nodiscard]] std::optional<Clock::time_point> due() const;

  /// Whether a record of ours has come: where none does, that no record came means nothing.
  [[nodiscard]] bool proven() const { return proven_; }

 private:
  struct Pending {
    LandlockAccessRecord access;
    size_t layer = 0;
    Clock::time_point since;
  };

  [[nodiscard]] std::optional<size_t> layer_of(const std::string& domain) const;
  void take_access(LandlockAccessRecord access, Clock::time_point now);
  void take_domain(const LandlockDomainRecord& domain, Clock::time_point now);
  std::vector<Finding> take_call(const CallRecord& call);
  std::optional<Expected> take_expected(const CallRecord& call);
  std::optional<Expected> take_expected(const Pending& pending);

  std::string mark_;
  std::vector<std::string> domains_;  ///< By layer; empty: not known yet.
  pid_t process_ = 0;
  std::string program_;
  std::deque<Expected> expected_;
  std::deque<LandlockAccessRecord> unknown_;  ///< Of domains that are not known yet: mostly of others.
  std::deque<Pending> pending_;               ///< Of ours.
  bool proven_ = false;
};

}  // namespace sandbox::report
