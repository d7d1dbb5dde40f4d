// Any bytes as a filter, with the checksum that they have and with the right one. What is refused must say why in one
// line; under what is accepted the launcher must be able to execute a program.
#include <cstdint>
#include <string>
#include <vector>

#include "bpf/filter_file.h"
#include "bpf/interpret.h"
#include "compile/ready_filter.h"
#include "fuzzer.h"

namespace sandbox::fuzz {
namespace {

constexpr compile::Token kToken = {0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834, 0x1082276b, 0xf3a27251};

void check_accepted(const compile::ReadyFilter& ready, arch::Abi launcher) {
  const arch::AbiInfo& abi = arch::info(launcher);
  for (const compile::TokenSite& site : ready.filter.token_sites) {
    if (site.index >= ready.filter.program.size() || site.word >= compile::kTokenWords) fail("a site leads nowhere");
  }
  if (ready.raw != ready.covered.empty()) fail("the ABIs are known of raw BPF, or unknown of a filter file");
  const auto armed = bpf::validate(compile::with_lasting_token(ready.filter, kToken));
  if (!armed) fail("the token makes the program invalid");
  for (const uint64_t argument : {uint64_t{0}, uint64_t{1}, uint64_t{0x7f0000001000}, UINT64_MAX}) {
    for (const uint32_t number : compile::launcher_calls(launcher)) {
      bpf::SystemCall call = {number, abi.audit_arch, {argument, argument, argument}, 0};
      for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
      const uint32_t with = interpret(*armed, call, abi.endian).value;
      if ((with & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ALLOW) fail("the launcher is shut out");
    }
  }
}

void try_bytes(std::string_view bytes, arch::Abi launcher) {
  const auto ready = compile::read_filter(bytes, launcher);
  if (ready) {
    ++accepted;
    check_accepted(*ready, launcher);
    return;
  }
  check_message(ready.error().message);
}

/// The bytes as a liar writes them, false in anything but the checksum, the size and the magic.
std::string sealed(std::string bytes) {
  const std::string magic("\x89SBF\r\n\x1a\n\1\0\0\0", 12);
  if (bytes.size() < 64) return bytes;
  const auto put = [&](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  };
  bytes.replace(0, magic.size(), magic);
  put(12, static_cast<uint32_t>(bytes.size()));
  bytes.replace(bytes.size() - 8, 4, "\xffSBF");
  put(bytes.size() - 4, bpf::checksum(std::string_view(bytes).substr(0, bytes.size() - 4)));
  return bytes;
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sandbox::compile::max_filter_bytes()) return 0;
  const std::string bytes = sandbox::fuzz::text_of(data, size);
  for (const auto launcher : {sandbox::arch::Abi::kX86_64, sandbox::arch::Abi::kArm}) {
    sandbox::fuzz::try_bytes(bytes, launcher);
    sandbox::fuzz::try_bytes(sandbox::fuzz::sealed(bytes), launcher);
  }
  return 0;
}
