#include "record/port_uses.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace sandbox::record {
namespace {

/// From here on the kernel chooses ports (net.ipv4.ip_local_port_range, as it is unless it was set).
constexpr uint16_t kFirstChosen = 32768;

std::string too_many(std::string_view what) {
  return "the run " + std::string(what) + " more than " + std::to_string(PortUses::kMaxPorts) + " TCP ports";
}

using List = std::optional<std::vector<policy::PortNumber>>;

List listed(const List* earlier, std::set<uint16_t> ports, bool any) {
  if (any || (earlier != nullptr && !*earlier)) return std::nullopt;
  if (earlier != nullptr) {
    for (const policy::PortNumber& port : **earlier) ports.insert(port.port);
  }
  std::vector<policy::PortNumber> list;
  for (const uint16_t port : ports) list.push_back({port, {}});
  return list;
}

}  // namespace

void PortUses::note(const kernel::LandlockPortUse& use) {
  std::set<uint16_t>& ports = use.right == arch::port_right::kConnectTcp ? connected_ : bound_;
  if (ports.size() <= kMaxPorts) ports.insert(use.port);  // One more than are listed, to be known.
}

std::string PortUses::why_any_connection() const {
  if (connected_.size() > kMaxPorts) return too_many("connected to");
  // A port that a server was given, by whom the number is told: a test of a server and its client, passive FTP.
  if (bound_.contains(0) && !connected_.empty() && *connected_.rbegin() >= kFirstChosen) {
    return "the run connected to port " + std::to_string(*connected_.rbegin()) +
           ", which looks like one that the kernel chose, and will choose anew";
  }
  return "";
}

std::string PortUses::why_any_bind() const {
  return bound_.size() > kMaxPorts ? too_many("bound") : "";
}

std::optional<policy::PortLists> PortUses::lists(const std::optional<policy::PortLists>* earlier) const {
  if (earlier != nullptr && (!*earlier || !any())) return *earlier;
  if (!any()) return std::nullopt;
  policy::PortLists lists;
  lists.connect =
      listed(earlier != nullptr ? &(*earlier)->connect : nullptr, connected_, !why_any_connection().empty());
  lists.bind = listed(earlier != nullptr ? &(*earlier)->bind : nullptr, bound_, !why_any_bind().empty());
  if (!lists.connect && !lists.bind) return std::nullopt;
  return lists;
}

}  // namespace sandbox::record
