#include "resolve/values.h"

#include <algorithm>

#include "arch/argument_layout.h"
#include "arch/argument_widths.h"
#include "arch/constants.h"
#include "arch/syscalls.h"

namespace sandbox::resolve {
namespace {

uint64_t maximum(unsigned width) {
  return UINT64_MAX >> (64U - width);
}

/// Whether a 64-bit two's complement number is negative and has its sign within the width.
bool is_negative_within(uint64_t value, unsigned width) {
  const uint64_t sign_and_above = ~(maximum(width) >> 1U);
  return (value & sign_and_above) == sign_and_above;
}

}  // namespace

ResolvedValue resolve_value(const policy::Value& value, arch::Abi abi, unsigned width) {
  ResolvedValue resolved;
  bool negative = false;
  for (const policy::Term& term : value.terms) {
    uint64_t bits = term.integer.negative ? -term.integer.magnitude : term.integer.magnitude;
    negative = negative || term.integer.negative;
    if (!term.constant.empty()) {
      const std::optional<uint64_t> constant = arch::constant(abi, term.constant);
      if (!constant) {
        resolved.missing_constant = term.constant;
        return resolved;
      }
      bits = *constant;
      negative = negative || is_negative_within(bits, 32);  // AT_FDCWD, say.
    }
    resolved.value |= bits;
  }
  if (negative && is_negative_within(resolved.value, width)) resolved.value &= maximum(width);
  resolved.fits = resolved.value <= maximum(width);
  return resolved;
}

bool has_arguments_of_x86_64(const policy::Policy& policy, std::string_view call) {
  return policy.skip_missing_calls && arch::number_of(arch::Abi::kX86_64, call).has_value();
}

Condition resolve_condition(const policy::Policy& policy, const policy::Condition& written, std::string_view call,
                            const arch::AbiInfo& abi) {
  Condition condition;
  condition.argument = written.argument;
  if (has_arguments_of_x86_64(policy, call)) {
    const auto here = arch::same_argument(arch::Abi::kX86_64, written.argument, abi.abi, call);
    condition.argument = static_cast<uint8_t>(here.value_or(written.argument));
  }
  condition.operation = written.operation;
  condition.width = abi.register_bits;
  if (!written.wide) condition.width = std::min(condition.width, arch::argument_width(abi.abi, call, condition.argument));
  condition.value = resolve_value(written.value, abi.abi, condition.width).value;
  condition.mask = resolve_value(written.mask, abi.abi, condition.width).value;
  const bool masked = condition.operation == policy::Operation::kMaskedEqual;
  if (is_container_profile(policy.format) && masked) condition.value &= condition.mask;  // As libseccomp does.
  return condition;
}

}  // namespace sandbox::resolve
