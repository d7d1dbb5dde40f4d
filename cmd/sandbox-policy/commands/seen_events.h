// Events that a log has in two forms: the kernel's own line and the one that journald or auditd made of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "report/event.h"

namespace sandbox::tool {

/// Tells a second form of an event from a second event. Where both forms have the kernel's stamp, equal ones with equal
/// stamps are one event, however far apart they stand (of the last kMaxStamps); a forged record hides no other.
/// journald's own text has none: it is taken for the second form of an event with the same content whose line is at
/// most kNeighbourhood lines away, each for one. Everything counts that both forms have: programs can write such text,
/// and what they write must not stand for a record that says something else of the same call.
class SeenEvents {
 public:
  static constexpr size_t kMaxStamps = 200'000;
  static constexpr size_t kMaxBytes = 64'000'000;  ///< For them; forged ones may be long.
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
  using Optional = std::optional<uint32_t>;
  using Users = std::tuple<Optional, Optional, Optional, Optional>;
  using Content =
      std::tuple<pid_t, std::string, std::string, uint32_t, uint32_t, uint64_t, uint32_t, Optional, Optional, Users>;
  using Stamp = std::tuple<std::chrono::system_clock::time_point, uint32_t, Content>;
  struct Recent {
    Content content;
    bool stamped;
    uint64_t line;
    bool paired;  ///< Its other form was there.
  };

  static Content content_of(const report::Event& event) {
    const report::Process& process = event.process;
    return {process.pid,        process.name,
            process.executable, event.call.arch,
            event.call.number,  event.call.instruction_pointer,
            event.action,       event.signal,
            event.compat,       Users(process.user, process.group, process.audit_user, process.session)};
  }

  static Stamp with(const Stamp& stamp, const Users& users) {
    Stamp made = stamp;
    std::get<Users>(std::get<Content>(made)) = users;
    return made;
  }

  static size_t bytes_of(const Stamp& stamp) {
    const Content& content = std::get<Content>(stamp);
    return sizeof stamp + std::get<1>(content).size() + std::get<2>(content).size();
  }

  /// A form that has names of users in the place of numbers agrees with all.
  [[nodiscard]] bool is_known(const Stamp& stamp, bool has_numbers) const {
    constexpr Users kNames = {};
    const Stamp with_names = with(stamp, kNames);
    if (has_numbers) return stamps_.contains(stamp) || stamps_.contains(with_names);
    const auto first = stamps_.lower_bound(with_names);  // Nothing sorts before kNames, the last of the fields.
    return first != stamps_.end() && with(*first, kNames) == with_names;
  }

  bool note_stamp(const report::Event& event, const Content& content) {
    const bool has_numbers = event.process.user.has_value();
    Stamp stamp = {event.time, event.sequence.value_or(0), content};
    if (!has_numbers) stamp = with(stamp, {});
    if (is_known(stamp, has_numbers)) return false;
    order_.push_back(stamps_.insert(stamp).first);
    bytes_ += bytes_of(stamp);
    while (order_.size() > kMaxStamps || bytes_ > kMaxBytes) {
      bytes_ -= bytes_of(*order_.front());
      stamps_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  std::set<Stamp> stamps_;
  std::deque<std::set<Stamp>::const_iterator> order_;  ///< Of the stamps, the oldest first.
  size_t bytes_ = 0;                                   ///< That the stamps take, nearly.
  std::deque<Recent> recent_;
};

}  // namespace sandbox::tool
