// Values as numbers: what a written value is for one argument on one ABI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/abi.h"
#include "policy/policy.h"

namespace sandbox::resolve {

struct ResolvedValue {
  uint64_t value = 0;
  bool fits = true;              ///< Within the width; a wider one is decided as mathematics decides it.
  std::string missing_constant;  ///< A constant that this ABI lacks; the value is then meaningless.
};

/// A negative integer, or a constant that is one, is taken in two's complement at `width` bits.
ResolvedValue resolve_value(const policy::Value& value, arch::Abi abi, unsigned width);

}  // namespace sandbox::resolve
