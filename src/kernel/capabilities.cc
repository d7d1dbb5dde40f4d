#include "kernel/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "arch/capabilities.h"

namespace sandbox::kernel {

std::set<std::string> attainable_capabilities(bool no_new_privs) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  const bool known = getresuid(&real, &effective, &saved) == 0;
  const bool root = !known || real == 0 || effective == 0 || saved == 0;
  std::set<std::string> names;
  size_t number = 0;
  for (const std::string_view name : arch::capability_names()) {
    const int in_set = root || !no_new_privs ? prctl(PR_CAPBSET_READ, number, 0, 0, 0)
                                             : prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0);
    if (in_set == 1) names.emplace(name);
    ++number;
  }
  return names;
}

std::optional<std::string> drop_ptrace_capability() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return std::string("capget(2) failed: ") + strerrordesc_np(errno);
  constexpr uint32_t kBit = CAP_TO_MASK(CAP_SYS_PTRACE);
  __user_cap_data_struct& set = sets[CAP_TO_INDEX(CAP_SYS_PTRACE)];
  // Needs CAP_SETPCAP. Who lacks that and keeps it in the bounding set gets it back by a set-user-ID program alone, and
  // so not with no_new_privs.
  prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0);
  if (((set.permitted | set.inheritable) & kBit) == 0) return std::nullopt;
  set.effective &= ~kBit;
  set.permitted &= ~kBit;
  set.inheritable &= ~kBit;  // Which takes it out of the ambient set, too.
  if (syscall(SYS_capset, &header, sets) == 0) return std::nullopt;
  return std::string("CAP_SYS_PTRACE cannot be given up: ") + strerrordesc_np(errno);
}

}  // namespace sandbox::kernel
