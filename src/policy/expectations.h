// What a policy is expected to do, call by call: the files that `sandbox-policy test` runs.
//
//     policy: no-network.yml          # relative to this file, or a list of files; and, or instead, profile: NAME
//     arch: x86_64                    # default: native
//     cap: docker                     # default: none
//     expect:
//     - {call: [socket, AF_INET, SOCK_STREAM, 0], action: errno, errno: EPERM}
//     - {calls: [ptrace, "@mount"], action: errno}
//     - {path: /etc/shadow, access: [read], action: deny}
//     - {port: 443, access: [connect_tcp], action: allow}
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/call_versions.h"
#include "arch/capabilities.h"
#include "base/diagnostic.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// A call, and what it should get.
struct Expectation {
  Name call;                       ///< The name as written; with `number`, its digits.
  std::optional<uint32_t> number;  ///< A call that is given by its number.
  std::vector<Value> arguments;    ///< At most six; the others are 0.
  bool any_arguments = false;      ///< One of `calls`: it should get this for all arguments, and may be a set.
  std::optional<ListedAbi> abi;    ///< None: the file's.
  std::optional<arch::CapabilityList> capabilities;  ///< The same.
  Action action = Action::kKillProcess;
  ErrnoValue error;   ///< With kErrno only.
  SourceRange range;  ///< Where the expectation begins.
};

/// An access to a file or a port, and whether a landlock section should allow it.
struct AccessExpectation {
  Name path;                       ///< As written; empty for a port.
  std::optional<uint16_t> port;    ///< For a port.
  std::vector<PlacedText> access;  ///< Each is known to arch::find_access(), for a port one of arch::port_rights().
  bool allowed = false;
  SourceRange range;  ///< Where the expectation begins.
};

struct Expectations {
  std::shared_ptr<const SourceText> source;
  std::vector<Name> policies;    ///< The policies' files as written, see policy_path();
  std::vector<Name> profiles;    ///< and the names of built-in ones: one at least is there. They apply together.
  std::optional<ListedAbi> abi;  ///< None: the native one. A policy that lists no ABIs is to be read for it.
  std::optional<arch::CapabilityList> capabilities;  ///< Those to count on in container profiles. None: not said.
  std::optional<arch::KernelVersion> kernel;         ///< The Linux version for `minKernel`. None: not said.
  std::vector<Expectation> expect;
  std::vector<AccessExpectation> accesses;
};

/// Reads `diagnostics.source()`. Every problem is added to `diagnostics`: what is returned may be used only when there
/// are no errors. Whether the calls and constants exist on their ABIs is not asked here.
std::optional<Expectations> read_expectations(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics);

/// Where a policy is: as written if that is absolute, else relative to the folder of the expectations' file.
std::string policy_path(const Expectations& expectations, const Name& policy);

}  // namespace sandbox::policy
