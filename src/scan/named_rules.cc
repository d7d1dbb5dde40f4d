#include "scan/named_rules.h"

#include <algorithm>
#include <iterator>

namespace sandbox::scan {
namespace {

constexpr uint32_t kSeccomp[] = {317};

constexpr NamedRule kRules[] = {
    // libcap/cap_proc.c: all that changes privileges goes through two pointers in `multithread`, which libpsx replaces.
    {"libcap.so.2", "libcap: calls through its pointers for several threads", true, {}},
    // src/system.c: the number of seccomp(2) is looked up by name.
    {"libseccomp.so.2", "libseccomp: the number of seccomp", false, kSeccomp},
};

}  // namespace

const NamedRule* named_rule_for(const ElfFile& file) {
  const auto found = std::ranges::find(kRules, file.soname, &NamedRule::soname);
  return file.soname.empty() || found == std::end(kRules) ? nullptr : &*found;
}

std::span<const uint32_t> flags_in_place_of_clone3(const ElfFile& file, std::span<const Instruction> stretch) {
  // sysdeps/unix/sysv/linux/clone-internal.c: cl_args->flags | cl_args->exit_signal. The flags are those of
  // nptl/pthread_create.c, and of spawni.c without and with a pidfd.
  static constexpr uint32_t kFlags[] = {0x3d0f00, 0x4111, 0x5111};
  constexpr int64_t kExitSignal = 0x20;  // In struct clone_args.
  constexpr uint16_t kOr = 0x0b;
  if (file.soname != "libc.so.6" || stretch.empty()) return {};
  const Instruction& sum = stretch.back();
  const auto reads = [&](const Instruction& at, int64_t offset) {
    const Memory& memory = at.memory;
    return memory.present && !memory.segment && memory.index == kNoRegister && memory.base == sum.memory.base &&
           memory.displacement == offset;
  };
  const auto loads_signal = [&](const Instruction& at) {
    return at.op == Op::kLoad && reads(at, kExitSignal) && sum.writes == 1U << at.reg;
  };
  const bool ors = sum.opcode == kOr && !sum.writes_memory && reads(sum, 0);
  return ors && std::ranges::any_of(stretch, loads_signal) ? std::span(kFlags) : std::span<const uint32_t>();
}

bool is_musl_cancellation_point(std::span<const uint8_t> code) {
  // src/thread/x86_64/syscall_cp.s: mov (%rdi),%eax; test %eax,%eax; jnz __cp_cancel; mov %rdi,%r11; mov %rsi,%rax.
  constexpr uint8_t kBegin[] = {0x8b, 0x07, 0x85, 0xc0};
  constexpr uint8_t kBehindJump[] = {0x49, 0x89, 0xfb, 0x48, 0x89, 0xf0, 0x48, 0x89, 0xd7, 0x48, 0x89, 0xce};
  if (code.size() < 32 || !std::ranges::equal(kBegin, code.first(sizeof kBegin))) return false;
  const size_t jump = code[4] == 0x75 ? 2 : 6;  // Short or near.
  return std::ranges::equal(kBehindJump, code.subspan(sizeof kBegin + jump, sizeof kBehindJump));
}

bool is_setxid_handler(std::span<const uint8_t> code) {
  // if (sig != SIGSETXID || si->si_pid != getpid () || si->si_code != SI_TKILL) return;
  constexpr uint8_t kBranchTarget[] = {0xf3, 0x0f, 0x1e, 0xfa};
  constexpr uint8_t kSignal[] = {0x83, 0xff, 0x21};  // cmp $33, %edi
  if (code.size() > 4 && std::ranges::equal(kBranchTarget, code.first(4))) code = code.subspan(4);
  if (code.size() < 16 || !std::ranges::equal(kSignal, code.first(sizeof kSignal))) return false;
  for (size_t i = 0; i + 4 <= code.size(); ++i) {  // cmpl $-6, 8(%register)
    if (code[i] == 0x83 && (code[i + 1] & 0xf8) == 0x78 && code[i + 2] == 8 && code[i + 3] == 0xfa) return true;
  }
  return false;
}

bool is_setxid_sender(std::span<const uint8_t> code) {
  // tgkill (pid, tid, SIGSETXID)
  constexpr uint8_t kSignal[] = {0xba, 0x21, 0, 0, 0};  // mov $33, %edx
  constexpr uint8_t kCall[] = {0xb8, 0xea, 0, 0, 0};    // mov $234, %eax
  return !std::ranges::search(code, kSignal).empty() && !std::ranges::search(code, kCall).empty();
}

bool is_rare_call_of_loader(const ElfFile& loader, uint32_t number) {
  return loader.soname.starts_with("ld-linux") && (number == 59 /* execve */ || number == 38 /* setitimer */);
}

}  // namespace sandbox::scan
