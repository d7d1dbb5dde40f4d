#include "arch/capabilities.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/edit_distance.h"

namespace sandbox::arch {
namespace {

constexpr std::array<std::string_view, 41> kNames = {"CAP_CHOWN",
                                                     "CAP_DAC_OVERRIDE",
                                                     "CAP_DAC_READ_SEARCH",
                                                     "CAP_FOWNER",
                                                     "CAP_FSETID",
                                                     "CAP_KILL",
                                                     "CAP_SETGID",
                                                     "CAP_SETUID",
                                                     "CAP_SETPCAP",
                                                     "CAP_LINUX_IMMUTABLE",
                                                     "CAP_NET_BIND_SERVICE",
                                                     "CAP_NET_BROADCAST",
                                                     "CAP_NET_ADMIN",
                                                     "CAP_NET_RAW",
                                                     "CAP_IPC_LOCK",
                                                     "CAP_IPC_OWNER",
                                                     "CAP_SYS_MODULE",
                                                     "CAP_SYS_RAWIO",
                                                     "CAP_SYS_CHROOT",
                                                     "CAP_SYS_PTRACE",
                                                     "CAP_SYS_PACCT",
                                                     "CAP_SYS_ADMIN",
                                                     "CAP_SYS_BOOT",
                                                     "CAP_SYS_NICE",
                                                     "CAP_SYS_RESOURCE",
                                                     "CAP_SYS_TIME",
                                                     "CAP_SYS_TTY_CONFIG",
                                                     "CAP_MKNOD",
                                                     "CAP_LEASE",
                                                     "CAP_AUDIT_WRITE",
                                                     "CAP_AUDIT_CONTROL",
                                                     "CAP_SETFCAP",
                                                     "CAP_MAC_OVERRIDE",
                                                     "CAP_MAC_ADMIN",
                                                     "CAP_SYSLOG",
                                                     "CAP_WAKE_ALARM",
                                                     "CAP_BLOCK_SUSPEND",
                                                     "CAP_AUDIT_READ",
                                                     "CAP_PERFMON",
                                                     "CAP_BPF",
                                                     "CAP_CHECKPOINT_RESTORE"};

constexpr std::array<std::string_view, 14> kDocker = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",      "CAP_FSETID",  "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID",       "CAP_SETPCAP",     "CAP_NET_RAW", "CAP_NET_BIND_SERVICE",
    "CAP_MKNOD",  "CAP_SYS_CHROOT",   "CAP_AUDIT_WRITE", "CAP_SETFCAP"};

constexpr std::array<std::string_view, 3> kWords = {"none", "docker", "own"};
constexpr std::string_view kPrefix = "CAP_";
constexpr const char* kExpected = "; expected names such as CAP_SYS_ADMIN, or none, docker or own";

/// The capability that is meant by "CAP_SYS_ADMIN", "sys_admin" and the like.
std::string full_name(std::string_view written) {
  std::string name(written);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name.starts_with(kPrefix) ? name : std::string(kPrefix) + name;
}

UnknownCapability unknown_capability(std::string_view written) {
  std::string message = "unknown capability " + in_quotes(written);
  if (written.empty()) return {message + kExpected};
  if (const auto word = nearest_name(written, kWords)) return {message + "; did you mean " + in_quotes(*word) + "?"};
  // Without the prefix, which is no likeness: "all" is not CAP_KILL.
  std::vector<std::string_view> names(capability_names().begin(), capability_names().end());
  for (std::string_view& name : names) name.remove_prefix(kPrefix.size());
  const std::string own = full_name(written).substr(kPrefix.size());
  if (const auto nearest = nearest_name(own, names)) {
    return {message + "; did you mean " + in_quotes(std::string(kPrefix) + std::string(*nearest)) + "?"};
  }
  return {message + kExpected};
}

}  // namespace

std::span<const std::string_view> capability_names() {
  return kNames;
}

std::span<const std::string_view> docker_capabilities() {
  return kDocker;
}

Result<CapabilityList, UnknownCapability> read_capabilities(std::string_view list) {
  const std::span<const std::string_view> known = capability_names();
  CapabilityList capabilities;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view written = list.substr(begin, end - begin);
    begin = end + 1;
    std::string name = full_name(written);
    if (std::ranges::find(known, name) != known.end()) {
      capabilities.names.insert(std::move(name));
    } else if (name == "CAP_DOCKER") {
      capabilities.names.insert(kDocker.begin(), kDocker.end());
    } else if (name == "CAP_OWN") {
      capabilities.own = true;
    } else if (name != "CAP_NONE") {
      return unknown_capability(written);
    }
  }
  return capabilities;
}

}  // namespace sandbox::arch
