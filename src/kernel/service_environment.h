// What a service manager tells a service by its process number, for a program that runs as a child of the launcher.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::kernel {

/// An environment in which the variables of systemd that name a process by its number (LISTEN_PID, WATCHDOG_PID and
/// SYSTEMD_EXEC_PID) name another one: sd_listen_fds(3) and sd_watchdog_enabled(3) ignore those that are not for the
/// caller.
class ServiceEnvironment {
 public:
  /// `environment` is null-terminated, and borrowed. Of the variables those change that name `from`.
  ServiceEnvironment(char* const* environment, pid_t from, pid_t to);

  /// As for execve(2), null-terminated; valid as long as this object.
  [[nodiscard]] char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> changed_;
  std::vector<char*> pointers_;
};

/// Why a service that is of Type=notify, or has a watchdog, may not work as a child of the launcher: its messages come
/// from another process than systemd expects. One line; none where `notify_socket`, the value of NOTIFY_SOCKET, is
/// null.
std::optional<std::string> notify_warning(const char* notify_socket);

}  // namespace sandbox::kernel
