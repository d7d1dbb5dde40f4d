// Calls that do many things, and the arguments that say which: what `--args` of record and scan tells apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// An argument of a call that does many things, which says which of them is meant.
struct NarrowedArgument {
  uint8_t argument = 0;
  uint64_t mask =
      UINT64_MAX;     ///< The bits that say it; all that the kernel reads, or a part of them (a socket's type).
  bool part = false;  ///< Whether the mask is a part.
};

inline constexpr size_t kMaxNarrowed = 2;

/// The arguments that `--args` narrows a call to: none for most calls. Such calls are ioctl (its request), socket and
/// socketpair (family and type), prctl (option), fcntl and fcntl64 (command), clone (flags), personality, and the
/// multiplexers socketcall and ipc (which call).
std::vector<NarrowedArgument> narrowed_arguments(Abi abi, std::string_view call);

/// The values of a call's narrowed arguments, in their order, and 0 where it has fewer. None: any value.
using NarrowedValues = std::array<std::optional<uint64_t>, kMaxNarrowed>;

}  // namespace sandbox::arch
