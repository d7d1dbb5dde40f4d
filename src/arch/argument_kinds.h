// What kind of thing an argument is: a descriptor, a path, flags of a certain family.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/abi.h"

namespace sandbox::arch {

/// What an argument is. Those from kFirstFamily on have named values: see constants_of().
enum class ArgumentKind : uint8_t {
  kUnknown,              ///< A number of which no more is known.
  kSigned,               ///< A number that may be negative.
  kUnsigned,             ///< A count or a size.
  kHex,                  ///< Bits or an address without a name.
  kMode,                 ///< Permissions: octal.
  kDescriptor,           ///< A file descriptor.
  kDirectory,            ///< A file descriptor, or AT_FDCWD.
  kPath,                 ///< A pointer to a string that ends with NUL.
  kString,               ///< The same, and it is no path.
  kStrings,              ///< A pointer to pointers to such strings, the last one null.
  kBytes,                ///< A pointer to bytes; the next argument is their count.
  kPointer,              ///< A pointer to something else.
  kSocketAddress,        ///< A pointer to a struct sockaddr; the next argument is its length.
  kSocketCallArguments,  ///< A pointer to the arguments of the call behind socketcall(2).
  kCloneArguments,       ///< A pointer to a struct clone_args, the next argument is its size.
  kOpenHow,              ///< A pointer to a struct open_how, the next argument is its size.
  // What these mean depends on an argument before them.
  kSocketProtocol,       ///< On the address family.
  kSocketOptionOfLevel,  ///< On the level.
  kFcntlArgument,        ///< On the command.
  kPrctlArgument,        ///< On the option.
  // Families of constants. The name says the call or the prefix.
  kAddressFamily,
  kFirstFamily = kAddressFamily,
  kSocketType,
  kInternetProtocol,
  kNetlinkProtocol,
  kSocketLevel,
  kSocketOption,
  kTcpOption,
  kMessageFlags,
  kShutdownHow,
  kOpenFlags,
  kAtFlags,
  kAccessFlags,
  kAccessMode,
  kRenameFlags,
  kUnlinkFlags,
  kSeekWhence,
  kFcntlCommand,
  kIoctlRequest,
  kMapProtection,
  kMapFlags,
  kRemapFlags,
  kAdvice,
  kSyncFlags,
  kLockAllFlags,
  kCloneFlags,    ///< With the signal in the low byte.
  kUnshareFlags,  ///< Without it; clone3's too.
  kNamespaceFlags,
  kSignal,
  kSignalHow,
  kPrctlOption,
  kArchPrctlOption,
  kPtraceRequest,
  kBpfCommand,
  kKeyctlCommand,
  kMountFlags,
  kUnmountFlags,
  kFsOpenFlags,
  kFsMountFlags,
  kFsConfigCommand,
  kOpenTreeFlags,
  kMoveMountFlags,
  kFutexOperation,
  kSeccompOperation,
  kSeccompFlags,
  kPerfFlags,
  kPersonality,
  kClock,
  kScheduler,
  kPriorityWhich,
  kIoPriorityWhich,
  kResource,
  kWaitOptions,
  kWaitIdKind,
  kEpollOperation,
  kEpollFlags,
  kEventFlags,
  kTimerFlags,
  kSignalFdFlags,
  kInotifyFlags,
  kFanotifyFlags,
  kMemfdFlags,
  kRandomFlags,
  kUserfaultFlags,
  kPidfdFlags,
  kPipeFlags,
  kSpliceFlags,
  kFallocateMode,
  kLockOperation,
  kIpcFlags,
  kSharedMemoryFlags,
  kIpcCommand,
  kMultiplexedSocketCall,
  kMultiplexedIpcCall,
  kRebootMagic,
  kRebootCommand,
  kModuleFlags,
  kKexecFlags,
  kSyslogAction,
  kMembarrierCommand,
  kLandlockRule,
  kLandlockFlags,
  kIoUringRegister,
  kIoUringEnterFlags,
  kMemoryPolicy,
  kStatxMask,
  kCloseRangeFlags,
  kKcmpType,
  kSwapFlags,
  kXattrFlags,
  kItimerWhich,
  kReadWriteFlags,
  kRusageWho,
  kEnd,
};

/// What an argument of a call is on an ABI: the same index is not the same argument everywhere. kUnknown also where
/// the table has nothing on the call.
ArgumentKind argument_kind(Abi abi, std::string_view call, unsigned argument);

/// A value of a family by the names of its constants: "AF_PACKET", "O_RDWR|O_CLOEXEC", bits without a name behind them
/// in hexadecimal ("O_RDWR|0x40000000"). None if nothing of it has a name (0 of flags has one: the text is "0"), or if
/// the kind is no family. Where several names have one value, the usual one. The names are those of constant(), so that
/// a policy can be written with the text.
std::optional<std::string> constant_text(Abi abi, ArgumentKind kind, uint64_t value);

}  // namespace sandbox::arch
