#include "report/arguments.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "arch/argument_kinds.h"
#include "arch/argument_widths.h"
#include "arch/constants.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "report/caller_memory.h"

namespace sandbox::report {
namespace {

using arch::ArgumentKind;
using enum arch::ArgumentKind;

constexpr uint64_t kIpcCallMask = 0xffff;  // Above it stands a version of the interface.

using Registers = std::array<uint64_t, bpf::kArgumentCount>;

/// One call's arguments: of a system call, or of a call behind a multiplexer.
class Decoder {
 public:
  Decoder(const CallerMemory& memory, std::string_view call, const Registers& registers,
          const arch::Arguments& arguments)
      : memory_(memory), abi_(memory.abi()), call_(call), registers_(registers), arguments_(arguments) {}

  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    const size_t count = shown_arguments();
    for (unsigned i = 0; i < count; ++i) texts.push_back(text_of(i));
    return texts;
  }

 private:
  /// The bits that the kernel reads.
  [[nodiscard]] uint64_t value(unsigned index) const {
    const unsigned width = index < arguments_.size() ? arguments_[index].width : arch::info(abi_).register_bits;
    return width >= 64 ? registers_[index] : registers_[index] & ((uint64_t{1} << width) - 1);
  }
  [[nodiscard]] int64_t signed_value(unsigned index) const {
    const unsigned unused = 64U - arguments_[index].width;
    return static_cast<int64_t>(registers_[index] << unused) >> unused;
  }
  [[nodiscard]] uint64_t next_value(unsigned index) const {
    return index + 1 < arguments_.size() ? value(index + 1) : 0;
  }
  [[nodiscard]] bool is(unsigned index, std::string_view constant) const {
    return arch::constant(abi_, constant) == value(index);
  }
  [[nodiscard]] bool has_bits(unsigned index, std::string_view constant) const {
    const auto bits = arch::constant(abi_, constant);
    return bits && (value(index) & *bits) == *bits;
  }
  [[nodiscard]] std::string constant_of(ArgumentKind kind, unsigned index) const {
    return constant_or_number(abi_, kind, value(index));
  }

  [[nodiscard]] std::string text_of(unsigned index) const;
  [[nodiscard]] std::string number_text(ArgumentKind kind, unsigned index) const;
  [[nodiscard]] std::string unknown_text(unsigned index) const;
  [[nodiscard]] std::string dependent_text(ArgumentKind kind, unsigned index) const;
  [[nodiscard]] std::string pointed_text(ArgumentKind kind, unsigned index) const;
  [[nodiscard]] std::string socket_call_arguments(unsigned index) const;
  [[nodiscard]] size_t shown_arguments() const;
  [[nodiscard]] size_t prctl_arguments() const;

  const CallerMemory& memory_;
  arch::Abi abi_;
  std::string_view call_;
  const Registers& registers_;
  const arch::Arguments& arguments_;
};

std::vector<std::string> decode_call(const CallerMemory& memory, std::string_view call, const Registers& registers) {
  if (const auto arguments = arch::arguments_of(memory.abi(), call)) {
    return Decoder(memory, call, registers, *arguments).texts();
  }
  std::vector<std::string> texts;
  const unsigned bits = arch::info(memory.abi()).register_bits;
  for (const uint64_t value : registers) texts.push_back(hex(bits == 64 ? value : value & UINT32_MAX));
  return texts;
}

// ---- What is shown of a call

/// Arguments that the call ignores are left out: they hold what happened to be in the register.
size_t Decoder::shown_arguments() const {
  const size_t all = arguments_.size();
  const bool at = call_ == "openat";
  if ((at || call_ == "open") && all == (at ? 4U : 3U)) {
    const unsigned flags = at ? 2 : 1;
    return has_bits(flags, "O_CREAT") || has_bits(flags, "O_TMPFILE") ? all : all - 1;
  }
  if ((call_ == "fcntl" || call_ == "fcntl64") && all == 3) {
    constexpr std::array<std::string_view, 7> kWithout = {"F_GETFD",      "F_GETFL",     "F_GETOWN",  "F_GETSIG",
                                                          "F_GETPIPE_SZ", "F_GET_SEALS", "F_GETLEASE"};
    return std::any_of(kWithout.begin(), kWithout.end(), [&](std::string_view c) { return is(1, c); }) ? 2 : all;
  }
  if (call_ == "prctl") return std::min(all, prctl_arguments());
  return all;
}

/// The options of prctl that take less than four arguments and do not ask that the rest be 0.
size_t Decoder::prctl_arguments() const {
  struct Option {
    std::string_view name;
    size_t arguments;
  };
  constexpr std::array<Option, 15> kOptions = {{{"PR_CAPBSET_DROP", 2},
                                                {"PR_CAPBSET_READ", 2},
                                                {"PR_GET_DUMPABLE", 1},
                                                {"PR_GET_KEEPCAPS", 1},
                                                {"PR_GET_NAME", 2},
                                                {"PR_GET_PDEATHSIG", 2},
                                                {"PR_GET_SECUREBITS", 1},
                                                {"PR_SET_CHILD_SUBREAPER", 2},
                                                {"PR_SET_DUMPABLE", 2},
                                                {"PR_SET_KEEPCAPS", 2},
                                                {"PR_SET_NAME", 2},
                                                {"PR_SET_PDEATHSIG", 2},
                                                {"PR_SET_PTRACER", 2},
                                                {"PR_SET_SECCOMP", 3},
                                                {"PR_SET_TIMERSLACK", 2}}};
  for (const Option& option : kOptions) {
    if (is(0, option.name)) return option.arguments;
  }
  size_t last = 2;
  for (unsigned i = 2; i < arguments_.size(); ++i) {
    if (value(i) != 0) last = i + 1;
  }
  return last;
}

// ---- One argument

std::string Decoder::text_of(unsigned index) const {
  const ArgumentKind kind = arch::argument_kind(abi_, call_, index);
  if (kind == kUnknown) return unknown_text(index);
  if (kind <= kDirectory) return number_text(kind, index);
  if (kind <= kOpenHow) return pointed_text(kind, index);
  if (kind < kFirstFamily) return dependent_text(kind, index);
  if (kind == kPersonality && value(index) == UINT32_MAX) return "0xffffffff";  // It only asks.
  if (kind == kRusageWho && signed_value(index) == -1) return "RUSAGE_CHILDREN";
  return constant_of(kind, index);
}

std::string Decoder::unknown_text(unsigned index) const {
  constexpr int64_t kSmall = 65536;
  if (arguments_[index].pointer) return pointer_text(value(index));
  const int64_t least = -int64_t{4096};
  int64_t number = signed_value(index);
  // A negative int in a register for a long: keyctl's keyrings.
  if (static_cast<uint64_t>(number) <= UINT32_MAX && static_cast<int32_t>(number) < 0 &&
      static_cast<int32_t>(number) >= least) {
    number = static_cast<int32_t>(number);
  }
  return number >= least && number < kSmall ? std::to_string(number) : hex(value(index));
}

std::string Decoder::number_text(ArgumentKind kind, unsigned index) const {
  constexpr uint64_t kHuge = uint64_t{1} << 48U;  // No size, but an address or a mistake.
  switch (kind) {
    case kUnsigned:
      return value(index) < kHuge ? std::to_string(value(index)) : hex(value(index));
    case kHex:
      return value(index) == 0 ? "0" : hex(value(index));
    case kMode:
      return octal_text(value(index));
    case kDirectory:
      if (static_cast<int32_t>(registers_[index]) == -100) return "AT_FDCWD";
      return std::to_string(static_cast<int32_t>(registers_[index]));
    case kDescriptor:
      return std::to_string(static_cast<int32_t>(registers_[index]));
    default:
      return std::to_string(signed_value(index));
  }
}

std::string Decoder::pointed_text(ArgumentKind kind, unsigned index) const {
  const uint64_t address = value(index);
  switch (kind) {
    case kPath:
    case kString:
      return memory_.string(address);
    case kStrings:
      return memory_.strings(address);
    case kBytes:
      return memory_.bytes(address, next_value(index));
    case kSocketAddress:
      return memory_.socket_address(address, next_value(index));
    case kCloneArguments:
      return memory_.clone_arguments(address, next_value(index));
    case kOpenHow:
      return memory_.open_how(address, next_value(index));
    case kSocketCallArguments:
      return socket_call_arguments(index);
    default:
      return pointer_text(address);
  }
}

std::string Decoder::dependent_text(ArgumentKind kind, unsigned index) const {
  if (kind == kSocketProtocol) {
    if (is(0, "AF_INET") || is(0, "AF_INET6")) return constant_of(kInternetProtocol, index);
    if (is(0, "AF_NETLINK")) return constant_of(kNetlinkProtocol, index);
    return std::to_string(signed_value(index));
  }
  if (kind == kSocketOptionOfLevel) {
    if (is(1, "SOL_SOCKET")) return constant_of(kSocketOption, index);
    if (is(1, "SOL_TCP")) return constant_of(kTcpOption, index);
    return std::to_string(signed_value(index));
  }
  if (kind == kFcntlArgument) {
    if (is(1, "F_SETFL")) return constant_of(kOpenFlags, index);
    return unknown_text(index);
  }
  if (is(0, "PR_SET_NAME") && index == 1) return memory_.string(value(index));
  if (is(0, "PR_SET_PDEATHSIG") && index == 1) return constant_of(kSignal, index);
  return unknown_text(index);
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string Decoder::socket_call_arguments(unsigned index) const {
  const auto call = call_behind(abi_, call_, value(0));
  const auto arguments = call ? arch::arguments_of(abi_, *call) : std::nullopt;
  const size_t count = arguments ? arguments->size() : 0;
  const std::vector<uint64_t> words = memory_.words(value(index), count);
  if (count == 0 || words.size() != count) return pointer_text(value(index));
  Registers inner = {};
  std::copy(words.begin(), words.end(), inner.begin());
  return "[" + join(Decoder(memory_, *call, inner, *arguments).texts()) + "]";
}

/// ipc(call, first, second, third, pointer, fifth): where the arguments of the call behind it stand. Source:
/// ipc/syscall.c.
std::vector<unsigned> ipc_order(std::string_view call) {
  if (call == "semop" || call == "shmat") return {1, 4, 2};
  if (call == "semtimedop") return {1, 4, 2, 5};
  if (call == "msgsnd") return {1, 4, 2, 3};
  if (call == "msgrcv") return {1, 4, 2, 5, 3};
  if (call == "msgctl" || call == "shmctl") return {1, 2, 4};
  if (call == "semctl") return {1, 2, 3, 4};
  if (call == "shmdt") return {4};
  return {1, 2, 3};
}

std::string ipc_text(const CallerMemory& memory, const Registers& registers) {
  const uint64_t selector = registers[0] & kIpcCallMask;
  const auto call = call_behind(memory.abi(), "ipc", registers[0]);
  if (!call) return join(decode_call(memory, "ipc", registers));
  Registers inner = {};
  const std::vector<unsigned> order = ipc_order(*call);
  for (size_t i = 0; i < order.size(); ++i) inner[i] = registers[order[i]];
  const auto arguments = arch::arguments_of(memory.abi(), *call);
  if (!arguments) return join(decode_call(memory, "ipc", registers));
  return constant_or_number(memory.abi(), kMultiplexedIpcCall, selector) + ", [" +
         join(Decoder(memory, *call, inner, *arguments).texts()) + "]";
}

}  // namespace

std::optional<std::string> call_behind(arch::Abi abi, std::string_view multiplexer, uint64_t argument) {
  const bool socketcall = multiplexer == "socketcall";
  if (!socketcall && multiplexer != "ipc") return std::nullopt;
  const auto name = socketcall ? arch::constant_text(abi, kMultiplexedSocketCall, argument & UINT32_MAX)
                               : arch::constant_text(abi, kMultiplexedIpcCall, argument & kIpcCallMask);
  if (!name) return std::nullopt;
  return lower(name->starts_with("SYS_") ? std::string_view(*name).substr(4) : std::string_view(*name));
}

std::string decode_arguments(arch::Abi abi, const bpf::SystemCall& call, const MemoryReader& memory) {
  const CallerMemory caller(abi, memory);
  const std::string_view name = arch::name_of(abi, call.number).value_or("");
  if (name == "ipc") return ipc_text(caller, call.args);
  return join(decode_call(caller, name, call.args));
}

}  // namespace sandbox::report
