#include "compile/listener_guard.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "bpf/assembler.h"
#include "compile/prefix.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using bpf::Instruction;
using Node = Assembler::Node;

/// seccomp(2)'s number on every ABI that processes of the machine may use.
struct SeccompCall {
  uint32_t audit_arch = 0;
  uint32_t number = 0;
};

std::vector<SeccompCall> seccomp_calls(arch::Abi machine) {
  std::vector<SeccompCall> calls;
  for (const arch::Abi abi : arch::abis_of_machine(machine)) {
    if (const auto number = arch::number_of(abi, "seccomp")) calls.push_back({arch::info(abi).audit_arch, *number});
  }
  return calls;
}

/// What is known of A on a way through a program for one call: nothing, or that it is the number or the ABI.
enum Known : uint8_t { kNothing, kNumber, kArch, kKnown };

Known known_after(const Instruction& instruction, Known before) {
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      if (instruction.code != (BPF_LD | BPF_W | BPF_ABS)) return kNothing;
      if (instruction.k == bpf::kNumberOffset) return kNumber;
      return instruction.k == bpf::kArchOffset ? kArch : kNothing;
    case BPF_ALU:
      return kNothing;
    case BPF_MISC:
      return BPF_MISCOP(instruction.code) == BPF_TAX ? before : kNothing;
    default:
      return before;
  }
}

bool holds(const Instruction& instruction, uint32_t a) {
  switch (BPF_OP(instruction.code)) {
    case BPF_JEQ:
      return a == instruction.k;
    case BPF_JGE:
      return a >= instruction.k;
    case BPF_JGT:
      return a > instruction.k;
    default:  // BPF_JSET.
      return (a & instruction.k) != 0;
  }
}

/// What the program answers to one number, with each answer made as restrictive as the guard's: a copy of those of its
/// instructions that such a call can reach.
class Copy {
 public:
  Copy(const Filter& filter, SeccompCall call, uint16_t busy, std::optional<Notify> notify, Assembler& assembler)
      : program_(filter.program.instructions()), call_(call), busy_(busy), notify_(notify), assembler_(assembler) {
    marks_.assign(program_.size(), 0);
    for (const TokenSite& site : filter.token_sites) marks_[site.index] = static_cast<uint32_t>(site.word + 1);
    for (auto& nodes : nodes_) nodes.assign(program_.size(), kNoNode);
    for (auto& reached : reached_) reached.assign(program_.size(), false);
  }

  Node make() {
    mark_reached();
    for (size_t at = program_.size(); at-- > 0;) {
      for (uint8_t known = 0; known < kKnown; ++known) {
        if (reached_[known][at]) nodes_[known][at] = node(at, static_cast<Known>(known));
      }
    }
    return nodes_[kNothing][0];
  }

  /// Whether some answer is another one than that of the program itself, once it was made.
  [[nodiscard]] bool changes() const { return changes_; }

 private:
  static constexpr Node kNoNode = UINT32_MAX;

  /// Where the way goes on, `yes` and `no`; the same twice where it does not part.
  struct Next {
    size_t yes = 0;
    size_t no = 0;
  };

  [[nodiscard]] Next next(size_t at, Known known) const {
    const Instruction& instruction = program_[at];
    if (BPF_CLASS(instruction.code) != BPF_JMP) return {at + 1, at + 1};
    if (BPF_OP(instruction.code) == BPF_JA) return {at + 1 + instruction.k, at + 1 + instruction.k};
    const Next both = {at + 1 + instruction.jt, at + 1 + instruction.jf};
    if (known == kNothing || BPF_SRC(instruction.code) == BPF_X) return both;
    const size_t one = holds(instruction, known == kNumber ? call_.number : call_.audit_arch) ? both.yes : both.no;
    return {one, one};
  }

  void mark_reached() {
    reached_[kNothing][0] = true;
    for (size_t at = 0; at < program_.size(); ++at) {
      if (BPF_CLASS(program_[at].code) == BPF_RET) continue;
      for (uint8_t known = 0; known < kKnown; ++known) {
        if (!reached_[known][at]) continue;
        const Next ways = next(at, static_cast<Known>(known));
        auto& reached = reached_[known_after(program_[at], static_cast<Known>(known))];
        reached[ways.yes] = true;
        reached[ways.no] = true;
      }
    }
  }

  Node node(size_t at, Known known) {
    const Instruction& instruction = program_[at];
    if (BPF_CLASS(instruction.code) == BPF_RET) return answer(instruction.k);
    const auto& after = nodes_[known_after(instruction, known)];
    const Next ways = next(at, known);
    if (ways.yes != ways.no)
      return assembler_.conditional(instruction.code, instruction.k, after[ways.yes], after[ways.no]);
    const bool may_end = instruction.code == (BPF_ALU | BPF_DIV | BPF_X);  // By 0.
    const bool for_nothing = !may_end && std::ranges::find(answers_, after[ways.yes]) != answers_.end();
    if (BPF_CLASS(instruction.code) == BPF_JMP || for_nothing) return after[ways.yes];
    return assembler_.step(instruction.code, instruction.k, after[ways.yes], marks_[at]);
  }

  Node answer(uint32_t value) {
    changes_ = changes_ || guarded(value) != value;
    const Node node = assembler_.ret(guarded(value));
    if (std::ranges::find(answers_, node) == answers_.end()) answers_.push_back(node);
    return node;
  }

  /// The more restrictive of an answer and EBUSY.
  [[nodiscard]] uint32_t guarded(uint32_t answer) const {
    switch (answer & SECCOMP_RET_ACTION_FULL) {
      case SECCOMP_RET_KILL_PROCESS:
      case SECCOMP_RET_KILL_THREAD:
      case SECCOMP_RET_TRAP:
        return answer;
      case SECCOMP_RET_ERRNO:
      case SECCOMP_RET_USER_NOTIF:
      case SECCOMP_RET_TRACE:
      case SECCOMP_RET_LOG:
      case SECCOMP_RET_ALLOW:
        return notify_ == Notify::kDenials ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | busy_;
      default:
        return SECCOMP_RET_KILL_PROCESS;  // As the kernel reads an unknown answer.
    }
  }

  const bpf::Program& program_;
  SeccompCall call_;
  uint16_t busy_;
  std::optional<Notify> notify_;
  Assembler& assembler_;
  std::vector<uint32_t> marks_;
  std::vector<Node> answers_;
  bool changes_ = false;
  std::array<std::vector<Node>, kKnown> nodes_;
  std::array<std::vector<bool>, kKnown> reached_;
};

uint16_t busy_on(arch::Abi machine) {
  return arch::errno_number(machine, "EBUSY").value_or(EBUSY);
}

bool asks_by_arguments(const bpf::SystemCall& call) {
  return static_cast<uint32_t>(call.args[0]) == SECCOMP_SET_MODE_FILTER &&
         (static_cast<uint32_t>(call.args[1]) & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

}  // namespace

bool needs_listener_guard(const Filter& filter) {
  return std::ranges::any_of(filter.program.instructions(), [](const Instruction& instruction) {
    if (BPF_CLASS(instruction.code) != BPF_RET) return false;
    const uint32_t action = instruction.k & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_USER_NOTIF || action == SECCOMP_RET_TRACE;
  });
}

Result<Filter, CompileError> with_listener_guard(const Filter& filter, arch::Abi machine,
                                                 std::optional<Notify> notify) {
  const bpf::Endian endian = arch::info(machine).endian;
  Prefix prefix(filter);
  Assembler& assembler = prefix.assembler();
  const Node program = prefix.program(Prefix::Written::kA);

  const std::vector<SeccompCall> calls = seccomp_calls(machine);
  Node next = program;
  for (size_t i = 0; i < calls.size(); ++i) {
    const uint32_t audit_arch = calls[i].audit_arch;
    const auto same = [&](const SeccompCall& call) { return call.audit_arch == audit_arch; };
    if (std::any_of(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;  // x86_64 and x32.
    Node number = program;
    for (const SeccompCall& call : calls) {
      if (!same(call)) continue;
      Copy copy(filter, call, busy_on(machine), notify, assembler);
      const Node guarded = copy.make();
      if (!copy.changes()) continue;  // It kills, say: an ABI that is not covered.
      // Each way loads what it reads anew: nothing is known of A behind it.
      const Node flags =
          assembler.load(bpf::low_half_offset(1, endian),
                         assembler.branch(Compare::kAnyBit, SECCOMP_FILTER_FLAG_NEW_LISTENER, guarded, program));
      const Node operation = assembler.load(bpf::low_half_offset(0, endian),
                                            assembler.branch(Compare::kEqual, SECCOMP_SET_MODE_FILTER, flags, program));
      number = assembler.branch(Compare::kEqual, call.number, operation, number);
    }
    if (number == program) continue;
    next = assembler.branch(Compare::kEqual, audit_arch, assembler.load(bpf::kNumberOffset, number), next);
  }
  return prefix.finish(assembler.load(bpf::kArchOffset, next));
}

bool asks_for_listener(const bpf::SystemCall& call, arch::Abi machine) {
  const auto calls = seccomp_calls(machine);
  return asks_by_arguments(call) && std::ranges::any_of(calls, [&](const SeccompCall& one) {
           return one.audit_arch == call.arch && one.number == call.number;
         });
}

}  // namespace sandbox::compile
