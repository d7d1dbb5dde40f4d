#include "arch/argument_layout.h"

#include <algorithm>
#include <iterator>

namespace sandbox::arch {
namespace {

constexpr unsigned kArguments = 6;
constexpr uint32_t kInMemory = 100;    // The register holds a pointer to the arguments.
constexpr uint32_t kHalf = 200;        // A half of a 64-bit value, and what stands behind it.
constexpr uint32_t kPadded = 300;      // The same where 64-bit values begin at an even register.
constexpr uint32_t kHighFirst = 1000;  // Added on big-endian ABIs: there the first half is the high one.
constexpr uint32_t kElsewhere = 2000;  // An order of its own.

bool is_s390(Abi abi) {
  return abi == Abi::kS390 || abi == Abi::kS390x;
}

/// CONFIG_CLONE_BACKWARDS: (flags, stack, parent_tid, tls, child_tid). The others have tls last.
bool clone_has_tls_before_child(Abi abi) {
  switch (abi) {
    case Abi::kX86:
    case Abi::kArm:
    case Abi::kAarch64:
    case Abi::kMips:
    case Abi::kMipsel:
    case Abi::kMips64:
    case Abi::kMipsel64:
    case Abi::kMips64n32:
    case Abi::kMipsel64n32:
    case Abi::kPpc:
    case Abi::kPpc64:
    case Abi::kPpc64le:
    case Abi::kRiscv64:
    case Abi::kParisc:
    case Abi::kParisc64:
      return true;
    default:
      return false;
  }
}

/// CONFIG_OLD_SIGSUSPEND3: sigsuspend's mask is its third argument.
bool mask_is_last(Abi abi) {
  return abi == Abi::kX86 || abi == Abi::kArm || is_s390(abi);
}

uint32_t clone_meaning(Abi abi, unsigned argument) {
  if (is_s390(abi) && argument < 2) return 1 - argument;
  if (clone_has_tls_before_child(abi) && argument == 3) return 4;
  if (clone_has_tls_before_child(abi) && argument == 4) return 3;
  return argument;
}

/// The first register of a call's 64-bit value that is not a pointer's or a long's.
struct WideArgument {
  std::string_view call;
  unsigned argument;
};

constexpr WideArgument kWideArguments[] = {
    {"fadvise64", 1},   {"fadvise64_64", 1},    {"fallocate", 2},        {"fanotify_mark", 2},
    {"ftruncate64", 1}, {"lookup_dcookie", 0},  {"pread64", 3},          {"pwrite64", 3},
    {"readahead", 1},   {"sync_file_range", 1}, {"sync_file_range2", 2}, {"truncate64", 1},
};

bool pairs_are_aligned(Abi abi) {
  return abi == Abi::kArm || abi == Abi::kMips || abi == Abi::kMipsel || abi == Abi::kPpc;
}

}  // namespace

uint32_t argument_meaning(Abi abi, std::string_view call, unsigned argument) {
  if (call == "clone") return clone_meaning(abi, argument);
  const bool packed = (call == "mmap" && (abi == Abi::kX86 || is_s390(abi))) ||
                      (call == "mmap2" && abi == Abi::kS390) || (call == "fadvise64_64" && abi == Abi::kS390) ||
                      (call == "select" && abi == Abi::kX86);
  if (packed) return kInMemory + argument;
  if (call == "fadvise64_64" && abi == Abi::kPpc && argument > 0) return kElsewhere + argument;
  if (call == "sigsuspend" && mask_is_last(abi)) return kElsewhere + argument;
  if (info(abi).register_bits == 64) return argument;
  const auto* const wide = std::find_if(std::begin(kWideArguments), std::end(kWideArguments),
                                        [&](const WideArgument& w) { return w.call == call; });
  if (wide == std::end(kWideArguments) || argument < wide->argument) return argument;
  const bool padded = pairs_are_aligned(abi) && wide->argument % 2 == 1;
  const uint32_t order = info(abi).endian == bpf::Endian::kBig ? kHighFirst : 0;
  return order + (padded ? kPadded : kHalf) + argument;
}

std::optional<unsigned> same_argument(Abi other, unsigned argument, Abi abi, std::string_view call) {
  const uint32_t meaning = argument_meaning(other, call, argument);
  for (unsigned candidate = 0; candidate < kArguments; ++candidate) {
    if (argument_meaning(abi, call, candidate) == meaning) return candidate;
  }
  return std::nullopt;
}

}  // namespace sandbox::arch
