#include "arch/argument_widths.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "arch/abi_set.h"

namespace sandbox::arch {
namespace {

/// A function of the kernel's, without "sys_". One letter an argument: h is 16 bits wide, i 32, l a register, q 64 bits
/// (on 32-bit ABIs in two registers), p a pointer. Arrays, not pointers: nothing to relocate when the launcher starts.
struct Prototype {
  char function[32];
  char arguments[7];
};

// Defines kGenerated, sorted by function.
#include "arch/generated/argument_widths.inc"

/// What those headers do not declare: calls of one architecture, and those that are newer. From the definitions in the
/// kernel (SYSCALL_DEFINE); tests/kernel/widths_test.cc compares with what the running kernel says of them.
constexpr Prototype kOurs[] = {
    // arch/x86
    {"arch_prctl", "il"},
    {"get_thread_area", "p"},
    {"iopl", "i"},
    {"modify_ldt", "ipl"},
    {"set_thread_area", "p"},
    {"vm86", "ll"},
    {"vm86old", "p"},
    // arch/s390
    {"s390_guarded_storage", "ip"},
    {"s390_pci_mmio_read", "lpl"},
    {"s390_pci_mmio_write", "lpl"},
    {"s390_runtime_instr", "ii"},
    {"s390_sthyi", "lppl"},
    // arch/arm; the advice stands second, so that no register is lost.
    {"arm_fadvise64_64", "iiqq"},
    {"breakpoint", ""},
    {"get_tls", ""},
    {"set_tls", "l"},
    {"usr26", ""},
    {"usr32", ""},
    // arch/mips; cacheflush also on arm and parisc
    {"cachectl", "pii"},
    {"cacheflush", "lli"},
    {"sysmips", "lll"},
    // arch/powerpc
    {"rtas", "p"},
    {"subpage_prot", "llp"},
    {"swapcontext", "ppl"},
    {"switch_endian", ""},
    {"sys_debug_setcontext", "pip"},
    // arch/riscv
    {"riscv_flush_icache", "lll"},
    {"riscv_hwprobe", "pllpi"},
    // Its prototype names the registers, which are no arguments.
    {"rt_sigreturn", ""},
    {"sigreturn", ""},
    // CONFIG_OLD_SIGSUSPEND; see kShapes for the others.
    {"sigsuspend", "l"},
    {"clone", "llppl"},
    // Removed in Linux 3.1, 5.5 and 5.15.
    {"nfsservctl", "ipp"},
    {"_sysctl", "p"},
    {"bdflush", "il"},
    // Newer than the headers.
    {"cachestat", "ippi"},
    {"fchmodat2", "iphi"},
    {"file_getattr", "ippli"},
    {"file_setattr", "ippli"},
    {"futex_requeue", "piii"},
    {"futex_wait", "pllipi"},
    {"futex_wake", "plii"},
    {"getxattrat", "ipippl"},
    {"listmount", "ppli"},
    {"listns", "ppli"},
    {"listxattrat", "ipipl"},
    {"lsm_get_self_attr", "ippi"},
    {"lsm_list_modules", "ppi"},
    {"lsm_set_self_attr", "ipii"},
    {"map_shadow_stack", "lli"},
    {"mseal", "lll"},
    {"open_tree_attr", "ipipl"},
    {"removexattrat", "ipip"},
    {"rseq_slice_yield", ""},
    {"setxattrat", "ipippl"},
    {"statmount", "ppli"},
    {"uprobe", ""},
    {"uretprobe", ""},
};

/// 64-bit registers, but the C type long has 32 bits: calls that take a long go through the kernel's 32-bit entry.
constexpr AbiSet kIlp32 = AbiSet{Abi::kX32} | kMipsN32;
/// CONFIG_UID16: the old calls keep ids of 16 bits.
constexpr AbiSet kShortIds = {Abi::kX86, Abi::kArm, Abi::kS390};
/// 64-bit values begin at an even register (__ASSUME_ALIGNED_REGISTER_PAIRS in glibc).
constexpr AbiSet kAlignedPairs = AbiSet{Abi::kArm, Abi::kPpc} | kMipsO32;

/// A call whose arguments are others on some ABIs.
struct Shape {
  std::string_view call;
  AbiSet abis;
  std::string_view arguments;
};

constexpr Shape kShapes[] = {
    // CONFIG_CLONE_BACKWARDS: the thread's pointer stands before the place for its id.
    {"clone", AbiSet{Abi::kX86, Abi::kArm, Abi::kAarch64, Abi::kRiscv64} | kEveryMips | kEveryParisc | kEveryPpc,
     "llplp"},
    // sys_old_mmap, sys_old_select: a pointer to a structure of the arguments.
    {"mmap", AbiSet{Abi::kX86} | kEveryS390, "p"},
    {"mmap2", {Abi::kS390}, "p"},
    {"select", {Abi::kX86}, "p"},
    // CONFIG_OLD_SIGSUSPEND3: two arguments that are not used.
    {"sigsuspend", AbiSet{Abi::kX86, Abi::kArm} | kEveryS390, "iil"},
    // Five registers.
    {"ipc", kEveryS390, "iillp"},
    {"fadvise64_64", {Abi::kS390}, "p"},
    {"fadvise64_64", {Abi::kPpc}, "iiqq"},
};

/// Calls whose function has another name.
struct Function {
  std::string_view call;
  std::string_view function;
};

constexpr Function kFunctions[] = {
    // The names without "new" were kept for older structures, which these ABIs call old.
    {"fstat", "newfstat"},
    {"lstat", "newlstat"},
    {"stat", "newstat"},
    {"oldfstat", "fstat"},
    {"oldlstat", "lstat"},
    {"oldstat", "stat"},
    {"uname", "newuname"},
    {"olduname", "uname"},
    {"oldolduname", "olduname"},
    {"ugetrlimit", "getrlimit"},
    {"umount2", "umount"},
    {"umount", "oldumount"},
    {"_llseek", "llseek"},
    {"_newselect", "select"},
    {"readdir", "old_readdir"},
    {"arm_sync_file_range", "sync_file_range2"},
    // The headers leave the 64-bit-time calls of 32-bit ABIs their plain names.
    {"clock_adjtime64", "clock_adjtime"},
    {"clock_getres_time64", "clock_getres"},
    {"clock_gettime64", "clock_gettime"},
    {"clock_nanosleep_time64", "clock_nanosleep"},
    {"clock_settime64", "clock_settime"},
    {"futex_time64", "futex"},
    {"io_pgetevents_time64", "io_pgetevents"},
    {"mq_timedreceive_time64", "mq_timedreceive"},
    {"mq_timedsend_time64", "mq_timedsend"},
    {"ppoll_time64", "ppoll"},
    {"pselect6_time64", "pselect6"},
    {"recvmmsg_time64", "recvmmsg"},
    {"rt_sigtimedwait_time64", "rt_sigtimedwait"},
    {"sched_rr_get_interval_time64", "sched_rr_get_interval"},
    {"semtimedop_time64", "semtimedop"},
    {"timer_gettime64", "timer_gettime"},
    {"timer_settime64", "timer_settime"},
    {"timerfd_gettime64", "timerfd_gettime"},
    {"timerfd_settime64", "timerfd_settime"},
    {"utimensat_time64", "utimensat"},
};

/// These read 16-bit ids on the ABIs that have a call with 32 behind the name for the others.
constexpr std::string_view kIdCalls[] = {"chown",     "fchown",    "getegid",   "geteuid",   "getgid",
                                         "getgroups", "getresgid", "getresuid", "getuid",    "lchown",
                                         "setfsgid",  "setfsuid",  "setgid",    "setgroups", "setregid",
                                         "setresgid", "setresuid", "setreuid",  "setuid"};

/// Where the kernel reads less than its prototype says: what stands above is ignored. Each is tried in the kernel by
/// tests/kernel/widths_test.cc, but for those of ABIs that it does not run on.
struct Observed {
  std::string_view call;
  unsigned argument;
  uint8_t width;
  AbiSet abis = every_abi();
};

constexpr Observed kObserved[] = {
    // lower_32_bits(clone_flags) in kernel/fork.c. s390 takes the stack first (CONFIG_CLONE_BACKWARDS2).
    {"clone", 0, 32, every_abi() - kEveryS390},
    {"clone", 1, 32, kEveryS390},
    // An int for F_DUPFD, F_SETFL and the like. Locks are pointers here, which no policy compares.
    {"fcntl", 2, 32},
    // ksys_ipc splits it: the low half says which call, the other is a version that most of them ignore.
    {"ipc", 0, 16},
    // Numbers of descriptors for most types of comparison.
    {"kcmp", 3, 32},
    {"kcmp", 4, 32},
    // kernel_mbind hands it on as an int.
    {"mbind", 2, 32},
    // Unknown bits are ignored (but for MAP_SHARED_VALIDATE), and all known ones are low; fget takes an unsigned int.
    {"mmap", 2, 32},
    {"mmap", 3, 32},
    {"mmap", 4, 32},
    // With MS_MGC_VAL in the flags path_mount clears all but their low 16 bits; without it the upper half is refused.
    {"mount", 3, 32},
    // Looked up as a pid_t; the request, a long too, is compared whole.
    {"ptrace", 1, 32},
    // compat_sys_ptrace in include/linux/compat.h takes a compat_long_t.
    {"ptrace", 0, 32, kIlp32},
    // Descriptors that are declared long, and counts that import_iovec takes as an unsigned int.
    {"preadv", 0, 32},
    {"preadv", 2, 32},
    {"preadv2", 0, 32},
    {"preadv2", 2, 32},
    {"pwritev", 0, 32},
    {"pwritev", 2, 32},
    {"pwritev2", 0, 32},
    {"pwritev2", 2, 32},
    {"readv", 0, 32},
    {"readv", 2, 32},
    {"writev", 0, 32},
    {"writev", 2, 32},
    {"vmsplice", 2, 32},
    {"process_madvise", 2, 32},
    // Only MAP_NONBLOCK is looked at.
    {"remap_file_pages", 4, 32},
};

std::optional<std::string_view> letters_of_function(std::string_view function) {
  for (const Prototype& ours : kOurs) {
    if (ours.function == function) return ours.arguments;
  }
  const auto* const row = std::lower_bound(std::begin(kGenerated), std::end(kGenerated), function,
                                           [](const Prototype& a, std::string_view b) { return a.function < b; });
  if (row == std::end(kGenerated) || row->function != function) return std::nullopt;
  return row->arguments;
}

bool is_id_call(std::string_view call) {
  return std::find(std::begin(kIdCalls), std::end(kIdCalls), call) != std::end(kIdCalls);
}

std::optional<std::string_view> letters_of_call(Abi abi, std::string_view call) {
  for (const Shape& shape : kShapes) {
    if (shape.call == call && shape.abis.contains(abi)) return shape.arguments;
  }
  for (const Function& other : kFunctions) {
    if (other.call == call) return letters_of_function(other.function);
  }
  // chown32 is the plain function, whose name the old chown has there.
  if (call.ends_with("32") && is_id_call(call.substr(0, call.size() - 2))) {
    return letters_of_function(call.substr(0, call.size() - 2));
  }
  if (kShortIds.contains(abi) && is_id_call(call)) return letters_of_function(std::string(call) + "16");
  return letters_of_function(call);
}

void add_argument(Arguments& arguments, Abi abi, char letter) {
  const uint8_t registers = info(abi).register_bits;
  if (letter != 'q' || registers == 64) {
    const uint8_t width = letter == 'h' ? 16 : letter == 'i' ? 32 : registers;
    arguments.add({width, letter == 'p'});
    return;
  }
  if (kAlignedPairs.contains(abi) && arguments.size() % 2 == 1) arguments.add({32, false});
  arguments.add({32, false});
  arguments.add({32, false});
}

const Observed* observed(Abi abi, std::string_view call, unsigned argument) {
  const auto* const row = std::find_if(std::begin(kObserved), std::end(kObserved), [&](const Observed& o) {
    return o.call == call && o.argument == argument && o.abis.contains(abi);
  });
  return row == std::end(kObserved) ? nullptr : row;
}

}  // namespace

std::optional<Arguments> arguments_of(Abi abi, std::string_view call) {
  const auto letters = letters_of_call(abi, call);
  if (!letters) return std::nullopt;
  Arguments arguments;
  for (const char letter : *letters) add_argument(arguments, abi, letter);
  for (unsigned i = 0; i < arguments.size(); ++i) {
    const Observed* less = observed(abi, call, i);
    if (less != nullptr && !arguments[i].pointer) arguments[i].width = std::min(arguments[i].width, less->width);
  }
  return arguments;
}

uint8_t argument_width(Abi abi, std::string_view call, unsigned argument) {
  const auto arguments = arguments_of(abi, call);
  if (!arguments || argument >= arguments->size()) return info(abi).register_bits;
  return (*arguments)[argument].width;
}

WidthSource width_source(Abi abi, std::string_view call, unsigned argument) {
  const auto arguments = arguments_of(abi, call);
  if (!arguments || argument >= arguments->size()) return WidthSource::kUnknown;
  const Observed* less = observed(abi, call, argument);
  const bool applied = less != nullptr && !(*arguments)[argument].pointer && less->width < info(abi).register_bits;
  return applied ? WidthSource::kObserved : WidthSource::kPrototype;
}

}  // namespace sandbox::arch
