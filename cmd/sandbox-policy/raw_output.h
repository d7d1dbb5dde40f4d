// Raw BPF for other launchers, as `compile --raw` and `convert --to bpf` write it.
#pragma once

#include <string>

#include "arch/abi.h"
#include "base/log.h"
#include "compile/ready_filter.h"

namespace sandbox::tool {

/// The program as struct sock_filter[] in the machine's byte order.
std::string raw_bytes(const bpf::ValidatedProgram& program, arch::Abi machine);

/// Says what raw BPF cannot carry: flags, and a way for a launcher to execute a program.
void warn_of_raw_limits(const compile::ReadyFilter& ready, const std::string& names, arch::Abi machine, const Log& log);

}  // namespace sandbox::tool
