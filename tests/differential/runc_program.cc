#include "runc_program.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "bpf/interpret.h"

namespace sandbox::differential {
namespace {

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

struct Token {
  arch::Abi abi;
  uint32_t token;
  const char* oci;
  const char* go;  ///< Docker's word for the native machine.
};

constexpr Token kTokens[] = {
    {arch::Abi::kX86_64, SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64", "amd64"},
    {arch::Abi::kX86, SCMP_ARCH_X86, "SCMP_ARCH_X86", "x86"},
    {arch::Abi::kX32, SCMP_ARCH_X32, "SCMP_ARCH_X32", "x32"},
    {arch::Abi::kArm, SCMP_ARCH_ARM, "SCMP_ARCH_ARM", "arm"},
    {arch::Abi::kAarch64, SCMP_ARCH_AARCH64, "SCMP_ARCH_AARCH64", "arm64"},
    {arch::Abi::kRiscv64, SCMP_ARCH_RISCV64, "SCMP_ARCH_RISCV64", "riscv64"},
    {arch::Abi::kPpc64le, SCMP_ARCH_PPC64LE, "SCMP_ARCH_PPC64LE", "ppc64le"},
    {arch::Abi::kMips, SCMP_ARCH_MIPS, "SCMP_ARCH_MIPS", "mips"},
    {arch::Abi::kMips64, SCMP_ARCH_MIPS64, "SCMP_ARCH_MIPS64", "mips64"},
    {arch::Abi::kMips64n32, SCMP_ARCH_MIPS64N32, "SCMP_ARCH_MIPS64N32", "mips64n32"},
    {arch::Abi::kS390, SCMP_ARCH_S390, "SCMP_ARCH_S390", "s390"},
    {arch::Abi::kS390x, SCMP_ARCH_S390X, "SCMP_ARCH_S390X", "s390x"},
};

const Token& token_of(arch::Abi abi) {
  return *std::find_if(std::begin(kTokens), std::end(kTokens), [&](const Token& t) { return t.abi == abi; });
}

struct Failure {
  std::string message;
};

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// A key's value as Go's encoding/json finds it: keys without case, the last one wins, and what is null or empty is as
/// if it were not there. Keys that are not asked for are ignored.
YAML::Node value_of(const YAML::Node& mapping, std::string_view key) {
  YAML::Node found(YAML::NodeType::Undefined);
  if (!mapping.IsMap()) return found;
  for (const auto& entry : mapping) {
    if (same_but_for_case(entry.first.Scalar(), key)) found.reset(entry.second);
  }
  const bool empty = found && (found.IsNull() || (found.IsScalar() && found.Scalar().empty()) ||
                               (found.IsSequence() && found.size() == 0));
  return empty ? YAML::Node(YAML::NodeType::Undefined) : found;
}

bool contains(const YAML::Node& list, std::string_view text) {
  if (!list || !list.IsSequence()) return false;
  return std::any_of(list.begin(), list.end(), [&](const YAML::Node& n) { return n.Scalar() == text; });
}

/// Docker's minKernel: none, or the version that it says; an empty string is version 0.0.
std::optional<std::string> kernel_of(const YAML::Node& filter) {
  std::optional<std::string> version;
  for (const auto& entry : filter) {
    if (same_but_for_case(entry.first.Scalar(), "minKernel") && !entry.second.IsNull()) version = entry.second.Scalar();
  }
  return version;
}

/// Whether the machine's kernel is the version or a later one.
bool is_kernel(const std::string& text, const RuncMachine& machine) {
  if (text.empty()) return true;
  const size_t dot = text.find('.');
  const std::pair wanted = {std::stoul(text.substr(0, dot)), std::stoul(text.substr(dot + 1))};
  return std::pair<unsigned long, unsigned long>(machine.kernel) >= wanted;
}

/// setupSeccomp in Docker's profiles/seccomp: an `excludes` that holds in one point, an `includes` that fails in one.
bool applies(const YAML::Node& rule, const RuncMachine& machine) {
  const std::string_view here = token_of(machine.native).go;
  const auto has = [&](const YAML::Node& cap) { return machine.capabilities.contains(cap.Scalar()); };
  if (const YAML::Node excludes = value_of(rule, "excludes")) {
    const YAML::Node caps = value_of(excludes, "caps");
    if (contains(value_of(excludes, "arches"), here)) return false;
    if (caps && std::any_of(caps.begin(), caps.end(), has)) return false;
    if (const auto version = kernel_of(excludes); version && is_kernel(*version, machine)) return false;
  }
  if (const YAML::Node includes = value_of(rule, "includes")) {
    const YAML::Node caps = value_of(includes, "caps");
    const YAML::Node arches = value_of(includes, "arches");
    if (arches && !contains(arches, here)) return false;
    if (caps && !std::all_of(caps.begin(), caps.end(), has)) return false;
    if (const auto version = kernel_of(includes); version && !is_kernel(*version, machine)) return false;
  }
  return true;
}

std::vector<arch::Abi> architectures(const YAML::Node& profile, arch::Abi native) {
  std::vector<arch::Abi> abis = {native};
  const auto add = [&](const std::string& name) {
    for (const Token& token : kTokens) {
      if (name == token.oci && token.abi != native) abis.push_back(token.abi);
    }
  };
  for (const YAML::Node& name : value_of(profile, "architectures")) add(name.Scalar());
  for (const YAML::Node& entry : value_of(profile, "archMap")) {
    if (value_of(entry, "architecture").Scalar() != token_of(native).oci) continue;
    for (const YAML::Node& name : value_of(entry, "subArchitectures")) add(name.Scalar());
    break;
  }
  return abis;
}

/// Podman's getErrno: the name counts, where there is one.
std::optional<uint32_t> errno_of(const YAML::Node& node, std::string_view name_key, std::string_view number_key) {
  constexpr std::pair<std::string_view, uint32_t> kNames[] = {
      {"EPERM", EPERM}, {"EACCES", EACCES}, {"ENOSYS", ENOSYS}, {"ENOENT", ENOENT}, {"EINVAL", EINVAL}};
  if (const YAML::Node name = value_of(node, name_key)) {
    for (const auto& [text, number] : kNames) {
      if (text == name.Scalar()) return number;
    }
    throw Failure{"errno " + name.Scalar()};
  }
  if (const YAML::Node number = value_of(node, number_key)) return number.as<uint32_t>();
  return std::nullopt;
}

/// getAction in runc's libcontainer/seccomp.
uint32_t action_of(const std::string& name, std::optional<uint32_t> error) {
  const uint32_t number = error.value_or(EPERM);
  if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
  if (name == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(number);
  if (name == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
  if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(number);
  if (name == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
  throw Failure{"action " + name};
}

scmp_arg_cmp comparison(const YAML::Node& arg) {
  constexpr std::pair<std::string_view, scmp_compare> kOperators[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                                                                      {"SCMP_CMP_LT", SCMP_CMP_LT},
                                                                      {"SCMP_CMP_LE", SCMP_CMP_LE},
                                                                      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                                                      {"SCMP_CMP_GE", SCMP_CMP_GE},
                                                                      {"SCMP_CMP_GT", SCMP_CMP_GT},
                                                                      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  const auto number = [&](const char* key) {
    const YAML::Node value = value_of(arg, key);
    return value ? value.as<uint64_t>() : 0;
  };
  const std::string op = value_of(arg, "op").Scalar();
  for (const auto& [name, operation] : kOperators) {
    if (op != name) continue;
    return {static_cast<unsigned>(number("index")), operation, number("value"), number("valueTwo")};
  }
  throw Failure{"operator " + op};
}

/// matchCall: one rule of libseccomp's, or one for each comparison when two look at one argument.
void add_rule(const Context& context, const std::string& name, uint32_t action, const YAML::Node& args) {
  const int number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return;
  std::vector<scmp_arg_cmp> all;
  std::array<unsigned, bpf::kArgumentCount> counts = {};
  for (const YAML::Node& arg : args) {
    all.push_back(comparison(arg));
    ++counts.at(all.back().arg);
  }
  const auto add = [&](const scmp_arg_cmp* conditions, size_t count) {
    const int result = seccomp_rule_add_array(context.get(), action, number, static_cast<unsigned>(count), conditions);
    if (result != 0 && result != -EEXIST) throw Failure{name + ": " + std::to_string(result)};
  };
  if (std::all_of(counts.begin(), counts.end(), [](unsigned count) { return count <= 1; })) {
    add(all.data(), all.size());
  } else {
    for (const scmp_arg_cmp& one : all) add(&one, 1);
  }
}

/// Whether a filter for these rules may return the value.
bool is_return_value(uint32_t value) {
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_TRACE:
      return true;
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_TRAP:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ALLOW:
      return (value & SECCOMP_RET_DATA) == 0;
    default:
      return false;
  }
}

/// libseccomp writes in the byte order of the filter's ABIs; but where a jump would be too long, 2.5.4 repeats the
/// return in this machine's order, which on a machine of that ABI is the same one.
void swap_bytes(bpf::Program& program) {
  for (bpf::Instruction& instruction : program) {
    instruction.code = __builtin_bswap16(instruction.code);
    const uint32_t swapped = __builtin_bswap32(instruction.k);
    const bool native = instruction.code == (BPF_RET | BPF_K) && !is_return_value(swapped);
    if (!native) instruction.k = swapped;
  }
}

bpf::Program exported(const Context& context, bool swap) {
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (fd < 0 || seccomp_export_bpf(context.get(), fd) != 0) throw Failure{"the export failed"};
  bpf::Program program(static_cast<size_t>(lseek(fd, 0, SEEK_END)) / sizeof(bpf::Instruction));
  const auto size = static_cast<ssize_t>(program.size() * sizeof(bpf::Instruction));
  const bool complete = pread(fd, program.data(), static_cast<size_t>(size), 0) == size;
  close(fd);
  if (!complete) throw Failure{"the export was cut off"};
  if (swap) swap_bytes(program);
  return program;
}

/// Calls that libseccomp 2.5.4 does not know. From 424 on they have one number on every ABI, behind the ABI's first.
constexpr std::pair<std::string_view, uint32_t> kNewer[] = {
    {"cachestat", 451},         {"fchmodat2", 452},         {"map_shadow_stack", 453}, {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},     {"statmount", 457},        {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},        {"listxattrat", 465},      {"removexattrat", 466}};

/// findLastSyscalls in runc: of the names of all rules, also of those that say what the default says. libseccomp's
/// pseudo-numbers of calls behind a multiplexer are negative, and a name that it does not know is passed over: here as
/// with a libseccomp that knows the newer ones.
void find_largest(const std::vector<std::string>& names, RuncProgram& made) {
  for (const arch::Abi abi : made.covered) {
    int largest = 0;
    for (const std::string& name : names) {
      const int number = seccomp_syscall_resolve_name_arch(token_of(abi).token, name.c_str());
      if (number != __NR_SCMP_ERROR) largest = std::max(largest, number);
      for (const auto& [newer, newer_number] : kNewer) {
        if (name == newer) largest = std::max(largest, static_cast<int>(arch::info(abi).first_number + newer_number));
      }
    }
    if (largest != 0) made.largest[token_of(abi).token] = static_cast<uint32_t>(largest);
  }
}

void build(const YAML::Node& profile, const RuncMachine& machine, RuncProgram& made) {
  const std::string by_default = value_of(profile, "defaultAction").Scalar();
  const uint32_t fallback = action_of(by_default, errno_of(profile, "defaultErrno", "defaultErrnoRet"));
  const Context context(seccomp_init(fallback), seccomp_release);
  made.covered = architectures(profile, machine.native);
  // seccomp_init puts this machine's ABI in, where runc would run on the other one.
  seccomp_arch_remove(context.get(), seccomp_arch_native());
  for (const arch::Abi abi : made.covered) {
    if (seccomp_arch_add(context.get(), token_of(abi).token) != 0) throw Failure{"an architecture"};
  }
  if (machine.optimize && seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) throw Failure{"optimize"};
  std::vector<std::string> named;
  for (const YAML::Node& rule : value_of(profile, "syscalls")) {
    if (!applies(rule, machine)) continue;
    const YAML::Node one = value_of(rule, "name");
    const YAML::Node several = value_of(rule, "names");
    if (one && several) throw Failure{"both 'name' and 'names'"};
    const uint32_t action = action_of(value_of(rule, "action").Scalar(), errno_of(rule, "errno", "errnoRet"));
    const YAML::Node given = value_of(rule, "args");
    const YAML::Node args = given ? given : YAML::Node(YAML::NodeType::Sequence);
    std::vector<std::string> names;
    if (one) names.push_back(one.Scalar());
    for (const YAML::Node& name : several) names.push_back(name.Scalar());
    named.insert(named.end(), names.begin(), names.end());
    if (action == fallback) continue;
    for (const std::string& name : names) add_rule(context, name, action, args);
  }
  // generatePatch: not where the default lets calls pass, a tracer included. What it means to leave out is any
  // defaultErrnoRet of ENOSYS, but it compares that with SCMP_ACT_ERRNO(ENOSYS). Where the default is errno ENOSYS this
  // matters only to calls behind a multiplexer that have a number of their own too, whose names do not count.
  const bool passes = by_default == "SCMP_ACT_ALLOW" || by_default == "SCMP_ACT_LOG" || by_default == "SCMP_ACT_TRACE";
  const bool enosys = by_default == "SCMP_ACT_ERRNO" &&
                      errno_of(profile, "defaultErrno", "defaultErrnoRet") == std::optional<uint32_t>(ENOSYS);
  if (!passes && !enosys) find_largest(named, made);
  made.program = exported(context, arch::info(machine.native).endian == bpf::Endian::kBig);
}

}  // namespace

RuncProgram runc_program(const std::string& json, const RuncMachine& machine) {
  RuncProgram made;
  try {
    build(YAML::Load(json), machine, made);
  } catch (const Failure& failure) {
    made.error = failure.message;
  } catch (const YAML::Exception& exception) {
    made.error = exception.what();
  }
  return made;
}

std::optional<RuncProgram> bounded_runc_program(const std::string& json, const RuncMachine& machine) {
  constexpr rlim_t kSeconds = 5;
  const int shared = memfd_create("program", MFD_CLOEXEC);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit = {kSeconds, kSeconds};
    setrlimit(RLIMIT_CPU, &limit);
    const RuncProgram made = runc_program(json, machine);
    const size_t size = made.program.size() * sizeof(bpf::Instruction);
    const bool written = write(shared, made.program.data(), size) == static_cast<ssize_t>(size);
    _exit(written && made.error.empty() ? 0 : 1);
  }
  int status = 0;
  RuncProgram made;
  if (waitpid(child, &status, 0) == child && WIFEXITED(status)) {
    made.program.resize(static_cast<size_t>(lseek(shared, 0, SEEK_END)) / sizeof(bpf::Instruction));
    const size_t size = made.program.size() * sizeof(bpf::Instruction);
    const bool complete = pread(shared, made.program.data(), size, 0) == static_cast<ssize_t>(size);
    made.covered = architectures(YAML::Load(json), machine.native);
    if (!complete || WEXITSTATUS(status) != 0) made.error = "libseccomp refuses it";
  }
  close(shared);
  return WIFEXITED(status) ? std::optional(made) : std::nullopt;
}

uint32_t runc_answer(const RuncProgram& made, const bpf::ValidatedProgram& program, const bpf::SystemCall& call) {
  constexpr uint32_t kX32Bit = 1U << 30U;
  auto endian = bpf::Endian::kLittle;
  const bool x86_64 = call.arch == arch::info(arch::Abi::kX86_64).audit_arch;
  for (const arch::Abi abi : made.covered) {
    if (arch::info(abi).audit_arch != call.arch) continue;
    endian = arch::info(abi).endian;
    const auto largest = made.largest.find(token_of(abi).token);
    if (largest == made.largest.end()) continue;
    const bool x32 = abi == arch::Abi::kX32;
    if (x86_64 && ((call.number & kX32Bit) != 0) != x32) continue;
    const bool s390 = abi == arch::Abi::kS390 || abi == arch::Abi::kS390x;
    if (call.number <= largest->second && !(s390 && call.number == 0)) continue;
    constexpr uint32_t kEnosysOfMips = 89;
    const bool mips = arch::info(abi).name.starts_with("mips");
    return SECCOMP_RET_ERRNO | (mips ? kEnosysOfMips : ENOSYS);
  }
  return bpf::interpret(program, call, endian).value;
}

bool libseccomp_knows(arch::Abi abi, uint32_t number) {
  char* name = seccomp_syscall_resolve_num_arch(token_of(abi).token, static_cast<int>(number));
  std::free(name);
  return name != nullptr;
}

}  // namespace sandbox::differential
