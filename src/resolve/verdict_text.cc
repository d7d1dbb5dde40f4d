#include "resolve/verdict_text.h"

#include "arch/errno_names.h"
#include "arch/syscalls.h"

namespace sandbox::resolve {

std::string verdict_text(Verdict verdict, arch::Abi abi) {
  std::string text(policy::name_of(verdict.action));
  if (verdict.action == policy::Action::kErrno) text += " " + arch::errno_name(abi, verdict.data);
  return text;
}

std::string largest_named_text(const RuleSet& rules) {
  const uint32_t largest = rules.largest_named.value_or(0);
  const auto name = arch::name_of(rules.abi, largest);
  // x32's calls without its bit, which its name stands for.
  const uint32_t number = rules.abi == arch::Abi::kX32 ? largest - arch::info(rules.abi).first_number : largest;
  return "the largest number that the profile names, " + std::to_string(number) +
         (name ? " (" + std::string(*name) + ")" : "");
}

std::string above_named_text(const RuleSet& rules, uint32_t number) {
  if (number == 0) return "0 stands for every number that the kernel does not know";
  return "above " + largest_named_text(rules);
}

}  // namespace sandbox::resolve
