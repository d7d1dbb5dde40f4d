// What Landlock can restrict: its rights and scopes, their names, and the Linux releases that brought them.
//
// The numbers are the kernel's (include/uapi/linux/landlock.h, Linux 7.2). They stand here and not in an included
// header, because those of Debian 12 end at ABI 2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/call_versions.h"

namespace sandbox::arch {

/// The newest Landlock ABI whose rights are known here.
inline constexpr int kNewestLandlockAbi = 10;

/// The most rulesets that can apply to one process (LANDLOCK_MAX_NUM_LAYERS).
inline constexpr int kMaxLandlockLayers = 16;

/// Rights over files: bits, LANDLOCK_ACCESS_FS_*.
using FileRights = uint64_t;

namespace file_right {
inline constexpr FileRights kExecute = 1U << 0;
inline constexpr FileRights kWriteFile = 1U << 1;
inline constexpr FileRights kReadFile = 1U << 2;
inline constexpr FileRights kReadDir = 1U << 3;
inline constexpr FileRights kRemoveDir = 1U << 4;
inline constexpr FileRights kRemoveFile = 1U << 5;
inline constexpr FileRights kMakeChar = 1U << 6;
inline constexpr FileRights kMakeDir = 1U << 7;
inline constexpr FileRights kMakeReg = 1U << 8;
inline constexpr FileRights kMakeSock = 1U << 9;
inline constexpr FileRights kMakeFifo = 1U << 10;
inline constexpr FileRights kMakeBlock = 1U << 11;
inline constexpr FileRights kMakeSym = 1U << 12;
inline constexpr FileRights kRefer = 1U << 13;
inline constexpr FileRights kTruncate = 1U << 14;
inline constexpr FileRights kIoctlDev = 1U << 15;
inline constexpr FileRights kResolveUnix = 1U << 16;
inline constexpr FileRights kAll = (1U << 17) - 1;
/// Those that a rule on a file can give; others are for directories, and the kernel rejects them elsewhere (EINVAL).
inline constexpr FileRights kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev | kResolveUnix;
}  // namespace file_right

/// Rights over ports: bits, LANDLOCK_ACCESS_NET_*.
using PortRights = uint64_t;

namespace port_right {
inline constexpr PortRights kBindTcp = 1U << 0;
inline constexpr PortRights kConnectTcp = 1U << 1;
inline constexpr PortRights kBindUdp = 1U << 2;
inline constexpr PortRights kConnectSendUdp = 1U << 3;
inline constexpr PortRights kAll = (1U << 4) - 1;
}  // namespace port_right

/// What is kept inside the sandbox: bits, LANDLOCK_SCOPE_*.
using Scopes = uint64_t;

namespace scope {
inline constexpr Scopes kAbstractUnixSockets = 1U << 0;
inline constexpr Scopes kSignals = 1U << 1;
inline constexpr Scopes kAll = (1U << 2) - 1;
}  // namespace scope

/// A right or a scope: its bit, its name in policies (of a right the kernel's, in lower case without its prefix), and
/// the Landlock ABI that brought it.
struct LandlockBit {
  uint64_t bit = 0;
  std::string_view name;
  int abi = 1;
};

std::span<const LandlockBit> file_rights();
std::span<const LandlockBit> port_rights();
std::span<const LandlockBit> scopes();

/// The bits of a table that this ABI has.
uint64_t bits_of(std::span<const LandlockBit> table, int abi);

/// The names of these bits, in the table's order; bits that it lacks are left out.
std::vector<std::string_view> names_of(std::span<const LandlockBit> table, uint64_t bits);

/// A word for several rights, such as `read`.
struct AccessWord {
  std::string_view name;
  FileRights rights = 0;
  FileRights on_devices = 0;  ///< Added where the rule's path is a character device.
  std::string_view meaning;   ///< In a few words, for lists.
};

/// `read`, `write`, `execute`, `ioctl`, `device` and `connect`.
std::span<const AccessWord> access_words();

/// What an access is called that a policy names by a word or by a right: as a word, of which a right alone is one
/// without a meaning. None for an unknown name.
std::optional<AccessWord> find_access(std::string_view name);

/// The rights in words: each word whose rights are all there, then the rights that are left, by their own names:
/// "read, execute", "write_file".
std::string describe_access(FileRights rights);

/// The Linux release that brought a Landlock ABI, of 1 to kNewestLandlockAbi.
KernelVersion landlock_release(int abi);

}  // namespace sandbox::arch
