#include "kernel/caller.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "kernel/proc.h"

namespace sandbox::kernel {
namespace {

constexpr uint32_t kUnset = UINT32_MAX;  // loginuid and sessionid of what no login started.

/// The beginning of a thread's file in /proc, enough for those that are read here; empty if it cannot be read.
std::string read_start(pid_t thread, const char* file) {
  const UniqueFd descriptor = open_proc_file((std::to_string(thread) + "/" + file).c_str());
  if (!descriptor.valid()) return "";
  std::array<char, 4096> buffer = {};
  const ssize_t count = read(descriptor.get(), buffer.data(), buffer.size());
  return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))};
}

template <typename T>
std::optional<T> leading_number(std::string_view text) {
  T number = 0;
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc() ? std::optional(number)
                                                                                           : std::nullopt;
}

/// What stands behind "Key:" and blanks in /proc/PID/status. The keys that are asked for come behind Name, in which the
/// kernel escapes line ends.
std::string_view field(std::string_view status, std::string_view key) {
  const std::string start = "\n" + std::string(key) + ":\t";
  const size_t at = status.find(start);
  return at == std::string_view::npos ? std::string_view() : status.substr(at + start.size());
}

std::optional<uint32_t> id_in(pid_t thread, const char* file) {
  const auto id = leading_number<uint32_t>(read_start(thread, file));
  return id == kUnset ? std::nullopt : id;
}

/// Page by page: one call for all of it would read nothing of a page that is only in part asked for and cannot be read.
size_t read_memory(pid_t thread, uint64_t address, std::span<std::byte> into) {
  static const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  size_t done = 0;
  while (done < into.size()) {
    const uint64_t from = address + done;
    if (from < address || from > UINTPTR_MAX) break;  // Over the end.
    const auto count = static_cast<size_t>(std::min<uint64_t>(into.size() - done, page - from % page));
    iovec local = {into.data() + done, count};
    // An address in another process.
    void* const there = reinterpret_cast<void*>(static_cast<uintptr_t>(from));  // NOLINT(performance-no-int-to-ptr)
    iovec remote = {there, count};
    const ssize_t got = process_vm_readv(thread, &local, 1, &remote, 1, 0);
    if (got <= 0) break;
    done += static_cast<size_t>(got);
    if (static_cast<size_t>(got) < count) break;
  }
  return done;
}

}  // namespace

std::string name_of_thread(pid_t thread) {
  std::string name = read_start(thread, "comm");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

report::Process describe_caller(pid_t thread) {
  report::Process process;
  process.thread = thread;
  if (thread <= 0) return process;  // Not visible from here: there is no /proc/0.
  const std::string status = read_start(thread, "status");
  process.pid = leading_number<pid_t>(field(status, "Tgid")).value_or(0);
  process.user = leading_number<uint32_t>(field(status, "Uid"));
  process.group = leading_number<uint32_t>(field(status, "Gid"));
  process.name = name_of_thread(thread);
  process.executable = read_proc_link(thread, "exe");
  process.audit_user = id_in(thread, "loginuid");
  process.session = id_in(thread, "sessionid");
  return process;
}

bool belongs_to(pid_t thread, pid_t process) {
  return thread > 0 && process > 0 && (tgkill(process, thread, 0) == 0 || errno != ESRCH);
}

pid_t process_of(pid_t thread) {
  if (thread <= 0) return 0;
  const pid_t process = leading_number<pid_t>(field(read_start(thread, "status"), "Tgid")).value_or(0);
  return belongs_to(thread, process) ? process : 0;
}

bool is_zombie(pid_t thread) {
  return field(read_start(thread, "status"), "State").starts_with('Z');
}

bool is_traced_here(pid_t thread) {
  const std::string status = read_start(thread, "status");
  return leading_number<pid_t>(field(status, "TracerPid")).value_or(gettid()) == gettid();
}

bool dumps_core(pid_t process) {
  return process > 0 && field(read_start(process, "status"), "CoreDumping").starts_with('1');
}

report::MemoryReader memory_of(pid_t thread, BoundedTask& task) {
  constexpr unsigned kOften = 3;  // After that many timeouts no memory is read any more.
  struct Piece {
    std::vector<std::byte> bytes;
    size_t size = 0;
  };
  return [thread, &task, gave_up = false](uint64_t address, std::span<std::byte> into) mutable -> size_t {
    if (thread <= 0 || gave_up || task.abandoned() >= kOften) return 0;
    const auto piece = std::make_shared<Piece>();
    piece->bytes.resize(into.size());
    const bool in_time = task.run(
        [thread, address, piece](const std::stop_token&) { piece->size = read_memory(thread, address, piece->bytes); });
    if (!in_time) {
      gave_up = true;
      return 0;
    }
    std::copy_n(piece->bytes.begin(), piece->size, into.begin());
    return piece->size;
  };
}

report::MemoryReader blocking_memory_of(pid_t thread) {
  return [thread](uint64_t address, std::span<std::byte> into) -> size_t {
    return thread <= 0 ? 0 : read_memory(thread, address, into);
  };
}

}  // namespace sandbox::kernel
