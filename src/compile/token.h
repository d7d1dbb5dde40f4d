// The exec token in a program: with it the launcher's own calls get through where a policy would not allow them.
//
// A compiled program answers a call that shows the token with SECCOMP_RET_USER_NOTIF: a thread of the launcher lets it
// continue (kernel/token_answerer.h), and execve ends that thread and closes its listener. So a process that has seen
// the token gains nothing by it: without a listener such a call fails with ENOSYS. Where no listener can be had, the
// program is installed in its other form, in which the token allows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/abi.h"
#include "bpf/assembler.h"

namespace sandbox::compile {

/// The exec token's words in the order in which a filter reads them: for arguments 3, 4 and 5 the low half, then the
/// high half. 192 bits on 64-bit ABIs; on 32-bit ABIs the high halves are not compared, which leaves 96.
inline constexpr size_t kTokenWords = 6;
using Token = std::array<uint32_t, kTokenWords>;

/// The arguments that carry the token: the first register that neither execve, write nor exit_group reads, and the two
/// behind it.
inline constexpr unsigned kTokenArgument = 3;

/// An instruction whose constant is a word of the token.
struct TokenSite {
  size_t index = 0;
  size_t word = 0;
  bool operator==(const TokenSite&) const = default;
};

/// A word of the token, and where in struct seccomp_data a filter reads it.
struct TokenWord {
  size_t index = 0;
  uint32_t offset = 0;
};

/// The words that a filter for this ABI compares, in order.
std::vector<TokenWord> token_words(const arch::AbiInfo& abi);

/// What the launcher itself still calls once the filter is in place: execve, write and exit_group.
std::vector<uint32_t> launcher_calls(arch::Abi abi);

/// A node that continues at `allowed` for a call that shows the token and at `denied` for any other. A and X are
/// lost. All words are compared before anything is decided, so that the time taken says nothing about which of them is
/// right: X collects the differences.
bpf::Assembler::Node compile_token_check(bpf::Assembler& assembler, const arch::AbiInfo& abi,
                                         bpf::Assembler::Node allowed, bpf::Assembler::Node denied);

/// The instructions of token checks that wait for a word of the token.
std::vector<TokenSite> token_sites(const bpf::Assembly& assembly);

/// Puts the token in place. The constants that change are operands of XOR, so the program is as valid as before.
void fill_in(const Token& token, const std::vector<TokenSite>& sites, bpf::Program& program);

}  // namespace sandbox::compile
