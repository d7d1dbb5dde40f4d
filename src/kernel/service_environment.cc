#include "kernel/service_environment.h"

#include <algorithm>
#include <array>

namespace sandbox::kernel {
namespace {

constexpr std::array<std::string_view, 3> kVariables = {"LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"};

/// The variable that the entry sets to this number; none if it does something else.
std::optional<std::string_view> variable_with(std::string_view entry, const std::string& number) {
  for (const std::string_view variable : kVariables) {
    const bool named = entry.starts_with(variable) && entry.substr(variable.size()) == "=" + number;
    if (named) return variable;
  }
  return std::nullopt;
}

}  // namespace

ServiceEnvironment::ServiceEnvironment(char* const* environment, pid_t from, pid_t to) {
  const std::string number = std::to_string(from);
  changed_.reserve(kVariables.size());  // The pointers to them stay valid; one that is set twice is changed once.
  for (char* const* at = environment; *at != nullptr; ++at) {
    const auto variable = variable_with(*at, number);
    if (!variable || changed_.size() == kVariables.size()) {
      pointers_.push_back(*at);
      continue;
    }
    changed_.push_back(std::string(*variable) + "=" + std::to_string(to));
    pointers_.push_back(changed_.back().data());
  }
  pointers_.push_back(nullptr);
}

std::optional<std::string> notify_warning(const char* notify_socket) {
  if (notify_socket == nullptr) return std::nullopt;
  return "NOTIFY_SOCKET is set, and the program runs as a child of this process: its unit needs NotifyAccess=all, or "
         "systemd ignores what it reports";
}

}  // namespace sandbox::kernel
