#include "compile/token_sites.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "bpf/instruction.h"
#include "bpf/walk.h"

namespace sandbox::compile {
namespace {

using bpf::Instruction;
using bpf::InvalidProgram;
using bpf::Program;

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint16_t kXor = BPF_ALU | BPF_XOR | BPF_K;
constexpr uint16_t kOr = BPF_ALU | BPF_OR | BPF_X;
constexpr uint16_t kToX = BPF_MISC | BPF_TAX;
constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;

/// Where the unconditional jumps at `index` lead, if there are any.
size_t past_jumps(const Program& program, size_t index) {
  while (program[index].code == (BPF_JMP | BPF_JA)) index = bpf::successors(program[index], index).yes;
  return index;
}

/// Whether what stands at `index` is a notification.
bool notifies(const Program& program, size_t index) {
  const Instruction& instruction = program[past_jumps(program, index)];
  return instruction.code == (BPF_RET | BPF_K) && (instruction.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
}

/// Which instructions some jump leads to.
std::vector<bool> jump_targets(const Program& program) {
  std::vector<bool> targets(program.size(), false);
  for (size_t i = 0; i < program.size(); ++i) {
    if (!bpf::is_jump(program[i].code)) continue;
    const bpf::Successors next = bpf::successors(program[i], i);
    targets[next.yes] = true;
    targets[next.no] = true;
  }
  return targets;
}

/// One whole token check, compared with what compile_token_check makes.
class Check {
 public:
  Check(const Program& program, const std::vector<bool>& targets, std::span<const TokenSite> sites)
      : program_(program), targets_(targets), sites_(sites), start_(sites.front().index - 1), at_(start_) {}

  /// None when it is one.
  std::optional<InvalidProgram> difference(std::span<const TokenWord> words) {
    for (size_t i = 0; i < words.size(); ++i) {
      bool same = next(kLoad, words[i].offset);
      same = same && sites_[i].index == at_ && sites_[i].word == words[i].index && next(kXor, 0);
      if (i > 0) same = same && next(kOr, 0);
      if (i + 1 < words.size()) same = same && next(kToX, 0);
      if (!same) return InvalidProgram{std::min(at_, program_.size() - 1), "a token check has another form"};
    }
    const size_t end = past_jumps(program_, at_);
    const Instruction& decision = program_[end];
    if (decision.code != kEqual || decision.k != 0) return InvalidProgram{end, "a token check decides nothing"};
    if (!notifies(program_, bpf::successors(decision, end).yes))
      return InvalidProgram{end, "a token check does not lead to user_notif"};
    decision_ = end;
    return std::nullopt;
  }

  /// Where it decides, once it was found to be one.
  [[nodiscard]] size_t decision() const { return decision_; }

 private:
  /// Whether the next instruction is this one and, but for the first, cannot be jumped to.
  bool next(uint16_t code, uint32_t k) {
    if (at_ >= program_.size() - 1 || (at_ != start_ && targets_[at_])) return false;
    if (program_[at_].code != code || program_[at_].k != k) return false;
    ++at_;
    return true;
  }

  const Program& program_;
  const std::vector<bool>& targets_;
  std::span<const TokenSite> sites_;
  size_t start_;
  size_t at_;
  size_t decision_ = 0;
};

/// A path to a notification on which the call did not have to show the token. `decisions` are those of the checks.
std::optional<InvalidProgram> notification_without_token(const Program& program, const std::vector<size_t>& decisions) {
  const auto open = InvalidProgram{0, "it returns user_notif to a call without the token"};
  if (notifies(program, 0)) return open;
  for (size_t i = 0; i + 1 < program.size(); ++i) {
    const Instruction& instruction = program[i];
    if (bpf::is_return(instruction.code) || instruction.code == (BPF_JMP | BPF_JA)) continue;
    const bool decides = std::find(decisions.begin(), decisions.end(), i) != decisions.end();
    const bpf::Successors next = bpf::successors(instruction, i);
    if (notifies(program, next.no) || (!decides && notifies(program, next.yes))) return InvalidProgram{i, open.message};
  }
  return std::nullopt;
}

/// Follows every path that a call with a known number can take, regardless of its arguments.
class LauncherPaths {
 public:
  LauncherPaths(const Program& program, const std::vector<TokenSite>& sites, const arch::AbiInfo& abi)
      : program_(program), sites_(sites), abi_(abi) {}

  bool all_allow(uint32_t number) {
    number_ = number;
    for (auto& seen : seen_) seen.assign(program_.size(), false);
    return allow(0, bpf::KnownA::kNothing);  // It is 0, which no filter of ours counts on.
  }

 private:
  // A call that was judged before, or is being judged, is not judged again: jumps go forward only.
  bool allow(size_t at, bpf::KnownA known) {
    for (;;) {
      std::vector<bool>& seen = seen_[static_cast<size_t>(known)];
      if (seen[at]) return true;
      seen[at] = true;
      const Instruction& instruction = program_[at];
      if (begins_check(at)) return true;
      if (bpf::is_return(instruction.code)) {
        return instruction.code == (BPF_RET | BPF_K) && instruction.k == SECCOMP_RET_ALLOW;
      }
      if (instruction.code == (BPF_ALU | BPF_DIV | BPF_X)) return false;  // By 0 it ends the filter, and kills.
      const bpf::Successors next = bpf::successors(instruction, at, known, abi_.audit_arch, number_);
      known = bpf::known_after(instruction, known);
      if (next.yes != next.no && !allow(next.yes, known)) return false;
      at = next.no;
    }
  }

  [[nodiscard]] bool begins_check(size_t at) const {
    return std::any_of(sites_.begin(), sites_.end(),
                       [&](const TokenSite& site) { return site.word == 0 && site.index == at + 1; });
  }

  const Program& program_;
  const std::vector<TokenSite>& sites_;
  const arch::AbiInfo& abi_;
  uint32_t number_ = 0;
  std::array<std::vector<bool>, bpf::kKnownACount> seen_;
};

}  // namespace

std::optional<InvalidProgram> wrong_token_site(const bpf::ValidatedProgram& validated,
                                               const std::vector<TokenSite>& sites, arch::Abi launcher) {
  const Program& program = validated.instructions();
  // Our compiler has no other use for XOR.
  size_t next = 0;
  for (size_t i = 0; i < program.size(); ++i) {
    const bool site = next < sites.size() && sites[next].index == i;
    if ((program[i].code == kXor) != site) {
      return InvalidProgram{i, site ? "a token site is no xor with a constant" : "a token check has no token site"};
    }
    if (site) ++next;
  }
  if (next < sites.size()) {
    return InvalidProgram{sites[next].index, "a token site is out of order or outside the program"};
  }

  const std::vector<TokenWord> words = token_words(arch::info(launcher));
  if (sites.size() % words.size() != 0) return InvalidProgram{sites.back().index, "a token check lacks a token site"};
  const std::vector<bool> targets = jump_targets(program);
  std::vector<size_t> decisions;
  for (size_t first = 0; first < sites.size(); first += words.size()) {
    const std::span<const TokenSite> group(&sites[first], words.size());
    if (group.front().index == 0) return InvalidProgram{0, "a token check has another form"};
    Check check(program, targets, group);
    if (auto difference = check.difference(words)) return difference;
    decisions.push_back(check.decision());
  }
  return notification_without_token(program, decisions);
}

bool opens_for_launcher(const bpf::ValidatedProgram& program, const std::vector<TokenSite>& sites, arch::Abi launcher) {
  LauncherPaths paths(program.instructions(), sites, arch::info(launcher));
  const std::vector<uint32_t> numbers = launcher_calls(launcher);
  return std::all_of(numbers.begin(), numbers.end(), [&](uint32_t number) { return paths.all_allow(number); });
}

}  // namespace sandbox::compile
