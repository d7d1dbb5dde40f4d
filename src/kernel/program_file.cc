#include "kernel/program_file.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <utility>

namespace sandbox::kernel {
namespace {

// fs/exec.c takes five interpreters that are scripts. The next one it still opens, before it gives up with ELOOP.
constexpr int kMaxInterpreters = 6;
constexpr size_t kHead = 256;              // BINPRM_BUF_SIZE: as much of a "#!" line as the kernel reads.
constexpr size_t kMaxHeaderBytes = 65536;  // Program headers; fs/binfmt_elf.c accepts no more.

bool read_at(int fd, void* buffer, size_t size, uint64_t offset) {
  if (offset > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) return false;
  return pread(fd, buffer, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

/// The interpreter of a "#!" line, as fs/binfmt_script.c cuts it out; none where the name goes on behind the head.
std::optional<std::string> script_interpreter(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\n'));
  line.remove_prefix(std::min(line.find_first_not_of(" \t", 2), line.size()));
  const size_t end = line.find_first_of(std::string_view(" \t\0", 3));
  if (end == std::string_view::npos && !line.empty() && line.end() == head.end() && head.size() == kHead) {
    return std::nullopt;
  }
  return std::string(line.substr(0, end));
}

/// What follows the interpreter, up to the end of the line, without the blanks around it.
std::string script_argument(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\n'));
  line.remove_prefix(std::min(line.find_first_not_of(" \t", 2), line.size()));
  line.remove_prefix(std::min(line.find_first_of(" \t"), line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const size_t last = line.find_last_not_of(" \t");
  return std::string(line.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

template <typename Header, typename ProgramHeader>
std::vector<Segment> read_segments(int fd, std::string_view head) {
  Header header = {};
  if (head.size() < sizeof header) return {};
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_phentsize != sizeof(ProgramHeader)) return {};
  const size_t size = header.e_phnum * sizeof(ProgramHeader);
  if (size == 0 || size > kMaxHeaderBytes) return {};
  std::vector<ProgramHeader> headers(header.e_phnum);
  if (!read_at(fd, headers.data(), size, header.e_phoff)) return {};
  std::vector<Segment> segments;
  segments.reserve(headers.size());
  for (const ProgramHeader& one : headers) segments.push_back({one.p_type, one.p_offset, one.p_filesz});
  return segments;
}

std::vector<Segment> segments_of(int fd, std::string_view head) {
  if (!head.starts_with(ELFMAG) || head.size() <= EI_DATA) return {};
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  constexpr char kNativeOrder = ELFDATA2LSB;
#else
  constexpr char kNativeOrder = ELFDATA2MSB;
#endif
  if (head[EI_DATA] != kNativeOrder) return {};
  if (head[EI_CLASS] == ELFCLASS64) return read_segments<Elf64_Ehdr, Elf64_Phdr>(fd, head);
  if (head[EI_CLASS] == ELFCLASS32) return read_segments<Elf32_Ehdr, Elf32_Phdr>(fd, head);
  return {};
}

/// The dynamic loader that the first PT_INTERP names. None where there is none, or the kernel would not take it.
std::optional<std::string> read_loader(int fd, const std::vector<Segment>& segments) {
  for (const Segment& segment : segments) {
    if (segment.type != PT_INTERP) continue;
    if (segment.size < 2 || segment.size > PATH_MAX) return std::nullopt;
    std::string path(static_cast<size_t>(segment.size), '\0');
    if (!read_at(fd, path.data(), path.size(), segment.offset) || path.back() != '\0') return std::nullopt;
    path.resize(std::strlen(path.c_str()));
    return path.empty() ? std::nullopt : std::optional(path);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ExecError> exec_error(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return ExecError{errno, strerrordesc_np(errno), errno == EACCES};
  if (S_ISDIR(info.st_mode)) return ExecError{EACCES, "it is a directory"};
  if (!S_ISREG(info.st_mode)) return ExecError{EACCES, "it is not a regular file"};
  if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    if (errno != EACCES) return ExecError{errno, strerrordesc_np(errno)};
    const bool no_bit = (info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0;
    return ExecError{EACCES, no_bit ? "it is not executable (chmod +x?)" : "permission denied"};
  }
  return std::nullopt;
}

UniqueFd open_program(const std::string& path) {
  // O_PATH finds the file and does not open it: no driver, no FIFO takes notice. What was found stays the same file
  // when the path changes.
  const UniqueFd found(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info = {};
  if (!found.valid() || fstat(found.get(), &info) != 0 || !S_ISREG(info.st_mode)) return UniqueFd();
  // Without a permission to execute there are files that are consumed by reading, such as /proc/kmsg.
  if ((info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return UniqueFd();
  // The link in /proc leads to the file itself. To open the path a second time and compare would be too late: what
  // stands there by then has been opened.
  struct statfs about = {};
  if (statfs("/proc/self/fd", &about) != 0 || about.f_type != PROC_SUPER_MAGIC) return UniqueFd();
  // O_NONBLOCK does not wait for a process that holds a lease on the file (fcntl(2), F_SETLEASE).
  const std::string link = "/proc/self/fd/" + std::to_string(found.get());
  return UniqueFd(open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

ProgramFile::ProgramFile(std::string path) : path_(std::move(path)) {
  read();
}

std::optional<std::string_view> ProgramFile::head() const {
  if (!head_) return std::nullopt;
  return *head_;
}

bool ProgramFile::advance() {
  if (!next_ || next_->empty()) return false;
  is_loader_ = !is_script_;
  interpreters_ += is_script_ ? 1 : 0;
  path_ = *std::exchange(next_, std::nullopt);
  read();
  return true;
}

void ProgramFile::read() {
  fd_ = open_program(path_);
  head_.reset();
  is_script_ = false;
  segments_.clear();
  argument_.clear();
  std::array<char, kHead> buffer = {};
  const ssize_t got = fd_.valid() ? pread(fd_.get(), buffer.data(), buffer.size(), 0) : -1;
  if (got < 0) return;
  head_.emplace(buffer.data(), static_cast<size_t>(got));
  segments_ = segments_of(fd_.get(), *head_);
  is_script_ = head_->starts_with("#!");
  if (is_script_) argument_ = script_argument(*head_);
  if (is_loader_ || interpreters_ == kMaxInterpreters) return;  // The kernel follows no further.
  next_ = is_script_ ? script_interpreter(*head_) : read_loader(fd_.get(), segments_);
}

}  // namespace sandbox::kernel
