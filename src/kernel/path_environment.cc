#include "kernel/path_environment.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/file.h"

namespace sandbox::kernel {
namespace {

std::string followed(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  return resolved ? std::string(resolved.get()) : path;
}

std::string working_directory() {
  const std::unique_ptr<char, decltype(&std::free)> path(getcwd(nullptr, 0), &std::free);
  // The kernel writes "(unreachable)" in front of a directory that is not below the root.
  return path && *path == '/' ? std::string(path.get()) : std::string();
}

std::string folder_of(const std::string& policy_path, const std::string& working_directory) {
  if (policy_path.empty() || policy_path == kStandardStream) return working_directory;
  const size_t slash = policy_path.rfind('/');
  if (slash == std::string::npos) return working_directory;
  const std::string folder = slash == 0 ? "/" : policy_path.substr(0, slash);
  if (folder.starts_with('/')) return folder;
  return working_directory.empty() ? "" : working_directory + (working_directory == "/" ? "" : "/") + folder;
}

}  // namespace

resolve::PathEnvironment path_environment(const std::string& policy_path) {
  resolve::PathEnvironment environment;
  environment.working_directory = working_directory();
  environment.policy_folder = folder_of(policy_path, environment.working_directory);
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') environment.home = followed(home);
  return environment;
}

}  // namespace sandbox::kernel
