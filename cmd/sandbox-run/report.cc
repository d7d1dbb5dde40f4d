#include "sandbox-run/report.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/caller.h"
#include "kernel/service_environment.h"
#include "kernel/supervise.h"
#include "report/arguments.h"
#include "report/ecs.h"
#include "report/line.h"

namespace sandbox::launcher {
namespace {

using policy::Action;
using report::Outcome;
using resolve::Verdict;

constexpr std::chrono::milliseconds kLateRecord{
    30};  // That the kernel's record of a call may take. It takes about one.

kernel::Answer answer_of(Verdict verdict) {
  using Kind = kernel::Answer::Kind;
  switch (verdict.action) {
    case Action::kErrno:
      return {Kind::kErrno, verdict.data};
    case Action::kKillThread:
      return {Kind::kKillThread, 0};
    case Action::kKillProcess:
      return {Kind::kKillProcess, 0};
    case Action::kAllow:  // These two would not have been notified: something is wrong, so nothing is allowed.
    case Action::kLog:
    case Action::kTrap:
    case Action::kTrace:
      break;
  }
  return {Kind::kErrno, ENOSYS};
}

/// The names of actions that do not reach a supervisor, as far as the program has them.
std::vector<std::string> answered_by_kernel(const bpf::Program& program) {
  std::vector<std::string> names;
  if (kernel::answers_with(program, SECCOMP_RET_TRAP)) names.emplace_back("trap");
  if (kernel::answers_with(program, SECCOMP_RET_TRACE)) names.emplace_back("trace");
  if (kernel::answers_with(program, SECCOMP_RET_LOG)) names.emplace_back("log");
  return names;
}

/// The policies that apply, as they are told of.
std::vector<report::PolicyDenials> applied_policies(const Loaded& loaded) {
  using Kind = report::PolicyDenials::Kind;
  constexpr std::string_view kProfilePrefix = "profile ";
  std::vector<report::PolicyDenials> policies;
  for (const Part& part : loaded.parts) {
    if (!part.applies()) continue;
    report::PolicyDenials one;
    one.name = part.name;
    one.kind = loaded.rules.empty()                ? Kind::kFilterFile
               : !part.option.empty()              ? Kind::kOption
               : part.kind == Part::Kind::kProfile ? Kind::kProfile
                                                   : Kind::kFile;
    if (one.kind == Kind::kProfile && one.name.starts_with(kProfilePrefix)) one.name.erase(0, kProfilePrefix.size());
    if (one.kind == Kind::kOption) one.name = part.option;
    if (!loaded.rules.empty()) one.policy = &loaded.policies[policies.size()];
    policies.push_back(std::move(one));
  }
  return policies;
}

}  // namespace

Reporter::Reporter(const Loaded& loaded, const Options& options, const Log& log, std::optional<LineSink> file)
    : loaded_(loaded),
      options_(options),
      log_(log),
      unseen_(answered_by_kernel(loaded.judge->program.instructions())),
      traps_(std::ranges::find(unseen_, "trap") != unseen_.end()),
      permissive_(options.permissive),
      quiet_(options.quiet),
      prefix_(log.notice_prefix()),
      errors_(LineSink::to_descriptor(STDERR_FILENO)),
      file_(std::move(file)),
      tally_(file_ ? 10 * report::Tally::kMaxLines : report::Tally::kMaxLines) {}

report::AppliedPolicies& Reporter::policies() {
  if (policies_) return *policies_;
  if (loaded_.built_in != nullptr) {
    auto texts = load_texts(loaded_, options_, log_);
    if (!texts) throw std::runtime_error(loaded_.names() + " cannot be read");
    texts_ = std::move(*texts);
  }
  const Loaded& texts = texts_ ? *texts_ : loaded_;
  policies_.emplace(applied_policies(texts), texts.rules, *loaded_.judge, loaded_.names());
  policies_->advise_capabilities(texts.environment);
  return *policies_;
}

void Reporter::listen(kernel::AuditLog log) {
  records_.emplace(std::move(log), [this](const report::Event& event) {
    return policies().can_give(event.call, resolve::verdict_of(event.action).action);
  });
}

std::vector<int> Reporter::descriptors() const {
  std::vector<int> all = {errors_.fd()};
  if (file_) all.insert(all.end(), {file_->fd(), file_->folder()});
  return all;
}

// ---- Denied calls ----

kernel::Answer Reporter::decide(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  const resolve::Judgement judgement = policies().judge(notification.call);
  report_call(notification, judgement, still_valid);
  if (permissive_) return {kernel::Answer::Kind::kAllow, 0};
  const kernel::Answer answer = answer_of(judgement.verdict);
  using Kind = kernel::Answer::Kind;
  if (answer.kind == Kind::kKillProcess || answer.kind == Kind::kKillThread) killed_ = true;
  return answer;
}

report::Event Reporter::event_of(const kernel::Notification& notification, const resolve::Judgement& judgement,
                                 const kernel::StillValid& still_valid) {
  const bpf::SystemCall& call = notification.call;
  report::Event event;
  event.time = std::chrono::system_clock::now();
  event.process = kernel::describe_caller(notification.thread);
  if (records_) records_->note_below(event.process.pid);
  event.call = call;
  if (const auto abi = arch::abi_of(call.arch, call.number)) {
    event.arguments = report::decode_arguments(*abi, call, kernel::memory_of(notification.thread, memory_task_));
    event.arguments_known = true;
  }
  if (!still_valid()) {  // What was read may be another process's.
    event.process = {};
    event.process.thread = notification.thread;
    event.arguments.clear();
    event.arguments_known = false;
  }
  event.action = resolve::seccomp_return(judgement.verdict);
  event.outcome = permissive_ ? Outcome::kAllowed : Outcome::kEnforced;
  policies().describe(judgement, event);
  return event;
}

void Reporter::report_call(const kernel::Notification& notification, const resolve::Judgement& judgement,
                           const kernel::StillValid& still_valid) {
  const bpf::SystemCall& call = notification.call;
  report::DenialKey key;
  key.arch = call.arch;
  key.number = call.number;
  key.action = resolve::seccomp_return(judgement.verdict);
  key.rule = reinterpret_cast<uintptr_t>(judgement.clause);
  const std::string name = kernel::name_of_thread(notification.thread);
  key.process = name;
  // No line for people: a C library tries such calls all the time, and takes another way.
  if (!file_ && report::AppliedPolicies::looks_absent(judgement, call)) {
    if (!absent_.wants_details(key)) return;
    absent_.note(key, "", "", "");
    return policies().note_denial(call);
  }
  if (!tally_.wants_details(key)) return;

  const report::Event event = event_of(notification, judgement, still_valid);
  if (!policy::is_allowed(judgement.verdict.action)) policies().note_denial(call);
  show(key, event);
}

/// Behind the line that says it was killed for.
void Reporter::kill_failed(const kernel::Notification& notification, int error) {
  constexpr size_t kMaxWaiting = 100;  // Lines.
  if (waiting_++ >= kMaxWaiting) return;
  report::Event event = event_of(notification, policies().judge(notification.call), [] { return true; });
  event.outcome = Outcome::kWaits;
  if (file_) return file_->write(report::ecs_line(event));
  say(report::denial_line(event) + ": " + strerrordesc_np(error) + "\n");
}

/// A call that the kernel has answered itself, and recorded.
void Reporter::report_record(kernel::TrapRecords::Record record) {
  report::Event& event = record.event;
  const auto judgement = policies().judge_by_number(event.call);
  report::DenialKey key;
  key.arch = event.call.arch;
  key.number = event.call.number;
  key.action = event.action;
  if (judgement) key.rule = reinterpret_cast<uintptr_t>(judgement->clause);
  const std::string name = event.process.name;
  key.process = name;
  if (!tally_.wants_details(key)) return;
  policies().describe(judgement, event);
  event.process_gone = record.gone;
  if (judgement && !policy::is_allowed(judgement->verdict.action) && !record.gone) {
    policies().note_denial(event.call, event.arguments_known);
  }
  if ((event.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP) killed_ = true;  // If it has no handler.
  show(key, event);
}

void Reporter::show(const report::DenialKey& key, const report::Event& event) {
  switch (tally_.note(key, event.arguments, event.rule, event.rule_kind)) {
    case report::Tally::Show::kYes:
      if (file_) {
        file_->write(report::ecs_line(event));
      } else {
        say(report::denial_line(event) + "\n");
      }
      break;
    case report::Tally::Show::kMoreOfIt:
      if (!file_) say(report::more_of_it_text(key) + "\n");
      break;
    case report::Tally::Show::kNoMore:
      if (!file_) say(std::string(report::kNoMoreText) + "\n");
      break;
    case report::Tally::Show::kNo:
      break;
  }
}

void Reporter::take_input() {
  const auto end = kernel::TrapRecords::Clock::now() + kernel::TrapRecords::kTurn;
  while (auto record = records_->next(end)) report_record(std::move(*record));
}

// ---- The end ----

/// Each line of a text. What is to be copied is printed as it is: no explanation begins so.
void Reporter::say(std::string_view text) {
  constexpr std::string_view kYamlBegins = " -{";
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string line(text.substr(0, end + 1));
    errors_.write(kYamlBegins.find(line.front()) != std::string_view::npos ? line : prefix_ + line);
    text.remove_prefix(end + 1);
  }
}

/// "3 processes go on"; empty if none does, or all have ended by now. With a file, nothing more is said to people.
std::string Reporter::going_on_text(const kernel::Ending& ending) const {
  if (tree_ended_ || ending.left == 0U) return "";
  const std::string text = !ending.left ? "many processes go on"
                                        : plural(*ending.left, "process") + (ending.left == 1U ? " goes on" : " go on");
  return text + (file_ ? "; what they are denied is in " + printable_path(*options_.report_file) : "");
}

void Reporter::summarize(const kernel::Ending& ending) {
  if (file_) {
    const auto now = std::chrono::system_clock::now();
    for (const report::Total& total : tally_.totals()) {
      file_->write(report::ecs_summary_line(total, now, policies().policy_names()));
    }
  }
  summarized_ = tally_.count();
  if (quiet_) return;
  const std::string going_on = going_on_text(ending);
  if (tally_.count() == 0) {
    say("no call was denied" + (going_on.empty() ? "" : " so far; " + going_on) + "\n");
  } else {
    say(report::summary_text(tally_, permissive_ ? Outcome::kAllowed : Outcome::kEnforced));
    if (!going_on.empty()) say(going_on + "\n");
  }
  if (absent_.count() > 0) {
    say(plural(absent_.count(), "call") + (permissive_ ? " would have got" : " got") +
        " ENOSYS, as if this kernel lacked " + (absent_.count() == 1 ? "it" : "them") + "\n");
  }
  say_unseen();
  say_suggestion(ending);
}

/// Once, where the kernel's records cannot be read.
void Reporter::say_unseen() {
  if (unseen_.empty() || records_ || permissive_) return;
  say("calls with the action " + join_with_and(unseen_) +
      " are not shown: the kernel's records of them are for root; " + "'sandbox-policy audit' shows them\n");
  unseen_.clear();
}

void Reporter::say_suggestion(const kernel::Ending& ending) {
  if (permissive_) {
    policies().note_unwatched();
    const std::string names = join(policies().unwatched_denied());
    if (!names.empty()) say("calls that are not watched would be denied, too: " + names + "\n");
  }
  if (policies_) say(report::suggestion_text(policies_->denials(), arch::native_abi()));
  // A program of which a call was denied does other things than it would have done.
  if (!permissive_ && ending.status != 0 && tally_.count() > 0) {
    say("to see all that the program needs in one run, add --permissive: then denied calls are allowed\n");
  }
}

/// For a target that was ended by SIGSYS without a kill that was reported.
void Reporter::explain_death() {
  if (traps_ && !permissive_) {
    return say(records_
                   ? "the program was killed by SIGSYS: by a call with the action trap of which no record came, by "
                     "a filter of its own, or by a signal from another process\n"
                   : "the program was killed by SIGSYS, probably by a call with the action trap; only root can "
                     "read the kernel's record of it: start 'sandbox-policy audit', and run this again with --log\n");
  }
  say("the program was killed by SIGSYS, but not by this filter: another process sent it the signal, or it has a "
      "filter of "
      "its own\n");
}

/// Records of its own may be pending, and processes that it left running may go on making records.
void Reporter::target_ending() {
  if (!records_) return;
  const auto end = kernel::TrapRecords::Clock::now() + 3 * kLateRecord;
  while (auto record = records_->wait(kLateRecord)) {
    report_record(std::move(*record));
    if (kernel::TrapRecords::Clock::now() > end) break;
  }
}

void Reporter::target_ended(const kernel::Ending& ending) {
  if (!ending.executed) return;
  const bool unexplained = ending.signal == SIGSYS && !killed_;
  if (unexplained) explain_death();
  if (!unexplained || tally_.count() > 0) summarize(ending);
  if (records_ && records_->unknown() > 0 && !quiet_) {
    const uint64_t count = records_->unknown();
    say(std::to_string(count) + (count == 1 ? " call" : " calls") +
        " with the action trap, trace or log came from processes that had ended, here or in another sandbox, and are "
        "not shown\n");
  }
}

/// Events go on into their file. Lines for people need standard error.
void Reporter::proxy_leaves() {
  if (!file_) return;
  const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (nowhere.valid()) dup3(nowhere.get(), STDERR_FILENO, O_CLOEXEC);
  errors_ = LineSink::to_descriptor(STDERR_FILENO);
}

int Reporter::tree_ended(const kernel::Ending& ending) {
  tree_ended_ = true;
  if (ending.executed && tally_.count() > summarized_) summarize(ending);
  const uint64_t dropped = errors_.dropped() + (file_ ? file_->dropped() : 0);
  if (dropped > 0) {
    say(plural(dropped, "line") + " of the report could not be written\n");
  }
  return ending.status;
}

int launch_with_report(const Loaded& loaded, const Options& options, const kernel::Target& target, uint32_t flags,
                       const Log& log) {
  fill_standard_descriptors();  // No file of ours is to be taken for standard error.
  std::optional<LineSink> file;
  if (options.report_file) {
    auto opened = *options.report_file == kStandardStream ? LineSink::to_descriptor(STDOUT_FILENO)
                                                          : LineSink::to_file(*options.report_file);
    if (!opened) {
      log.error(printable_path(*options.report_file) + ": cannot be written: " + opened.error());
      return kExitFailed;
    }
    file = std::move(*opened);
  }
  Reporter reporter(loaded, options, log, std::move(file));
  const bpf::Program& program = loaded.ready->filter.program.instructions();
  if (!answered_by_kernel(program).empty()) {
    // Where it may not be read these calls are not reported; what becomes of them is the same.
    if (auto records = kernel::AuditLog::open()) {
      reporter.listen(std::move(*records));
      const bool unlogged =
          kernel::answers_with(program, SECCOMP_RET_TRAP) || kernel::answers_with(program, SECCOMP_RET_TRACE);
      if (unlogged) flags |= SECCOMP_FILTER_FLAG_LOG;
    }
  }
  if (const auto warning = kernel::notify_warning(std::getenv("NOTIFY_SOCKET"))) log.warning(*warning);
  kernel::SuperviseOptions how;
  how.keep = reporter.descriptors();
  how.drop_ptrace = !options.permissive;
  const auto ended = kernel::supervise(loaded.ready->filter, target, {options.no_new_privs, flags},
                                       log.error_prefix().c_str(), reporter, how);
  if (!ended) {
    log.error(ended.error());
    return kExitFailed;
  }
  if (!ended->message.empty()) log.error(ended->message);
  return ended->status;
}

}  // namespace sandbox::launcher
