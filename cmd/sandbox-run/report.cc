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

#include "base/colour.h"
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

/// That the record of a denial may take which our account has not seen coming. Each run with the evidence ends so much
/// later: shorter than people notice.
constexpr std::chrono::milliseconds kLandlockRecord{10};

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
    if (!part.applies() || !part.has_filter()) continue;
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
      coloured_(log.coloured()),
      prefix_(log.notice_prefix()),
      errors_(LineSink::to_descriptor(STDERR_FILENO)),
      file_(std::move(file)),
      tally_(file_ ? 10 * report::Tally::kMaxLines : report::Tally::kMaxLines) {
  if (!loaded.landlock.layers.empty()) landlock_.emplace(loaded.landlock, loaded.notified);
}

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
  records_.emplace(
      std::move(log),
      [this](const report::Event& event) {
        return policies().can_give(event.call, resolve::verdict_of(event.action).action);
      },
      [this](uint32_t type, std::string_view text) {
        if (evidence_) evidence_->take(type, text);
      });
}

std::string_view Reporter::rely_on_records() {
  evidence_.emplace(loaded_.landlock.layers.size());
  return evidence_->mark();
}

/// The target is the first.
void Reporter::saw_process(pid_t pid) {
  if (evidence_ && !std::exchange(started_, true)) evidence_->set_target(pid);
  if (records_) records_->note_below(pid);
}

std::vector<int> Reporter::descriptors() const {
  std::vector<int> all = {errors_.fd()};
  if (file_) all.insert(all.end(), {file_->fd(), file_->folder()});
  if (landlock_) landlock_->add_descriptors(all);
  return all;
}

// ---- Denied calls ----

kernel::Answer Reporter::decide(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  const resolve::Judgement judgement = policies().judge(notification.call);
  const bool watched = landlock_ && landlock_->watches(notification.call);
  const bool allowed = watched && judgement.verdict.action == Action::kAllow;
  if (!allowed) report_call(notification, judgement, still_valid);
  if (watched && (allowed || permissive_)) {
    if (landlock_->installs_trace(notification)) {
      report_trace(notification, still_valid);
      return {kernel::Answer::Kind::kErrno, EBUSY};
    }
    report_landlock(notification, still_valid);
  }
  if (allowed || permissive_) return {kernel::Answer::Kind::kAllow, 0};  // What Landlock denies the kernel denies.
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

void Reporter::report_landlock(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  if (evidence_ && LandlockReporter::makes_domain(notification.call)) evidence_->note_own_domain();
  const auto denial = landlock_->judge(notification);
  if (!denial || !still_valid()) return;
  if (!evidence_) {
    if (landlock_->note(*denial)) {
      show_line(as_denied(event_of(notification, resolve::Judgement{}, still_valid), *denial));
    }
    return;
  }
  std::optional<report::Event> event;
  if (!landlock_->knows(*denial)) event = event_of(notification, resolve::Judgement{}, still_valid);
  evidence_->expect(kernel::process_of(notification.thread), notification.call, *denial, std::move(event));
  report_settled();
}

report::Event Reporter::as_denied(report::Event event, const kernel::LandlockDenial& denial) const {
  event.action = SECCOMP_RET_ERRNO | static_cast<uint32_t>(denial.error);
  event.policy = landlock_->name_of(denial.layer);
  event.rule.clear();
  event.rule_kind.clear();
  event.landlock = denial.reason;
  return event;
}

void Reporter::report_settled() {
  if (!evidence_) return;
  for (KernelEvidence::Denied& denied : evidence_->settle(records_->overruns())) report_denied(std::move(denied));
}

void Reporter::report_denied(KernelEvidence::Denied denied) {
  const kernel::LandlockDenial& denial = denied.denial;
  if (denied.further) {
    if (denied.path_is_known) landlock_->note_further(denial);
    return;
  }
  const bool is_new = denied.path_is_known ? landlock_->note(denial) : landlock_->note_foreign(denial);
  if (!is_new) return;
  if (denied.event) return show_line(as_denied(std::move(*denied.event), denial));
  say("a call was denied by " + landlock_->name_of(denial.layer) + ": " + report::reason_text(denial.reason) +
      " (the kernel's record does not name the call)\n");
}

void Reporter::report_trace(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  report::Event event = event_of(notification, resolve::Judgement{}, still_valid);
  event.action = SECCOMP_RET_ERRNO | EBUSY;
  event.outcome = Outcome::kEnforced;
  event.rule.clear();
  event.rule_kind = report::kTraceGuard;
  show_line(event);
}

void Reporter::show_line(const report::Event& event) {
  if (file_) {
    file_->write(report::ecs_line(event));
  } else {
    say(in_colour(report::denial_line(event)) + "\n");
  }
}

/// What was done stands first in the line.
std::string Reporter::in_colour(const std::string& line) const {
  if (!coloured_) return line;
  constexpr std::pair<std::string_view, Colour> kBeginnings[] = {
      {"denied", Colour::kRed}, {"would deny", Colour::kYellow}, {"logged", Colour::kCyan}};
  for (const auto& [beginning, colour] : kBeginnings) {
    if (line.starts_with(beginning)) return painted(colour, beginning) + line.substr(beginning.size());
  }
  return line;
}

/// Behind the line that says it was killed for.
void Reporter::kill_failed(const kernel::Notification& notification, int error) {
  constexpr size_t kMaxWaiting = 100;  // Lines.
  if (waiting_++ >= kMaxWaiting) return;
  report::Event event = event_of(notification, policies().judge(notification.call), [] { return true; });
  event.outcome = Outcome::kWaits;
  if (file_) return file_->write(report::ecs_line(event));
  say(in_colour(report::denial_line(event)) + ": " + strerrordesc_np(error) + "\n");
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
      show_line(event);
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
  report_settled();
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
  summarized_ = denials();
  if (quiet_) return;
  const std::string going_on = going_on_text(ending);
  if (denials() == 0) {
    say("no call was denied" + (going_on.empty() ? "" : " so far; " + going_on) + "\n");
  } else {
    if (tally_.count() > 0) say(report::summary_text(tally_, permissive_ ? Outcome::kAllowed : Outcome::kEnforced));
    if (!going_on.empty()) say(going_on + "\n");
  }
  if (absent_.count() > 0) {
    say(plural(absent_.count(), "call") + (permissive_ ? " would have got" : " got") +
        " ENOSYS, as if this kernel lacked " + (absent_.count() == 1 ? "it" : "them") + "\n");
  }
  say_unseen();
  say_landlock();
  say_suggestion(ending);
}

void Reporter::say_landlock() {
  if (!landlock_) return;
  if (landlock_->count() > 0) {
    say(plural(landlock_->count(), "call") +
        (permissive_               ? " would be"
         : landlock_->count() == 1 ? " was"
                                   : " were") +
        " denied by the rules for files and ports\n");
    if (!without_records_.empty()) {
      say("this is sandbox-run's own account, without the kernel's records: " + std::exchange(without_records_, "") +
          "\n");
    }
  }
  if (evidence_) say(evidence_->text());
  if (landlock_->count() > 0) say(landlock_->suggestion_text());
  if (landlock_->unjudged() > 0) {
    say(plural(landlock_->unjudged(), "call") +
        " could not be judged by the rules for files: a file system or the caller did not answer in time\n");
  }
  if (landlock_->too_far() > 0) {
    say(plural(landlock_->too_far(), "call") + " could not be judged by the rules for files: more than " +
        std::to_string(kernel::kMaxSteps) + " directories lie above the file, or in its path\n");
  }
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
  if (!permissive_ && ending.status != 0 && denials() > 0) {
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
  // What only a record tells, and then what is expected: it comes, or is overdue.
  for (int due = 0; evidence_ && due >= 0; due = evidence_->due_milliseconds()) {
    if (auto record = records_->wait(kLandlockRecord)) report_record(std::move(*record));
    report_settled();
  }
  if (unseen_.empty()) return;
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
  if (!unexplained || denials() > 0) summarize(ending);
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
  if (ending.executed && denials() > summarized_) summarize(ending);
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
  using Records = kernel::AuditLog::Records;
  std::string_view mark;
  const bool traps = !answered_by_kernel(program).empty();
  const bool restricts = !loaded.landlock.layers.empty() && !options.permissive && geteuid() == 0 &&
                         kernel::landlock_abi() >= kernel::kLogNewExecAbi;
  auto why_none = restricts ? KernelEvidence::why_none() : std::nullopt;
  const bool relies = restricts && !why_none;
  if (traps || relies) {
    const Records wanted = !relies ? Records::kSeccomp : traps ? Records::kAlsoLandlock : Records::kLandlock;
    // Where it may not be read these calls are not reported; what becomes of them is the same.
    if (auto records = kernel::AuditLog::open(kernel::AuditLog::kRoom, wanted)) {
      reporter.listen(std::move(*records));
      if (relies) mark = reporter.rely_on_records();
      const bool unlogged =
          kernel::answers_with(program, SECCOMP_RET_TRAP) || kernel::answers_with(program, SECCOMP_RET_TRACE);
      if (unlogged) flags |= SECCOMP_FILTER_FLAG_LOG;
    } else if (relies) {
      why_none = records.error();
    }
  }
  if (why_none) reporter.say_without_records(std::move(*why_none));
  if (const auto warning = kernel::notify_warning(std::getenv("NOTIFY_SOCKET"))) log.warning(*warning);
  kernel::SuperviseOptions how;
  how.keep = reporter.descriptors();
  how.drop_ptrace = !options.permissive;
  const std::vector<int> rulesets = loaded.landlock.rulesets(options);
  kernel::EnterOptions enter = {options.no_new_privs, flags};
  enter.landlock = {rulesets, Landlock::flags(options), mark};
  const auto ended = kernel::supervise(loaded.ready->filter, target, enter, log.error_prefix().c_str(), reporter, how);
  if (!ended) {
    log.error(ended.error());
    return kExitFailed;
  }
  if (!ended->message.empty()) log.error(ended->message);
  return ended->status;
}

}  // namespace sandbox::launcher
