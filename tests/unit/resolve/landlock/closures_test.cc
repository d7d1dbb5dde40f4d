#include "resolve/landlock/closures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <string>

#include "support/resolved.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using testing::Arguments;
using testing::ResolvedText;

constexpr std::array kNative = {Abi::kX86_64};
constexpr std::array kWithX86 = {Abi::kX86_64, Abi::kX86};
constexpr std::array kAarch64 = {Abi::kAarch64};
constexpr uint64_t kFastOpen = 0x20000000;
constexpr uint64_t kMptcp = 262;
constexpr uint64_t kSctp = 132;
constexpr uint64_t kSmcProtocol = 256;
constexpr uint64_t kSmcFamily = 43;
constexpr uint64_t kUpperProtocol = 31;  // TCP_ULP.

/// The closures' policy, which must be read without a remark.
ResolvedText closed(const Closures& closures, std::span<const Abi> abis = kNative) {
  ResolvedText text(closures_policy(closures, abis));
  EXPECT_EQ(text.problems, "");
  return text;
}

/// The errno that a call gets; 0 for an allowed one.
int error_of(const ResolvedText& text, std::string_view name, const Arguments& arguments, Abi abi = Abi::kX86_64) {
  const Verdict verdict = text.judge(abi, name, arguments);
  if (verdict.action == policy::Action::kAllow) return 0;
  EXPECT_EQ(verdict.action, policy::Action::kErrno);
  return verdict.data;
}

TEST(Closures, TruncationWithoutARightToWrite) {
  const ResolvedText text = closed({.truncate = true, .open_for_ioctl = true});
  for (const uint64_t more : {uint64_t{0}, uint64_t{O_CREAT}, uint64_t{O_CLOEXEC | O_NOFOLLOW}}) {
    EXPECT_EQ(error_of(text, "open", {0, O_TRUNC | more}), EACCES);
    EXPECT_EQ(error_of(text, "openat", {0, 0, O_TRUNC | more}), EACCES);
    EXPECT_EQ(error_of(text, "openat", {0, 0, O_TRUNC | 3 | more}), EACCES);
    EXPECT_EQ(error_of(text, "open_by_handle_at", {0, 0, O_TRUNC | more}), EACCES);
    EXPECT_EQ(error_of(text, "openat", {0, 0, more}), 0);
    EXPECT_EQ(error_of(text, "openat", {0, 0, O_WRONLY | O_TRUNC | more}), 0);  // It needs write_file.
    EXPECT_EQ(error_of(text, "openat", {0, 0, O_RDWR | O_TRUNC | more}), 0);
  }
  EXPECT_EQ(error_of(text, "truncate", {}), EACCES);
  EXPECT_EQ(error_of(text, "openat2", {}), ENOSYS);
  EXPECT_EQ(error_of(text, "io_uring_setup", {}), ENOSYS);
  EXPECT_EQ(error_of(text, "ftruncate", {}), 0);
  EXPECT_EQ(error_of(text, "socket", {AF_INET, SOCK_STREAM, kMptcp}), 0);
  EXPECT_EQ(error_of(closed({.truncate = true}, kWithX86), "truncate64", {}, Abi::kX86), EACCES);
  EXPECT_EQ(error_of(closed({.truncate = true}, kAarch64), "truncate", {}, Abi::kAarch64), EACCES);
}

TEST(Closures, OpeningForIoctlAlone) {
  const ResolvedText text = closed({.open_for_ioctl = true});
  EXPECT_EQ(error_of(text, "open", {0, 3}), EACCES);
  EXPECT_EQ(error_of(text, "openat", {0, 0, 3 | O_CLOEXEC}), EACCES);
  EXPECT_EQ(error_of(text, "open_by_handle_at", {0, 0, 3}), EACCES);
  EXPECT_EQ(error_of(text, "openat", {0, 0, O_TRUNC}), 0);
  EXPECT_EQ(error_of(text, "openat", {0, 0, O_RDWR}), 0);
  EXPECT_EQ(error_of(text, "truncate", {}), 0);
  EXPECT_EQ(error_of(text, "openat2", {}), ENOSYS);
}

TEST(Closures, WhatIsTcpWithoutBeingTaken) {
  const ResolvedText text = closed({.tcp_lookalikes = true});
  for (const uint64_t family : {uint64_t{AF_INET}, uint64_t{AF_INET6}}) {
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_STREAM, 0}), 0);
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_STREAM | SOCK_CLOEXEC, kMptcp}), EPROTONOSUPPORT);
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_STREAM, kSctp}), EPROTONOSUPPORT);
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_STREAM, kSmcProtocol}), EPROTONOSUPPORT);
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_SEQPACKET | SOCK_NONBLOCK, 0}), EPROTONOSUPPORT);
    EXPECT_EQ(error_of(text, "socket", {family, SOCK_DGRAM, 0}), 0);
  }
  EXPECT_EQ(error_of(text, "socket", {kSmcFamily, SOCK_STREAM, 0}), EPROTONOSUPPORT);
  EXPECT_EQ(error_of(text, "socket", {AF_UNIX, SOCK_SEQPACKET, 0}), 0);
  EXPECT_EQ(error_of(text, "sendto", {3, 0, 0, kFastOpen | MSG_DONTWAIT}), EOPNOTSUPP);
  EXPECT_EQ(error_of(text, "sendmsg", {3, 0, kFastOpen}), EOPNOTSUPP);
  EXPECT_EQ(error_of(text, "sendmmsg", {3, 0, 1, kFastOpen}), EOPNOTSUPP);
  EXPECT_EQ(error_of(text, "sendto", {3, 0, 0, MSG_DONTWAIT}), 0);
  EXPECT_EQ(error_of(text, "setsockopt", {3, IPPROTO_TCP, kUpperProtocol}), ENOENT);
  EXPECT_EQ(error_of(text, "setsockopt", {3, SOL_SOCKET, kUpperProtocol}), 0);
  EXPECT_EQ(error_of(text, "setsockopt", {3, IPPROTO_TCP, 1}), 0);  // TCP_NODELAY
  EXPECT_EQ(error_of(text, "io_uring_enter", {}), ENOSYS);
  EXPECT_EQ(error_of(text, "openat2", {}), 0);
}

TEST(Closures, AProtocolAltogether) {
  const ResolvedText tcp = closed({.tcp_lookalikes = true, .tcp_sockets = true});
  EXPECT_EQ(error_of(tcp, "socket", {AF_INET, SOCK_STREAM, 0}), EPROTONOSUPPORT);
  EXPECT_EQ(error_of(tcp, "socket", {AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 6}), EPROTONOSUPPORT);
  EXPECT_EQ(error_of(tcp, "socket", {AF_INET, SOCK_DGRAM, 0}), 0);
  const ResolvedText udp = closed({.udp_sockets = true});
  EXPECT_EQ(error_of(udp, "socket", {AF_INET, SOCK_DGRAM, 0}), EPROTONOSUPPORT);
  EXPECT_EQ(error_of(udp, "socket", {AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 17}), EPROTONOSUPPORT);
  EXPECT_EQ(error_of(udp, "socket", {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}), 0);
  EXPECT_EQ(error_of(udp, "socket", {AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6}), 0);
  EXPECT_EQ(error_of(udp, "socket", {AF_INET, SOCK_STREAM, 0}), 0);
  EXPECT_EQ(error_of(udp, "socket", {AF_UNIX, SOCK_DGRAM, 0}), 0);
}

// A filter does not see the arguments behind socketcall(2).
TEST(Closures, SocketcallIsClosedForWhatIsCompared) {
  const ResolvedText text = closed({.tcp_lookalikes = true}, kWithX86);
  const auto socketcall = [&](uint64_t call) { return error_of(text, "socketcall", {call}, Abi::kX86); };
  EXPECT_EQ(socketcall(1), EPROTONOSUPPORT);  // socket
  EXPECT_EQ(socketcall(3), 0);                // connect
  EXPECT_EQ(socketcall(9), EOPNOTSUPP);       // send
  EXPECT_EQ(socketcall(11), EOPNOTSUPP);      // sendto
  EXPECT_EQ(socketcall(16), EOPNOTSUPP);      // sendmsg
  EXPECT_EQ(socketcall(20), EOPNOTSUPP);      // sendmmsg
  EXPECT_EQ(socketcall(14), ENOENT);          // setsockopt
  EXPECT_EQ(socketcall(12), 0);               // recvfrom
  EXPECT_EQ(error_of(text, "socket", {AF_INET, SOCK_STREAM, 0}, Abi::kX86), 0);
}

}  // namespace
}  // namespace sandbox::resolve
