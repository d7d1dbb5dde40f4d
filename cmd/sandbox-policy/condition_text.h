// Conditions as people read them: "arg0 == AF_UNIX", "arg0 has no bit of CLONE_NEWNS|CLONE_NEWUSER", and several that
// come to the same, "arg0 is any family but AF_ALG, AF_VSOCK".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"
#include "sandbox-policy/describe.h"

namespace sandbox::tool {

/// An argument of the call of this number: "AF_NETLINK", "CLONE_NEWNS|CLONE_NEWUSER"; a number where it has no names,
/// or more than a few.
std::string argument_text(arch::Abi abi, uint32_t number, unsigned argument, uint64_t value);

/// The conditions of a clause for the call of this number. Values are as the policy wrote them where it used names,
/// else with the names that the argument's kind has for them. `policy` may be null.
std::vector<std::string> conditions_text(const resolve::Clause& clause, const policy::Policy* policy, arch::Abi abi,
                                         uint32_t number);

/// What a call gets in some cases.
struct CaseText {
  resolve::Verdict verdict;
  std::string when;    ///< "if arg0 == AF_UNIX".
  std::string origin;  ///< "line 12"; "lines 12, 25, 38" of clauses that come to one condition.
};

/// The cases of a call, in order. Neighbours with one verdict that leave out only a few values of one argument are one.
std::vector<CaseText> cases_text(const CallChain& chain, const policy::Policy& policy, arch::Abi abi);

}  // namespace sandbox::tool
