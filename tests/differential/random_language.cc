#include "random_language.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "arch/argument_layout.h"
#include "arch/argument_widths.h"
#include "arch/call_sets.h"
#include "arch/constants.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"

namespace sandbox::differential {
namespace {

using arch::Abi;

constexpr std::array<std::string_view, 10> kErrnos = {"EPERM",   "ENOSYS",       "EACCES", "EAGAIN",     "EDEADLK",
                                                      "ENOTSUP", "EAFNOSUPPORT", "ELOOP",  "ECONNRESET", "EDQUOT"};
constexpr std::array<std::string_view, 8> kOperations = {"Equal",          "NotEqual",    "GreaterThan", "LessThan",
                                                         "GreaterOrEqual", "LessOrEqual", "BitsSet",     "BitsNotSet"};
/// Constants that common calls compare, some of which differ between ABIs.
constexpr std::array<std::string_view, 12> kConstants = {"AF_UNIX",       "AF_PACKET",     "AT_FDCWD", "SOCK_STREAM",
                                                         "SOCK_NONBLOCK", "CLONE_NEWUSER", "O_RDWR",   "O_DIRECTORY",
                                                         "PROT_EXEC",     "MAP_ANONYMOUS", "TIOCSTI",  "SIGCHLD"};

class Writer {
 public:
  Writer(const LanguageKind& kind, Dice& dice) : kind_(kind), dice_(dice) {}

  std::string policy();

 private:
  bool exists(Abi abi, std::string_view call) const {
    return arch::number_of(abi, call) || !arch::multiplexed(abi, call).empty();
  }
  std::vector<Abi> abis_with(std::string_view call) const;
  std::string call();
  std::vector<std::string> members(const std::string& name) const;
  bool has_argument(const std::vector<std::string>& calls, unsigned argument) const;
  std::string group();
  std::string conditional(const std::string& name, const std::vector<std::string>& calls);
  std::string condition(const std::vector<std::string>& calls, unsigned argument);
  std::string number(uint64_t value, unsigned width);
  std::string value(unsigned width);
  std::string action();

  const LanguageKind& kind_;
  Dice& dice_;
};

std::vector<Abi> Writer::abis_with(std::string_view call) const {
  std::vector<Abi> abis;
  std::copy_if(kind_.abis.begin(), kind_.abis.end(), std::back_inserter(abis),
               [&](Abi abi) { return exists(abi, call); });
  return abis;
}

std::string Writer::call() {
  static const std::vector<std::string> kMultiplexed = {"socket", "bind",   "accept4", "sendto", "semop", "shmat",
                                                        "msgget", "semctl", "send",    "recv",   "accept"};
  if (!kind_.favourites.empty() && !dice_.one_in(4)) return dice_.pick(kind_.favourites);
  if (dice_.one_in(4)) {
    const std::string name = dice_.pick(kMultiplexed);
    if (!abis_with(name).empty()) return name;
  }
  return std::string(dice_.pick(arch::names_on(dice_.pick(kind_.abis))));
}

/// The calls that a name stands for, on any of the ABIs.
std::vector<std::string> Writer::members(const std::string& name) const {
  if (!name.starts_with('@')) return {name};
  std::vector<std::string> calls;
  const std::vector<std::string_view> all = arch::members_of_set(name).value();
  for (const std::string_view call : all) {
    if (!abis_with(call).empty()) calls.emplace_back(call);
  }
  return calls;
}

/// Whether the argument is there, and the same one on every ABI, for each of the calls.
bool Writer::has_argument(const std::vector<std::string>& calls, unsigned argument) const {
  return std::all_of(calls.begin(), calls.end(), [&](const std::string& call) {
    const std::vector<Abi> abis = abis_with(call);
    return std::all_of(abis.begin(), abis.end(), [&](Abi abi) {
      const auto known = arch::arguments_of(abi, call);
      return known && argument < known->size() &&
             arch::argument_meaning(abi, call, argument) == arch::argument_meaning(abis.front(), call, argument);
    });
  });
}

std::string Writer::number(uint64_t value, unsigned width) {
  static constexpr const char* kDigits = "0123456789abcdef";
  const uint64_t maximum = UINT64_MAX >> (64U - width);
  value &= maximum;
  const uint64_t sign = uint64_t{1} << (width - 1);
  if (value > sign && dice_.one_in(2)) return "-" + std::to_string(maximum - value + 1);
  if (dice_.one_in(2)) return std::to_string(value);
  std::string digits;
  for (uint64_t rest = value; rest != 0; rest /= 16) digits.insert(digits.begin(), kDigits[rest % 16]);
  return "0x" + (digits.empty() ? "0" : digits);
}

std::string Writer::value(unsigned width) {
  const auto everywhere = [&](std::string_view constant) {
    return std::all_of(kind_.abis.begin(), kind_.abis.end(), [&](Abi abi) {
      const auto known = arch::constant(abi, constant);
      return known && (*known <= UINT16_MAX || (width >= 32 && *known <= UINT32_MAX) || width == 64);
    });
  };
  if (dice_.one_in(4)) {
    std::string text;
    for (size_t i = 0; i < 3; ++i) {
      const std::string_view constant = dice_.pick(kConstants);
      if (constant == "AT_FDCWD" || !everywhere(constant)) continue;
      text += (text.empty() ? "" : i == 1 ? "|" : " | ") + std::string(constant);
    }
    if (!text.empty()) return text;
    if (width >= 32) return "AT_FDCWD";
  }
  if (!kind_.values.empty() && !dice_.one_in(4)) return number(dice_.pick(kind_.values), width);
  switch (dice_.below(6)) {
    case 0:
      return number(dice_.below(20), width);
    case 1:
      return number(UINT64_MAX - dice_.below(3), width);
    case 2:
      return number(uint64_t{1} << dice_.below(64), width);
    case 3:
      return number((uint64_t{1} << dice_.below(64)) - 1, width);
    case 4:
      return number((dice_.below(3) << 32U) + dice_.below(3), width);
    default:
      return number(dice_.bits() >> dice_.below(64), width);
  }
}

/// A value that the narrowest of the calls can hold, so that it fits everywhere.
std::string Writer::condition(const std::vector<std::string>& calls, unsigned argument) {
  unsigned width = 64;
  for (const std::string& call : calls) {
    for (const Abi abi : abis_with(call)) {
      width = std::min<unsigned>(width, arch::argument_width(abi, call, argument));
    }
  }
  std::string text = dice_.one_in(2) ? "argument: " : "position: ";
  text = "{" + text + std::to_string(argument);
  if (dice_.one_in(5)) {
    const uint64_t mask = dice_.bits() >> dice_.below(64);
    text += ", operation: MaskedEqual, mask: " + number(mask, width) +
            ", value: " + std::to_string(mask & dice_.bits() & (UINT64_MAX >> (64U - width)));
  } else {
    text += ", operation: " + std::string(dice_.pick(kOperations)) + ", value: " + value(width);
  }
  if (dice_.one_in(4)) text += ", width: 64";
  return text + "}";
}

std::string Writer::conditional(const std::string& name, const std::vector<std::string>& calls) {
  std::vector<unsigned> arguments;
  for (unsigned i = 0; i < 6; ++i) {
    if (has_argument(calls, i)) arguments.push_back(i);
  }
  if (arguments.empty()) return "";
  std::string text = "    - {name: \"" + name + "\", arguments: [";
  const size_t count = 1 + dice_.below(3);
  for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + condition(calls, dice_.pick(arguments));
  return text + "]}\n";
}

std::string Writer::action() {
  const size_t which = dice_.below(9);
  if (which >= policy::kActionNames.size()) return "errno";
  return std::string(policy::kActionNames.at(which));
}

std::string Writer::group() {
  std::set<std::string> named;
  std::string names;
  for (size_t i = dice_.below(4); i > 0; --i) {
    const std::string name = dice_.one_in(4) ? std::string(dice_.pick(arch::set_names())) : call();
    const std::vector<std::string> calls = members(name);
    named.insert(calls.begin(), calls.end());
    names += "    - \"" + name + "\"\n";
  }
  std::string conditions;
  for (size_t i = dice_.below(6); i > 0; --i) {
    const std::string name = dice_.one_in(6) ? std::string(dice_.pick(arch::set_names())) : call();
    const std::vector<std::string> calls = members(name);
    const bool clash = std::any_of(calls.begin(), calls.end(), [&](const auto& c) { return named.contains(c); });
    if (!calls.empty() && !clash) conditions += conditional(name, calls);
  }
  if (names.empty() && conditions.empty()) return "";
  const std::string what = action();
  std::string text = "  - action: " + what + "\n";
  if (what == "errno" && dice_.one_in(2)) {
    text +=
        "    errno: " + (dice_.one_in(2) ? std::string(dice_.pick(kErrnos)) : std::to_string(1 + dice_.below(4095))) +
        "\n";
  }
  if (!names.empty()) text += "    names:\n" + names;
  if (!conditions.empty()) text += "    names_with_args:\n" + conditions;
  return text;
}

std::string Writer::policy() {
  const std::string fallback = action();
  std::string text = "seccomp:\n  default_action: " + fallback + "\n";
  if (fallback == "errno" && dice_.one_in(2)) text += "  default_errno: " + std::string(dice_.pick(kErrnos)) + "\n";
  text += "  architectures: [";
  for (const Abi abi : kind_.abis) text += (abi == kind_.abis.front() ? "" : ", ") + std::string(arch::info(abi).name);
  text += "]\n";
  if (kind_.kernel && dice_.one_in(2)) {
    static const std::vector<std::string> kVersions = {"2.6", "3.17", "4.3", "4.17", "5.1", "5.10", "6.1", "6.8"};
    text += "  kernel: \"" + dice_.pick(kVersions) + "\"\n";
  }
  std::string groups;
  for (size_t i = 1 + dice_.below(kind_.groups); i > 0; --i) groups += group();
  if (groups.empty()) groups = "  - action: kill_thread\n    names: [exit]\n";
  return text + "  syscalls:\n" + groups;
}

}  // namespace

std::string random_language_policy(const LanguageKind& kind, Dice& dice) {
  return Writer(kind, dice).policy();
}

}  // namespace sandbox::differential
