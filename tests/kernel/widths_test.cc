// What the running kernel reads of an argument: the same call with and without garbage in the upper part of the
// register. Every width of argument_widths.cc that is not the prototype's own is tried here.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>

#include "arch/argument_widths.h"
#include "gtest/gtest.h"
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

namespace {

using sandbox::arch::Abi;

static_assert(sizeof(long) == 8, "the garbage needs 64-bit registers");

const Abi kNative = sandbox::arch::native_abi();

/// Makes a call whose argument is the right value with these bits added. 0, or the negative errno; what it made is
/// undone again.
using Attempt = std::function<long(uint64_t garbage)>;

long outcome(long result) {
  return result < 0 ? -errno : 0;
}

/// Bit 32 alone, the sign, what a sign-extended 32-bit number has, and a pattern; all moved down for narrower widths.
constexpr uint64_t kGarbage[] = {0x0000000100000000, 0x8000000000000000, 0xffffffff00000000, 0xdeadbeef00000000};

uint64_t garbage_above(uint8_t width, uint64_t pattern) {
  return width == 16 ? pattern >> 16U & ~uint64_t{0xffff} : pattern;
}

/// The kernel does the same regardless of what stands above `width` bits.
void expect_ignored(const char* call, unsigned argument, uint8_t width, const Attempt& attempt) {
  SCOPED_TRACE(testing::Message() << call << ", argument " << argument);
  EXPECT_EQ(sandbox::arch::argument_width(kNative, call, argument), width);
  EXPECT_EQ(attempt(0), 0) << "without garbage";
  for (const uint64_t pattern : kGarbage) EXPECT_EQ(attempt(garbage_above(width, pattern)), 0) << std::hex << pattern;
}

/// The upper half counts: with garbage in it the call is another one, which fails with `error`.
void expect_read(const char* call, unsigned argument, int error, const Attempt& attempt) {
  SCOPED_TRACE(testing::Message() << call << ", argument " << argument);
  EXPECT_EQ(sandbox::arch::argument_width(kNative, call, argument), 64);
  EXPECT_EQ(attempt(0), 0) << "without garbage";
  for (const uint64_t pattern : kGarbage) EXPECT_EQ(attempt(pattern), -error) << std::hex << pattern;
}

/// Runs `body` in a process of its own, whose exit status it answers; what a signal kills is 128 and its number.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The kernel was built without the call.
bool is_missing(long number) {
  return syscall(number, -1, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS;
}

size_t page_size() {
  return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// A descriptor that is closed in time.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) { EXPECT_GE(number, 0) << strerror(errno); }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

long close_if_open(long descriptor) {
  const long result = outcome(descriptor);
  if (descriptor >= 0) close(static_cast<int>(descriptor));
  return result;
}

// ---- what prototypes declare narrower than a register ------------------------------------------------------------

TEST(PrototypeWidths, HoldForWhatPoliciesCompareMost) {
  expect_ignored("socket", 0, 32,
                 [](uint64_t g) { return close_if_open(syscall(SYS_socket, g | AF_UNIX, SOCK_STREAM, 0)); });
  expect_ignored("socket", 1, 32,
                 [](uint64_t g) { return close_if_open(syscall(SYS_socket, AF_UNIX, g | SOCK_STREAM, 0)); });
  const Descriptor event(eventfd(0, 0));
  expect_ignored("ioctl", 1, 32, [&](uint64_t g) {
    int on = 1;
    return outcome(syscall(SYS_ioctl, event.get(), g | FIONBIO, &on));
  });
  expect_ignored("openat", 0, 32, [](uint64_t g) {
    return close_if_open(syscall(SYS_openat, g | static_cast<uint32_t>(AT_FDCWD), ".", O_RDONLY));
  });
  expect_ignored("openat", 2, 32,
                 [](uint64_t g) { return close_if_open(syscall(SYS_openat, AT_FDCWD, ".", g | O_DIRECTORY)); });
  expect_ignored("prctl", 0, 32,
                 [](uint64_t g) { return outcome(syscall(SYS_prctl, g | PR_GET_DUMPABLE, 0, 0, 0, 0)); });
  expect_ignored("seccomp", 0, 32, [](uint64_t g) {
    uint32_t action = SECCOMP_RET_ALLOW;
    return outcome(syscall(SYS_seccomp, g | SECCOMP_GET_ACTION_AVAIL, 0, &action));
  });
  expect_ignored("futex", 1, 32, [](uint64_t g) {
    uint32_t word = 0;
    return outcome(syscall(SYS_futex, &word, g | FUTEX_WAKE, 1, nullptr, nullptr, 0));
  });
  expect_ignored("membarrier", 0, 32,
                 [](uint64_t g) { return outcome(syscall(SYS_membarrier, g | MEMBARRIER_CMD_QUERY, 0, 0)); });
  expect_ignored("kill", 1, 32, [](uint64_t g) { return outcome(syscall(SYS_kill, getpid(), g)); });
}

/// Read as 64 bits the persona would be set, and the second call would see it.
TEST(PrototypeWidths, PersonalityIsAsked) {
  const int before = personality(0xffffffff);
  expect_ignored("personality", 0, 32, [&](uint64_t g) {
    syscall(SYS_personality, g | 0xffffffff);
    return personality(0xffffffff) == before ? 0L : -EINVAL;
  });
}

#if defined(__x86_64__)
TEST(PrototypeWidths, ArchPrctlOptionIs32Bits) {
  expect_ignored("arch_prctl", 0, 32, [](uint64_t g) {
    unsigned long base = 0;
    return outcome(syscall(SYS_arch_prctl, g | ARCH_GET_FS, &base));
  });
}
#endif

TEST(PrototypeWidths, ModesAre16Bits) {
  const auto made = [](const char* path, long result) {
    struct stat found;
    const long mode = stat(path, &found) == 0 ? found.st_mode & 07777 : -1;
    remove(path);
    return result < 0 || mode != 0700 ? -EINVAL : 0L;
  };
  expect_ignored("mkdirat", 2, 16,
                 [&](uint64_t g) { return made("d", syscall(SYS_mkdirat, AT_FDCWD, "d", g | 0700)); });
  expect_ignored("mknodat", 2, 16,
                 [&](uint64_t g) { return made("n", syscall(SYS_mknodat, AT_FDCWD, "n", g | S_IFIFO | 0700, 0)); });
  expect_ignored("fchmodat", 2, 16, [&](uint64_t g) {
    close(open("f", O_CREAT | O_RDWR, 0600));
    return made("f", syscall(SYS_fchmodat, AT_FDCWD, "f", g | 0700));
  });
  expect_ignored("openat", 3, 16, [&](uint64_t g) {
    const long file = syscall(SYS_openat, AT_FDCWD, "o", O_CREAT | O_RDWR, g | 0700);
    close(static_cast<int>(file));
    return made("o", file);
  });
}

// ---- what the kernel reads less of than its prototype says --------------------------------------------------------

#if defined(__s390x__)
constexpr unsigned kCloneFlags = 1;
#else
constexpr unsigned kCloneFlags = 0;
#endif

long clone_and_wait(uint64_t flags) {
  const long child = kCloneFlags == 1 ? syscall(SYS_clone, 0, flags, 0, 0, 0) : syscall(SYS_clone, flags, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  const long result = outcome(child);
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return result;
}

TEST(ObservedWidths, CloneFlagsAre32Bits) {
  expect_ignored("clone", kCloneFlags, 32, [](uint64_t g) { return clone_and_wait(g | SIGCHLD); });
  // Such garbage would pass a filter that denies a namespace of one's own and compares 64 bits.
  if (clone_and_wait(CLONE_NEWUSER | SIGCHLD) != 0) GTEST_SKIP() << "no user namespaces can be made here";
  expect_ignored("clone", kCloneFlags, 32, [](uint64_t g) { return clone_and_wait(g | CLONE_NEWUSER | SIGCHLD); });
}

TEST(ObservedWidths, FcntlTakesAnInt) {
  const Descriptor event(eventfd(0, 0));
  for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC}) {
    expect_ignored("fcntl", 2, 32,
                   [&](uint64_t g) { return close_if_open(syscall(SYS_fcntl, event.get(), command, g | 20)); });
  }
  expect_ignored("fcntl", 2, 32, [&](uint64_t g) {
    if (syscall(SYS_fcntl, event.get(), F_SETFL, g | O_NONBLOCK) < 0) return outcome(-1);
    const int flags = fcntl(event.get(), F_GETFL);
    fcntl(event.get(), F_SETFL, 0);
    return (flags & O_NONBLOCK) != 0 ? 0L : -EINVAL;
  });
  expect_ignored("fcntl", 2, 32, [&](uint64_t g) {
    if (syscall(SYS_fcntl, event.get(), F_SETFD, g | FD_CLOEXEC) < 0) return outcome(-1);
    return fcntl(event.get(), F_GETFD) == FD_CLOEXEC ? 0L : -EINVAL;
  });
  expect_ignored("fcntl", 2, 32, [&](uint64_t g) {
    return outcome(syscall(SYS_fcntl, event.get(), F_SETOWN, g | static_cast<uint32_t>(getpid())));
  });
}

/// Older kernels (6.1) refuse a large argument of these; then both widths come to the same.
TEST(ObservedWidths, FcntlSetsNothingElseForLargeNumbers) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  const Descriptor file(static_cast<int>(syscall(SYS_memfd_create, "sealed", MFD_ALLOW_SEALING)));
  for (const uint64_t pattern : kGarbage) {
    const long size = syscall(SYS_fcntl, writer.get(), F_SETPIPE_SZ, pattern | page_size());
    EXPECT_TRUE(size == static_cast<long>(page_size()) || errno == EINVAL || errno == EPERM) << size << strerror(errno);
    const long signal = syscall(SYS_fcntl, reader.get(), F_SETSIG, pattern | SIGUSR1);
    EXPECT_TRUE(signal == 0 ? fcntl(reader.get(), F_GETSIG) == SIGUSR1 : errno == EINVAL) << signal;
    const long sealed = syscall(SYS_fcntl, file.get(), F_ADD_SEALS, pattern | F_SEAL_GROW);
    EXPECT_TRUE(sealed == 0 ? fcntl(file.get(), F_GET_SEALS) == F_SEAL_GROW : errno == EINVAL) << sealed;
  }
}

TEST(ObservedWidths, PtracePidIs32BitsAndItsRequest64) {
  const auto seize = [](uint64_t above_request, uint64_t above_pid) {
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    const long result =
        outcome(syscall(SYS_ptrace, above_request | PTRACE_SEIZE, above_pid | static_cast<uint32_t>(child), 0, 0));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return result;
  };
  expect_ignored("ptrace", 1, 32, [&](uint64_t g) { return seize(0, g); });
  // Anything else is a request to a process that is not traced yet.
  expect_read("ptrace", 0, ESRCH, [&](uint64_t g) { return seize(g, 0); });
}

#if !defined(__s390x__)  // s390x takes a pointer to the arguments.
TEST(ObservedWidths, MmapProtectionFlagsAndDescriptorAre32Bits) {
  const Descriptor file(static_cast<int>(syscall(SYS_memfd_create, "mapped", 0)));
  ASSERT_EQ(ftruncate(file.get(), static_cast<off_t>(page_size())), 0);
  const auto map = [&](uint64_t protection, uint64_t flags, uint64_t descriptor) {
    const long address = syscall(SYS_mmap, 0, page_size(), protection | PROT_READ | PROT_WRITE, flags | MAP_PRIVATE,
                                 descriptor | static_cast<uint64_t>(file.get()), 0);
    if (address == -1) return outcome(-1);
    auto* const byte = reinterpret_cast<volatile char*>(address);
    *byte = 1;
    munmap(reinterpret_cast<void*>(address), page_size());
    return 0L;
  };
  expect_ignored("mmap", 2, 32, [&](uint64_t g) { return map(g, 0, 0); });
  expect_ignored("mmap", 3, 32, [&](uint64_t g) { return map(0, g, 0); });
  expect_ignored("mmap", 4, 32, [&](uint64_t g) { return map(0, 0, g); });
}
#endif

TEST(ObservedWidths, MbindModeIs32Bits) {
  if (is_missing(SYS_mbind)) GTEST_SKIP() << "this kernel has no NUMA policies";
  void* const page = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect_ignored("mbind", 2, 32, [&](uint64_t g) {
    unsigned long nodes = 1;
    if (syscall(SYS_mbind, page, page_size(), g | MPOL_BIND, &nodes, 64, 0) < 0) return outcome(-1);
    int mode = -1;
    syscall(SYS_get_mempolicy, &mode, nullptr, 0, page, MPOL_F_ADDR);
    return mode == MPOL_BIND ? 0L : -EINVAL;
  });
  munmap(page, page_size());
}

constexpr int kNoNamespace = 255;

/// Makes a tmpfs in a namespace of its own. 0, or the negative errno, also where it has not got its flags.
long mount_tmpfs(uint64_t extra) {
  mkdir("mounted", 0700);
  const int status = in_child([&]() -> int {
    if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0) return kNoNamespace;
    if (unshare(CLONE_NEWNS) != 0) return kNoNamespace;
    // In a chroot "/" is no mount point.
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoNamespace;
    constexpr uint64_t kFlags = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    if (syscall(SYS_mount, "none", "mounted", "tmpfs", extra | kFlags, nullptr) < 0) return errno;
    struct statfs found;
    return statfs("mounted", &found) == 0 && (found.f_flags & MS_NOEXEC) != 0 ? 0 : EIO;
  });
  rmdir("mounted");
  return -status;
}

/// With the magic number that old C libraries put there the kernel keeps the low 16 bits alone. Without it the upper
/// half is denied (or ignored), so 32 bits are no less exact there.
TEST(ObservedWidths, MountFlagsAre32Bits) {
  if (mount_tmpfs(0) == -kNoNamespace) GTEST_SKIP() << "no namespaces with mounts of their own can be made here";
  constexpr uint64_t kMagic = 0xc0ed0000;  // MS_MGC_VAL
  expect_ignored("mount", 3, 32, [](uint64_t g) { return mount_tmpfs(g | kMagic); });
  for (const uint64_t pattern : kGarbage) {
    const long result = mount_tmpfs(pattern);
    EXPECT_TRUE(result == 0 || result == -EINVAL) << std::hex << pattern << ": " << std::dec << result;
  }
}

TEST(ObservedWidths, VectorsOfBuffersHaveA32BitDescriptorAndCount) {
  const Descriptor file(static_cast<int>(syscall(SYS_memfd_create, "vectors", 0)));
  char byte = 'x';
  const iovec buffer = {&byte, 1};
  const auto number = static_cast<uint64_t>(file.get());
  const auto one = [](long result) { return result == 1 ? 0L : outcome(-1); };
  struct {
    const char* name;
    long call;
  } const calls[] = {
      {"pwritev", SYS_pwritev}, {"pwritev2", SYS_pwritev2}, {"preadv", SYS_preadv}, {"preadv2", SYS_preadv2}};
  for (const auto& [name, call] : calls) {
    expect_ignored(name, 0, 32,
                   [&, nr = call](uint64_t g) { return one(syscall(nr, g | number, &buffer, 1, 0, 0, 0)); });
    expect_ignored(name, 2, 32,
                   [&, nr = call](uint64_t g) { return one(syscall(nr, number, &buffer, g | 1, 0, 0, 0)); });
  }
  expect_ignored("writev", 0, 32, [&](uint64_t g) { return one(syscall(SYS_writev, g | number, &buffer, 1)); });
  expect_ignored("writev", 2, 32, [&](uint64_t g) { return one(syscall(SYS_writev, number, &buffer, g | 1)); });
  const auto rewound = [&] { return lseek(file.get(), 0, SEEK_SET) == 0; };
  expect_ignored("readv", 0, 32,
                 [&](uint64_t g) { return rewound() ? one(syscall(SYS_readv, g | number, &buffer, 1)) : -EIO; });
  expect_ignored("readv", 2, 32,
                 [&](uint64_t g) { return rewound() ? one(syscall(SYS_readv, number, &buffer, g | 1)) : -EIO; });
}

TEST(ObservedWidths, VmspliceCountIs32Bits) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  char byte = 'x';
  const iovec buffer = {&byte, 1};
  expect_ignored("vmsplice", 2, 32,
                 [&](uint64_t g) { return outcome(syscall(SYS_vmsplice, writer.get(), &buffer, g | 1, 0)); });
}

TEST(ObservedWidths, ProcessMadviseCountIs32Bits) {
  const Descriptor self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  void* const page = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const iovec pages = {page, page_size()};
  const auto advise = [&](uint64_t g) {
    return outcome(syscall(SYS_process_madvise, self.get(), &pages, g | 1, MADV_COLD, 0));
  };
  if (advise(0) == -EPERM) GTEST_SKIP() << "before Linux 6.13 only CAP_SYS_NICE may do this";
  expect_ignored("process_madvise", 2, 32, advise);
  munmap(page, page_size());
}

TEST(ObservedWidths, KcmpDescriptorsAre32Bits) {
  if (is_missing(SYS_kcmp)) GTEST_SKIP() << "this kernel has no kcmp";
  const Descriptor event(eventfd(0, 0));
  const auto number = static_cast<uint64_t>(event.get());
  expect_ignored("kcmp", 3, 32, [&](uint64_t g) {
    return outcome(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, g | number, number));
  });
  expect_ignored("kcmp", 4, 32, [&](uint64_t g) {
    return outcome(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, number, g | number));
  });
}

TEST(ObservedWidths, RemapFilePagesFlagsAre32Bits) {
  if (is_missing(SYS_remap_file_pages)) GTEST_SKIP() << "this kernel has no remap_file_pages";
  void* const pages = mmap(nullptr, 2 * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  expect_ignored("remap_file_pages", 4, 32,
                 [&](uint64_t g) { return outcome(syscall(SYS_remap_file_pages, pages, page_size(), 0, 1, g)); });
  munmap(pages, 2 * page_size());
}

#if defined(__x86_64__)
/// The 32-bit entry, from 64-bit code: only x86 has the multiplexer at hand.
long call_x86(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  long result = number;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(a), "c"(b), "d"(c), "S"(d), "D"(0)
               : "memory", "r8", "r9", "r10", "r11");
  return result;
}

/// The upper half of the selector is a version: 1 or 0xffff do not make shmget another call.
TEST(ObservedWidths, IpcSelectorIs16Bits) {
  constexpr uint32_t kIpc = 117;
  constexpr uint32_t kShmget = 23;
  EXPECT_EQ(sandbox::arch::argument_width(Abi::kX86, "ipc", 0), 16);
  for (const uint32_t version : {0U, 1U, 0x8000U, 0xffffU}) {
    const int status = in_child([&] {
      const long segment = call_x86(kIpc, version << 16U | kShmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);
      if (segment < 0) return static_cast<int>(-segment);
      return shmctl(static_cast<int>(segment), IPC_RMID, nullptr) == 0 ? 0 : 99;
    });
    if (status == 128 + SIGSEGV || status == ENOSYS) GTEST_SKIP() << "this kernel runs no 32-bit calls";
    EXPECT_EQ(status, 0) << version;
  }
}
#endif

// ---- what is read whole -----------------------------------------------------------------------------------------

TEST(WholeRegisters, UnknownUpperBitsAreRefused) {
  void* const page = mmap(nullptr, page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect_read("unshare", 0, EINVAL, [](uint64_t g) { return outcome(syscall(SYS_unshare, g | CLONE_FILES)); });
  expect_read("mprotect", 2, EINVAL,
              [&](uint64_t g) { return outcome(syscall(SYS_mprotect, page, page_size(), g | PROT_READ)); });
  expect_read("mremap", 3, EINVAL,
              [&](uint64_t g) { return outcome(syscall(SYS_mremap, page, page_size(), page_size(), g, 0)); });
  expect_read("process_vm_readv", 5, EINVAL, [](uint64_t g) {
    char from = 'x';
    char to = 0;
    const iovec local = {&to, 1};
    const iovec remote = {&from, 1};
    return outcome(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, g));
  });
  munmap(page, page_size());
}

TEST(WholeRegisters, MemoryPolicies) {
  if (is_missing(SYS_mbind)) GTEST_SKIP() << "this kernel has no NUMA policies";
  expect_read("get_mempolicy", 4, EINVAL, [](uint64_t g) {
    int mode = 0;
    return outcome(syscall(SYS_get_mempolicy, &mode, nullptr, 0, 0, g));
  });
  expect_read("set_mempolicy", 2, EINVAL, [](uint64_t g) {
    unsigned long nodes = 1;
    const long result = outcome(syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, g | 64));
    syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0);
    return result;
  });
}

/// What prctl's further arguments mean depends on the option: some are denied, for some the upper half counts.
TEST(WholeRegisters, PrctlArguments) {
  expect_read("prctl", 1, EINVAL, [](uint64_t g) { return outcome(syscall(SYS_prctl, PR_SET_PDEATHSIG, g, 0, 0, 0)); });
  expect_read("prctl", 1, EINVAL, [](uint64_t g) { return outcome(syscall(SYS_prctl, PR_CAPBSET_READ, g, 0, 0, 0)); });
  expect_read("prctl", 2, EINVAL,
              [](uint64_t g) { return outcome(syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, g, 0, 0)); });
  const int reaper = in_child([] {
    syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, uint64_t{1} << 32U, 0, 0, 0);
    int is_reaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &is_reaper, 0, 0, 0);
    return is_reaper;
  });
  EXPECT_EQ(reaper, 1) << "bit 32 alone counts as true";
}

TEST(WholeRegisters, SizesAndOffsets) {
  const Descriptor file(static_cast<int>(syscall(SYS_memfd_create, "offsets", 0)));
  EXPECT_EQ(sandbox::arch::argument_width(kNative, "lseek", 1), 64);
  EXPECT_EQ(syscall(SYS_lseek, file.get(), 0x100000001, SEEK_SET), 0x100000001);
  EXPECT_EQ(sandbox::arch::argument_width(kNative, "munmap", 1), 64);
  EXPECT_EQ(syscall(SYS_munmap, 0, uint64_t{1} << 63U), -1);
}

}  // namespace
