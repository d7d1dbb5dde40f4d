// /proc as this process found it. A supervised program may mount over it, or over parts of it: such mounts are not
// followed.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace sandbox::kernel {

/// The descriptor of /proc, which is opened by the first call and stays open; -1 if there is none, or it shows another
/// PID namespace. Before the first call the functions below fail.
int proc_directory();

/// After fork(2), in the child: the descriptor becomes one of its own, under the same number. Parent and child share
/// the position in the list of processes otherwise. False: it could not be opened again.
bool reopen_proc_directory();

/// A file of /proc, by its path from there ("12/stat"), close-on-exec. Invalid where it cannot be opened, or where
/// something is mounted over it. Allocates nothing.
UniqueFd open_proc_file(const char* path, int flags = O_RDONLY);

/// The number that a name in /proc is; none if it is another name.
std::optional<int> number_of(std::string_view name);

/// Calls `use` with each name in a directory of /proc that is a number: those of processes, or of descriptors. What is
/// removed meanwhile does not matter. Allocates nothing, and is for one thread at a time. False if the directory cannot
/// be read.
template <typename Use>
bool for_each_number(int directory, Use use) {
  struct Entry {  // struct linux_dirent64 of getdents64(2).
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
  };
  alignas(8) static std::array<char, 16384> buffer;
  constexpr size_t kName = offsetof(Entry, type) + 1;
  for (;;) {
    const long got = syscall(SYS_getdents64, directory, buffer.data(), buffer.size());
    if (got <= 0) return got == 0;
    for (size_t at = 0; at + kName < static_cast<size_t>(got);) {
      Entry entry = {};
      std::memcpy(&entry, buffer.data() + at, kName);
      if (entry.size <= kName) return false;
      const char* name = buffer.data() + at + kName;
      if (const auto number = number_of({name, strnlen(name, entry.size - kName)})) use(*number);
      at += entry.size;
    }
  }
}

/// Whether the descriptor is of a procfs, this one or another.
bool is_procfs(int fd);

/// The text of a symbolic link, by its path below a directory; empty if it cannot be read. What /proc shows a
/// descriptor as is the text of such a link.
std::string link_text(int directory, const char* path);

/// What a link of a process names ("exe"); empty if that cannot be read.
std::string read_proc_link(pid_t pid, const char* name);

}  // namespace sandbox::kernel
