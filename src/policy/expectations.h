// What a policy is expected to do, call by call: the files that `sandbox-policy test` runs.
//
//     policy: no-network.yml          # relative to this file; or profile: NAME
//     arch: x86_64                    # default: native
//     expect:
//     - {call: [socket, AF_INET, SOCK_STREAM, 0], action: errno, errno: EPERM}
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// A call, and what it should get.
struct Expectation {
  Name call;                       ///< The name as written; with `number`, its digits.
  std::optional<uint32_t> number;  ///< A call that is given by its number.
  std::vector<Value> arguments;    ///< At most six; the others are 0.
  std::optional<ListedAbi> abi;    ///< None: the file's.
  Action action = Action::kKillProcess;
  ErrnoValue error;   ///< With kErrno only.
  SourceRange range;  ///< Where the expectation begins.
};

struct Expectations {
  std::shared_ptr<const SourceText> source;
  std::optional<Name> policy;    ///< The policy's file as written, see policy_path();
  std::optional<Name> profile;   ///< or the name of a built-in one: one of the two is there.
  std::optional<ListedAbi> abi;  ///< None: the native one. A policy that lists no ABIs is to be read for it.
  std::vector<Expectation> expect;
};

/// Reads `diagnostics.source()`. Every problem is added to `diagnostics`: what is returned may be used only when there
/// are no errors. Whether the calls and constants exist on their ABIs is not asked here.
std::optional<Expectations> read_expectations(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics);

/// Where the policy is: as written if that is absolute, else relative to the folder of the expectations' file.
/// Precondition: `expectations.policy`.
std::string policy_path(const Expectations& expectations);

}  // namespace sandbox::policy
