// What a system call asks of Landlock: the paths that it names, and what it wants to do there.
//
// Facts about the kernel are from security/landlock/{fs,net,task}.c and fs/{open,namei,exec}.c.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/landlock.h"
#include "bpf/program.h"
#include "report/arguments.h"

namespace sandbox::report {

/// A path as a call gives it.
struct NamedPath {
  int directory = AT_FDCWD;  ///< Where a relative one begins: a descriptor of the caller.
  std::string text;
};

/// A call that Landlock judges.
struct LandlockCall {
  enum class Kind : uint8_t {
    kOpen,
    kExecute,
    kTruncate,
    kMake,    ///< A directory entry; `rights` says which kind.
    kRemove,  ///< A directory entry; `rights` says which kind.
    kRename,
    kLink,
    kMount,    ///< mount(2) and its kin: always denied where files are restricted.
    kUnmount,  ///< So are these.
    kConnect,
    kBind,
    kSignal,
    kQueue,  ///< mq_open.
  };
  Kind kind = Kind::kOpen;
  NamedPath path;
  NamedPath target;         ///< Of kRename and kLink.
  bool follow = true;       ///< A symbolic link at the end of `path`.
  bool empty_path = false;  ///< An empty `path` is the descriptor itself.
  uint64_t flags = 0;       ///< Of kOpen and kQueue O_*, of kRename RENAME_*.
  uint64_t resolve = 0;     ///< RESOLVE_* of openat2.
  arch::FileRights rights = 0;
  int descriptor = -1;  ///< The socket.
  std::string address;  ///< The bytes of its sockaddr.
  int process = 0;      ///< That kSignal is for, as the caller's PID namespace numbers it.
};

/// What layers of Landlock handle, all together.
struct LandlockHandled {
  arch::FileRights files = 0;
  arch::PortRights ports = 0;
  arch::Scopes scopes = 0;
};

/// The names of the calls that such layers can deny by their arguments. Not among them: open_by_handle_at, whose file
/// has no path, and the members of io_uring and socketcall.
std::vector<std::string_view> landlock_calls(const LandlockHandled& handled);

/// Whether it is one of them.
bool is_landlock_call(arch::Abi abi, uint32_t number);

/// What the call asks for. None: it is none of those, what it names cannot be read, or it wants nothing (O_PATH).
std::optional<LandlockCall> landlock_call(arch::Abi abi, const bpf::SystemCall& call, const MemoryReader& memory);

}  // namespace sandbox::report
