#include "base/trusted_path.h"

#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/diagnostic.h"

namespace sandbox {
namespace {

constexpr size_t kMaxShown = 4096;

std::optional<std::string> real_path(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return std::nullopt;
  std::string real = resolved;
  std::free(resolved);
  return real;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::optional<std::string> distrust_one(const std::string& path, uid_t user) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return in_quotes(path, kMaxShown) + ": " + strerrordesc_np(errno);
  if (info.st_uid != 0 && info.st_uid != user) {
    return in_quotes(path, kMaxShown) + " belongs to another user (" + std::to_string(info.st_uid) + ")";
  }
  const bool sticky = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || sticky) return std::nullopt;
  return in_quotes(path, kMaxShown) + " may be written by other users (chmod go-w " + in_quotes(path, kMaxShown) + ")";
}

/// Of a path without symbolic links and all that is above it.
std::optional<std::string> distrust_all(std::string path, uid_t user) {
  for (;;) {
    if (auto why = distrust_one(path, user)) return why;
    if (path == "/") return std::nullopt;
    path = parent_of(path);
  }
}

}  // namespace

std::optional<std::string> distrust(const std::string& path, uid_t user) {
  const auto folder = real_path(parent_of(path));
  const auto file = real_path(path);
  if (!folder || !file) return in_quotes(path, kMaxShown) + ": " + strerrordesc_np(errno);
  if (auto why = distrust_all(*file, user)) return why;
  if (parent_of(*file) == *folder) return std::nullopt;
  return distrust_all(*folder, user);
}

}  // namespace sandbox
