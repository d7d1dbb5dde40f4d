// Permissions mean nothing to root: while this lives, root acts as nobody. Any other user stays who he is.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace sandbox::testing {

class AsNobody {
 public:
  AsNobody() : was_root_(geteuid() == 0) {
    if (was_root_ && seteuid(65534) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() {
    if (was_root_ && seteuid(0) != 0) std::abort();
  }

 private:
  bool was_root_;
};

}  // namespace sandbox::testing
