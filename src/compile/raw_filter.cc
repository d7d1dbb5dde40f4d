#include "compile/raw_filter.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "bpf/assembler.h"
#include "bpf/foreign_program.h"
#include "bpf/interpret.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using Node = Assembler::Node;

UnusableFilter at_instruction(const bpf::InvalidProgram& invalid) {
  return {"instruction " + std::to_string(invalid.index) + ": " + invalid.message};
}

Result<bpf::ValidatedProgram, UnusableFilter> parse(std::string_view bytes) {
  constexpr size_t kBytes = sizeof(bpf::Instruction);
  if (bytes.empty()) return UnusableFilter{"is empty, expected a filter"};
  uint16_t code = 0;
  if (bytes.size() >= sizeof code) std::memcpy(&code, bytes.data(), sizeof code);
  if (code > UINT8_MAX) return UnusableFilter{"is neither a filter file nor raw BPF; policies are given by --policy"};
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
  if (const auto unwelcome = bpf::unwelcome_return(*validated)) return at_instruction(*unwelcome);
  return std::move(*validated);
}

/// What goes in front of `program`, with its token sites: the token check for these calls, all other calls straight on.
bpf::Assembly token_prefix(const bpf::ValidatedProgram& program, const arch::AbiInfo& abi,
                           const std::vector<uint32_t>& numbers) {
  const bpf::EntryReads reads = bpf::entry_reads(program);
  Assembler assembler;
  // The first node made is the last instruction: where the program itself will stand.
  const Node behind = assembler.ret(SECCOMP_RET_KILL_PROCESS);
  // The program finds A and X as the kernel would hand them to it. An AND does not cost a call its place in the
  // kernel's cache, a load of a constant would; X is written only where a call is not cached anyhow.
  const Node start = reads.a ? assembler.step(BPF_ALU | BPF_AND | BPF_K, 0, behind) : behind;
  const Node refused = reads.x ? assembler.step(BPF_LDX | BPF_IMM, 0, start) : start;
  const Node check = compile_token_check(assembler, abi, assembler.ret(SECCOMP_RET_ALLOW), refused);
  Node next = start;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    next = assembler.branch(Compare::kEqual, *number, check, next);
  }
  next = assembler.branch(Compare::kEqual, abi.audit_arch, assembler.load(bpf::kNumberOffset, next), start);
  bpf::Assembly assembly = assembler.assemble(assembler.load(bpf::kArchOffset, next));
  assembly.program.pop_back();
  assembly.marks.pop_back();
  return assembly;
}

}  // namespace

Result<RawFilter, UnusableFilter> read_raw_filter(std::string_view bytes, arch::Abi launcher) {
  auto program = parse(bytes);
  if (!program) return program.error();
  const arch::AbiInfo& abi = arch::info(launcher);
  std::vector<uint32_t> numbers = launcher_calls(launcher);
  std::erase_if(numbers, [&](uint32_t number) { return is_cached_allow(*program, abi.audit_arch, number); });
  if (numbers.empty()) return RawFilter{{std::move(*program), {}, 0}, 0};

  bpf::Assembly prefix = token_prefix(*program, abi, numbers);
  const size_t size = prefix.program.size();
  const bpf::Program& rest = program->instructions();
  if (size + rest.size() > bpf::kMaxInstructions) {
    return UnusableFilter{"has " + std::to_string(rest.size()) + " instructions, and with the " + std::to_string(size) +
                          " that let sandbox-run execute the program more than the " +
                          std::to_string(bpf::kMaxInstructions) + " that a filter may have"};
  }
  prefix.program.insert(prefix.program.end(), rest.begin(), rest.end());
  auto whole = bpf::validate(std::move(prefix.program));
  if (!whole) return at_instruction(whole.error());
  return RawFilter{{std::move(*whole), token_sites(prefix), 0}, size};
}

std::string write_raw_filter(const bpf::ValidatedProgram& program) {
  const bpf::Program& instructions = program.instructions();
  return {reinterpret_cast<const char*>(instructions.data()), instructions.size() * sizeof(bpf::Instruction)};
}

}  // namespace sandbox::compile
