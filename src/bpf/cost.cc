#include "bpf/cost.h"

#include <algorithm>
#include <vector>

#include "bpf/instruction.h"
#include "bpf/interpret.h"

namespace sandbox::bpf {

size_t longest_path(const ValidatedProgram& program) {
  const Program& instructions = program.instructions();
  std::vector<size_t> longest(instructions.size());
  for (size_t i = instructions.size(); i-- > 0;) {  // Jumps only lead forward.
    longest[i] = 1;
    if (is_return(instructions[i].code)) continue;
    const Successors next = successors(instructions[i], i);
    longest[i] += std::max(longest[next.yes], longest[next.no]);
  }
  return longest.front();
}

double mean_steps(const ValidatedProgram& program, uint32_t arch, Endian endian, uint32_t last) {
  uint64_t steps = 0;
  SystemCall call;
  call.arch = arch;
  for (uint64_t number = 0; number <= last; ++number) {
    call.number = static_cast<uint32_t>(number);
    steps += interpret(program, call, endian).steps;
  }
  return static_cast<double>(steps) / (static_cast<double>(last) + 1);
}

}  // namespace sandbox::bpf
