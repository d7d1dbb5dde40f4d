#include "report/landlock_call.h"

#include <linux/limits.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "arch/syscalls.h"
#include "resolve/landlock/refer.h"

namespace sandbox::report {
namespace {

using namespace arch::file_right;
using Kind = LandlockCall::Kind;

constexpr int kNone = -1;
constexpr int kFsconfigReconfigure = 7;  // FSCONFIG_CMD_RECONFIGURE.
constexpr size_t kMaxAddress = 128;      // sizeof(struct sockaddr_storage).
constexpr uint64_t kOpenHowFlags = 0;    // Offsets in struct open_how.
constexpr uint64_t kOpenHowResolve = 16;

/// A call, and which of its arguments are what; kNone for what it lacks.
struct Layout {
  std::string_view name;
  Kind kind = Kind::kOpen;
  int directory = kNone;
  int path = kNone;
  int flags = kNone;
  int target_directory = kNone;
  int target = kNone;
  arch::FileRights rights = 0;
};

constexpr std::array kLayouts = {
    Layout{"open", Kind::kOpen, kNone, 0, 1},
    Layout{"creat", Kind::kOpen, kNone, 0},
    Layout{"openat", Kind::kOpen, 0, 1, 2},
    Layout{"openat2", Kind::kOpen, 0, 1},
    Layout{"execve", Kind::kExecute, kNone, 0},
    Layout{"execveat", Kind::kExecute, 0, 1, 4},
    Layout{"truncate", Kind::kTruncate, kNone, 0},
    Layout{"truncate64", Kind::kTruncate, kNone, 0},
    Layout{"mkdir", Kind::kMake, kNone, 0, kNone, kNone, kNone, kMakeDir},
    Layout{"mkdirat", Kind::kMake, 0, 1, kNone, kNone, kNone, kMakeDir},
    Layout{"symlink", Kind::kMake, kNone, 1, kNone, kNone, kNone, kMakeSym},
    Layout{"symlinkat", Kind::kMake, 1, 2, kNone, kNone, kNone, kMakeSym},
    Layout{"mknod", Kind::kMake, kNone, 0, 1},
    Layout{"mknodat", Kind::kMake, 0, 1, 2},
    Layout{"rmdir", Kind::kRemove, kNone, 0, kNone, kNone, kNone, kRemoveDir},
    Layout{"unlink", Kind::kRemove, kNone, 0, kNone, kNone, kNone, kRemoveFile},
    Layout{"unlinkat", Kind::kRemove, 0, 1, 2},
    Layout{"rename", Kind::kRename, kNone, 0, kNone, kNone, 1},
    Layout{"renameat", Kind::kRename, 0, 1, kNone, 2, 3},
    Layout{"renameat2", Kind::kRename, 0, 1, 4, 2, 3},
    Layout{"link", Kind::kLink, kNone, 0, kNone, kNone, 1},
    Layout{"linkat", Kind::kLink, 0, 1, 4, 2, 3},
    Layout{"mount", Kind::kMount, kNone, 1},
    Layout{"umount", Kind::kUnmount, kNone, 0},
    Layout{"umount2", Kind::kUnmount, kNone, 0, 1},
    Layout{"pivot_root", Kind::kMount},
    Layout{"move_mount", Kind::kMount},
    Layout{"fsconfig", Kind::kMount},
    Layout{"mq_open", Kind::kQueue, kNone, 0, 1},
    Layout{"connect", Kind::kConnect},
    Layout{"bind", Kind::kBind},
    Layout{"kill", Kind::kSignal},
    Layout{"tkill", Kind::kSignal},
    Layout{"tgkill", Kind::kSignal},
    Layout{"rt_sigqueueinfo", Kind::kSignal},
    Layout{"rt_tgsigqueueinfo", Kind::kSignal},
};

/// Reads what a call of the table has.
class Reader {
 public:
  Reader(arch::Abi abi, const bpf::SystemCall& call, const MemoryReader& memory)
      : call_(call), memory_(memory), little_endian_(arch::info(abi).endian == bpf::Endian::kLittle) {}

  [[nodiscard]] std::optional<LandlockCall> read(const Layout& layout) const {
    LandlockCall read;
    read.kind = layout.kind;
    read.rights = layout.rights;
    if (layout.flags != kNone) read.flags = static_cast<uint32_t>(call_.args[layout.flags]);
    if (layout.path != kNone && !name(layout.directory, layout.path, read.path)) return std::nullopt;
    if (layout.target != kNone && !name(layout.target_directory, layout.target, read.target)) return std::nullopt;
    switch (layout.kind) {
      case Kind::kOpen:
        return open(layout, read) ? std::optional(read) : std::nullopt;
      case Kind::kExecute:
      case Kind::kLink:
        flags_of_at(read);
        return read;
      case Kind::kMake:
        if (layout.flags != kNone) read.rights = resolve::right_to_make(static_cast<uint32_t>(read.flags));
        read.follow = false;
        return read;
      case Kind::kRemove:
        if (layout.flags != kNone) read.rights = (read.flags & AT_REMOVEDIR) != 0 ? kRemoveDir : kRemoveFile;
        read.follow = false;
        return read;
      case Kind::kRename:
        read.follow = false;
        return read;
      case Kind::kMount:
        if (layout.name == "fsconfig" && integer(1) != kFsconfigReconfigure) return std::nullopt;
        return read;
      case Kind::kConnect:
      case Kind::kBind:
        read.descriptor = integer(0);
        return address(1, 2, read.address) ? std::optional(read) : std::nullopt;
      case Kind::kSignal:
        read.process = integer(0);
        return read;
      case Kind::kUnmount:
        read.follow = (read.flags & UMOUNT_NOFOLLOW) == 0;
        return read;
      case Kind::kTruncate:
      case Kind::kQueue:
        return read;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] int integer(int argument) const {
    return static_cast<int>(static_cast<uint32_t>(call_.args[argument]));
  }

  bool name(int directory, int argument, NamedPath& path) const {
    if (directory != kNone) path.directory = integer(directory);
    constexpr size_t kMostPaths = 256;
    std::array<std::byte, PATH_MAX> bytes = {};
    size_t size = 0;
    for (const size_t wanted : {kMostPaths, bytes.size()}) {
      size += memory_(call_.args[argument] + size, std::span(bytes).subspan(size, wanted - size));
      const auto end = std::find(bytes.begin(), bytes.begin() + size, std::byte{0});
      if (end != bytes.begin() + size) {
        path.text.assign(reinterpret_cast<const char*>(bytes.data()), end - bytes.begin());
        return true;
      }
      if (size < wanted) return false;
    }
    return false;
  }

  bool address(int pointer, int length, std::string& bytes) const {
    const int size = integer(length);
    if (size < 2 || static_cast<size_t>(size) > kMaxAddress) return false;
    bytes.resize(size);
    return memory_(call_.args[pointer], std::as_writable_bytes(std::span(bytes))) == bytes.size();
  }

  [[nodiscard]] std::optional<uint64_t> number(uint64_t at) const {
    std::array<std::byte, 8> bytes = {};
    if (memory_(at, bytes) != bytes.size()) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const size_t shift = 8 * (little_endian_ ? i : bytes.size() - 1 - i);
      value |= std::to_integer<uint64_t>(bytes[i]) << shift;
    }
    return value;
  }

  bool open(const Layout& layout, LandlockCall& read) const {
    if (layout.name == "creat") read.flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (layout.name == "openat2") {
      const auto flags = number(call_.args[2] + kOpenHowFlags);
      const auto resolve = number(call_.args[2] + kOpenHowResolve);
      if (!flags || !resolve) return false;
      read.flags = *flags;
      read.resolve = *resolve;
    }
    if ((read.flags & O_PATH) != 0) return false;
    const bool exclusive = (read.flags & O_CREAT) != 0 && (read.flags & O_EXCL) != 0;
    read.follow = (read.flags & O_NOFOLLOW) == 0 && !exclusive;
    return true;
  }

  /// AT_SYMLINK_FOLLOW is for linkat, which does not follow without it, and AT_SYMLINK_NOFOLLOW for execveat.
  static void flags_of_at(LandlockCall& read) {
    read.empty_path = (read.flags & AT_EMPTY_PATH) != 0;
    read.follow =
        read.kind == Kind::kLink ? (read.flags & AT_SYMLINK_FOLLOW) != 0 : (read.flags & AT_SYMLINK_NOFOLLOW) == 0;
  }

  const bpf::SystemCall& call_;
  const MemoryReader& memory_;
  bool little_endian_;
};

bool concerns(Kind kind, const LandlockHandled& handled) {
  switch (kind) {
    case Kind::kConnect:
      return (handled.ports & (arch::port_right::kConnectTcp | arch::port_right::kConnectSendUdp)) != 0 ||
             (handled.files & kResolveUnix) != 0;
    case Kind::kBind:  // Of a unix socket: it makes a file.
      return (handled.ports & (arch::port_right::kBindTcp | arch::port_right::kBindUdp)) != 0 || handled.files != 0;
    case Kind::kSignal:
      return (handled.scopes & arch::scope::kSignals) != 0;
    default:
      return handled.files != 0;
  }
}

}  // namespace

std::vector<std::string_view> landlock_calls(const LandlockHandled& handled) {
  std::vector<std::string_view> names;
  for (const Layout& layout : kLayouts) {
    if (concerns(layout.kind, handled)) names.push_back(layout.name);
  }
  return names;
}

bool is_landlock_call(arch::Abi abi, uint32_t number) {
  const auto name = arch::name_of(abi, number);
  return name && std::ranges::find(kLayouts, *name, &Layout::name) != kLayouts.end();
}

std::optional<LandlockCall> landlock_call(arch::Abi abi, const bpf::SystemCall& call, const MemoryReader& memory) {
  const auto name = arch::name_of(abi, call.number);
  if (!name) return std::nullopt;
  const auto layout = std::ranges::find(kLayouts, *name, &Layout::name);
  if (layout == kLayouts.end()) return std::nullopt;
  return Reader(abi, call, memory).read(*layout);
}

}  // namespace sandbox::report
