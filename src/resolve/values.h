// Values as numbers: what a written value, and the condition that it stands in, is for one argument on one ABI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/abi.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::resolve {

struct ResolvedValue {
  uint64_t value = 0;
  bool fits = true;              ///< Within the width; a wider one is decided as mathematics decides it.
  std::string missing_constant;  ///< A constant that this ABI lacks; the value is then meaningless.
};

/// A negative integer, or a constant that is one, is taken in two's complement at `width` bits.
ResolvedValue resolve_value(const policy::Value& value, arch::Abi abi, unsigned width);

/// A condition on a call of this ABI, at the width that the kernel reads. `oci`: of a container profile.
Condition resolve_condition(const policy::Condition& written, std::string_view call, const arch::AbiInfo& abi,
                            bool oci);

}  // namespace sandbox::resolve
