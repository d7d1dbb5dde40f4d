#include "kernel/audit_log.h"

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "report/landlock_record.h"

namespace sandbox::kernel {
namespace {

constexpr size_t kLargestRecord = 16384;   // MAX_AUDIT_MESSAGE_LENGTH is 8970.
constexpr int kAnswerMilliseconds = 1000;  // The kernel answers out of a thread of its own.

std::string in_words(int error) {
  return strerrordesc_np(error);
}

UniqueFd audit_socket() {
  return UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT));
}

std::span<const uint16_t> types_of(AuditLog::Records records) {
  static constexpr std::array<uint16_t, 4> kTypes = {AUDIT_SECCOMP, report::kLandlockAccessRecord,
                                                     report::kLandlockDomainRecord, report::kSyscallRecord};
  if (records == AuditLog::Records::kLandlock) return std::span(kTypes).subspan(1);
  return std::span(kTypes).first(records == AuditLog::Records::kSeccomp ? 1 : kTypes.size());
}

/// Other records would take room in the buffer. On a kernel that cannot do it, next() does.
void let_alone_in(int fd, std::span<const uint16_t> types) {
  std::vector<sock_filter> program = {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type))};
  for (const uint16_t type : types) {
    // The type is in the machine's byte order, and the filter reads it as a big-endian number.
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffff));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/// Beyond net.core.rmem_max where CAP_NET_ADMIN allows it.
void make_room(int fd, int room) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0) return;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

}  // namespace

Result<AuditLog, std::string> AuditLog::open(int room, Records records) {
  UniqueFd fd = audit_socket();
  if (!fd.valid()) {
    if (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT) {
      return std::string(
          "this kernel has no audit system (CONFIG_AUDIT), or it is off (audit=0), or a sandbox hides it");
    }
    return "the kernel's audit records cannot be read: " + in_words(errno);
  }
  let_alone_in(fd.get(), types_of(records));
  make_room(fd.get(), room);
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EPERM)
      return std::string("only root can read the kernel's audit records, or a process with CAP_AUDIT_READ");
    return "the kernel's audit records cannot be read: " + in_words(errno);
  }
  AuditLog log(std::move(fd));
  log.records_ = records;
  return log;
}

std::optional<std::string> AuditLog::next() {
  buffer_.resize(kLargestRecord);
  for (;;) {
    sockaddr_nl sender = {};
    iovec part = {buffer_.data(), buffer_.size()};
    msghdr message = {};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t size = recvmsg(fd(), &message, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {
      ++overruns_;
      continue;
    }
    if (size < 0) return std::nullopt;
    // Root can send to any listener.
    if (sender.nl_pid != 0 || static_cast<size_t>(size) < sizeof(nlmsghdr)) continue;
    nlmsghdr header = {};
    std::memcpy(&header, buffer_.data(), sizeof header);
    if (std::ranges::find(types_of(records_), header.nlmsg_type) == types_of(records_).end()) continue;
    type_ = header.nlmsg_type;
    // The length in the header is another one on other kernels, with the header or without it. The datagram's is right.
    return std::string(buffer_.data() + NLMSG_HDRLEN, static_cast<size_t>(size) - NLMSG_HDRLEN);
  }
}

namespace {

std::optional<audit_status> ask_for_status() {
  const UniqueFd fd = audit_socket();
  if (!fd.valid()) return std::nullopt;
  nlmsghdr request = {};
  request.nlmsg_len = sizeof request;
  request.nlmsg_type = AUDIT_GET;
  request.nlmsg_flags = NLM_F_REQUEST;
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd.get(), &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0) {
    return std::nullopt;
  }
  pollfd answer = {fd.get(), POLLIN, 0};
  while (poll(&answer, 1, kAnswerMilliseconds) == 1) {
    struct {
      nlmsghdr header;
      audit_status status;
    } reply = {};
    sockaddr_nl sender = {};
    socklen_t sender_size = sizeof sender;
    const ssize_t size =
        recvfrom(fd.get(), &reply, sizeof reply, 0, reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size >= 0 && sender.nl_pid != 0) continue;
    if (size < 0 || reply.header.nlmsg_type == NLMSG_ERROR) return std::nullopt;
    const size_t needed = sizeof(nlmsghdr) + offsetof(audit_status, lost) + sizeof reply.status.lost;
    if (reply.header.nlmsg_type == AUDIT_GET && static_cast<size_t>(size) >= needed) return reply.status;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> lost_audit_records() {
  const auto status = ask_for_status();
  return status ? std::optional(status->lost) : std::nullopt;
}

std::optional<bool> audit_enabled() {
  const auto status = ask_for_status();
  return status ? std::optional(status->enabled != 0) : std::nullopt;
}

}  // namespace sandbox::kernel
