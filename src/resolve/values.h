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

/// Whether the arguments of this call are those that it has on x86_64, whichever ABI it is resolved for: the text is for
/// all ABIs (skip_missing_calls).
bool has_arguments_of_x86_64(const policy::Policy& policy, std::string_view call);

/// A condition of the policy's on a call of this ABI, at the width that the kernel reads. The policy was checked: a text
/// for all ABIs has no condition on an argument that this one has in no register.
Condition resolve_condition(const policy::Policy& policy, const policy::Condition& written, std::string_view call,
                            const arch::AbiInfo& abi);

}  // namespace sandbox::resolve
