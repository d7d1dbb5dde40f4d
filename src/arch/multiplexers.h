// Calls that hide other calls: socketcall(2) and ipc(2).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// A way into a call through another one. The call is made when `(argument 0 & mask) == selector`. Its own arguments
/// are behind a pointer (socketcall) or in other places (ipc), so a filter cannot compare them.
struct Multiplexed {
  std::string_view multiplexer;  ///< "socketcall" or "ipc"; the ABI has it.
  uint32_t selector;
  uint32_t mask;  ///< All ones for socketcall. 0xffff for ipc, where the upper half is a version of the interface.
};

/// How a call is reached through a multiplexer on this ABI: in several ways where another name does the same work (send
/// is sendto without an address), in none where the ABI has no multiplexer. Holds beside the call's own number, and
/// also where it has none: x86 reaches accept, send, recv, semop and semtimedop in this way alone. A caller that takes
/// a name without number_of() for unknown must ask here first.
///
/// Source: SYS_* in include/uapi/linux/net.h, and ipc's calls in include/uapi/linux/ipc.h.
std::vector<Multiplexed> multiplexed(Abi abi, std::string_view name);

/// Whether the ABI has socketcall or ipc.
bool has_multiplexers(Abi abi);

/// The calls behind a multiplexer, in the order of their selectors. Empty for any other name.
std::vector<std::string_view> calls_behind(std::string_view multiplexer);

}  // namespace sandbox::arch
