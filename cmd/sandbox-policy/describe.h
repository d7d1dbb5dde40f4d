// Calls, verdicts and clauses as people read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/result.h"
#include "bpf/program.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::tool {

/// What a filter returned: "errno EPERM"; also what no policy can say: "user_notif", "0x12340000 (kills the process)".
std::string return_text(uint32_t value, arch::Abi abi);

/// "openat", or "number 1000" where the ABI has no call of that number.
std::string call_text(arch::Abi abi, uint32_t number);

/// "0x1f" from 10 on, else decimal.
std::string number_text(uint64_t value);

/// A call with its clauses, as far as they decide anything: cut behind the first without conditions.
struct CallChain {
  uint32_t number = 0;
  std::vector<const resolve::Clause*> cases;  ///< All with conditions.
  resolve::Verdict otherwise;
  const resolve::Clause* last = nullptr;  ///< That says what happens otherwise; null: the default does.
};
CallChain chain_of(const resolve::RuleSet& rules, uint32_t number);

/// The line of a group's clause.
uint32_t line_of(const resolve::Clause& clause, const policy::Policy& policy);

/// Where an answer comes from: "line 12", "default", "kernel: 5.10". `clause` is null where the rules' default decides.
std::string origin_text(const resolve::Clause* clause, const policy::Policy& policy);

/// The value of "AF_UNIX", "O_WRONLY|O_CREAT", "-100", "0x10" for an ABI; the error is a sentence.
Result<uint64_t, std::string> read_argument(std::string_view text, arch::Abi abi);

/// The number of a call given by name or number; the error is a sentence.
Result<uint32_t, std::string> read_call(std::string_view text, arch::Abi abi);

enum class ArgumentStyle : uint8_t { kNames, kNumbers };

/// "socket(AF_NETLINK, SOCK_RAW, 0)": without the zeros at the end, but for at least `least` arguments.
std::string call_with_arguments(const bpf::SystemCall& call, arch::Abi abi, size_t least = 0,
                                ArgumentStyle style = ArgumentStyle::kNames);

}  // namespace sandbox::tool
