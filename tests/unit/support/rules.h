// Rule sets and calls, written short.
#pragma once

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::testing {

inline constexpr resolve::Verdict kAllow = {policy::Action::kAllow, 0};
inline constexpr resolve::Verdict kLog = {policy::Action::kLog, 0};
inline constexpr resolve::Verdict kKillProcess = {policy::Action::kKillProcess, 0};
inline constexpr resolve::Verdict kPermission = {policy::Action::kErrno, EPERM};
inline constexpr resolve::Verdict kNoSuchCall = {policy::Action::kErrno, ENOSYS};

/// On argument 0.
inline resolve::Condition condition(policy::Operation operation, unsigned width, uint64_t value, uint64_t mask = 0) {
  resolve::Condition result;
  result.width = static_cast<uint8_t>(width);
  result.operation = operation;
  result.value = value;
  result.mask = mask;
  return result;
}

inline resolve::Clause clause(resolve::Verdict verdict, std::vector<resolve::Condition> conditions = {},
                              uint32_t group = 0) {
  return {std::move(conditions), verdict, resolve::Origin{0, group, {}}};
}

/// The rules of a call that gets one verdict regardless of its arguments.
inline resolve::CallRules always(uint32_t number, resolve::Verdict verdict, uint32_t group = 0) {
  return {number, {clause(verdict, {}, group)}};
}

inline bpf::SystemCall call_on(arch::Abi abi, uint32_t number, uint64_t argument = 0) {
  bpf::SystemCall call;
  call.number = number;
  call.arch = arch::info(abi).audit_arch;
  call.args[0] = argument;
  return call;
}

}  // namespace sandbox::testing
