// Programs as text for people.
#pragma once

#include <string>

#include "bpf/program.h"

namespace sandbox::bpf {

/// One line an instruction: its index, the operation, and the indices that a jump leads to.
std::string disassemble(const Program& program);

}  // namespace sandbox::bpf
