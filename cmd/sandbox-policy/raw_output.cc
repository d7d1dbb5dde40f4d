#include "sandbox-policy/raw_output.h"

#include <linux/seccomp.h>

#include <utility>

#include "arch/syscalls.h"
#include "bpf/interpret.h"
#include "compile/raw_filter.h"

namespace sandbox::tool {

std::string raw_bytes(const bpf::ValidatedProgram& program, arch::Abi machine) {
  std::string bytes = compile::write_raw_filter(program);
  if (arch::info(machine).endian == arch::info(arch::native_abi()).endian) return bytes;
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {  // {u16 code, u8 jt, u8 jf, u32 k}
    std::swap(bytes[at], bytes[at + 1]);
    std::swap(bytes[at + 4], bytes[at + 7]);
    std::swap(bytes[at + 5], bytes[at + 6]);
  }
  return bytes;
}

void warn_of_raw_limits(const compile::ReadyFilter& ready, const std::string& names, arch::Abi machine,
                        const Log& log) {
  if ((ready.flags & SECCOMP_FILTER_FLAG_LOG) != 0) {
    log.warning(names + ": raw BPF carries no flags: 'log' is lost unless the launcher sets it");
  }
  const arch::AbiInfo& abi = arch::info(machine);
  if (bpf::is_cached_allow(ready.filter.program, abi.audit_arch, *arch::number_of(machine, "execve"))) return;
  log.warning(names +
              ": does not allow execve for all arguments, so that a launcher which installs the raw filter "
              "may be unable to start a program; 'sandbox-run --bpf' can");
}

}  // namespace sandbox::tool
