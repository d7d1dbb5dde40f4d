#include "base/trusted_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"

namespace sandbox {
namespace {

constexpr size_t kMaxShown = 4096;
constexpr int kMaxLinks = 40;  // As the kernel has it (MAXSYMLINKS).

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// What there is to say against one file, folder or symbolic link; its mode says nothing of who may replace a link.
std::optional<std::string> distrust_one(const std::string& path, const struct stat& info, uid_t user) {
  if (info.st_uid != 0 && info.st_uid != user) {
    return in_quotes(path, kMaxShown) + " belongs to another user (" + std::to_string(info.st_uid) + ")";
  }
  const bool sticky = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
  if (S_ISLNK(info.st_mode) || sticky || (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return std::nullopt;
  return in_quotes(path, kMaxShown) + " may be written by other users (chmod go-w " + in_quotes(path, kMaxShown) + ")";
}

/// The names of a path, the last one first.
std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> names;
  for (size_t end = path.size(); end > 0;) {
    const size_t slash = path.rfind('/', end - 1);
    const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (begin < end) names.emplace_back(path.substr(begin, end - begin));
    end = slash == std::string_view::npos ? 0 : slash;
  }
  return names;
}

/// Where a symbolic link leads; none after an error (errno).
std::optional<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  target.resize(static_cast<size_t>(size));
  return target;
}

/// Follows a path as the kernel does, and looks at every name on the way. Where all is trusted no other user can
/// change what the path leads to, so it may be opened by this path afterwards.
class Walk {
 public:
  Walk(const std::string& path, uid_t user) : user_(user), names_(names_of(path)) {}

  /// What there is to say against the path: against what is furthest down.
  std::optional<std::string> result() {
    names_.emplace_back(".");  // The root folder.
    while (!names_.empty()) {
      const std::string name = std::move(names_.back());
      names_.pop_back();
      if (!look_at(name)) return in_quotes(failed_, kMaxShown) + ": " + strerrordesc_np(errno);
    }
    return why_;
  }

 private:
  /// False after an error (errno).
  bool look_at(const std::string& name) {
    if (name == "..") {
      place_ = parent_of(place_);
      return true;
    }
    const std::string next = name == "." ? place_ : (place_ == "/" ? place_ : place_ + "/") + name;
    struct stat info = {};
    failed_ = next;
    if (lstat(next.c_str(), &info) != 0) return false;
    if (auto why = distrust_one(next, info, user_)) why_ = std::move(why);
    if (S_ISLNK(info.st_mode)) return follow(next);
    place_ = next;
    return true;
  }

  bool follow(const std::string& link) {
    if (++links_ > kMaxLinks) {
      errno = ELOOP;
      return false;
    }
    const auto target = read_link(link);
    if (!target) return false;
    if (target->starts_with('/')) place_ = "/";
    const std::vector<std::string> names = names_of(*target);
    names_.insert(names_.end(), names.begin(), names.end());
    return true;
  }

  uid_t user_;
  std::vector<std::string> names_;  ///< Those to come, the last one first.
  std::string place_ = "/";         ///< Without symbolic links.
  int links_ = 0;
  std::optional<std::string> why_;
  std::string failed_;
};

}  // namespace

std::optional<std::string> distrust(const std::string& path, uid_t user) {
  if (path.starts_with('/')) return Walk(path, user).result();
  const std::unique_ptr<char, decltype(&std::free)> working(getcwd(nullptr, 0), &std::free);
  if (!working) return in_quotes(path, kMaxShown) + ": " + strerrordesc_np(errno);
  return Walk(std::string(working.get()) + "/" + path, user).result();
}

}  // namespace sandbox
