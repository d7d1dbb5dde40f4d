#include "report/arguments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "arch/syscalls.h"
#include "support/random.h"

namespace sandbox::report {
namespace {

using arch::Abi;
using namespace std::string_literals;

/// Some memory: bytes at addresses, and nothing between them.
class Memory {
 public:
  uint64_t put(const std::string& bytes) {
    const uint64_t at = next_;
    next_ += 0x1000;
    parts_[at] = bytes;
    return at;
  }
  [[nodiscard]] MemoryReader reader() const {
    return [this](uint64_t address, std::span<std::byte> into) -> size_t {
      auto part = parts_.upper_bound(address);
      if (part == parts_.begin()) return 0;
      --part;
      if (address - part->first >= part->second.size()) return 0;
      const std::string rest = part->second.substr(address - part->first, into.size());
      std::memcpy(into.data(), rest.data(), rest.size());
      return rest.size();
    };
  }

 private:
  std::map<uint64_t, std::string> parts_;
  uint64_t next_ = 0x1000;
};

std::string decode(std::string_view call, std::array<uint64_t, 6> args, const Memory& memory = {},
                   Abi abi = Abi::kX86_64) {
  return decode_arguments(abi, {arch::number_of(abi, call).value(), arch::info(abi).audit_arch, args, 0},
                          memory.reader());
}

constexpr uint64_t kAtFdcwd = 0xffffff9c;

TEST(Arguments, ConstantsByName) {
  EXPECT_EQ(decode("socket", {17, 3, 768}), "AF_PACKET, SOCK_RAW, 768");
  EXPECT_EQ(decode("socket", {2, 0x80001, 6}), "AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP");
  EXPECT_EQ(decode("socket", {16, 3, 9}), "AF_NETLINK, SOCK_RAW, NETLINK_AUDIT");
  EXPECT_EQ(decode("socket", {99, 3, 0xffffffff}), "99, SOCK_RAW, -1");
  EXPECT_EQ(decode("mmap", {0, 4096, 3, 0x22, 0xffffffff, 0}),
            "0, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0");
  EXPECT_EQ(decode("mprotect", {0x7f0000001000, 8192, 5}), "0x7f0000001000, 8192, PROT_READ|PROT_EXEC");
  EXPECT_EQ(decode("unshare", {0x10020000}), "CLONE_NEWNS|CLONE_NEWUSER");
  EXPECT_EQ(decode("setns", {3, 0x40000000}), "3, CLONE_NEWNET");
  EXPECT_EQ(decode("ioctl", {0, 0x5412, 0x7ffe0000}), "0, TIOCSTI, 0x7ffe0000");
  EXPECT_EQ(decode("ioctl", {0, 0x12345678, 0}), "0, 0x12345678, 0");
  EXPECT_EQ(decode("kill", {0xffffffff, 15}), "-1, SIGTERM");
  EXPECT_EQ(decode("ptrace", {16, 4711, 0, 0}), "PTRACE_ATTACH, 4711, 0, 0");
  EXPECT_EQ(decode("personality", {0xffffffff}), "0xffffffff");
  EXPECT_EQ(decode("personality", {0x40000}), "PER_LINUX|ADDR_NO_RANDOMIZE");
  EXPECT_EQ(decode("getrusage", {0xffffffff, 0}), "RUSAGE_CHILDREN, NULL");
  EXPECT_EQ(decode("setsockopt", {3, 1, 2, 0x7ffe0000, 4}), "3, SOL_SOCKET, SO_REUSEADDR, 0x7ffe0000, 4");
  EXPECT_EQ(decode("setsockopt", {3, 6, 1, 0x7ffe0000, 4}), "3, SOL_TCP, TCP_NODELAY, 0x7ffe0000, 4");
  EXPECT_EQ(decode("setsockopt", {3, 41, 26, 0x7ffe0000, 4}), "3, SOL_IPV6, 26, 0x7ffe0000, 4");
  EXPECT_EQ(decode("bpf", {5, 0x7ffe0000, 120}), "BPF_PROG_LOAD, 0x7ffe0000, 120");
  EXPECT_EQ(decode("keyctl", {0, 0xfffffffd, 1, 0, 0}), "KEYCTL_GET_KEYRING_ID, -3, 1, 0, 0");
  EXPECT_EQ(decode("perf_event_open", {0x7ffe0000, 0, 0xffffffff, 0xffffffff, 8}),
            "0x7ffe0000, 0, -1, -1, PERF_FLAG_FD_CLOEXEC");
  EXPECT_EQ(decode("madvise", {0x1000, 4096, 4}), "0x1000, 4096, MADV_DONTNEED");
  EXPECT_EQ(decode("futex", {0x7000, 0x80, 2, 0, 0, 0}), "0x7000, FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 2, 0, NULL, 0");
  EXPECT_EQ(decode("umask", {022}), "022");
  EXPECT_EQ(decode("lseek", {3, static_cast<uint64_t>(-10), 2}), "3, -10, SEEK_END");
}

TEST(Arguments, OnlyThoseThatTheKernelReads) {
  EXPECT_EQ(decode("fork", {1, 2, 3}), "");
  EXPECT_EQ(decode("fcntl", {3, 1, 0x1234}), "3, F_GETFD");
  EXPECT_EQ(decode("fcntl", {3, 4, 04000}), "3, F_SETFL, O_RDONLY|O_NONBLOCK");
  EXPECT_EQ(decode("fcntl", {3, 1030, 10}), "3, F_DUPFD_CLOEXEC, 10");
  EXPECT_EQ(decode("prctl", {38, 1, 0, 0, 0}), "PR_SET_NO_NEW_PRIVS, 1");
  EXPECT_EQ(decode("prctl", {1, 9, 0xdead, 0xbeef, 0}), "PR_SET_PDEATHSIG, SIGKILL");
  EXPECT_EQ(decode("prctl", {3, 9, 0xdead, 0xbeef, 0}), "PR_GET_DUMPABLE");
  EXPECT_EQ(decode("prctl", {22, 2, 0x7ffe0000, 0, 0}), "PR_SET_SECCOMP, 2, 0x7ffe0000");
  // The upper halves of int arguments mean nothing.
  EXPECT_EQ(decode("socket", {0xdead00000001, 0xdead00000002, 0xdead00000000}), "AF_UNIX, SOCK_DGRAM, 0");
}

TEST(Arguments, ACallWithoutATable) {
  EXPECT_EQ(decode_arguments(Abi::kX86_64, {4711, 0, {1, 2, 0xffffffffffffffff, 0, 0, 5}, 0}, no_memory),
            "0x1, 0x2, 0xffffffffffffffff, 0x0, 0x0, 0x5");
  EXPECT_EQ(decode_arguments(Abi::kX86, {4711, 0, {0xdead00000001, 2, 3, 4, 5, 6}, 0}, no_memory),
            "0x1, 0x2, 0x3, 0x4, 0x5, 0x6");
}

TEST(Arguments, Strings) {
  Memory memory;
  const uint64_t path = memory.put("/etc/passwd\0more"s);
  EXPECT_EQ(decode("openat", {kAtFdcwd, path, 02000000, 0x1234}, memory),
            R"(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)");
  EXPECT_EQ(decode("openat", {7, path, 0101, 0644}, memory), R"(7, "/etc/passwd", O_WRONLY|O_CREAT, 0644)");
  EXPECT_EQ(decode("open", {path, 0, 0x1234}, memory), R"("/etc/passwd", O_RDONLY)");
  EXPECT_EQ(decode("unlink", {0}, memory), "NULL");
  EXPECT_EQ(decode("unlink", {0x666}, memory), "0x666");
  EXPECT_EQ(decode("unlink", {memory.put("\0"s)}, memory), R"("")");
  EXPECT_EQ(decode("unlink", {memory.put("a\"\\\n\x1b[31mä\xff\0"s)}, memory), R"("a\"\\\n\x1b[31mä\xff")");
  EXPECT_EQ(decode("unlink", {memory.put(std::string(64, 'x') + '\0')}, memory), '"' + std::string(64, 'x') + '"');
  EXPECT_EQ(decode("unlink", {memory.put(std::string(65, 'x') + '\0')}, memory), '"' + std::string(64, 'x') + "\"...");
  EXPECT_EQ(decode("unlink", {memory.put("cut")}, memory), R"("cut"...)");  // The page ends without a NUL.
  const std::string half = std::string(63, 'x') + "ä";
  EXPECT_EQ(decode("unlink", {memory.put(half + "y\0"s)}, memory), '"' + std::string(63, 'x') + "\"...");
  const std::string whole = std::string(62, 'x') + "ä";
  EXPECT_EQ(decode("unlink", {memory.put(whole + "y\0"s)}, memory), '"' + whole + "\"...");
}

TEST(Arguments, Bytes) {
  Memory memory;
  const uint64_t text = memory.put("hello\0world"s + std::string(100, '.'));
  EXPECT_EQ(decode("write", {1, text, 7}, memory), R"(1, "hello\x00w", 7)");
  EXPECT_EQ(decode("write", {1, text, 0}, memory), R"(1, "", 0)");
  EXPECT_EQ(decode("write", {1, text, 100}, memory), R"(1, "hello\x00world)" + std::string(53, '.') + R"("..., 100)");
  EXPECT_EQ(decode("write", {1, 0x666, 7}, memory), "1, 0x666, 7");
  EXPECT_EQ(decode("write", {1, 0, 0}, memory), "1, NULL, 0");
}

std::string little(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

std::string big(uint64_t number, size_t bytes) {
  std::string text = little(number, bytes);
  std::reverse(text.begin(), text.end());
  return text;
}

TEST(Arguments, ListsOfStrings) {
  Memory memory;
  const uint64_t name = memory.put("/bin/ls\0"s);
  const uint64_t option = memory.put("-l\0"s);
  const uint64_t list = memory.put(little(name, 8) + little(option, 8) + little(0, 8));
  EXPECT_EQ(decode("execve", {name, list, 0x7ffe0000}, memory), R"("/bin/ls", ["/bin/ls", "-l"], 0x7ffe0000)");
  std::string many;
  for (int i = 0; i < 20; ++i) many += little(option, 8);
  EXPECT_EQ(decode("execve", {name, memory.put(many), 0}, memory),
            R"("/bin/ls", ["-l", "-l", "-l", "-l", "-l", "-l", "-l", "-l", ...], NULL)");
  const uint64_t short_words = memory.put(little(name, 4) + little(option, 4) + little(0, 4));
  EXPECT_EQ(decode("execve", {name, short_words, 0}, memory, Abi::kX86), R"("/bin/ls", ["/bin/ls", "-l"], NULL)");
  EXPECT_EQ(decode("execve", {name, short_words, 0}, memory, Abi::kX32), R"("/bin/ls", ["/bin/ls", "-l"], NULL)");
  EXPECT_EQ(decode("execve", {name, 0x666, 0}, memory), R"("/bin/ls", 0x666, NULL)");
}

std::string connect(const std::string& address, Abi abi = Abi::kX86_64) {
  Memory memory;
  const uint64_t at = memory.put(address);
  const std::string text = decode("connect", {3, at, address.size()}, memory, abi);
  const std::string end = ", " + std::to_string(address.size());
  EXPECT_TRUE(text.starts_with("3, ") && text.ends_with(end)) << text;
  return text.substr(3, text.size() - 3 - end.size());
}

TEST(Arguments, SocketAddresses) {
  EXPECT_EQ(connect(little(2, 2) + "\x00\x50\x7f\x00\x00\x01"s + std::string(8, '\0')), "127.0.0.1:80");
  EXPECT_EQ(connect(big(2, 2) + "\x00\x50\x7f\x00\x00\x01"s + std::string(8, '\0'), Abi::kS390x), "127.0.0.1:80");
  const std::string loopback = std::string(15, '\0') + '\x01';
  EXPECT_EQ(connect(little(10, 2) + "\x01\xbb"s + std::string(4, '\0') + loopback + little(0, 4)), "[::1]:443");
  EXPECT_EQ(connect(little(10, 2) + "\x01\xbb"s + std::string(4, '\0') + loopback + little(7, 4)), "[::1%7]:443");
  EXPECT_EQ(connect(little(1, 2) + "/run/socket\0junk"s), R"(AF_UNIX "/run/socket")");
  EXPECT_EQ(connect(little(1, 2) + "/run/socket"), R"(AF_UNIX "/run/socket")");
  EXPECT_EQ(connect(little(1, 2) + "\0name\0x"s), R"(AF_UNIX @"name\x00x")");
  EXPECT_EQ(connect(little(1, 2)), "AF_UNIX");
  EXPECT_EQ(connect(little(1, 2) + std::string(100, 'p')), "AF_UNIX \"" + std::string(64, 'p') + "\"...");
  EXPECT_EQ(connect(little(16, 2) + little(0, 2) + little(4711, 4) + little(1, 4)), "AF_NETLINK pid 4711 groups 0x1");
  EXPECT_EQ(connect(little(17, 2) + std::string(18, '\0')), "{AF_PACKET, ...}");
  EXPECT_EQ(connect(little(999, 2) + std::string(18, '\0')), "{999, ...}");
  EXPECT_EQ(connect(little(2, 2) + "\x00"s), "{AF_INET, ...}");  // Too short.
  EXPECT_EQ(connect("x"), "0x1000");
  EXPECT_EQ(decode("connect", {3, 0x666, 16}), "3, 0x666, 16");
  EXPECT_EQ(decode("sendto", {3, 0, 0, 0x4000, 0, 0}), "3, NULL, 0, MSG_NOSIGNAL, NULL, 0");
}

TEST(Arguments, Structs) {
  Memory memory;
  const uint64_t clone =
      memory.put(little(0x10000100, 8) + std::string(24, '\0') + little(17, 8) + std::string(48, '\0'));
  EXPECT_EQ(decode("clone3", {clone, 88}, memory), "{flags=CLONE_VM|CLONE_NEWUSER, exit_signal=SIGCHLD}, 88");
  EXPECT_EQ(decode("clone3", {clone, 8}, memory), "{flags=CLONE_VM|CLONE_NEWUSER}, 8");
  EXPECT_EQ(decode("clone3", {clone, 4}, memory), "0x1000, 4");
  EXPECT_EQ(decode("clone3", {0x666, 88}, memory), "0x666, 88");
  const uint64_t how = memory.put(little(0101, 8) + little(0600, 8) + little(8, 8));
  EXPECT_EQ(decode("openat2", {kAtFdcwd, memory.put(".\0"s), how, 24}, memory),
            R"(AT_FDCWD, ".", {flags=O_WRONLY|O_CREAT, mode=0600, resolve=0x8}, 24)");
  EXPECT_EQ(decode("prctl", {15, memory.put("worker\0"s), 0, 0, 0}, memory), R"(PR_SET_NAME, "worker")");
}

TEST(Arguments, OfOtherAbis) {
  EXPECT_EQ(decode("clone", {0x1000, 0x11, 0, 0, 0}, {}, Abi::kS390x), "0x1000, SIGCHLD, NULL, NULL, 0");
  EXPECT_EQ(decode("mmap", {0x7000}, {}, Abi::kX86), "0x7000");
  EXPECT_EQ(decode("mmap2", {0, 4096, 1, 2, 3, 0}, {}, Abi::kX86), "0, 4096, PROT_READ, MAP_PRIVATE, 3, 0");
  EXPECT_EQ(decode("socket", {2, 2, 0}, {}, Abi::kMips), "AF_INET, SOCK_STREAM, IPPROTO_IP");
  EXPECT_EQ(decode("write", {1, 0xdead00001000, 0xdead00000005}, {}, Abi::kX86), "1, 0x1000, 5");
  EXPECT_EQ(decode("lseek", {3, 0xfffffff6, 2}, {}, Abi::kX86), "3, -10, SEEK_END");
}

TEST(Arguments, BehindMultiplexers) {
  Memory memory;
  const uint64_t address = memory.put(little(2, 2) + "\x00\x50\x7f\x00\x00\x01"s + std::string(8, '\0'));
  const uint64_t socket = memory.put(little(2, 4) + little(1, 4) + little(6, 4));
  const uint64_t connecting = memory.put(little(3, 4) + little(address, 4) + little(16, 4));
  EXPECT_EQ(decode("socketcall", {1, socket}, memory, Abi::kX86), "SYS_SOCKET, [AF_INET, SOCK_STREAM, IPPROTO_TCP]");
  EXPECT_EQ(decode("socketcall", {3, connecting}, memory, Abi::kX86), "SYS_CONNECT, [3, 127.0.0.1:80, 16]");
  EXPECT_EQ(decode("socketcall", {3, 0x666}, memory, Abi::kX86), "SYS_CONNECT, 0x666");
  EXPECT_EQ(decode("socketcall", {77, 0x666}, memory, Abi::kX86), "77, 0x666");
  const uint64_t wide = memory.put(big(2, 8) + big(1, 8) + big(6, 8));
  EXPECT_EQ(decode("socketcall", {1, wide}, memory, Abi::kS390x), "SYS_SOCKET, [AF_INET, SOCK_STREAM, IPPROTO_TCP]");
  EXPECT_EQ(decode("ipc", {23, 0x1234, 4096, 01600}, memory, Abi::kX86), "SHMGET, [0x1234, 4096, IPC_CREAT|0x180]");
  EXPECT_EQ(decode("ipc", {21, 5, 0, 0x8000, 0}, memory, Abi::kX86), "SHMAT, [5, 0, 0]");
  EXPECT_EQ(decode("ipc", {0x10000 | 1, 5, 2, 0, 0x7000}, memory, Abi::kX86), "SEMOP, [5, 0x7000, 2]");
  EXPECT_EQ(call_behind(Abi::kX86, "socketcall", 1), "socket");
  EXPECT_EQ(call_behind(Abi::kX86, "ipc", 0x20004), "semtimedop");
  EXPECT_EQ(call_behind(Abi::kX86, "socketcall", 99), std::nullopt);
  EXPECT_EQ(call_behind(Abi::kX86, "socket", 1), std::nullopt);
}

// For any registers and memory: printable, of a bounded length, and no access outside of the buffers.
TEST(Arguments, RandomCalls) {
  testing::Random random(testing::test_seed());
  const MemoryReader memory = [&](uint64_t, std::span<std::byte> into) -> size_t {
    for (std::byte& byte : into) byte = random.one_in(4) ? std::byte{0} : static_cast<std::byte>(random.bits());
    return random.one_in(2) ? into.size() : random.below(into.size() + 1);
  };
  const auto all = arch::all_abis();
  for (int i = 0; i < 20000; ++i) {
    const Abi abi = random.any_of(all).abi;
    const auto names = arch::names_on(abi);
    bpf::SystemCall call = {arch::number_of(abi, random.any_of(names)).value(), 0, {}, 0};
    for (uint64_t& argument : call.args) argument = random.bits() >> random.below(64);
    const std::string text = decode_arguments(abi, call, memory);
    EXPECT_LT(text.size(), 4000U);
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; }));
  }
}

}  // namespace
}  // namespace sandbox::report
