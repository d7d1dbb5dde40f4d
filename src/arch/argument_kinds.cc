#include "arch/argument_kinds.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "arch/argument_layout.h"
#include "arch/constants.h"
#include "base/text.h"

namespace sandbox::arch {
namespace {

using enum ArgumentKind;

constexpr size_t kMaxArguments = 6;

/// Arrays, not pointers: nothing to relocate when the launcher starts.
struct Call {
  char name[24];
  ArgumentKind kinds[kMaxArguments];
};

constexpr Call kCalls[] = {
#include "arch/argument_kinds.inc"
};

constexpr bool sorted() {
  for (size_t i = 1; i < std::size(kCalls); ++i) {
    if (std::string_view(kCalls[i - 1].name) >= std::string_view(kCalls[i].name)) return false;
  }
  return true;
}
static_assert(sorted());

/// A word of the names below is a constant, or with a `*` at its end all that begin like it, but for those that a word
/// with a `!` has ruled out before. Where several have one value, the first stands for it.
struct Family {
  ArgumentKind kind;
  /// The bits in which one name stands for the whole value; in the others each bit has a name of its own.
  uint64_t field;
  const char* field_names;
  const char* flag_names;
};

constexpr uint64_t kWhole = ~uint64_t{0};

constexpr const char* kSignalNames =
    "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM "
    "SIGTERM "
    "SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO "
    "SIGPWR SIGSYS SIGEMT SIGRTMIN";

constexpr Family kFamilies[] = {
    {kAddressFamily, kWhole, "AF_UNIX AF_NETLINK AF_*", ""},
    {kSocketType, 0xf, "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP SOCK_PACKET",
     "SOCK_CLOEXEC SOCK_NONBLOCK"},
    {kInternetProtocol, kWhole, "IPPROTO_IP IPPROTO_*", ""},
    {kNetlinkProtocol, kWhole,
     "NETLINK_ROUTE NETLINK_USERSOCK NETLINK_FIREWALL NETLINK_SOCK_DIAG NETLINK_NFLOG NETLINK_XFRM NETLINK_SELINUX "
     "NETLINK_ISCSI NETLINK_AUDIT NETLINK_FIB_LOOKUP NETLINK_CONNECTOR NETLINK_NETFILTER NETLINK_IP6_FW "
     "NETLINK_DNRTMSG "
     "NETLINK_KOBJECT_UEVENT NETLINK_GENERIC NETLINK_SCSITRANSPORT NETLINK_ECRYPTFS NETLINK_RDMA NETLINK_CRYPTO "
     "NETLINK_SMC",
     ""},
    {kSocketLevel, kWhole, "SOL_SOCKET SOL_IP SOL_TCP SOL_UDP SOL_IPV6 SOL_*", ""},
    {kSocketOption, kWhole, "!SO_GET_FILTER SO_*", ""},
    {kTcpOption, kWhole,
     "TCP_NODELAY TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_SYNCNT TCP_LINGER2 TCP_DEFER_ACCEPT "
     "TCP_WINDOW_CLAMP TCP_INFO TCP_QUICKACK TCP_CONGESTION TCP_MD5SIG TCP_THIN_LINEAR_TIMEOUTS TCP_THIN_DUPACK "
     "TCP_USER_TIMEOUT TCP_REPAIR TCP_REPAIR_QUEUE TCP_QUEUE_SEQ TCP_REPAIR_OPTIONS TCP_FASTOPEN TCP_TIMESTAMP "
     "TCP_NOTSENT_LOWAT TCP_CC_INFO TCP_SAVE_SYN TCP_SAVED_SYN TCP_REPAIR_WINDOW TCP_FASTOPEN_CONNECT TCP_ULP "
     "TCP_MD5SIG_EXT TCP_FASTOPEN_KEY TCP_FASTOPEN_NO_COOKIE TCP_ZEROCOPY_RECEIVE TCP_INQ TCP_TX_DELAY",
     ""},
    {kMessageFlags, 0, "",
     "!MSG_COPY !MSG_NOERROR !MSG_EXCEPT !MSG_STAT !MSG_INFO !MSG_BATCH !MSG_PROBE !MSG_SYN !MSG_RST !MSG_FIN MSG_*"},
    {kShutdownHow, kWhole, "SHUT_RD SHUT_WR SHUT_RDWR", ""},
    {kOpenFlags, 3, "O_RDONLY O_WRONLY O_RDWR", "!O_ACCMODE O_NONBLOCK O_SYNC O_*"},
    {kAtFlags, 0, "",
     "AT_SYMLINK_NOFOLLOW AT_SYMLINK_FOLLOW AT_NO_AUTOMOUNT AT_EMPTY_PATH AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC "
     "AT_RECURSIVE AT_EXECVE_CHECK"},
    {kAccessFlags, 0, "", "AT_EACCESS AT_SYMLINK_NOFOLLOW AT_EMPTY_PATH"},
    {kAccessMode, 0, "", "F_OK R_OK W_OK X_OK"},
    {kRenameFlags, 0, "", "RENAME_*"},
    {kUnlinkFlags, 0, "", "AT_REMOVEDIR"},
    {kSeekWhence, kWhole, "SEEK_*", ""},
    {kFcntlCommand, kWhole,
     "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN F_SETSIG F_GETSIG F_GETLK64 "
     "F_SETLK64 F_SETLKW64 F_SETOWN_EX F_GETOWN_EX F_GETOWNER_UIDS F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_SETLEASE "
     "F_GETLEASE F_NOTIFY F_DUPFD_QUERY F_CREATED_QUERY F_CANCELLK F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ "
     "F_ADD_SEALS F_GET_SEALS F_GET_RW_HINT F_SET_RW_HINT F_GET_FILE_RW_HINT F_SET_FILE_RW_HINT",
     ""},
    {kIoctlRequest, kWhole,
     "!TCP_* !TIOCM_* !TIOCPKT_* !TIOCSER_* TCGETS TCSETS TCSETSW TCSETSF FIONREAD FIONBIO TIOCOUTQ "
     "!TCSANOW !TCSADRAIN !TCSAFLUSH !TCOOFF !TCOON !TCIOFF !TCION !TCIFLUSH !TCOFLUSH !TCIOFLUSH !TIOCINQ TC* TIOC* "
     "FIO* FICLONE FICLONERANGE FIDEDUPERANGE FIFREEZE FITHAW FITRIM FIGETBSZ FIBMAP FS_IOC_* "
     "!SIOCIWFIRST* !SIOCIWLAST* !SIOCDEVPRIVATE !SIOCPROTOPRIVATE !SIOCINQ !SIOCOUTQ SIOC* BLK* KD* PIO_* GIO_* "
     "LOOP_* TUN* RND* NS_GET_* PERF_EVENT_IOC_* SECCOMP_IOCTL_NOTIF_* USERFAULTFD_IOC_NEW UFFDIO_API UFFDIO_REGISTER "
     "UFFDIO_UNREGISTER UFFDIO_WAKE UFFDIO_COPY UFFDIO_ZEROPAGE UFFDIO_WRITEPROTECT UFFDIO_CONTINUE VT_OPENQRY "
     "VT_GETMODE VT_SETMODE VT_GETSTATE VT_SENDSIG VT_RELDISP VT_ACTIVATE VT_WAITACTIVE VT_DISALLOCATE VT_RESIZE "
     "VT_RESIZEX VT_LOCKSWITCH VT_UNLOCKSWITCH VT_GETHIFONTMASK VT_WAITEVENT VT_SETACTIVATE TFD_IOC_SET_TICKS",
     ""},
    {kMapProtection, 0, "", "PROT_NONE PROT_READ PROT_WRITE PROT_EXEC PROT_*"},
    {kMapFlags, 3, "MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE",
     "!MAP_TYPE !MAP_HUGE_* !MAP_ANON !MAP_FILE !MAP_UNINITIALIZED !MAP_AUTORSRV !MAP_AUTOGROW !MAP_LOCAL !MAP_RENAME "
     "!MAP_VARIABLE MAP_ANONYMOUS MAP_*"},
    {kRemapFlags, 0, "", "MREMAP_*"},
    {kAdvice, kWhole, "MADV_*", ""},
    {kSyncFlags, 0, "", "MS_ASYNC MS_INVALIDATE MS_SYNC"},
    {kLockAllFlags, 0, "", "MCL_*"},
    {kCloneFlags, 0xff, kSignalNames, "!CLONE_ARGS_* !CLONE_NEWTIME CLONE_*"},
    {kUnshareFlags, 0, "", "!CLONE_ARGS_* CLONE_*"},
    {kNamespaceFlags, 0, "", "CLONE_NEW*"},
    {kSignal, kWhole, kSignalNames, ""},
    {kSignalHow, kWhole, "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK", ""},
    {kPrctlOption, kWhole,
     "!PR_SET_MM_* !PR_SET_VMA_* !PR_SET_PTRACER_ANY !PR_CAP_AMBIENT_* !PR_MCE_KILL_CLEAR !PR_MCE_KILL_SET "
     "!PR_MCE_KILL_LATE !PR_MCE_KILL_EARLY !PR_MCE_KILL_DEFAULT !PR_SCHED_CORE_* !PR_SME_VL_* !PR_SVE_VL_* !PR_PAC_AP* "
     "!PR_SPEC_* !PR_TIMING_* !PR_UNALIGN_* !PR_FPEMU_* !PR_FP_* !PR_ENDIAN_* !PR_TSC_* !PR_MTE_* !PR_SYS_* "
     "!PR_TAGGED_* "
     "!PR_MDWE_* "
     "PR_*",
     ""},
    {kArchPrctlOption, kWhole, "ARCH_*", ""},
    {kPtraceRequest, kWhole,
     "!PTRACE_O_* !PTRACE_EVENT* !PTRACE_SYSCALL_INFO_* !PTRACE_PEEKSIGINFO_* !PTRACE_PROT PTRACE_PEEKUSER "
     "PTRACE_POKEUSER "
     "PTRACE_*",
     ""},
    {kBpfCommand, kWhole, "BPF_PROG_TEST_RUN BPF_*", ""},
    {kKeyctlCommand, kWhole, "!KEYCTL_SUPPORTS_* !KEYCTL_MOVE_EXCL KEYCTL_*", ""},
    {kMountFlags, 0, "",
     "!MS_ASYNC !MS_INVALIDATE !MS_SYNC !MS_RMT_MASK !MS_MGC_MSK !MS_VERBOSE MS_SYNCHRONOUS MS_MGC_VAL MS_*"},
    {kUnmountFlags, 0, "", "MNT_* UMOUNT_NOFOLLOW"},
    {kFsOpenFlags, 0, "", "FSOPEN_*"},
    {kFsMountFlags, 0, "", "FSMOUNT_*"},
    {kFsConfigCommand, kWhole, "FSCONFIG_*", ""},
    {kOpenTreeFlags, 0, "",
     "OPEN_TREE_CLONE OPEN_TREE_CLOEXEC AT_EMPTY_PATH AT_NO_AUTOMOUNT AT_RECURSIVE AT_SYMLINK_NOFOLLOW"},
    {kMoveMountFlags, 0, "", "!MOVE_MOUNT__MASK MOVE_MOUNT_*"},
    {kFutexOperation, 0x7f,
     "FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI FUTEX_UNLOCK_PI "
     "FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2",
     "FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME"},
    {kSeccompOperation, kWhole,
     "SECCOMP_SET_MODE_STRICT SECCOMP_SET_MODE_FILTER SECCOMP_GET_ACTION_AVAIL SECCOMP_GET_NOTIF_SIZES", ""},
    {kSeccompFlags, 0, "", "SECCOMP_FILTER_FLAG_*"},
    {kPerfFlags, 0, "", "PERF_FLAG_*"},
    {kPersonality, 0xff,
     "PER_LINUX PER_BSD PER_LINUX32 PER_SVR4 PER_SVR3 PER_SCOSVR3 PER_OSR5 PER_WYSEV386 PER_ISCR4 PER_XENIX PER_IRIX32 "
     "PER_IRIXN32 PER_IRIX64 PER_RISCOS PER_SOLARIS PER_UW7 PER_OSF4 PER_HPUX",
     "ADDR_NO_RANDOMIZE ADDR_COMPAT_LAYOUT READ_IMPLIES_EXEC ADDR_LIMIT_32BIT ADDR_LIMIT_3GB MMAP_PAGE_ZERO "
     "SHORT_INODE STICKY_TIMEOUTS UNAME26 WHOLE_SECONDS FDPIC_FUNCPTRS"},
    {kClock, kWhole, "CLOCK_*", ""},
    {kScheduler, 0xff, "SCHED_OTHER SCHED_FIFO SCHED_RR SCHED_BATCH SCHED_IDLE SCHED_DEADLINE", "SCHED_RESET_ON_FORK"},
    {kPriorityWhich, kWhole, "PRIO_PROCESS PRIO_PGRP PRIO_USER", ""},
    {kIoPriorityWhich, kWhole, "IOPRIO_WHO_*", ""},
    {kResource, kWhole, "RLIMIT_NOFILE RLIMIT_*", ""},
    {kWaitOptions, 0, "", "WNOHANG WUNTRACED WEXITED WCONTINUED WNOWAIT"},
    {kWaitIdKind, kWhole, "P_ALL P_PID P_PGID P_PIDFD", ""},
    {kEpollOperation, kWhole, "EPOLL_CTL_*", ""},
    {kEpollFlags, 0, "", "EPOLL_CLOEXEC"},
    {kEventFlags, 0, "", "EFD_*"},
    {kTimerFlags, 0, "", "TFD_CLOEXEC TFD_NONBLOCK TIMER_ABSTIME TFD_TIMER_CANCEL_ON_SET"},
    {kSignalFdFlags, 0, "", "SFD_*"},
    {kInotifyFlags, 0, "", "!IN_MULTICAST_NET !IN_IGNORED !IN_Q_OVERFLOW !IN_UNMOUNT IN_ALL_EVENTS IN_*"},
    {kFanotifyFlags, 0, "",
     "FAN_CLOEXEC FAN_NONBLOCK FAN_CLASS_CONTENT FAN_CLASS_PRE_CONTENT FAN_UNLIMITED_QUEUE FAN_UNLIMITED_MARKS "
     "FAN_ENABLE_AUDIT FAN_REPORT_PIDFD FAN_REPORT_TID FAN_REPORT_FID FAN_REPORT_DIR_FID FAN_REPORT_NAME "
     "FAN_REPORT_TARGET_FID"},
    {kMemfdFlags, 0, "", "!MFD_HUGE_* MFD_*"},
    {kRandomFlags, 0, "", "GRND_*"},
    {kUserfaultFlags, 0, "", "UFFD_USER_MODE_ONLY O_CLOEXEC O_NONBLOCK"},
    {kPidfdFlags, 0, "", "PIDFD_NONBLOCK PIDFD_THREAD"},
    {kPipeFlags, 0, "", "O_CLOEXEC O_NONBLOCK O_DIRECT"},
    {kSpliceFlags, 0, "", "!SPLICE_F_FD_IN_FIXED SPLICE_F_*"},
    {kFallocateMode, 0, "", "FALLOC_FL_*"},
    {kLockOperation, 0, "", "LOCK_SH LOCK_EX LOCK_UN LOCK_NB"},
    {kIpcFlags, 0, "", "IPC_CREAT IPC_EXCL"},
    {kSharedMemoryFlags, 0, "", "SHM_RDONLY SHM_RND SHM_REMAP SHM_EXEC"},
    {kIpcCommand, 0xff,
     "IPC_RMID IPC_SET IPC_STAT IPC_INFO SHM_LOCK SHM_UNLOCK SHM_STAT SHM_INFO GETPID GETVAL GETALL GETNCNT GETZCNT "
     "SETVAL SETALL SEM_STAT SEM_INFO",
     "IPC_64"},
    {kMultiplexedSocketCall, kWhole, "SYS_*", ""},
    {kMultiplexedIpcCall, 0xffff,
     "SEMOP SEMGET SEMCTL SEMTIMEDOP MSGSND MSGRCV MSGGET MSGCTL SHMAT SHMDT SHMGET SHMCTL", ""},
    {kRebootMagic, kWhole, "LINUX_REBOOT_MAGIC*", ""},
    {kRebootCommand, kWhole, "LINUX_REBOOT_CMD_*", ""},
    {kModuleFlags, 0, "", "MODULE_INIT_*"},
    {kKexecFlags, 0, "", "KEXEC_ON_CRASH KEXEC_PRESERVE_CONTEXT"},
    {kSyslogAction, kWhole, "SYSLOG_ACTION_*", ""},
    {kMembarrierCommand, kWhole, "!MEMBARRIER_CMD_FLAG_* !MEMBARRIER_CMD_SHARED MEMBARRIER_CMD_*", ""},
    {kLandlockRule, kWhole, "LANDLOCK_RULE_*", ""},
    {kLandlockFlags, 0, "", "LANDLOCK_CREATE_RULESET_*"},
    {kIoUringRegister, kWhole, "IORING_REGISTER_* IORING_UNREGISTER_*", ""},
    {kIoUringEnterFlags, 0, "", "IORING_ENTER_*"},
    {kMemoryPolicy, 0xff, "MPOL_DEFAULT MPOL_PREFERRED MPOL_BIND MPOL_INTERLEAVE MPOL_LOCAL MPOL_PREFERRED_MANY",
     "MPOL_F_STATIC_NODES MPOL_F_RELATIVE_NODES MPOL_F_NUMA_BALANCING"},
    {kStatxMask, 0, "", "!STATX_ATTR_* !STATX__RESERVED STATX_ALL STATX_*"},
    {kCloseRangeFlags, 0, "", "CLOSE_RANGE_*"},
    {kKcmpType, kWhole, "KCMP_*", ""},
    {kSwapFlags, 0, "", "SWAP_FLAG_DISCARD SWAP_FLAG_PREFER SWAP_FLAG_DISCARD_ONCE SWAP_FLAG_DISCARD_PAGES"},
    {kXattrFlags, 0, "", "XATTR_*"},
    {kItimerWhich, kWhole, "ITIMER_*", ""},
    {kReadWriteFlags, 0, "", "!RWF_SUPPORTED !RWF_WRITE_LIFE_NOT_SET RWF_*"},
    {kRusageWho, kWhole, "RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD", ""},
};

constexpr bool every_family_in_order() {
  for (size_t i = 0; i < std::size(kFamilies); ++i) {
    if (static_cast<size_t>(kFamilies[i].kind) != static_cast<size_t>(kFirstFamily) + i) return false;
  }
  return std::size(kFamilies) == static_cast<size_t>(kEnd) - static_cast<size_t>(kFirstFamily);
}
static_assert(every_family_in_order());

struct Named {
  std::string_view name;
  uint64_t value;
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool matches(std::string_view pattern, std::string_view name) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

/// The constants that the words stand for, in their order.
std::vector<Named> named_by(Abi abi, std::string_view text) {
  static const std::vector<std::string_view> all = constant_names();
  std::vector<Named> found;
  std::vector<std::string_view> ruled_out;
  for (std::string_view word : words_of(text)) {
    if (word.starts_with('!')) {
      ruled_out.push_back(word.substr(1));
      continue;
    }
    const std::string_view first = word.substr(0, word.find('*'));
    for (auto at = std::lower_bound(all.begin(), all.end(), first); at != all.end() && matches(word, *at); ++at) {
      const bool out = std::any_of(ruled_out.begin(), ruled_out.end(),
                                   [&](std::string_view pattern) { return matches(pattern, *at); });
      const auto value = constant(abi, *at);
      if (value && !out) found.push_back({*at, *value});
    }
  }
  return found;
}

struct FamilyNames {
  uint64_t field;
  std::vector<Named> values;
  std::vector<Named> flags;  ///< Those with more bits first: O_SYNC contains O_DSYNC.
};

/// Built when it is first asked for.
const FamilyNames& names_of_family(Abi abi, ArgumentKind kind) {
  thread_local std::map<std::pair<Abi, ArgumentKind>, FamilyNames> built;
  const auto [at, fresh] = built.try_emplace({abi, kind});
  if (fresh) {
    const Family& family = kFamilies[static_cast<size_t>(kind) - static_cast<size_t>(kFirstFamily)];
    at->second = {family.field, named_by(abi, family.field_names), named_by(abi, family.flag_names)};
    std::stable_sort(at->second.flags.begin(), at->second.flags.end(),
                     [](const Named& a, const Named& b) { return std::popcount(a.value) > std::popcount(b.value); });
  }
  return at->second;
}

const Named* find_value(const std::vector<Named>& names, uint64_t value) {
  const auto at = std::find_if(names.begin(), names.end(), [&](const Named& n) { return n.value == value; });
  return at == names.end() ? nullptr : &*at;
}

}  // namespace

ArgumentKind argument_kind(Abi abi, std::string_view call, unsigned argument) {
  const auto* const at = std::lower_bound(std::begin(kCalls), std::end(kCalls), call,
                                          [](const Call& c, std::string_view name) { return c.name < name; });
  if (at == std::end(kCalls) || at->name != call) return kUnknown;
  const uint32_t meaning = argument_meaning(abi, call, argument);
  return meaning < kMaxArguments ? at->kinds[meaning] : kUnknown;
}

std::optional<std::string> constant_text(Abi abi, ArgumentKind kind, uint64_t value) {
  if (kind < kFirstFamily || kind >= kEnd) return std::nullopt;
  const FamilyNames& names = names_of_family(abi, kind);
  std::string text;
  const auto add = [&](std::string_view part) {
    if (!text.empty()) text += '|';
    text += part;
  };

  uint64_t rest = value & ~names.field;
  std::vector<std::pair<uint64_t, std::string_view>> flags;
  for (const Named& flag : names.flags) {
    if (flag.value == 0 || (rest & flag.value) != flag.value) continue;
    flags.emplace_back(flag.value, flag.name);
    rest &= ~flag.value;
  }
  std::sort(flags.begin(), flags.end());
  const Named* whole = names.field == 0 ? (value == 0 ? find_value(names.flags, 0) : nullptr)
                                        : find_value(names.values, value & names.field);
  if (whole != nullptr) add(whole->name);
  for (const auto& [bits, name] : flags) add(name);
  if (text.empty() && value != 0) return std::nullopt;
  if (text.empty()) return names.field == kWhole ? std::nullopt : std::optional<std::string>("0");
  if (whole == nullptr) rest |= value & names.field;
  if (rest != 0) add(hex(rest));
  return text;
}

}  // namespace sandbox::arch
