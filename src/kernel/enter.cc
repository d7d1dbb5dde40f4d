#include "kernel/enter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "arch/abi.h"
#include "bpf/interpret.h"
#include "kernel/landlock.h"
#include "kernel/probe.h"
#include "kernel/target.h"
#include "kernel/token_answerer.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV  // Linux 5.19.
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace sandbox::kernel {
namespace {

std::string failed(const char* what, int number) {
  return std::string(what) + " failed: " + strerrordesc_np(number);
}

/// Random words from the kernel. Blocks only on a machine that has just booted and has no entropy yet.
bool draw(compile::Token& token) {
  auto* bytes = reinterpret_cast<unsigned char*>(token.data());
  size_t size = 0;
  while (size < sizeof token) {
    const ssize_t got = getrandom(bytes + size, sizeof token - size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;  // An outer sandbox answers.
    if (got <= 0) return false;
    size += static_cast<size_t>(got);
  }
  return true;
}

/// The token as registers: on 64-bit ABIs two words each. On 32-bit ABIs the high words are never compared.
class TokenRegisters {
 public:
  explicit TokenRegisters(const compile::Token& token) {
    for (size_t i = 0; i < registers_.size(); ++i) {
      uint64_t value = token[2 * i];
      if constexpr (sizeof(long) == 8) value |= uint64_t{token[2 * i + 1]} << 32U;
      registers_[i] = static_cast<long>(value);
    }
  }
  /// Makes a system call that reads at most three arguments, and shows the filter the token in the other three.
  template <typename A, typename B, typename C>
  long call(long number, A a, B b, C c) const {
    return syscall(number, a, b, c, registers_[0], registers_[1], registers_[2]);
  }

 private:
  std::array<long, 3> registers_ = {};
};

/// The line that reports a failed execve, but for the reason. Its memory is taken before the filter is installed:
/// afterwards nothing is allocated.
class FailureLine {
 public:
  FailureLine(const char* prefix, const char* path) : line_(prefix) {
    line_ += cannot_execute_prefix(path);
    line_.reserve(line_.size() + kMaxReasonLength);
  }
  const std::string& complete(int error_number) {
    const std::string_view reason = exec_failure_reason(error_number);
    line_.append(reason.substr(0, kMaxReasonLength - 1));
    line_.push_back('\n');
    return line_;
  }

 private:
  static constexpr size_t kMaxReasonLength = 256;
  std::string line_;
};

/// Whether prctl(PR_GET_SECCOMP) can be asked under the program: it neither kills for it nor waits for a supervisor,
/// nor answers it with errno 0, which would be the mode of a process without a filter.
bool may_ask_for_mode(const bpf::ValidatedProgram& program) {
  bpf::SystemCall call;
  call.arch = arch::info(arch::native_abi()).audit_arch;
  call.number = SYS_prctl;
  call.args[0] = PR_GET_SECCOMP;
  const uint32_t answer = bpf::interpret(program, call, arch::info(arch::native_abi()).endian).value;
  const uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
  const bool errno_zero = answer == SECCOMP_RET_ERRNO;
  return !errno_zero && (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_ERRNO);
}

bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) != -1;
}

/// Returns 0 or an errno; EIO where an outer sandbox only pretends that the filter was installed. With a progress, a
/// listener is made and put there. `may_ask`: see may_ask_for_mode().
///
/// The first call is one that the kernel must reject, because the program has no instructions. An outer filter that
/// pretends sees the same registers in both calls, so it betrays itself by the first. A tracer that pretends is asked
/// for the mode: 0, which is no filter at all, is what the kernel says where it has installed none.
int set_filter(bpf::Program& program, uint32_t flags, EnterProgress* progress, bool may_ask) {
  const bool zero_is_free = progress != nullptr && !is_open(STDIN_FILENO);
  sock_fprog argument = {};
  argument.filter = program.data();
  if (progress != nullptr) flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const bool by_prctl = filter_call() == FilterCall::kPrctl;
  if (by_prctl && flags != 0) return EPERM;
  long result = 0;
  for (const size_t length : {size_t{0}, program.size()}) {
    argument.len = static_cast<unsigned short>(length);
    errno = 0;
    result = by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &argument, 0, 0)
                      : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &argument);
    if (length == 0 && (result != -1 || errno != EINVAL)) return errno != 0 ? errno : EIO;
  }
  const bool done = progress == nullptr ? result == 0 : result > 0 || (result == 0 && zero_is_free);
  if (!done) return errno != 0 ? errno : EIO;  // Anything else is a failure.
  if (may_ask && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_DISABLED) return EIO;
  if (progress != nullptr) progress->listener = static_cast<int>(result);
  return 0;
}

/// Sets it, and sees that it is set: an outer sandbox may only have said so.
bool set_no_new_privs() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return true;
  errno = EPERM;
  return false;
}

std::string describe_landlock_failure(int number) {
  std::string message = failed("landlock_restrict_self(2)", number);
  if (number == EPERM)
    message += " (without no_new_privs the caller needs CAP_SYS_ADMIN; or does an outer sandbox forbid it?)";
  if (number == E2BIG) {
    message = "too many Landlock rulesets apply: the kernel takes " + std::to_string(arch::kMaxLandlockLayers) +
              " in all, those of outer sandboxes included";
  }
  if (number == EIO) message += " (an outer sandbox answers it, and nothing was restricted)";
  return message;
}

/// The value: one line that says why a ruleset could not be applied.
std::optional<std::string> apply_rulesets(const LandlockLayers& landlock) {
  constexpr size_t kNameSize = 16;  // TASK_COMM_LEN.
  std::array<char, kNameSize> before = {};
  const bool marks = landlock.mark.size() == kLandlockMark && prctl(PR_GET_NAME, before.data(), 0, 0, 0) == 0;
  std::array<char, kNameSize> name = {};
  if (marks) std::ranges::copy(landlock.mark, name.begin());
  for (size_t i = 0; i < landlock.rulesets.size(); ++i) {
    name[kLandlockMark] = static_cast<char>('a' + i);
    if (marks) prctl(PR_SET_NAME, name.data(), 0, 0, 0);  // Where it fails, the kernel's records stay unknown.
    if (const int number = restrict_self(landlock.rulesets[i], landlock.flags))
      return describe_landlock_failure(number);
  }
  if (marks) prctl(PR_SET_NAME, before.data(), 0, 0, 0);
  return std::nullopt;
}

std::string describe_filter_failure(int number) {
  std::string message = failed("seccomp(2)", number);
  if (number == EACCES) message += " (without no_new_privs the caller needs CAP_SYS_ADMIN)";
  if (number == ENOMEM) message += " (too many filters are installed already, or memory is short)";
  if (number == EBUSY) message += " (an outer sandbox listens already, and there can be one listener only)";
  if (number == EPERM) message += " (does an outer sandbox forbid it?)";
  if (number == EIO) message += " (an outer sandbox answers it, and nothing was installed)";
  return message;
}

/// Why the token cannot be answered for by a thread.
struct NoAnswerer {
  std::string why;
  int error = 0;  ///< Of seccomp(2), if it was that.
};

/// With a thread that answers for the token. With a value no filter was installed.
std::optional<NoAnswerer> install_for_one_use(const compile::Filter& filter, const compile::Token& token,
                                              uint32_t flags, const char* report_prefix) {
  static EnterProgress progress;
  if (filter_call() == FilterCall::kPrctl) return NoAnswerer{std::string(kSeccompDenied), 0};
  if (auto missing = start_token_answerer(progress, Answering::kUntilExec, report_prefix)) {
    return NoAnswerer{std::move(*missing), 0};
  }
  bpf::Program program = compile::with_token(filter, token);
  const int number = set_filter(program, flags_with_listener(flags), &progress, may_ask_for_mode(filter.program));
  if (number == 0) return std::nullopt;
  stop_token_answerer();
  return NoAnswerer{std::string("no listener can be had: ") + strerrordesc_np(number), number};
}

std::string lasting_token_text(const NoAnswerer& missing) {
  return "the exec token works more than once here (" + missing.why + ")";
}

void warn_of_lasting_token(const NoAnswerer& missing, const EnterOptions& options) {
  if (options.lasting_token != LastingToken::kWarned) return;
  const std::string line = options.warning_prefix + lasting_token_text(missing) +
                           ": a process of the same user that sees it during the launch could pass it on\n";
  (void)!write(STDERR_FILENO, line.data(), line.size());
}

/// The filter as the options have it. The value: one line that says why it could not be installed.
std::optional<std::string> install(const compile::Filter& filter, const compile::Token& token, const Target& target,
                                   const EnterOptions& options, const char* report_prefix) {
  // With a progress the supervisor's thread answers; and without a token there is nothing to answer.
  const bool alone = options.progress == nullptr && !filter.token_sites.empty();
  if (alone) {
    const auto missing = install_for_one_use(filter, token, options.filter_flags, report_prefix);
    if (!missing) return std::nullopt;
    if (missing->error == EACCES || missing->error == EIO) return describe_filter_failure(missing->error);
    if (options.lasting_token == LastingToken::kForbidden) {
      return lasting_token_text(*missing) +
             ", and this machine shows it to the program; allow execve, write and exit_group in the policy, or give "
             "--token-visible";
    }
    warn_of_lasting_token(*missing, options);
    // Late in execve the process can be read again while its registers still hold the token, and they are shown while
    // it waits for a page of the target that has to come from a disk. So these are read before.
    preload_program(target.path);
  }
  bpf::Program program = alone ? compile::with_lasting_token(filter, token) : compile::with_token(filter, token);
  const int number = set_filter(program, options.filter_flags, options.progress, may_ask_for_mode(filter.program));
  if (number == 0) return std::nullopt;
  return describe_filter_failure(number);
}

}  // namespace

std::string draw_landlock_mark() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string mark(kLandlockMark, '\0');
  if (getrandom(mark.data(), mark.size(), 0) != static_cast<ssize_t>(mark.size())) return "";
  for (char& byte : mark) byte = kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
  return mark;
}

uint32_t flags_with_listener(uint32_t flags) {
  flags &= ~static_cast<uint32_t>(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
  constexpr auto kKillable = static_cast<uint32_t>(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  return knows_flags(kKillable | SECCOMP_FILTER_FLAG_NEW_LISTENER) ? flags | kKillable : flags;
}

std::string enter(const compile::Filter& filter, const Target& target, const EnterOptions& options,
                  const char* report_prefix) {
  FailureLine failure(report_prefix, target.path);
  compile::Token token = {};

  // So that no other process of this user reads the token out of this one's memory or registers. execve restores it.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("prctl(PR_SET_DUMPABLE)", errno);
  if (!filter.token_sites.empty() && !draw(token)) return failed("getrandom(2)", errno);
  const TokenRegisters registers(token);

  // What install() would read of the target may be out of reach then.
  const bool restricted = !options.landlock.rulesets.empty();
  if (restricted && !filter.token_sites.empty() && options.progress == nullptr) preload_program(target.path);
  if (options.no_new_privs && !set_no_new_privs()) return failed("prctl(PR_SET_NO_NEW_PRIVS)", errno);
  if (auto failure_line = apply_rulesets(options.landlock)) return *failure_line;
  if (auto failure_line = install(filter, token, target, options, report_prefix)) return *failure_line;

  // ---- The filter is installed. From here on: one execve, no allocation, no destructor, no other library call. ----

  if (options.progress != nullptr) options.progress->only_exec_is_left = true;
  registers.call(SYS_execve, target.path, target.arguments, target.environment);
  const std::string& line = failure.complete(errno);
  if (options.progress != nullptr) options.progress->exec_failed = true;
  registers.call(SYS_write, STDERR_FILENO, line.data(), line.size());
  registers.call(SYS_exit_group, kExitCannotExecute, 0, 0);
  __builtin_trap();  // Not reached; no system call is needed to end here.
}

std::string execute_unfiltered(const Target& target, bool no_new_privs, const LandlockLayers& landlock) {
  if (no_new_privs && !set_no_new_privs()) return failed("prctl(PR_SET_NO_NEW_PRIVS)", errno);
  if (auto failure_line = apply_rulesets(landlock)) return *failure_line;
  execve(target.path, target.arguments, target.environment);
  return cannot_execute_prefix(target.path) + exec_failure_reason(errno);
}

int install_for_test(const bpf::ValidatedProgram& program) {
  if (!set_no_new_privs()) return errno;
  bpf::Program copy = program.instructions();
  return set_filter(copy, 0, nullptr, false);
}

}  // namespace sandbox::kernel
