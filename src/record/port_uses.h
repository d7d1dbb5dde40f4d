// Which TCP ports a run has used, and the `tcp` of a `landlock` section that allows them again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "kernel/landlock_account.h"
#include "policy/landlock.h"

namespace sandbox::record {

class PortUses {
 public:
  /// Of more ports none is listed: the next run may use others.
  static constexpr size_t kMaxPorts = 64;

  void note(const kernel::LandlockPortUse& use);

  [[nodiscard]] bool any() const { return !connected_.empty() || !bound_.empty(); }

  /// The lists. `earlier`: those of an earlier section; null: there is no earlier section, and what the run has not
  /// used is denied. Where the earlier section restricts no ports, neither does the new one.
  [[nodiscard]] std::optional<policy::PortLists> lists(const std::optional<policy::PortLists>* earlier) const;

  /// Why connections to any port are left open; empty: they are not.
  [[nodiscard]] std::string why_any_connection() const;
  /// The same of ports that are bound.
  [[nodiscard]] std::string why_any_bind() const;

 private:
  std::set<uint16_t> connected_;
  std::set<uint16_t> bound_;
};

}  // namespace sandbox::record
