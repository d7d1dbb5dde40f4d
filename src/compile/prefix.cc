#include "compile/prefix.h"

#include <cstdint>
#include <utility>

#include "bpf/foreign_program.h"

namespace sandbox::compile {
namespace {

/// Stands for the program while the prefix is made: a value that no other node returns, because seccomp(2) has no such
/// action.
constexpr uint32_t kPlaceholder = 0x0bad0bad;

}  // namespace

// The first node made is the last instruction: where the program itself will stand.
Prefix::Prefix(const Filter& filter) : filter_(filter), behind_(assembler_.ret(kPlaceholder)) {}

bpf::Assembler::Node Prefix::program(Written written) {
  const bpf::EntryReads reads = bpf::entry_reads(filter_.program);
  // An AND does not cost a call its place in the kernel's cache, a load of a constant would; X is written only on ways
  // that are not cached anyhow.
  bpf::Assembler::Node node = behind_;
  if (reads.a) node = assembler_.step(BPF_ALU | BPF_AND | BPF_K, 0, node);
  if (reads.x && written == Written::kAAndX) node = assembler_.step(BPF_LDX | BPF_IMM, 0, node);
  return node;
}

Result<Filter, CompileError> Prefix::finish(bpf::Assembler::Node root) {
  bpf::Assembly assembly = assembler_.assemble(root);
  assembly.program.pop_back();
  assembly.marks.pop_back();
  const size_t size = assembly.program.size();
  std::vector<TokenSite> sites = token_sites(assembly);
  for (const TokenSite& site : filter_.token_sites) sites.push_back({site.index + size, site.word});

  bpf::Program program = std::move(assembly.program);
  const bpf::Program& rest = filter_.program.instructions();
  program.insert(program.end(), rest.begin(), rest.end());
  return joined_filter(std::move(program), std::move(sites), filter_.ranges);
}

}  // namespace sandbox::compile
