// What a container runtime makes of an OCI seccomp profile: an account of its own, with libseccomp and without any code
// of the project's readers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"
#include "bpf/validate.h"

namespace sandbox::differential {

/// The machine on which the profile is loaded.
struct RuncMachine {
  arch::Abi native = arch::Abi::kX86_64;
  std::set<std::string> capabilities;
  bool optimize = true;  ///< libseccomp's binary tree, as runc asks for with long profiles.
  std::pair<unsigned, unsigned> kernel = {6, 1};
};

struct RuncProgram {
  bpf::Program program;            ///< In this machine's byte order, not the ABI's. Empty after an error.
  std::vector<arch::Abi> covered;  ///< The native ABI first.
  /// What runc puts in front of the program (libcontainer/seccomp/patchbpf): by libseccomp's token of an ABI the
  /// largest number that the profile names. Empty where it puts nothing there.
  std::map<uint32_t, uint32_t> largest;
  std::string error;  ///< runc would refuse the profile: why.
};

/// Docker's reading (which rules apply here, and which ABIs) and runc's calls of libseccomp.
RuncProgram runc_program(const std::string& json, const RuncMachine& machine);

/// The same in a process of its own, which may take five seconds of processor time; none if that is not enough.
/// libseccomp 2.5.4 now and then never comes back from seccomp_rule_add_array, which depends on where its memory lies.
std::optional<RuncProgram> bounded_runc_program(const std::string& json, const RuncMachine& machine);

/// What the process gets: runc's stub, then libseccomp's program. A verdict as SECCOMP_RET_*.
uint32_t runc_answer(const RuncProgram& made, const bpf::ValidatedProgram& program, const bpf::SystemCall& call);

/// Whether libseccomp has a name for the number on this ABI.
bool libseccomp_knows(arch::Abi abi, uint32_t number);

}  // namespace sandbox::differential
