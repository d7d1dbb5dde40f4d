#include "resolve/verdict_text.h"

#include "arch/errno_names.h"

namespace sandbox::resolve {

std::string verdict_text(Verdict verdict, arch::Abi abi) {
  std::string text(policy::name_of(verdict.action));
  if (verdict.action == policy::Action::kErrno) text += " " + arch::errno_name(abi, verdict.data);
  return text;
}

}  // namespace sandbox::resolve
