// libseccomp_filter OUT: a filter as libseccomp's users write it, exported by seccomp_export_bpf. It refuses execve
// with EACCES and uname with EPERM, socket(AF_PACKET) with EAFNOSUPPORT, and kills for calls of another ABI; the rest
// is allowed.
#include <fcntl.h>
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

bool write_filter(scmp_filter_ctx context, int fd) {
  if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(uname), 0) != 0) return false;
  if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(execve), 0) != 0) return false;
  const scmp_arg_cmp packet{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = 17, .datum_b = 0};  // AF_PACKET.
  if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, packet) != 0) return false;
  return seccomp_export_bpf(context, fd) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: libseccomp_filter OUT\n");
    return 2;
  }
  const scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
  const int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = context != nullptr && fd >= 0 && write_filter(context, fd);
  if (!written) std::fprintf(stderr, "libseccomp_filter: cannot write %s: %s\n", argv[1], std::strerror(errno));
  if (context != nullptr) seccomp_release(context);
  if (fd >= 0) close(fd);
  return written ? 0 : 1;
}
