#include "kernel/target.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/file.h"

namespace sandbox::kernel {
namespace {

constexpr int kMostInterpreters = 5;  // As many scripts as fs/exec.c follows from one to the next.
constexpr size_t kScriptHead = 256;   // BINPRM_BUF_SIZE: as much of "#!" lines as the kernel reads.

TargetError cannot_execute(const std::string& path, const std::string& why) {
  return {kExitCannotExecute, cannot_execute_prefix(path) + why};
}

TargetError not_found(const std::string& name, const std::string& why) {
  return {kExitNotFound, "cannot find " + quoted(name, 4096) + ": " + why};
}

/// Why this path is no program, or nothing. `errno` is what execve would give.
struct Refusal {
  int number = 0;
  std::string why;
};

std::optional<Refusal> refusal(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return Refusal{errno, strerrordesc_np(errno)};
  if (S_ISDIR(info.st_mode)) return Refusal{EACCES, "it is a directory"};
  if (!S_ISREG(info.st_mode)) return Refusal{EACCES, "it is not a regular file"};
  if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    if (errno != EACCES) return Refusal{errno, strerrordesc_np(errno)};
    const bool no_bit = (info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0;
    return Refusal{EACCES, no_bit ? "it is not executable (chmod +x?)" : "permission denied"};
  }
  return std::nullopt;
}

/// The interpreter of a "#!" line, as fs/binfmt_script.c cuts it out; none when the line is not one.
std::optional<std::string> script_interpreter(std::string_view head) {
  if (!head.starts_with("#!")) return std::nullopt;
  head.remove_prefix(2);
  head = head.substr(0, head.find('\n'));
  const size_t begin = head.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::string();
  head.remove_prefix(begin);
  return std::string(head.substr(0, head.find_first_of(std::string_view(" \t\0", 3))));
}

bool read_at(int fd, void* buffer, size_t size, off_t offset) {
  return pread(fd, buffer, size, offset) == static_cast<ssize_t>(size);
}

template <typename Header, typename ProgramHeader>
void read_padded_pages(int fd) {
  Header header = {};
  if (!read_at(fd, &header, sizeof header, 0) || header.e_phentsize != sizeof(ProgramHeader)) return;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ProgramHeader segment = {};
    if (!read_at(fd, &segment, sizeof segment, static_cast<off_t>(header.e_phoff + i * sizeof(ProgramHeader)))) return;
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    char last = 0;
    (void)read_at(fd, &last, 1, static_cast<off_t>(segment.p_offset + segment.p_filesz - 1));
  }
}

/// The dynamic loader that an ELF file asks for (PT_INTERP); none for a static file or one of another byte order.
template <typename Header, typename ProgramHeader>
std::optional<std::string> elf_interpreter(int fd) {
  Header header = {};
  if (!read_at(fd, &header, sizeof header, 0) || header.e_phentsize != sizeof(ProgramHeader)) return std::nullopt;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ProgramHeader segment = {};
    const auto offset = static_cast<off_t>(header.e_phoff + i * sizeof(ProgramHeader));
    if (!read_at(fd, &segment, sizeof segment, offset)) return std::nullopt;
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz < 2 || segment.p_filesz > 4096) return std::nullopt;
    std::string path(segment.p_filesz - 1, '\0');  // The file holds the final NUL, too.
    if (!read_at(fd, path.data(), path.size(), static_cast<off_t>(segment.p_offset))) return std::nullopt;
    return path;
  }
  return std::nullopt;
}

std::optional<std::string> loader_of(int fd, std::string_view head) {
  if (!head.starts_with(ELFMAG) || head.size() <= EI_DATA) return std::nullopt;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  constexpr char kNativeOrder = ELFDATA2LSB;
#else
  constexpr char kNativeOrder = ELFDATA2MSB;
#endif
  if (head[EI_DATA] != kNativeOrder) return std::nullopt;
  if (head[EI_CLASS] == ELFCLASS64) return elf_interpreter<Elf64_Ehdr, Elf64_Phdr>(fd);
  if (head[EI_CLASS] == ELFCLASS32) return elf_interpreter<Elf32_Ehdr, Elf32_Phdr>(fd);
  return std::nullopt;
}

/// What stands between the file and its execution although the file itself is there.
std::optional<TargetError> check_contents(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return std::nullopt;  // Executable and unreadable is allowed.
  std::array<char, kScriptHead> buffer = {};
  const ssize_t got = pread(fd.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return std::nullopt;
  const std::string_view head(buffer.data(), static_cast<size_t>(got));
  if (head.empty()) return cannot_execute(path, "it is empty");

  if (const auto interpreter = script_interpreter(head)) {
    if (interpreter->empty()) return cannot_execute(path, "its first line '#!' names no interpreter");
    std::string what = "its interpreter " + quoted(*interpreter, 4096) + " (in the '#!' line)";
    if (interpreter->ends_with('\r')) what += ", which ends in a carriage return,";
    if (const auto why = refusal(*interpreter)) return cannot_execute(path, what + " cannot be used: " + why->why);
  } else if (const auto loader = loader_of(fd.get(), head)) {
    if (const auto why = refusal(*loader)) {
      return cannot_execute(path, "its dynamic loader " + quoted(*loader, 4096) + " cannot be used: " + why->why);
    }
  }
  return std::nullopt;
}

struct Machine {
  uint16_t machine;  ///< EM_*
  char elf_class;
  char order;
  arch::Abi abi;
};

constexpr Machine kMachines[] = {
    {EM_X86_64, ELFCLASS64, ELFDATA2LSB, arch::Abi::kX86_64},
    {EM_X86_64, ELFCLASS32, ELFDATA2LSB, arch::Abi::kX32},
    {EM_386, ELFCLASS32, ELFDATA2LSB, arch::Abi::kX86},
    {EM_AARCH64, ELFCLASS64, ELFDATA2LSB, arch::Abi::kAarch64},
    {EM_ARM, ELFCLASS32, ELFDATA2LSB, arch::Abi::kArm},
    {EM_RISCV, ELFCLASS64, ELFDATA2LSB, arch::Abi::kRiscv64},
    {EM_S390, ELFCLASS64, ELFDATA2MSB, arch::Abi::kS390x},
    {EM_S390, ELFCLASS32, ELFDATA2MSB, arch::Abi::kS390},
    {EM_PPC64, ELFCLASS64, ELFDATA2LSB, arch::Abi::kPpc64le},
    {EM_PPC64, ELFCLASS64, ELFDATA2MSB, arch::Abi::kPpc64},
    {EM_PPC, ELFCLASS32, ELFDATA2MSB, arch::Abi::kPpc},
    {EM_MIPS, ELFCLASS64, ELFDATA2LSB, arch::Abi::kMipsel64},
    {EM_MIPS, ELFCLASS64, ELFDATA2MSB, arch::Abi::kMips64},
    {EM_MIPS, ELFCLASS32, ELFDATA2LSB, arch::Abi::kMipsel},
    {EM_MIPS, ELFCLASS32, ELFDATA2MSB, arch::Abi::kMips},
    {EM_PARISC, ELFCLASS32, ELFDATA2MSB, arch::Abi::kParisc},
    {EM_PARISC, ELFCLASS64, ELFDATA2MSB, arch::Abi::kParisc64},
};

/// By the header's class, byte order and machine. (32-bit MIPS files may be n32's; the flags that say so are not read,
/// because what comes of this is advice, and o32 the common case.)
std::optional<arch::Abi> elf_abi(std::string_view head) {
  if (!head.starts_with(ELFMAG) || head.size() < offsetof(Elf64_Ehdr, e_version)) return std::nullopt;
  const char order = head[EI_DATA];
  const auto byte = [&](size_t index) {
    return static_cast<unsigned char>(head[offsetof(Elf64_Ehdr, e_machine) + index]);
  };
  const auto machine = static_cast<uint16_t>(order == ELFDATA2LSB ? byte(0) | byte(1) << 8 : byte(0) << 8 | byte(1));
  for (const Machine& known : kMachines) {
    if (known.machine == machine && known.elf_class == head[EI_CLASS] && known.order == order) return known.abi;
  }
  return std::nullopt;
}

Result<std::string, TargetError> accept(const std::string& path) {
  if (auto error = check_contents(path)) return *error;
  return path;
}

bool means_not_found(int number) {
  return number == ENOENT || number == ENOTDIR;
}

std::string default_search_path() {
  std::vector<char> buffer(confstr(_CS_PATH, nullptr, 0) + 1);
  confstr(_CS_PATH, buffer.data(), buffer.size());
  return buffer.data();
}

}  // namespace

Result<std::string, TargetError> find_target(const std::string& name, const char* search_path) {
  if (name.empty()) return not_found(name, "the command's name is empty");
  if (name.find('/') != std::string::npos) {
    const auto why = refusal(name);
    if (!why) return accept(name);
    if (means_not_found(why->number)) return not_found(name, why->why);
    return cannot_execute(name, why->why);
  }

  const std::string path = search_path != nullptr ? search_path : default_search_path();
  std::optional<TargetError> first_refusal;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string directory = path.substr(begin, end - begin);
    const std::string candidate = directory.empty() ? name : directory + "/" + name;
    begin = end + 1;
    const auto why = refusal(candidate);
    if (!why) return accept(candidate);
    if (!means_not_found(why->number) && !first_refusal) first_refusal = cannot_execute(candidate, why->why);
  }
  if (first_refusal) return *first_refusal;
  return not_found(name, "no such program in PATH");
}

Program inspect(const std::string& path) {
  Program program;
  std::string file = path;
  for (int depth = 0; depth < kMostInterpreters; ++depth) {
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::array<char, kScriptHead> buffer = {};
    const ssize_t got = fd.valid() ? pread(fd.get(), buffer.data(), buffer.size(), 0) : -1;
    if (got < 0) break;
    const std::string_view head(buffer.data(), static_cast<size_t>(got));
    const auto interpreter = script_interpreter(head);
    if (!interpreter) {
      program.abi = elf_abi(head);
      break;
    }
    program.script = true;
    file = *interpreter;
  }
  return program;
}

void warm_up(const std::string& path) {
  std::string file = path;
  for (int depth = 0; depth <= kMostInterpreters; ++depth) {
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::array<char, kScriptHead> buffer = {};
    const ssize_t got = fd.valid() ? pread(fd.get(), buffer.data(), buffer.size(), 0) : -1;
    if (got <= 0) return;
    const std::string_view head(buffer.data(), static_cast<size_t>(got));
    auto next = script_interpreter(head);
    if (!next) {
      if (head.starts_with(ELFMAG) && head.size() > EI_CLASS) {
        if (head[EI_CLASS] == ELFCLASS64) read_padded_pages<Elf64_Ehdr, Elf64_Phdr>(fd.get());
        if (head[EI_CLASS] == ELFCLASS32) read_padded_pages<Elf32_Ehdr, Elf32_Phdr>(fd.get());
      }
      next = loader_of(fd.get(), head);
    }
    if (!next || next->empty()) return;
    file = *next;
  }
}

std::string cannot_execute_prefix(const std::string& path) {
  return "cannot execute " + quoted(path, 4096) + ": ";
}

const char* exec_failure_reason(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "it, or the interpreter that it asks for, is gone";
    case ENOEXEC:
      return "it is neither a program for this machine nor a script that starts with '#!'";
    default:
      break;
  }
  const char* reason = strerrordesc_np(error_number);
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace sandbox::kernel
