#include "sandbox-policy/commands/audit_report.h"

#include <algorithm>
#include <optional>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "report/ecs.h"
#include "report/line.h"

namespace sandbox::tool {
namespace {

std::optional<std::string_view> call_name(const bpf::SystemCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  return abi ? arch::name_of(*abi, call.number) : std::nullopt;
}

/// What only a record tells, behind the line that all reports have.
std::string more_of(const report::Process& process) {
  std::string text;
  if (!process.executable.empty()) text += "  " + printable(process.executable);
  if (process.user) {
    text += (text.empty() ? "  " : ", ") + ("user " + std::to_string(*process.user));
    if (!process.user_name.empty()) text += " (" + printable(process.user_name) + ")";
  } else if (!process.user_name.empty()) {
    text += (text.empty() ? "  user " : ", user ") + printable(process.user_name);
  }
  if (process.audit_user && process.audit_user != process.user) {
    text += ", logged in as " + std::to_string(*process.audit_user);
  }
  return text;
}

}  // namespace

std::string unlogged_actions(std::string_view actions_logged) {
  if (actions_logged.empty()) return {};
  std::string logged = " " + std::string(actions_logged) + " ";
  std::replace(logged.begin(), logged.end(), '\n', ' ');
  std::string missing;
  for (const std::string_view action : {"kill_process", "kill_thread", "trap", "errno", "trace", "log"}) {
    const std::string word = " " + std::string(action);
    if (logged.find(word + " ") == std::string::npos) missing += word;
  }
  return missing;
}

void AuditReport::take(Result<report::Event, report::NoRecord> record) {
  if (!record) {
    if (record.error() == report::NoRecord::kUnreadable) ++unreadable_;
    return;
  }
  readable_ = true;
  const report::Event& event = *record;
  if (!is_wanted(event)) return;
  last_ = event.time;
  const report::DenialKey key = {event.call.arch, event.call.number, event.action, event.landlock ? 1U : 0U,
                                 event.process.name};
  auto show = report::Tally::Show::kNo;
  if (tally_.wants_details(key))
    show = tally_.note(key, event.landlock ? report::reason_text(*event.landlock) : event.process.executable, {}, {});
  if (options_.json) {
    out_.add(report::ecs_line(event));
  } else if (show == report::Tally::Show::kYes) {
    const bool dated = event.time != std::chrono::system_clock::time_point();
    out_.line((dated ? report::timestamp(event.time) + " " : "") + report::denial_line(event) + more_of(event.process));
  } else if (show == report::Tally::Show::kMoreOfIt) {
    out_.line(report::more_of_it_text(key));
  }
}

void AuditReport::finish(const Log& log, bool complete) {
  if (options_.json) {
    for (const report::Total& total : tally_.totals()) out_.add(report::ecs_summary_line(total, last_, {}));
  } else if (tally_.count() == 0) {
    if (complete && !none_readable()) out_.line("no records");
  } else {
    out_.line("");
    out_.add(report::summary_text(tally_, report::Outcome::kEnforced));
  }
  if (none_readable()) {
    log.error("audit: " + plural(unreadable_, "record") + " could not be read, and there are no others");
  } else if (unreadable_ > 0) {
    log.warning(plural(unreadable_, "record") + " could not be read");
  }
}

bool AuditReport::is_wanted(const report::Event& event) const {
  if (options_.pid && event.process.pid != *options_.pid) return false;
  if (options_.calls.empty()) return true;
  const auto name = call_name(event.call);
  return name && std::find(options_.calls.begin(), options_.calls.end(), *name) != options_.calls.end();
}

}  // namespace sandbox::tool
