// A filter under which denied calls wait for a supervisor's answer (SECCOMP_RET_USER_NOTIF).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/result.h"
#include "bpf/program.h"
#include "compile/compile.h"

namespace sandbox::compile {

/// Which answers of a filter become notifications.
enum class Notify : uint8_t {
  /// errno and the kills. trap, trace and log stay with the kernel: an answered log would outrank a trace of the
  /// program's own filter, and a call that is allowed anyway need not wait.
  kDenials,
  kEverything,  ///< All but allow. But for calls that must not wait: see must_not_wait().
};

/// A call that is notified also where the program would allow it.
struct NotifiedCall {
  uint32_t audit_arch = 0;
  uint32_t number = 0;
  auto operator<=>(const NotifiedCall&) const = default;
};

/// Those of these calls, on every ABI that the filter covers, that can be notified: what the filter answers to them is
/// nothing but allow, errno or a kill. Any other action (trap, trace, log) would be lost, as a notification outranks
/// it.
std::vector<NotifiedCall> notifiable(const Filter& filter, std::span<const std::string_view> names, arch::Abi machine);

/// The filter with notifications in place of answers, and with the guard of compile/listener_guard.h; allowed calls,
/// and the exec token, are as before.
///
/// With kDenials a supervisor can have the kernel carry out a kill: it repeats the call with a kill request,
/// kKillRequestMagic in argument 4 and kKillProcessRequest or kKillThreadRequest in argument 5 (their low words). A
/// call that is allowed anyway is not affected. The error is one line: the program has no room for the few instructions
/// that it needs.
///
/// `also`: calls that are notified for any arguments; with some, the calls that install a filter are, too
/// (installs_filter()). A supervisor judges them by the policies; other calls stay as they are, and those that the
/// kernel caches are still cached.
///
/// `machine` is the ABI of the kernel: which other ABIs its processes may use, and in which byte order.
Result<Filter, CompileError> with_notifications(const Filter& filter, Notify notify, arch::Abi machine,
                                                std::span<const NotifiedCall> also = {});

/// Whether a call installs a filter: seccomp(2) and prctl(2), as the kernel reads them. Such a filter could answer with
/// a trace what is notified here, and the notification outranks it: its tracer would see nothing.
bool installs_filter(const bpf::SystemCall& call, arch::Abi machine);

/// Whether the kernel's caller, the program that starts the target, waits for an answer when it calls execve.
bool notifies_execve(const Filter& filter, arch::Abi launcher);

/// The numbers of the calls that no notification may hold up: rt_sigreturn, sigreturn, restart_syscall, exit,
/// exit_group, as far as the ABI has them.
std::vector<uint32_t> must_not_wait(arch::Abi abi);

inline constexpr unsigned kKillRequestArgument = 4;  ///< The next argument says which kill.
inline constexpr uint32_t kKillRequestMagic = 0x73626b6c;
inline constexpr uint32_t kKillProcessRequest = 0x70726f63;
inline constexpr uint32_t kKillThreadRequest = 0x74687264;

}  // namespace sandbox::compile
