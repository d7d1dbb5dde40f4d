// A directory for one test, readable for all users and removed at the end.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace sandbox::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "sandbox-run-unit.XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr || chmod(path_.c_str(), 0755) != 0) std::abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view bytes, mode_t mode = 0644) const {
    const std::string file = path(name);
    std::ofstream(file, std::ios::binary) << bytes;
    EXPECT_EQ(chmod(file.c_str(), mode), 0);
    return file;
  }

  /// Makes a directory and returns its path.
  std::string make_directory(const std::string& name) const {
    std::filesystem::create_directories(path(name));
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace sandbox::testing
