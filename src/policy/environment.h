// What a policy may ask of the machine that it is read on.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "arch/abi.h"
#include "arch/call_versions.h"

namespace sandbox::policy {

using Capabilities = std::set<std::string>;  ///< "CAP_SYS_ADMIN".

/// OCI profiles have rules for some machines only. Nothing here is found out by reading: the caller says it.
struct Environment {
  arch::Abi native = arch::Abi::kX86_64;
  /// Those that the target may come to have. Asked at most once, when a profile asks; null: none.
  std::function<Capabilities()> capabilities;
  arch::KernelVersion kernel;      ///< The running kernel.
  bool kernel_widths = false;      ///< Compare what the kernel reads of an argument, not all 64 bits.
  bool note_capabilities = false;  ///< Policy::capability_rules is wanted.
};

}  // namespace sandbox::policy
