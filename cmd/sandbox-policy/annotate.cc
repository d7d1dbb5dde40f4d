#include "sandbox-policy/annotate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/disasm.h"
#include "bpf/instruction.h"
#include "bpf/walk.h"
#include "sandbox-policy/describe.h"

namespace sandbox::tool {
namespace {

using bpf::Instruction;
using bpf::Program;

constexpr size_t kMaxCallsNamed = 4;  // In a note; of more there is the count.
constexpr size_t kMaxLinesNamed = 4;

std::vector<std::string> instruction_lines(const Program& program) {
  const std::string text = bpf::disassemble(program);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin + 6, end - begin - 6));  // Behind the index.
    begin = end + 1;
  }
  return lines;
}

/// The calls that lead to an instruction.
struct Reach {
  std::vector<std::pair<arch::Abi, uint32_t>> calls;
  std::vector<arch::Abi> abis;
};

class Annotator {
 public:
  Annotator(const compile::ReadyFilter& filter, const Input& input, arch::Abi machine)
      : filter_(filter),
        program_(filter.filter.program.instructions()),
        input_(input),
        abis_(input.abis(machine)),
        a_(bpf::accumulators(program_)),
        reach_(program_.size()),
        listing_{instruction_lines(program_), {}} {}

  Listing annotate() {
    for (const arch::Abi abi : abis_) {
      const uint32_t audit_arch = arch::info(abi).audit_arch;
      for (const std::string_view name : arch::names_on(abi)) {
        note_reach(abi, audit_arch, *arch::number_of(abi, name));
        ++calls_;
      }
    }
    for (size_t at = 0; at < program_.size(); ++at) listing_.notes.push_back(note(at));
    return std::move(listing_);
  }

 private:
  void note_reach(arch::Abi abi, uint32_t audit_arch, uint32_t number) {
    const bpf::Walk walk = bpf::walk(program_, audit_arch, number);
    for (size_t at = 0; at < program_.size(); ++at) {
      if (!walk.reached[at]) continue;
      reach_[at].calls.emplace_back(abi, number);
      if (reach_[at].abis.empty() || reach_[at].abis.back() != abi) reach_[at].abis.push_back(abi);
    }
  }

  /// The ABI in whose names an instruction is read.
  [[nodiscard]] arch::Abi abi_at(size_t at) const {
    return reach_[at].abis.empty() ? abis_.front() : reach_[at].abis.front();
  }

  [[nodiscard]] std::string note(size_t at) const {
    if (const auto site = std::find_if(filter_.filter.token_sites.begin(), filter_.filter.token_sites.end(),
                                       [&](const compile::TokenSite& s) { return s.index == at; });
        site != filter_.filter.token_sites.end()) {
      return "word " + std::to_string(site->word + 1) + " of the exec token, drawn at the launch";
    }
    const Instruction& instruction = program_[at];
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        return load_note(at);
      case BPF_JMP:
        return jump_note(at);
      case BPF_RET:
        return BPF_RVAL(instruction.code) == BPF_A ? "" : return_note(at);
      default:
        return "";
    }
  }

  [[nodiscard]] std::string load_note(size_t at) const {
    const Instruction& instruction = program_[at];
    if (BPF_MODE(instruction.code) != BPF_ABS || instruction.k < bpf::kArgsOffset) return "";
    const unsigned argument = (instruction.k - bpf::kArgsOffset) / 8;
    const bool low = instruction.k == bpf::low_half_offset(argument, arch::info(abi_at(at)).endian);
    return "arg" + std::to_string(argument) + (low ? ", low half" : ", high half") + of_calls(at);
  }

  /// ": socket, socketpair (beat.yml:12)"; nothing where too many calls come by.
  [[nodiscard]] std::string of_calls(size_t at) const {
    const std::string names = names_of(at);
    if (names.empty()) return "";
    const std::string lines = lines_of(at);
    return " of " + names + (lines.empty() ? "" : "  [" + lines + "]");
  }

  [[nodiscard]] std::string names_of(size_t at) const {
    if (reach_[at].calls.empty() || reach_[at].calls.size() > kMaxCallsNamed) return "";
    std::vector<std::string> names;
    for (const auto& [abi, number] : reach_[at].calls) {
      names.push_back(call_text(abi, number) +
                      (abis_.size() > 1 ? " (" + std::string(arch::info(abi).name) + ")" : ""));
    }
    return join(names, ", ");
  }

  /// The lines of the policy with conditions on a call; no more than are needed to see that they are too many.
  const std::set<uint32_t>& lines_of_call(arch::Abi abi, uint32_t number) const {
    const auto [known, added] = lines_.try_emplace({abi, number});
    if (!added) return known->second;
    const resolve::RuleSet* rules = resolve::find_rules(input_.rules, abi);
    if (rules == nullptr) return known->second;
    for (const resolve::Clause* clause : chain_of(*rules, number).cases) {
      if (known->second.size() > kMaxLinesNamed) break;
      known->second.insert(line_of(*clause, *input_.policy));
    }
    return known->second;
  }

  /// The lines of the policy with conditions on the calls that come by.
  [[nodiscard]] std::string lines_of(size_t at) const {
    if (!input_.policy) return "";
    std::set<uint32_t> lines;
    for (const auto& [abi, number] : reach_[at].calls) {
      const std::set<uint32_t>& own = lines_of_call(abi, number);
      lines.insert(own.begin(), own.end());
    }
    if (lines.empty() || lines.size() > kMaxLinesNamed) return "";
    std::vector<std::string> texts;
    texts.reserve(lines.size());
    for (const uint32_t line : lines) texts.push_back(std::to_string(line));
    return (lines.size() == 1 ? "line " : "lines ") + join(texts, ", ");
  }

  [[nodiscard]] std::string jump_note(size_t at) const {
    const Instruction& instruction = program_[at];
    if (!bpf::is_branch(instruction.code) || bpf::takes_x(instruction.code)) return "";
    if (a_[at].field == bpf::Accumulator::Field::kArch) return arch_note(instruction);
    if (a_[at].field == bpf::Accumulator::Field::kNumber) return number_note(at);
    return "";
  }

  [[nodiscard]] static std::string arch_note(const Instruction& instruction) {
    for (const arch::AbiInfo& abi : arch::all_abis()) {
      if (abi.audit_arch == instruction.k && BPF_OP(instruction.code) == BPF_JEQ) return std::string(abi.name) + "?";
    }
    return "";
  }

  [[nodiscard]] std::string number_note(size_t at) const {
    const Instruction& instruction = program_[at];
    const uint32_t k = instruction.k;
    switch (BPF_OP(instruction.code)) {
      case BPF_JEQ:
        return name_at(at, k) + "?";
      case BPF_JGE:
        return "from " + name_at(at, k) + " on?";
      case BPF_JGT:
        return "behind " + name_at(at, k) + "?";
      default:
        return mask_note(at);
    }
  }

  [[nodiscard]] std::string name_at(size_t at, uint32_t number) const {
    if (number == UINT32_MAX) return "a call that a tracer skips";
    if (number == arch::info(arch::Abi::kX32).first_number && abi_at(at) == arch::Abi::kX86_64) return "x32";
    for (const arch::Abi abi : reach_[at].abis) {
      if (const auto name = arch::name_of(abi, number)) return std::string(*name);
    }
    return call_text(abi_at(at), number);
  }

  /// Which of the calls that come by share a bit with the mask, or which do not: the fewer of the two.
  [[nodiscard]] std::string mask_note(size_t at) const {
    std::vector<std::string> hit;
    std::vector<std::string> missed;
    for (const auto& [abi, number] : reach_[at].calls) {
      ((number & program_[at].k) != 0 ? hit : missed).push_back(call_text(abi, number));
    }
    const bool fewer_hit = hit.size() <= missed.size();
    const std::vector<std::string>& few = fewer_hit ? hit : missed;
    if (few.empty()) return "";
    if (few.size() > kMaxCallsNamed) return std::to_string(few.size()) + (fewer_hit ? " calls?" : " calls not?");
    return (fewer_hit ? "" : "not ") + join(few, ", ") + "?";
  }

  [[nodiscard]] std::string return_note(size_t at) const {
    std::string note = return_text(program_[at].k, abi_at(at));
    if (listing_.instructions[at].ends_with(" " + note)) note.clear();  // It is said already.
    if (note.starts_with("errno ")) note.erase(0, 6);
    if (reach_[at].calls.empty()) return note + (note.empty() ? "" : "; ") + "no call that has a name";
    const std::string names = names_of(at);
    note += note.empty() ? "" : ": ";
    return note + (names.empty() ? std::to_string(reach_[at].calls.size()) + " of " + std::to_string(calls_) + " calls"
                                 : names);
  }

  const compile::ReadyFilter& filter_;
  const Program& program_;
  const Input& input_;
  std::vector<arch::Abi> abis_;
  std::vector<bpf::Accumulator> a_;
  std::vector<Reach> reach_;
  mutable std::map<std::pair<arch::Abi, uint32_t>, std::set<uint32_t>> lines_;  ///< See lines_of_call().
  Listing listing_;
  size_t calls_ = 0;
};

}  // namespace

Listing annotate(const compile::ReadyFilter& filter, const Input& input, arch::Abi machine) {
  return Annotator(filter, input, machine).annotate();
}

}  // namespace sandbox::tool
