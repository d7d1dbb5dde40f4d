#include "kernel/capabilities.h"

#include <sys/prctl.h>
#include <unistd.h>

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

}  // namespace sandbox::kernel
