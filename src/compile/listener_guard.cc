#include "compile/listener_guard.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "bpf/assembler.h"
#include "bpf/instruction.h"
#include "bpf/walk.h"
#include "compile/prefix.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using bpf::Instruction;
using bpf::KnownA;
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
      for (size_t known = 0; known < bpf::kKnownACount; ++known) {
        if (reached_[known][at]) nodes_[known][at] = node(at, static_cast<KnownA>(known));
      }
    }
    return nodes_[0][0];
  }

  /// Whether some answer is another one than that of the program itself, once it was made.
  [[nodiscard]] bool changes() const { return changes_; }

 private:
  static constexpr Node kNoNode = UINT32_MAX;

  [[nodiscard]] bpf::Successors next(size_t at, KnownA known) const {
    return bpf::successors(program_[at], at, known, call_.audit_arch, call_.number);
  }

  void mark_reached() {
    reached_[0][0] = true;
    for (size_t at = 0; at < program_.size(); ++at) {
      if (bpf::is_return(program_[at].code)) continue;
      for (size_t known = 0; known < bpf::kKnownACount; ++known) {
        if (!reached_[known][at]) continue;
        const bpf::Successors successors = next(at, static_cast<KnownA>(known));
        auto& reached = reached_[index_after(at, static_cast<KnownA>(known))];
        reached[successors.yes] = true;
        reached[successors.no] = true;
      }
    }
  }

  [[nodiscard]] size_t index_after(size_t at, KnownA known) const {
    return static_cast<size_t>(bpf::known_after(program_[at], known));
  }

  Node node(size_t at, KnownA known) {
    const Instruction& instruction = program_[at];
    if (bpf::is_return(instruction.code)) return answer(instruction.k);
    const auto& after = nodes_[index_after(at, known)];
    const bpf::Successors successors = next(at, known);
    if (successors.yes != successors.no)
      return assembler_.conditional(instruction.code, instruction.k, after[successors.yes], after[successors.no]);
    const bool may_end = instruction.code == (BPF_ALU | BPF_DIV | BPF_X);  // By 0.
    const bool for_nothing = !may_end && std::ranges::find(answers_, after[successors.yes]) != answers_.end();
    if (bpf::is_jump(instruction.code) || for_nothing) return after[successors.yes];
    return assembler_.step(instruction.code, instruction.k, after[successors.yes], marks_[at]);
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
  std::array<std::vector<Node>, bpf::kKnownACount> nodes_;
  std::array<std::vector<bool>, bpf::kKnownACount> reached_;
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
    if (!bpf::is_return(instruction.code)) return false;
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
  if (!asks_by_arguments(call)) return false;  // As of nearly all calls.
  return std::ranges::any_of(seccomp_calls(machine), [&](const SeccompCall& one) {
    return one.audit_arch == call.arch && one.number == call.number;
  });
}

}  // namespace sandbox::compile
