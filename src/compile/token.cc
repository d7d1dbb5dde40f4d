#include "compile/token.h"

#include <iterator>

#include "arch/syscalls.h"

namespace sandbox::compile {
using bpf::Assembler;
using Node = Assembler::Node;

std::vector<TokenWord> token_words(const arch::AbiInfo& abi) {
  std::vector<TokenWord> words;
  for (unsigned i = 0; i < kTokenWords / 2; ++i) {
    words.push_back({size_t{2} * i, bpf::low_half_offset(kTokenArgument + i, abi.endian)});
    if (abi.register_bits == 64) words.push_back({2 * i + 1, bpf::high_half_offset(kTokenArgument + i, abi.endian)});
  }
  return words;
}

std::vector<uint32_t> launcher_calls(arch::Abi abi) {
  return {*arch::number_of(abi, "execve"), *arch::number_of(abi, "write"), *arch::number_of(abi, "exit_group")};
}

Node compile_token_check(Assembler& assembler, const arch::AbiInfo& abi, Node allowed, Node denied) {
  const std::vector<TokenWord> words = token_words(abi);
  Node node = assembler.branch(bpf::Compare::kEqual, 0, allowed, denied);
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const bool last = word == words.rbegin();
    const bool first = std::next(word) == words.rend();
    if (!last) node = assembler.step(BPF_MISC | BPF_TAX, 0, node);
    if (!first) node = assembler.step(BPF_ALU | BPF_OR | BPF_X, 0, node);
    const auto mark = static_cast<uint32_t>(word->index + 1);
    node = assembler.step(BPF_ALU | BPF_XOR | BPF_K, 0, node, mark);
    node = assembler.load(word->offset, node);
  }
  return node;
}

std::vector<TokenSite> token_sites(const bpf::Assembly& assembly) {
  std::vector<TokenSite> sites;
  for (size_t i = 0; i < assembly.marks.size(); ++i) {
    if (assembly.marks[i] != 0) sites.push_back({i, assembly.marks[i] - 1});
  }
  return sites;
}

void fill_in(const Token& token, const std::vector<TokenSite>& sites, bpf::Program& program) {
  for (const TokenSite& site : sites) program[site.index].k = token[site.word];
}

}  // namespace sandbox::compile
