// Which file a command's name stands for, and whether it looks like one that can be executed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "base/result.h"
#include "kernel/file_privileges.h"

namespace sandbox::kernel {

/// The shell's exit statuses for a command that cannot be started.
inline constexpr int kExitCannotExecute = 126;
inline constexpr int kExitNotFound = 127;

struct TargetError {
  int exit_status = kExitNotFound;
  std::string message;  ///< One line, without the program's name.
};

/// A file that execve(2) opens to start a program.
struct StartFile {
  enum class Role : uint8_t { kProgram, kInterpreter, kLoader };
  Role role = Role::kProgram;
  std::string path;
  std::string argument = {};  ///< Of an interpreter, what the "#!" line has behind it.
};

/// A file that can be executed, and what it is.
struct Program {
  std::string path;
  std::optional<arch::Abi> abi;  ///< The one that it, or a script's interpreter, starts in; none where it is not known.
  bool script = false;           ///< It begins with "#!".
  std::vector<StartFile> files;  ///< All that execve(2) opens, as far as they can be read; the program itself first.
  FilePrivileges privileges;     ///< What it, or a script's interpreter, asks for; nothing where it cannot be read.
};

/// Finds the file to execute. A name with a slash is the path itself; another is looked for in `search_path` as
/// execvp(3) does (an empty element is the working directory; null stands for the system's default path). Checked are
/// permission and what the kernel would stumble over: what is no regular file, an interpreter or a dynamic loader that
/// is missing, and the same of each interpreter that follows. A file that cannot be read is taken as it is.
Result<Program, TargetError> find_target(const std::string& name, const char* search_path);

/// Reads what execve will read of the target, of the interpreters that it leads to and of its dynamic loader: the
/// headers, and the last page of each segment that the kernel pads with zeros. Then execve
/// itself does not wait for a disk (see enter.cc). What cannot be read is skipped.
void preload_program(const std::string& path);

/// "cannot execute 'PATH': ", to be followed by a reason.
std::string cannot_execute_prefix(const std::string& path);

/// Why execve failed for a target that `find_target` had accepted. Allocates nothing; the text is static.
const char* exec_failure_reason(int error_number);

}  // namespace sandbox::kernel
