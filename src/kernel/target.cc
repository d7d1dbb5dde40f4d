#include "kernel/target.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "kernel/file_privileges.h"
#include "kernel/program_file.h"

namespace sandbox::kernel {
namespace {

TargetError cannot_execute(const std::string& path, const std::string& why) {
  return {kExitCannotExecute, cannot_execute_prefix(path) + why};
}

TargetError not_found(const std::string& name, const std::string& why) {
  return {kExitNotFound, "cannot find " + in_quotes(name, 4096) + ": " + why};
}

/// "its interpreter 'PATH' (in the '#!' line) cannot be used: ", for what `file` needs to be started.
std::string cannot_use_next(const ProgramFile& file) {
  const std::string path = in_quotes(*file.next(), 4096);
  if (!file.is_script()) return "its dynamic loader " + path + " cannot be used: ";
  const bool returns = file.next()->ends_with('\r');
  return "its interpreter " + path + " (in the '#!' line)" + (returns ? ", which ends in a carriage return," : "") +
         " cannot be used: ";
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

/// The file at `path` as a program, or what stands between it and its execution although it is there. What execve would
/// read is followed as far as it can be read.
Result<Program, TargetError> accept(const std::string& path) {
  Program program;
  program.path = path;
  ProgramFile file(path);
  program.script = file.is_script();
  program.files.push_back({StartFile::Role::kProgram, path});
  std::string chain;     // How execve comes to the file, unless it is the first.
  while (file.head()) {  // Executable and unreadable is allowed.
    if (file.head()->empty()) return cannot_execute(path, chain + "it is empty");
    program.abi = elf_abi(*file.head());
    if (!file.is_script()) program.privileges = file_privileges(file.fd());
    if (!file.next()) break;
    if (file.next()->empty()) return cannot_execute(path, chain + "its first line '#!' names no interpreter");
    chain += cannot_use_next(file);
    const auto role = file.is_script() ? StartFile::Role::kInterpreter : StartFile::Role::kLoader;
    program.files.push_back({role, *file.next(), file.argument()});
    if (const auto why = exec_error(*file.next())) return cannot_execute(path, chain + why->why);
    if (!file.is_script()) break;  // The loader is there; what is in it is the kernel's to judge.
    file.advance();
  }
  return program;
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

Result<Program, TargetError> find_target(const std::string& name, const char* search_path) {
  if (name.empty()) return not_found(name, "the command's name is empty");
  if (name.find('/') != std::string::npos) {
    const auto why = exec_error(name);
    if (!why) return accept(name);
    if (means_not_found(why->number)) return not_found(name, why->why);
    return cannot_execute(name, why->why);
  }

  const std::string path = search_path != nullptr ? search_path : default_search_path();
  std::optional<TargetError> first_error;
  std::string closed;  // The first directory that may not be searched. What is in it is not found, as for a shell.
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    std::string candidate = path.substr(begin, end - begin);  // A directory; an empty one is the working directory.
    if (!candidate.empty()) candidate += '/';
    candidate += name;
    begin = end + 1;
    const auto why = exec_error(candidate);
    if (!why) return accept(candidate);
    if (why->unreachable) {
      if (closed.empty()) closed = candidate.substr(0, candidate.rfind('/'));
    } else if (!means_not_found(why->number) && !first_error) {
      first_error = cannot_execute(candidate, why->why);
    }
  }
  if (first_error) return *first_error;
  return not_found(name, "no such program in PATH" +
                             (closed.empty() ? "" : ", of which " + in_quotes(closed, 4096) + " may not be searched"));
}

void preload_program(const std::string& path) {
  ProgramFile file(path);
  do {
    for (const Segment& segment : file.segments()) {
      const uint64_t end = segment.offset + segment.size;
      if (segment.type != PT_LOAD || segment.size == 0 || end <= segment.offset) continue;
      char last = 0;
      (void)!pread(file.fd(), &last, 1, static_cast<off_t>(end - 1));
    }
  } while (file.advance());
}

std::string cannot_execute_prefix(const std::string& path) {
  return "cannot execute " + in_quotes(path, 4096) + ": ";
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
