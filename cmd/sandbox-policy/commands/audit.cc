// audit: the kernel's seccomp records, live or out of logs, in words.
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/audit_log.h"
#include "kernel/landlock.h"
#include "report/audit_record.h"
#include "report/landlock_record.h"
#include "sandbox-policy/commands/audit_report.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/line_splitter.h"
#include "sandbox-policy/commands/log_line.h"
#include "sandbox-policy/commands/seen_events.h"

namespace sandbox::tool {
namespace {

// ---- The end: SIGINT and SIGTERM ----

volatile sig_atomic_t stop_asked = 0;
int stop_event = -1;

void on_stop_signal(int signal) {
  const int saved = errno;
  stop_asked = signal;
  const uint64_t one = 1;
  if (write(stop_event, &one, sizeof one) < 0) stop_asked = signal;  // There is nothing else to do.
  errno = saved;
}

/// From now on the first of these signals asks for the end, and the second one ends the program as it always does. One
/// that the parent has had ignored stays ignored.
bool watch_for_stop() {
  stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_event < 0) return false;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = SA_RESETHAND;
    sigaction(signal, &action, nullptr);
  }
  return true;
}

/// Waits for input. False: the end is asked for.
bool wait_for(int fd) {
  std::array<pollfd, 2> waiting = {{{fd, POLLIN, 0}, {stop_event, POLLIN, 0}}};
  while (stop_asked == 0) {
    if (poll(waiting.data(), waiting.size(), -1) > 0) return stop_asked == 0;
    if (errno != EINTR) return true;  // Reading will say what is wrong.
  }
  return false;
}

// ---- Names of accounts ----

/// This machine's names of users and groups, from the files alone: in a static program the C library cannot ask others.
class AccountNames {
 public:
  void load() {
    if (const auto file = open("/etc/passwd")) {
      while (const passwd* entry = fgetpwent(file.get())) users_.try_emplace(entry->pw_uid, entry->pw_name);
    }
    if (const auto file = open("/etc/group")) {
      while (const group* entry = fgetgrent(file.get())) groups_.try_emplace(entry->gr_gid, entry->gr_name);
    }
  }

  void add_to(report::Process& process) const {
    if (process.user) process.user_name = find(users_, *process.user);
    if (process.group) process.group_name = find(groups_, *process.group);
  }

 private:
  using Table = std::map<uint32_t, std::string>;
  struct Close {
    void operator()(FILE* file) const { fclose(file); }
  };

  static std::unique_ptr<FILE, Close> open(const char* path) { return std::unique_ptr<FILE, Close>(fopen(path, "re")); }
  static std::string find(const Table& names, uint32_t id) {
    const auto found = names.find(id);
    return found == names.end() ? std::string() : found->second;
  }

  Table users_;
  Table groups_;
};

// ---- Live ----

/// /proc/sys/kernel/seccomp/actions_logged; empty where it cannot be read.
std::string logged_actions() {
  const auto file = read_file("/proc/sys/kernel/seccomp/actions_logged", 4096);
  return file ? file->bytes : std::string();
}

/// Landlock's records need more than those of seccomp.
bool lacks_landlock() {
  return kernel::landlock_abi() >= kernel::kLogNewExecAbi && kernel::audit_enabled() == false;
}
constexpr std::string_view kNoLandlock =
    " (of what Landlock denies there are no records: the audit system is off, 'auditctl -e 1' turns it on)";

constexpr size_t kMaxAtOnce = 1000;     // Before they are printed.
constexpr size_t kMaxAtTheEnd = 20000;  // More than the kernel keeps for us.

int listen(const Options& options, const Log& log, AuditReport& events) {
  auto records = kernel::AuditLog::open(kernel::AuditLog::kRoom, kernel::AuditLog::Records::kAlsoLandlock);
  if (!records) {
    log.error("audit: " + records.error() +
              "; a LOG can be read instead: /var/log/audit/audit.log, or - for the output of journalctl or dmesg");
    return kExitFailed;
  }
  const auto lost_before = kernel::lost_audit_records();
  if (const auto missing = unlogged_actions(logged_actions()); !missing.empty()) {
    log.warning("/proc/sys/kernel/seccomp/actions_logged lacks" + missing + ": of these there are no records");
  }
  if (!options.quiet) {
    std::fputs((log.notice_prefix() + "listening for the kernel's seccomp records; Ctrl-C ends it" +
                (lacks_landlock() ? std::string(kNoLandlock) : std::string()) + "\n")
                   .c_str(),
               stderr);
  }
  AccountNames names;
  names.load();
  report::LandlockRecords landlock;
  bool writable = true;
  uint64_t overruns = 0;
  for (bool last = false; writable && !last;) {
    last = !wait_for(records->fd());
    // At the end what has come before it is printed, but not what comes on and on.
    for (size_t taken = 0; taken < (stop_asked == 0 ? kMaxAtOnce : kMaxAtTheEnd); ++taken) {
      const auto record = records->next();
      if (!record) break;
      if (records->type() != AUDIT_SECCOMP) {
        for (report::Event& event : landlock.take(records->type(), *record)) {
          names.add_to(event.process);
          events.take(std::move(event));
        }
        continue;
      }
      auto event = report::read_audit_record(*record);
      if (event) names.add_to(event->process);
      events.take(std::move(event));
    }
    if (records->overruns() != overruns) log.warning("records came faster than they were read; some are lost");
    overruns = records->overruns();
    writable = events.flush();
  }
  events.finish(log, true);
  const auto lost = kernel::lost_audit_records();
  if (lost && lost_before && *lost != *lost_before) {
    log.warning("the kernel counts " + plural(*lost - *lost_before, "audit record") +
                " that it had to drop meanwhile; they may be missing here");
  }
  if (!writable) return kExitFailed;
  return events.none_readable() ? kExitFound : kExitGood;
}

// ---- Logs ----

class LogReader {
 public:
  LogReader(const Log& log, AuditReport& events) : log_(log), events_(events) {}

  /// False if it cannot be read to its end, which has been said.
  bool read_all(const std::string& name) {
    const UniqueFd fd(name == kStandardStream ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                              : open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd.valid()) return report_error(name, errno);
    const auto take = [this](std::string_view line) {
      ++lines_;
      const size_t before = landlock_.count();
      for (report::Event& event : landlock_.take_line(line)) events_.take(std::move(event));
      found_ = found_ || landlock_.count() > before;
      LogLine read = read_log_line(line, now_);
      const bool other = !read.record && read.record.error() == report::NoRecord::kAnother;
      found_ = found_ || !other;
      left_out_ += report::records_left_out(line);
      if (read.record && !seen_.is_new(*read.record, read.stamped, lines_)) return;
      events_.take(std::move(read.record));
    };
    LineSplitter lines;
    std::string piece(LineSplitter::kMaxLength, '\0');
    while (writable_ && wait_for(fd.get())) {
      const ssize_t size = read(fd.get(), piece.data(), piece.size());
      if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == EPIPE)) continue;  // EPIPE: /dev/kmsg went on.
      if (size < 0) return report_error(name, errno);
      if (size == 0) break;
      lines.add(std::string_view(piece).substr(0, static_cast<size_t>(size)), take);
      writable_ = events_.flush();
    }
    lines.finish(take);
    return writable_;
  }

  [[nodiscard]] bool writable() const { return writable_; }

  /// Whether there were lines, and no seccomp record among them.
  [[nodiscard]] bool found_nothing() const { return lines_ > 0 && !found_; }
  [[nodiscard]] uint64_t lines() const { return lines_; }

  /// How many records of any type are not in the logs, by the kernel's own account.
  [[nodiscard]] uint64_t left_out() const { return left_out_; }

 private:
  bool report_error(const std::string& name, int error) const {
    const std::string what =
        error == EISDIR ? "is a directory, expected a log" : std::string("cannot be read: ") + strerrordesc_np(error);
    log_.error(printable_path(input_name(name)) + ": " + what);
    return false;
  }

  const Log& log_;
  AuditReport& events_;
  bool writable_ = true;
  uint64_t left_out_ = 0;
  uint64_t lines_ = 0;
  bool found_ = false;
  SeenEvents seen_;
  report::LandlockRecords landlock_;
  int64_t now_ = std::time(nullptr);
};

int read_logs(const Options& options, const Log& log, AuditReport& events) {
  LogReader reader(log, events);
  bool complete = true;
  for (const std::string& name : options.arguments) {
    if (stop_asked == 0 && reader.writable()) complete = reader.read_all(name) && complete;
  }
  const bool found_nothing = complete && reader.found_nothing();
  events.finish(log, complete && !found_nothing);
  if (found_nothing) {
    log.error("audit: no seccomp record in " + plural(reader.lines(), "line") +
              "; looked for type=SECCOMP or type=1326 (auditd, ausearch, the kernel), 'audit[PID]: SECCOMP' and "
              "'journalctl -o json' (the journal)");
  }
  if (reader.left_out() > 0) {
    log.warning("the kernel left " + plural(reader.left_out(), "audit record") +
                " out of these logs; they may be missing here");
  }
  if (!complete) return kExitFailed;
  return found_nothing || events.none_readable() ? kExitFound : kExitGood;
}

bool are_calls(const std::vector<std::string>& names, const Log& log) {
  for (const std::string& name : names) {
    if (arch::find_call(name)) continue;
    std::vector<std::string_view> known;
    for (const arch::AbiInfo& abi : arch::all_abis()) {
      for (const std::string_view call : arch::names_on(abi.abi)) known.push_back(call);
    }
    const auto nearest = nearest_name(name, known);
    log.error(
        "audit: unknown system call " + in_quotes(name) +
        (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; 'sandbox-policy list syscalls' shows them"));
    return false;
  }
  return true;
}

}  // namespace

int audit(const Options& options, const Log& log, Output& out) {
  if (!are_calls(options.calls, log)) return kExitFailed;
  if (!watch_for_stop()) {
    log.error(std::string("audit: eventfd(2) failed: ") + strerrordesc_np(errno));
    return kExitFailed;
  }
  AuditReport events(options, out);
  return options.arguments.empty() ? listen(options, log, events) : read_logs(options, log, events);
}

}  // namespace sandbox::tool
