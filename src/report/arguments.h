// A call's arguments in words: constants by name, strings and socket addresses out of the caller's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "arch/abi.h"
#include "bpf/program.h"

namespace sandbox::report {

/// Reads the caller's memory from `address` on into the span. Returns how many bytes could be read: all that lie before
/// the first page that cannot be. The memory belongs to another process, which may change it meanwhile.
using MemoryReader = std::function<size_t(uint64_t address, std::span<std::byte> into)>;

/// A reader of nothing, for calls whose caller is gone or that come out of a log.
size_t no_memory(uint64_t address, std::span<std::byte> into);

/// No more bytes of a string than this are shown; "..." stands for the rest.
inline constexpr size_t kMaxStringLength = 64;

/// `AF_PACKET, SOCK_RAW, 768`; `AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`; what lies behind a pointer that cannot be
/// read is shown as the pointer. All six registers in hexadecimal for a call that no table knows. Printable.
std::string decode_arguments(arch::Abi abi, const bpf::SystemCall& call, const MemoryReader& memory);

/// The call that socketcall or ipc is asked for by its argument 0: "socket". None for other calls and other values.
std::optional<std::string> call_behind(arch::Abi abi, std::string_view multiplexer, uint64_t argument);

}  // namespace sandbox::report
