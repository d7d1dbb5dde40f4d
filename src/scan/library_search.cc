#include "scan/library_search.h"

#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/file.h"

namespace sandbox::scan {
namespace {

constexpr const char* kCachePath = "/etc/ld.so.cache";
constexpr const char* kPreloadPath = "/etc/ld.so.preload";
constexpr size_t kMaxPreloadBytes = size_t{1} << 20;
constexpr size_t kMaxCacheBytes = size_t{64} << 20;
constexpr std::string_view kCacheMagic = "glibc-ld.so.cache1.1";

/// Whether the loader would take the file: one of another machine is passed over.
bool is_for_x86_64(const std::string& path) {
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) return false;
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return false;
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_machine == EM_X86_64;
}

std::string folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  const auto canonical = std::filesystem::canonical(folder.empty() ? "." : folder, ignored);
  return ignored ? folder.string() : canonical.string();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// The folders of a DT_RPATH or DT_RUNPATH.
std::vector<std::string> expand(std::string list, const std::string& origin) {
  for (const std::string_view token : {"$ORIGIN", "${ORIGIN}"}) replace_all(list, token, origin);
  for (const std::string_view token : {"$LIB", "${LIB}"}) replace_all(list, token, "lib/x86_64-linux-gnu");
  for (const std::string_view token : {"$PLATFORM", "${PLATFORM}"}) replace_all(list, token, "x86_64");
  std::vector<std::string> folders;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(':', begin), list.size());
    if (end > begin) folders.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return folders;
}

/// The levels of the x86-64 psABI that this processor has, as far as compilers ask for them.
std::vector<std::string> levels_of_processor() {
  std::vector<std::string> levels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v2 =
      __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) levels.emplace_back("x86-64-v4");
  if (v3) levels.emplace_back("x86-64-v3");
  if (v2) levels.emplace_back("x86-64-v2");
#endif
  levels.emplace_back();
  return levels;
}

/// "x86-64-v3", if the path is of such a folder.
std::string level_of_path(const std::string& path) {
  constexpr std::string_view kFolder = "/glibc-hwcaps/";
  const size_t at = path.find(kFolder);
  if (at == std::string::npos) return "";
  const size_t begin = at + kFolder.size();
  return path.substr(begin, path.find('/', begin) - begin);
}

}  // namespace

LibrarySearch::LibrarySearch(std::string interpreter)
    : interpreter_(std::move(interpreter)), musl_(interpreter_.find("ld-musl") != std::string::npos) {
  if (musl_) {
    folders_ = {"/lib", "/usr/local/lib", "/usr/lib"};
    const auto list = read_file("/etc/ld-musl-x86_64.path", kMaxCacheBytes);
    if (list) {
      std::string text = list->bytes;
      replace_all(text, "\n", ":");
      folders_ = expand(text, "");
    }
    return;
  }
  levels_ = levels_of_processor();
  // Debian's folders, then those of other distributions.
  folders_ = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
  read_cache();
}

/// The cache's layout: struct cache_file_new in glibc's sysdeps/generic/dl-cache.h.
void LibrarySearch::read_cache() {
  constexpr size_t kHeader = 48;
  constexpr size_t kEntry = 24;
  constexpr uint32_t kX86_64 = 0x0303;
  constexpr uint32_t kLevel = uint32_t{1} << 30;  // DL_CACHE_HWCAP_EXTENSION, in the upper half.
  const auto contents = read_file(kCachePath, kMaxCacheBytes);
  if (!contents) return;
  const std::string& bytes = contents->bytes;
  const size_t start = bytes.find(kCacheMagic);
  if (start == std::string::npos || bytes.size() - start < kHeader) return;
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    if (at <= bytes.size() && bytes.size() - at >= 4) std::memcpy(&value, bytes.data() + at, 4);
    return value;
  };
  const auto text = [&](size_t at) { return at < bytes.size() ? std::string(bytes.c_str() + at) : std::string(); };
  const uint32_t count = number(start + kCacheMagic.size());
  for (size_t i = 0; i < count && start + kHeader + (i + 1) * kEntry <= bytes.size(); ++i) {
    const size_t entry = start + kHeader + i * kEntry;
    // Either a level, of which an index stands beside the bit, or processors as glibc told them apart before 2.33.
    const bool has_level = number(entry + 20) == kLevel;
    const bool for_some_processors = !has_level && (number(entry + 16) != 0 || number(entry + 20) != 0);
    if ((number(entry) & 0xffff) != kX86_64 || for_some_processors) continue;
    std::string path = text(start + number(entry + 8));
    std::string level = has_level ? level_of_path(path) : "";
    if (has_level && level.empty()) continue;
    cache_.try_emplace({std::move(level), text(start + number(entry + 4))}, std::move(path));
  }
}

std::optional<std::string> LibrarySearch::find(const std::string& name, const Requester& requester) const {
  if (name.find('/') != std::string::npos) {
    return is_for_x86_64(name) ? std::optional(name) : std::nullopt;
  }
  if (musl_ && (name == "libc.so" || name.starts_with("libc.musl-"))) return interpreter_;
  if (requester.runpath.empty()) {
    for (const auto& [rpath, path] : requester.rpaths) {
      if (auto found = find_in(expand(rpath, folder_of(path)), name)) return found;
    }
  } else if (auto found = find_in(expand(requester.runpath, folder_of(requester.path)), name)) {
    return found;
  }
  for (const std::string& level : levels_) {
    const auto cached = cache_.find({level, name});
    if (cached != cache_.end() && is_for_x86_64(cached->second)) return cached->second;
  }
  return find_in(folders_, name);
}

/// In each folder, what was built for this processor comes first.
std::optional<std::string> LibrarySearch::find_in(const std::vector<std::string>& folders,
                                                  const std::string& name) const {
  for (const std::string& folder : folders) {
    for (const std::string& level : levels_) {
      std::string path = folder + (level.empty() ? "" : "/glibc-hwcaps/" + level) + "/" + name;
      if (is_for_x86_64(path)) return path;
    }
  }
  return std::nullopt;
}

std::vector<std::string> preloaded_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    replace_all(line, ":", " ");
    std::istringstream words(line);
    for (std::string word; words >> word;) names.push_back(word);
  }
  return names;
}

std::vector<std::string> preloaded_libraries() {
  const auto text = read_file(kPreloadPath, kMaxPreloadBytes);
  return text ? preloaded_names(text->bytes) : std::vector<std::string>();
}

}  // namespace sandbox::scan
