// filter_figures FILE...: INSTRUCTIONS LONGEST MEAN, with tabs between them, of a raw filter. LONGEST is the longest
// way through its jumps, MEAN the mean number of instructions run for the call numbers 0 to 450 of this machine's ABI
// with arguments of 0. The kernel runs every one of several filters, so their figures are added.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "raw_filter.h"

namespace {

using sandbox::bpf::Program;

constexpr uint32_t kLastNumber = 450;

struct Figures {
  size_t instructions = 0;
  size_t longest = 0;
  double mean = 0;
};

/// From the end: jumps go forward only.
size_t longest_way(const Program& program) {
  std::vector<size_t> ways(program.size(), 1);
  for (size_t i = program.size(); i-- > 0;) {
    const sock_filter& at = program[i];
    if (BPF_CLASS(at.code) == BPF_RET) continue;
    if (BPF_CLASS(at.code) != BPF_JMP) {
      ways[i] = 1 + ways[i + 1];
    } else if (BPF_OP(at.code) == BPF_JA) {
      ways[i] = 1 + ways[i + 1 + at.k];
    } else {
      ways[i] = 1 + std::max(ways[i + 1 + at.jt], ways[i + 1 + at.jf]);
    }
  }
  return ways[0];
}

Figures figures_of(const sandbox::bpf::ValidatedProgram& program) {
  const sandbox::arch::AbiInfo& abi = sandbox::arch::info(sandbox::arch::native_abi());
  uint64_t steps = 0;
  for (uint32_t number = 0; number <= kLastNumber; ++number) {
    sandbox::bpf::SystemCall call;
    call.number = number;
    call.arch = abi.audit_arch;
    steps += sandbox::bpf::interpret(program, call, abi.endian).steps;
  }
  return {program.size(), longest_way(program.instructions()), static_cast<double>(steps) / (kLastNumber + 1)};
}

}  // namespace

int main(int argc, char** argv) {
  Figures all;
  const auto raw = std::make_unique<raw_filter>();
  for (int i = 1; i < argc; ++i) {
    const bool read = read_raw_filter(argv[i], raw.get()) == 0;
    const auto program =
        sandbox::bpf::validate(read ? Program(raw->instructions, raw->instructions + raw->length) : Program());
    if (!program) {
      std::fprintf(stderr, "filter_figures: %s: not a filter\n", argv[i]);
      return EXIT_FAILURE;
    }
    const Figures one = figures_of(*program);
    all.instructions += one.instructions;
    all.longest += one.longest;
    all.mean += one.mean;
  }
  std::printf("%zu\t%zu\t%.2f\n", all.instructions, all.longest, all.mean);
}
