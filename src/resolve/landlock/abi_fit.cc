#include "resolve/landlock/abi_fit.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"

namespace sandbox::resolve {
namespace {

using arch::FileRights;
using arch::LandlockBit;
using arch::PortRights;
namespace file_right = arch::file_right;
namespace port_right = arch::port_right;

constexpr PortRights kTcp = port_right::kBindTcp | port_right::kConnectTcp;
constexpr PortRights kUdp = port_right::kBindUdp | port_right::kConnectSendUdp;

/// Rights or scopes that one kernel brought together, and what their lack leaves open.
struct Lack {
  std::span<const LandlockBit> table;
  uint64_t bits;
  std::string_view open;
  std::string_view hint = {};  ///< Of what else there is, for the error.
};

std::string named(const Lack& lack, uint64_t missing) {
  return join_with_and(arch::names_of(lack.table, missing), [](std::string_view name) { return in_quotes(name); });
}

int abi_of(const Lack& lack, uint64_t missing) {
  int abi = 1;
  for (const LandlockBit& bit : lack.table) {
    if ((missing & bit.bit) != 0) abi = std::max(abi, bit.abi);
  }
  return abi;
}

/// "this kernel cannot ...", as an error or, with best_effort, a warning.
void complain(const Ruleset& ruleset, const std::string& what, std::string_view open, std::string_view hint,
              Diagnostics& diagnostics) {
  if (ruleset.best_effort) return diagnostics.warning(ruleset.range, what + ": " + std::string(open));
  diagnostics.error(ruleset.range, what +
                                       "; with 'best_effort: true' or --best-effort the program starts without, and " +
                                       std::string(open) + std::string(hint));
}

/// Says what is missing of `wanted`, if anything is.
void complain_of(const Lack& lack, uint64_t wanted, const Ruleset& ruleset, int abi, Diagnostics& diagnostics) {
  const uint64_t missing = lack.bits & wanted & ~arch::bits_of(lack.table, abi);
  if (missing == 0) return;
  const std::string release = arch::to_string(arch::landlock_release(abi_of(lack, missing)));
  complain(ruleset, "this kernel cannot enforce " + named(lack, missing) + ", which Linux " + release + " brought",
           lack.open, lack.hint, diagnostics);
}

bool allows_any_port(const Ruleset& ruleset, PortRights rights) {
  return std::ranges::any_of(ruleset.ports, [&](const PortRule& rule) { return (rule.rights & rights) != 0; });
}

/// Whether the ruleset denies every port of a protocol, which a filter can do, too.
bool denies_all(const Ruleset& ruleset, PortRights protocol) {
  return (ruleset.handled_ports & protocol) == protocol && !allows_any_port(ruleset, protocol);
}

/// A filter can close truncation where it goes together with writing: it sees no paths.
bool truncates_where_it_writes(const Ruleset& ruleset) {
  return std::ranges::all_of(ruleset.paths, [](const PathRule& rule) {
    return ((rule.rights & file_right::kTruncate) != 0) == ((rule.rights & file_right::kWriteFile) != 0);
  });
}

/// The filter denies these sockets altogether, so their ports need no rules.
void close_protocols(Ruleset& ruleset, int abi, Closures& closures) {
  const auto close = [&](PortRights protocol, int since, bool& closure) {
    if (abi >= since || !denies_all(ruleset, protocol)) return;
    closure = true;
    ruleset.handled_ports &= ~protocol;
  };
  close(kTcp, 4, closures.tcp_sockets);
  close(kUdp, 10, closures.udp_sockets);
}

void drop_unknown(Ruleset& ruleset, int abi) {
  const FileRights files = arch::bits_of(arch::file_rights(), abi);
  ruleset.handled_files &= files;
  ruleset.handled_ports &= arch::bits_of(arch::port_rights(), abi);
  ruleset.scopes &= arch::bits_of(arch::scopes(), abi);
  for (PathRule& rule : ruleset.paths) {
    rule.rights &= ruleset.handled_files;
    rule.on_devices &= ruleset.handled_files;
  }
  for (PortRule& rule : ruleset.ports) rule.rights &= ruleset.handled_ports;
  std::erase_if(ruleset.paths, [](const PathRule& rule) { return (rule.rights | rule.on_devices) == 0; });
  std::erase_if(ruleset.ports, [](const PortRule& rule) { return rule.rights == 0; });
}

void fit_files(const Ruleset& ruleset, int abi, Closures& closures, Diagnostics& diagnostics) {
  const Lack ioctl = {arch::file_rights(), file_right::kIoctlDev, "ioctl(2) on devices stays allowed"};
  const Lack connect = {arch::file_rights(), file_right::kResolveUnix,
                        "connecting to unix sockets by their path stays allowed",
                        " (--no-unix denies unix sockets altogether)"};
  complain_of(ioctl, ruleset.named_files, ruleset, abi, diagnostics);
  complain_of(connect, ruleset.named_files, ruleset, abi, diagnostics);
  if (abi < 2 && (ruleset.named_files & file_right::kRefer) != 0) {
    diagnostics.warning(ruleset.range,
                        "this kernel denies moving and linking files between directories, whatever a policy allows; "
                        "Linux 5.19 brought 'refer'");
  }
  closures.open_for_ioctl = abi < 5;
  closures.truncate = abi < 3;
  if (abi < 3 && !truncates_where_it_writes(ruleset)) {
    complain(ruleset, "this kernel cannot enforce 'truncate' apart from 'write_file', which Linux 6.2 brought",
             "files that may be written can be truncated, and no others", "", diagnostics);
  }
}

void fit_ports_and_scopes(const Ruleset& ruleset, int abi, Diagnostics& diagnostics) {
  const std::array lacks = {
      Lack{arch::port_rights(), port_right::kConnectTcp, "any TCP port can be connected to"},
      Lack{arch::port_rights(), port_right::kBindTcp, "any TCP port can be bound"},
      Lack{arch::port_rights(), port_right::kConnectSendUdp, "any UDP port can be sent to"},
      Lack{arch::port_rights(), port_right::kBindUdp, "any UDP port can be bound"},
  };
  for (const Lack& lack : lacks) complain_of(lack, ruleset.handled_ports, ruleset, abi, diagnostics);
  const std::array scopes = {
      Lack{arch::scopes(), arch::scope::kAbstractUnixSockets, "abstract unix sockets of other programs stay in reach"},
      Lack{arch::scopes(), arch::scope::kSignals, "signals to processes outside stay allowed"},
  };
  for (const Lack& lack : scopes) complain_of(lack, ruleset.scopes, ruleset, abi, diagnostics);
}

}  // namespace

Closures& Closures::operator|=(const Closures& other) {
  truncate = truncate || other.truncate;
  open_for_ioctl = open_for_ioctl || other.open_for_ioctl;
  tcp_lookalikes = tcp_lookalikes || other.tcp_lookalikes;
  tcp_sockets = tcp_sockets || other.tcp_sockets;
  udp_sockets = udp_sockets || other.udp_sockets;
  return *this;
}

bool enforces_anything(const Ruleset& ruleset) {
  return ruleset.handled_files != 0 || ruleset.handled_ports != 0 || ruleset.scopes != 0;
}

Closures fit_to_abi(Ruleset& ruleset, const LandlockSupport& support, Diagnostics& diagnostics) {
  Closures closures;
  close_protocols(ruleset, support.abi, closures);
  if (support.abi == 0) {
    if (enforces_anything(ruleset)) {
      complain(ruleset, std::string(support.why_none), "no file, port or scope is restricted by this section", "",
               diagnostics);
    }
  } else {
    if (ruleset.handled_files != 0) fit_files(ruleset, support.abi, closures, diagnostics);
    fit_ports_and_scopes(ruleset, support.abi, diagnostics);
  }
  drop_unknown(ruleset, support.abi);
  closures.tcp_lookalikes = closures.tcp_sockets || (ruleset.handled_ports & kTcp) != 0;
  return closures;
}

}  // namespace sandbox::resolve
