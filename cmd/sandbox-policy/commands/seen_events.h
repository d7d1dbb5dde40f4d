// Events that a log has in two forms: the kernel's own line and the one that journald or auditd made of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "report/event.h"

namespace sandbox::tool {

/// Tells a second form of an event from a second event. Where both forms have the kernel's stamp, equal ones with equal
/// stamps are one event, however far apart they stand (of the last kMaxStamps); a forged record hides no other.
/// journald's own text has none: it is taken for the second form of an event with the same content whose line is at
/// most kNeighbourhood lines away, each for one.
class SeenEvents {
 public:
  static constexpr size_t kMaxStamps = 200'000;
  static constexpr uint64_t kNeighbourhood = 100;

  /// Whether the event was not there before. `line` is the number of its line, which never falls.
  bool is_new(const report::Event& event, bool stamped, uint64_t line) {
    Content content = content_of(event);
    if (stamped && !note_stamp(event, content)) return false;
    while (!recent_.empty() && recent_.front().line + kNeighbourhood < line) recent_.pop_front();
    for (Recent& other : recent_) {
      if (other.paired || other.stamped == stamped || other.content != content) continue;
      other.paired = true;
      return false;
    }
    recent_.push_back({std::move(content), stamped, line, false});
    return true;
  }

 private:
  using Content = std::tuple<pid_t, std::string, uint32_t, uint32_t, uint64_t, uint32_t>;
  using Stamp = std::tuple<std::chrono::system_clock::time_point, uint32_t, Content>;
  struct Recent {
    Content content;
    bool stamped;
    uint64_t line;
    bool paired;  ///< Its other form was there.
  };

  static Content content_of(const report::Event& event) {
    return {event.process.pid, event.process.name, event.call.arch, event.call.number, event.call.instruction_pointer,
            event.action};
  }

  bool note_stamp(const report::Event& event, const Content& content) {
    const Stamp stamp = {event.time, event.sequence.value_or(0), content};
    const auto [place, added] = stamps_.insert(stamp);
    if (!added) return false;
    order_.push_back(stamp);
    if (order_.size() > kMaxStamps) {
      stamps_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  std::set<Stamp> stamps_;
  std::deque<Stamp> order_;  ///< Of the stamps, the oldest first.
  std::deque<Recent> recent_;
};

}  // namespace sandbox::tool
