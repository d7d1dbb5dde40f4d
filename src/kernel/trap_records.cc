#include "kernel/trap_records.h"

#include <linux/seccomp.h>
#include <poll.h>

#include <algorithm>

#include "kernel/process_tree.h"
#include "report/audit_record.h"

namespace sandbox::kernel {
namespace {

/// Whether the kernel answers it by itself also under a supervisor.
bool stays_with_kernel(uint32_t action) {
  const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
  return kind == SECCOMP_RET_TRAP || kind == SECCOMP_RET_TRACE || kind == SECCOMP_RET_LOG;
}

}  // namespace

bool answers_with(const bpf::Program& program, uint32_t action) {
  return std::ranges::any_of(program, [&](const bpf::Instruction& instruction) {
    return instruction.code == (BPF_RET | BPF_K) && (instruction.k & SECCOMP_RET_ACTION_FULL) == action;
  });
}

std::optional<report::Event> TrapRecords::next() {
  while (const auto text = log_.next()) {
    auto event = report::read_audit_record(*text);
    if (!event || !stays_with_kernel(event->action)) continue;
    const auto below = is_descendant(event->process.pid);
    if (below ? *below : could_be_ours_(*event)) return std::move(*event);
  }
  return std::nullopt;
}

std::optional<report::Event> TrapRecords::wait(int milliseconds) {
  if (auto event = next()) return event;
  pollfd input = {log_.fd(), POLLIN, 0};
  if (poll(&input, 1, milliseconds) <= 0) return std::nullopt;
  return next();
}

}  // namespace sandbox::kernel
