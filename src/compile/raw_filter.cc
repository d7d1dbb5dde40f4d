#include "compile/raw_filter.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "bpf/assembler.h"
#include "bpf/foreign_program.h"
#include "bpf/instruction.h"
#include "bpf/interpret.h"
#include "bpf/walk.h"
#include "compile/prefix.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

UnusableFilter at_instruction(const bpf::InvalidProgram& invalid) {
  return {"instruction " + std::to_string(invalid.index) + ": " + invalid.message};
}

/// The program behind a token check for these calls.
Result<Filter, CompileError> with_token_check(const Filter& filter, const arch::AbiInfo& abi,
                                              const std::vector<uint32_t>& numbers) {
  Prefix prefix(filter);
  Assembler& assembler = prefix.assembler();
  const Node program = prefix.program(Prefix::Written::kA);
  const Node check = compile_token_check(assembler, abi, assembler.ret(SECCOMP_RET_USER_NOTIF),
                                         prefix.program(Prefix::Written::kAAndX));
  Node next = program;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    next = assembler.branch(Compare::kEqual, *number, check, next);
  }
  next = assembler.branch(Compare::kEqual, abi.audit_arch, assembler.load(bpf::kNumberOffset, next), program);
  return prefix.finish(assembler.load(bpf::kArchOffset, next));
}

}  // namespace

bool looks_like_raw_bpf(std::string_view bytes) {
  uint16_t code = 0;
  if (bytes.size() < sizeof code) return false;
  std::memcpy(&code, bytes.data(), sizeof code);
  return code <= UINT8_MAX;
}

Result<bpf::ValidatedProgram, UnusableFilter> read_raw_program(std::string_view bytes) {
  constexpr size_t kBytes = sizeof(bpf::Instruction);
  if (bytes.empty()) return UnusableFilter{"is empty, expected a filter"};
  if (bytes.size() % kBytes != 0) {
    return UnusableFilter{"has " + std::to_string(bytes.size()) + " bytes; raw BPF has 8 for each instruction"};
  }
  const size_t count = bytes.size() / kBytes;
  if (count > bpf::kMaxInstructions) {
    return UnusableFilter{"has " + std::to_string(count) + " instructions, a filter may have " +
                          std::to_string(bpf::kMaxInstructions)};
  }
  bpf::Program program(count);
  std::memcpy(program.data(), bytes.data(), bytes.size());
  auto validated = bpf::validate(std::move(program));
  if (!validated) return at_instruction(validated.error());
  return std::move(*validated);
}

Result<RawFilter, UnusableFilter> read_raw_filter(std::string_view bytes, arch::Abi launcher) {
  if (bytes.size() > 1 && !looks_like_raw_bpf(bytes)) {
    return UnusableFilter{"is neither a filter file nor raw BPF; policies are given by --policy"};
  }
  auto program = read_raw_program(bytes);
  if (!program) return program.error();
  if (const auto unusable = bpf::unusable_return(*program)) return at_instruction(*unusable);
  const arch::AbiInfo& abi = arch::info(launcher);
  std::vector<uint32_t> numbers = launcher_calls(launcher);
  std::erase_if(numbers, [&](uint32_t number) { return is_cached_allow(*program, abi.audit_arch, number); });
  if (numbers.empty()) return RawFilter{{std::move(*program), {}, 0}, 0};

  const Filter plain = {std::move(*program), {}, 0};
  const size_t size = plain.program.size();
  auto whole = with_token_check(plain, abi, numbers);
  if (!whole) {
    return UnusableFilter{"has " + std::to_string(size) + " instructions, and with the " +
                          std::to_string(whole.error().instructions - size) +
                          " that let sandbox-run execute the program more than the " +
                          std::to_string(bpf::kMaxInstructions) + " that a filter may have"};
  }
  const size_t prefix = whole->program.size() - size;
  return RawFilter{std::move(*whole), prefix};
}

std::vector<arch::Abi> abis_in(const bpf::Program& program) {
  using Field = bpf::Accumulator::Field;
  const std::vector<bpf::Accumulator> a = bpf::accumulators(program);
  const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
  std::vector<arch::Abi> abis;
  const auto add = [&](arch::Abi abi) {
    if (std::find(abis.begin(), abis.end(), abi) == abis.end()) abis.push_back(abi);
  };
  for (size_t at = 0; at < program.size(); ++at) {
    if (!bpf::is_jump(program[at].code) || BPF_OP(program[at].code) != BPF_JEQ) continue;
    const uint32_t k = program[at].k;
    for (const arch::AbiInfo& abi : arch::all_abis()) {
      const bool x32 = abi.abi == arch::Abi::kX32;
      if (a[at].field == Field::kArch && !x32 && k == abi.audit_arch) add(abi.abi);
      if (a[at].field == Field::kNumber && x32 && k > x32_first && k != UINT32_MAX) add(abi.abi);
    }
  }
  return abis;
}

std::string write_raw_filter(const bpf::ValidatedProgram& program) {
  const bpf::Program& instructions = program.instructions();
  return {reinterpret_cast<const char*>(instructions.data()), instructions.size() * sizeof(bpf::Instruction)};
}

}  // namespace sandbox::compile
