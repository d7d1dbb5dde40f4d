#include "sandbox-policy/commands/show_summary.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "arch/argument_kinds.h"
#include "arch/constants.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "bpf/walk.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/describe.h"

namespace sandbox::tool {
namespace {

using Extent = Ability::Extent;

constexpr size_t kMaxNames = 6;  // In one line.
constexpr size_t kMaxDeniedFamilies = 4;
constexpr uint64_t kFamilyCount = 46;  // AF_MAX of Linux 6.18.

/// Whether a return value lets the call through, or hands it to something that may.
bool passes(uint32_t value) {
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF:
      return true;
    default:
      return false;
  }
}

/// The program, asked about one ABI.
class Asked {
 public:
  Asked(const bpf::ValidatedProgram& program, arch::Abi abi) : program_(program), abi_(abi) {}

  [[nodiscard]] arch::Abi abi() const { return abi_; }

  /// All that a call can get.
  [[nodiscard]] bpf::Walk walk(std::string_view name) const {
    return bpf::walk(program_.instructions(), arch::info(abi_).audit_arch, *arch::number_of(abi_, name));
  }

  /// Whether some arguments of the call are allowed. A call that the ABI lacks is not.
  [[nodiscard]] bool allows(std::string_view name) const {
    if (!arch::number_of(abi_, name)) return false;
    const bpf::Walk all = walk(name);
    return all.computed || std::ranges::any_of(all.answers, passes);
  }
  /// Whether the call is allowed with these arguments.
  [[nodiscard]] bool allows(std::string_view name, std::initializer_list<uint64_t> arguments) const {
    const auto number = arch::number_of(abi_, name);
    if (!number) return false;
    bpf::SystemCall call = {*number, arch::info(abi_).audit_arch};
    std::ranges::copy(arguments, call.args.begin());
    return passes(bpf::interpret(program_, call, arch::info(abi_).endian).value);
  }
  [[nodiscard]] bool allows_any(std::span<const std::string_view> names) const {
    return std::ranges::any_of(names, [&](std::string_view name) { return allows(name); });
  }
  [[nodiscard]] std::vector<std::string_view> allowed_of(std::span<const std::string_view> names) const {
    std::vector<std::string_view> allowed;
    std::ranges::copy_if(names, std::back_inserter(allowed), [&](std::string_view name) { return allows(name); });
    return allowed;
  }

 private:
  const bpf::ValidatedProgram& program_;
  arch::Abi abi_;
};

/// "a, b, c and 4 more".
std::string names_text(const std::vector<std::string_view>& names) {
  if (names.size() <= kMaxNames) return join(names, ", ");
  const std::vector<std::string_view> shown(names.begin(), names.begin() + kMaxNames);
  return join(shown, ", ") + " and " + std::to_string(names.size() - kMaxNames) + " more";
}

/// An ability that calls give: "yes", "no", or the calls.
Ability by_calls(const Asked& asked, std::string_view key, std::string_view what,
                 std::span<const std::string_view> names, bool name_them) {
  const auto allowed = asked.allowed_of(names);
  if (allowed.empty()) return {key, what, Extent::kNone, "no"};
  return {key, what, name_them ? Extent::kSome : Extent::kAll, name_them ? names_text(allowed) : "yes"};
}

Ability programs(const Asked& asked) {
  constexpr std::string_view kCalls[] = {"execve", "execveat"};
  return by_calls(asked, "programs", "starts other programs", kCalls, false);
}

Ability processes(const Asked& asked) {
  const uint64_t thread = arch::constant(asked.abi(), "CLONE_THREAD").value_or(0) |
                          arch::constant(asked.abi(), "CLONE_VM").value_or(0) |
                          arch::constant(asked.abi(), "CLONE_SIGHAND").value_or(0);
  // The flags are the first argument, on s390x the second.
  const bool forks =
      asked.allows("fork") || asked.allows("vfork") || asked.allows("clone", {0, 0}) || asked.allows("clone3");
  const bool threads = asked.allows("clone", {thread, thread}) || asked.allows("clone3");
  if (forks) return {"processes", "makes processes, threads", Extent::kAll, threads ? "both" : "processes"};
  return {"processes", "makes processes, threads", threads ? Extent::kSome : Extent::kNone,
          threads ? "threads only" : "neither"};
}

// ---- Network ----

struct Family {
  std::string_view constant;
  std::string_view text;
};
constexpr Family kFamilies[] = {{"AF_UNIX", "local sockets (AF_UNIX)"},
                                {"AF_INET", "IPv4"},
                                {"AF_INET6", "IPv6"},
                                {"AF_NETLINK", "netlink"},
                                {"AF_PACKET", "raw packets"},
                                {"AF_VSOCK", "virtual machines (AF_VSOCK)"},
                                {"AF_BLUETOOTH", "Bluetooth"},
                                {"AF_ALG", "the kernel's cryptography (AF_ALG)"},
                                {"AF_XDP", "AF_XDP"},
                                {"AF_CAN", "CAN buses"}};

/// The socket types and protocols that a condition may ask for.
bool opens_family(const Asked& asked, uint64_t family) {
  for (uint64_t type = 1; type <= 5; ++type) {
    for (const uint64_t protocol : {0, 1, 6, 17, 15, 16}) {
      if (asked.allows("socket", {family, type, protocol})) return true;
    }
  }
  return false;
}

std::string ports_text(const Input& input) {
  if (!input.policy || !input.policy->landlock) return "";
  std::string text;
  const auto add = [&](std::string_view what, const std::optional<std::vector<policy::PortNumber>>& ports) {
    if (!ports) return;
    std::vector<std::string> numbers;
    for (const policy::PortNumber& port : *ports) numbers.push_back(std::to_string(port.port));
    text += "; " + std::string(what) + (numbers.empty() ? " no port" : " port " + join(numbers, ", ") + " alone");
  };
  const policy::LandlockSection& section = *input.policy->landlock;
  if (section.tcp) add("TCP to", section.tcp->connect), add("TCP on", section.tcp->bind);
  if (section.udp) add("UDP to", section.udp->connect), add("UDP on", section.udp->bind);
  return text;
}

/// "local sockets (AF_UNIX), IPv4, 3 other families"; "every family but AF_ALG, AF_VSOCK" where few are denied.
std::string families_text(const Asked& asked) {
  std::vector<std::string_view> listed;
  for (const Family& family : kFamilies) {
    const auto value = arch::constant(asked.abi(), family.constant);
    if (value && opens_family(asked, *value)) listed.push_back(family.text);
  }
  const uint64_t local = arch::constant(asked.abi(), "AF_UNIX").value_or(1);
  if (!opens_family(asked, local) && asked.allows("socketpair", {local, 1, 0})) {
    listed.emplace_back("pairs of local ones (socketpair)");
  }
  size_t others = 0;
  std::vector<std::string> denied;
  for (uint64_t family = 0; family < kFamilyCount; ++family) {
    const bool opens = opens_family(asked, family);
    const bool known = std::ranges::any_of(
        kFamilies, [&](const Family& one) { return arch::constant(asked.abi(), one.constant) == family; });
    if (opens && !known) ++others;
    if (!opens) {
      denied.push_back(arch::constant_text(asked.abi(), arch::ArgumentKind::kAddressFamily, family)
                           .value_or("number " + std::to_string(family)));
    }
  }
  if (denied.empty()) return "every family";
  if (denied.size() <= kMaxDeniedFamilies) return "every family but " + join(denied, ", ");
  std::string text = join(listed, ", ");
  if (others > 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(others) + (others == 1 ? " other family" : " other families");
  }
  return text;
}

Ability network(const Input& input, const Asked& asked) {
  constexpr std::string_view kRings[] = {"io_uring_setup"};
  std::string text = families_text(asked);
  if (asked.allows("socketcall")) text += (text.empty() ? "" : ", ") + std::string("any by socketcall");
  if (asked.allows_any(kRings)) text += (text.empty() ? "" : ", ") + std::string("any by io_uring");
  if (text.empty()) return {"network", "opens sockets", Extent::kNone, "no"};
  return {"network", "opens sockets", Extent::kSome, text + ports_text(input)};
}

// ---- Files ----

Ability files(const Input& input, const Asked& asked) {
  constexpr std::string_view kWhat = "opens files";
  constexpr std::string_view kOpen[] = {"open", "openat", "openat2", "creat", "open_by_handle_at", "io_uring_setup"};
  if (!asked.allows_any(kOpen)) return {"files", kWhat, Extent::kNone, "no"};
  const uint64_t create = arch::constant(asked.abi(), "O_CREAT").value_or(0);
  const bool writes = asked.allows("open", {0, 1}) || asked.allows("open", {0, 2}) ||
                      asked.allows("openat", {0, 0, 1}) || asked.allows("openat", {0, 0, 2}) ||
                      asked.allows("openat", {0, 0, 1 | create}) || asked.allows("openat2") || asked.allows("creat") ||
                      asked.allows("io_uring_setup");
  const std::string how = writes ? "" : "to read ";
  if (!input.policy || !input.policy->landlock || !input.policy->landlock->files) {
    return {"files", kWhat, Extent::kAll, how + "whatever its user may open"};
  }
  std::vector<std::string> rules;
  for (const policy::FileRule& rule : *input.policy->landlock->files) {
    const auto text = [](const policy::PlacedText& one) { return printable_path(one.text); };
    rules.push_back(join(rule.access, ", ", text) + ": " + join(rule.paths, ", ", text));
  }
  if (rules.empty()) return {"files", kWhat, Extent::kNone, "no"};
  return {"files", kWhat, Extent::kSome, how + join(rules, "; ")};
}

// ---- Others, and the kernel ----

Ability others(const Input& input, const Asked& asked) {
  constexpr std::string_view kWhat = "reaches other processes";
  constexpr std::string_view kMemory[] = {"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"};
  constexpr std::string_view kSignals[] = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "pidfd_send_signal"};
  std::string text;
  if (asked.allows_any(kSignals)) {
    const bool scoped = input.policy && input.policy->landlock &&
                        std::ranges::any_of(input.policy->landlock->scope,
                                            [](const policy::PlacedText& one) { return one.text == "signals"; });
    text = scoped ? "signals to its own" : "signals";
  }
  const auto memory = asked.allowed_of(kMemory);
  if (!memory.empty()) text += (text.empty() ? "" : ", ") + ("memory and files: " + names_text(memory));
  if (text.empty()) return {"others", kWhat, Extent::kNone, "no"};
  return {"others", kWhat, memory.empty() ? Extent::kSome : Extent::kAll, text};
}

Ability places(const Asked& asked) {
  constexpr std::string_view kCalls[] = {"mount",         "move_mount", "open_tree", "fsopen", "umount2", "umount",
                                         "mount_setattr", "pivot_root", "chroot",    "setns",  "clone3"};
  constexpr std::string_view kNamespaces[] = {"CLONE_NEWUSER", "CLONE_NEWNS",  "CLONE_NEWNET",   "CLONE_NEWPID",
                                              "CLONE_NEWIPC",  "CLONE_NEWUTS", "CLONE_NEWCGROUP"};
  std::vector<std::string_view> names = asked.allowed_of(kCalls);
  for (const std::string_view call : {"unshare", "clone"}) {
    // The flags are the first argument, on s390x the second of clone.
    const bool makes = std::ranges::any_of(kNamespaces, [&](std::string_view name) {
      const uint64_t flag = arch::constant(asked.abi(), name).value_or(0);
      return asked.allows(call, {flag, flag});
    });
    if (makes) names.push_back(call);
  }
  return {"places", "mounts, namespaces, roots", names.empty() ? Extent::kNone : Extent::kSome,
          names.empty() ? "no" : names_text(names)};
}

Ability machine(const Asked& asked) {
  constexpr std::string_view kCalls[] = {
      "init_module", "finit_module", "delete_module", "kexec_load",    "kexec_file_load", "reboot",
      "swapon",      "swapoff",      "settimeofday",  "clock_settime", "sethostname",     "setdomainname",
      "acct",        "syslog",       "iopl",          "ioperm",        "quotactl"};
  return by_calls(asked, "machine", "changes the machine", kCalls, true);
}

Ability surface(const Asked& asked) {
  constexpr std::string_view kCalls[] = {
      "bpf",         "perf_event_open", "userfaultfd",       "io_uring_setup", "keyctl", "add_key",
      "request_key", "memfd_secret",    "open_by_handle_at", "fanotify_init",  "kcmp",   "modify_ldt"};
  return by_calls(asked, "surface", "uses rarer parts of the kernel", kCalls, true);
}

Ability count(const Asked& asked) {
  size_t allowed = 0;
  size_t partly = 0;
  const auto names = arch::names_on(asked.abi());
  for (const std::string_view name : names) {
    if (!asked.allows(name)) continue;
    ++allowed;
    const bpf::Walk walk = asked.walk(name);
    if (walk.computed || !std::ranges::all_of(walk.answers, passes)) ++partly;
  }
  const std::string text = std::to_string(allowed) + " of " + std::to_string(names.size()) +
                           (partly > 0 ? ", " + std::to_string(partly) + " of them with some arguments only" : "");
  return {"calls", "system calls allowed", allowed == names.size() ? Extent::kAll : Extent::kSome, text};
}

/// What the calls get that are denied, the most frequent answer first.
Ability denied(const Asked& asked) {
  std::map<std::string, size_t> counts;
  for (const std::string_view name : arch::names_on(asked.abi())) {
    for (const uint32_t value : asked.walk(name).answers) {
      if (!passes(value)) ++counts[return_text(value, asked.abi())];
    }
  }
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, size_t>::second);
  constexpr size_t kShown = 3;
  const size_t more = sorted.size() - std::min(sorted.size(), kShown);
  sorted.resize(sorted.size() - more);
  const std::string text = join(sorted, ", ", [](const auto& one) { return one.first; });
  const std::string rest = more > 0 ? " and " + std::to_string(more) + " other errors" : "";
  return {"denied", "a denied call gets", Extent::kNone, text.empty() ? "no call is denied" : text + rest};
}

}  // namespace

std::vector<Ability> abilities_of(const Input& input, const bpf::ValidatedProgram& program, arch::Abi abi) {
  const Asked asked(program, abi);
  return {programs(asked), processes(asked), files(input, asked), network(input, asked), others(input, asked),
          places(asked),   machine(asked),   surface(asked),      count(asked),          denied(asked)};
}

void print_abilities(const std::vector<Ability>& abilities, Output& out) {
  constexpr size_t kColumn = 34;
  for (const Ability& ability : abilities) {
    std::istringstream text(ability.answer);
    out.words("  " + std::string(ability.what), kColumn, {std::istream_iterator<std::string>(text), {}});
  }
}

void json_abilities(const std::vector<Ability>& abilities, Json& json) {
  constexpr std::array<std::string_view, 3> kExtents = {"none", "some", "all"};
  json.key("summary").open_object();
  for (const Ability& ability : abilities) {
    json.key(ability.key).open_object();
    json.member("extent", kExtents.at(static_cast<size_t>(ability.extent)));
    json.member("text", std::string_view(ability.answer)).close_object();
  }
  json.close_object();
}

}  // namespace sandbox::tool
