#include "resolve/landlock/closures.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/text.h"

namespace sandbox::resolve {
namespace {

/// Writes groups for some ABIs; a call that none of them has is left out, since a policy may not name it.
class Writer {
 public:
  explicit Writer(std::span<const arch::Abi> abis) : abis_(abis) {
    text_ = "seccomp:\n  default_action: allow\n  architectures: [" +
            join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; }) + "]\n  syscalls:\n";
  }

  void comment(std::string_view text) { text_ += "  # " + std::string(text) + "\n"; }

  void begin(std::string_view error) {
    begun_ = "  - action: errno\n    errno: " + std::string(error) + "\n    names_with_args:\n";
  }

  /// One of the group's calls; each condition is "N OPERATION VALUE [MASK]" as YAML.
  void call(std::string_view name, std::initializer_list<std::string> conditions) {
    if (!has(name)) return;
    text_ += std::exchange(begun_, "") + "    - name: " + std::string(name) + "\n      arguments:\n";
    for (const std::string& condition : conditions) text_ += "      - {" + std::string(condition) + "}\n";
  }

  /// The same through socketcall(2), whose arguments a filter cannot see: denied altogether.
  void behind_socketcall(std::string_view name) {
    for (const arch::Abi abi : abis_) {
      if (!arch::number_of(abi, "socketcall")) continue;
      for (const arch::Multiplexed& way : arch::multiplexed(abi, name)) {
        call("socketcall", {"argument: 0, operation: Equal, value: " + std::to_string(way.selector)});
      }
      return;  // The selectors are the same on every ABI.
    }
  }

  void deny(std::string_view error, std::initializer_list<std::string_view> names) {
    text_ += "  - action: errno\n    errno: " + std::string(error) + "\n    names:\n";
    for (const std::string_view name : names) {
      if (has(name)) text_ += "    - " + std::string(name) + "\n";
    }
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  [[nodiscard]] bool has(std::string_view name) const {
    return std::ranges::any_of(abis_, [&](arch::Abi abi) { return arch::number_of(abi, name).has_value(); });
  }

  std::span<const arch::Abi> abis_;
  std::string text_;
  std::string begun_;
};

constexpr const char* kInet = "argument: 0, operation: Equal, value: AF_INET";
constexpr const char* kInet6 = "argument: 0, operation: Equal, value: AF_INET6";
constexpr const char* kStream = "argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_STREAM";
constexpr const char* kDatagram = "argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_DGRAM";
constexpr const char* kPacket = "argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_SEQPACKET";

void close_truncate(Writer& writer) {
  constexpr std::string_view kNames[] = {"open", "openat", "open_by_handle_at"};
  writer.comment("Truncation that needs no right to write. openat2(2) has its flags in memory.");
  writer.begin("EACCES");
  for (const std::string_view name : kNames) {
    const std::string argument = name == "open" ? "argument: 1" : "argument: 2";
    writer.call(name, {argument + ", operation: MaskedEqual, mask: \"O_TRUNC|O_ACCMODE\", value: O_TRUNC"});
    writer.call(name, {argument + ", operation: MaskedEqual, mask: \"O_TRUNC|O_ACCMODE\", value: \"O_TRUNC|3\""});
  }
  writer.deny("EACCES", {"truncate", "truncate64"});
}

void close_open_for_ioctl(Writer& writer) {
  writer.comment("Access mode 3 opens a file for ioctl(2) alone, and no right covers it.");
  writer.begin("EACCES");
  writer.call("open", {"argument: 1, operation: MaskedEqual, mask: 3, value: 3"});
  writer.call("openat", {"argument: 2, operation: MaskedEqual, mask: 3, value: 3"});
  writer.call("open_by_handle_at", {"argument: 2, operation: MaskedEqual, mask: 3, value: 3"});
}

void close_lookalikes(Writer& writer) {
  writer.comment(
      "MPTCP, SCTP (a protocol, and what SOCK_SEQPACKET is) and SMC (a protocol, and a family) reach peers that");
  writer.comment("TCP reaches, and the rights for TCP do not cover them.");
  writer.begin("EPROTONOSUPPORT");
  writer.call("socket", {"argument: 2, operation: Equal, value: IPPROTO_MPTCP"});
  writer.call("socket", {"argument: 2, operation: Equal, value: IPPROTO_SCTP"});
  writer.call("socket", {"argument: 2, operation: Equal, value: 256"});
  writer.call("socket", {"argument: 0, operation: Equal, value: AF_SMC"});
  writer.call("socket", {kInet, kPacket});
  writer.call("socket", {kInet6, kPacket});
  writer.behind_socketcall("socket");
  writer.comment("TCP Fast Open connects without connect(2).");
  writer.begin("EOPNOTSUPP");
  writer.call("sendto", {"argument: 3, operation: BitsSet, value: MSG_FASTOPEN"});
  writer.call("sendmsg", {"argument: 2, operation: BitsSet, value: MSG_FASTOPEN"});
  writer.call("sendmmsg", {"argument: 3, operation: BitsSet, value: MSG_FASTOPEN"});
  writer.behind_socketcall("sendto");
  writer.behind_socketcall("sendmsg");
  writer.behind_socketcall("sendmmsg");
  writer.comment(
      "The option makes an SMC socket of one for TCP (\"smc\", Linux 5.17), and its name is in memory: TLS in");
  writer.comment("the kernel goes with it, for which libraries have an implementation of their own.");
  writer.begin("ENOENT");
  writer.call("setsockopt",
              {"argument: 1, operation: Equal, value: IPPROTO_TCP", "argument: 2, operation: Equal, value: TCP_ULP"});
  writer.behind_socketcall("setsockopt");
}

/// ping sockets are datagram sockets, and no UDP.
void close_udp(Writer& writer) {
  writer.comment("All of UDP, and UDP-Lite. Sockets for ICMP stay.");
  writer.begin("EPROTONOSUPPORT");
  constexpr const char* kNotIcmp = "argument: 2, operation: NotEqual, value: IPPROTO_ICMP";
  constexpr const char* kNotIcmp6 = "argument: 2, operation: NotEqual, value: IPPROTO_ICMPV6";
  writer.call("socket", {kInet, kDatagram, kNotIcmp});
  writer.call("socket", {kInet6, kDatagram, kNotIcmp6});
  writer.behind_socketcall("socket");
}

void close_tcp(Writer& writer) {
  writer.comment("All of TCP.");
  writer.begin("EPROTONOSUPPORT");
  writer.call("socket", {kInet, kStream});
  writer.call("socket", {kInet6, kStream});
}

}  // namespace

std::string closures_policy(const Closures& closures, std::span<const arch::Abi> abis) {
  Writer writer(abis);
  if (closures.truncate) close_truncate(writer);
  if (closures.open_for_ioctl) close_open_for_ioctl(writer);
  if (closures.truncate || closures.open_for_ioctl) writer.deny("ENOSYS", {"openat2"});
  if (closures.tcp_sockets) close_tcp(writer);
  if (closures.tcp_lookalikes) close_lookalikes(writer);
  if (closures.udp_sockets) close_udp(writer);
  writer.comment("It does all of that without a call that a filter would see.");
  writer.deny("ENOSYS", {"io_uring_enter", "io_uring_register", "io_uring_setup"});
  return writer.take();
}

}  // namespace sandbox::resolve
