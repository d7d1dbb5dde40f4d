// What a container runtime makes of an OCI seccomp profile: an account of its own, with libseccomp and without any code
// of the project's readers.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"

namespace sandbox::differential {

/// The machine on which the profile is loaded. `minKernel` is taken to hold.
struct RuncMachine {
  arch::Abi native = arch::Abi::kX86_64;
  std::set<std::string> capabilities;
  bool optimize = true;  ///< libseccomp's binary tree, as runc asks for with long profiles.
};

struct RuncProgram {
  bpf::Program program;            ///< In this machine's byte order, whatever the ABI's is. Empty after an error.
  std::vector<arch::Abi> covered;  ///< The native ABI first.
  std::string error;               ///< runc would refuse the profile: why.
};

/// Docker's reading (which rules apply here, and which ABIs) and runc's calls of libseccomp.
RuncProgram runc_program(const std::string& json, const RuncMachine& machine);

/// The same in a process of its own, which may take five seconds of processor time; none if that is not enough.
/// libseccomp 2.5.4 now and then never comes back from seccomp_rule_add_array, which depends on where its memory lies.
std::optional<RuncProgram> bounded_runc_program(const std::string& json, const RuncMachine& machine);

/// Whether libseccomp has a name for the number on this ABI.
bool libseccomp_knows(arch::Abi abi, uint32_t number);

}  // namespace sandbox::differential
