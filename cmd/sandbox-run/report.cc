#include "report.h"

#include <linux/seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "arch/errno_names.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "kernel/caller.h"
#include "report/arguments.h"
#include "report/ecs.h"
#include "report/line.h"
#include "resolve/evaluate.h"

namespace sandbox::launcher {
namespace {

using policy::Action;
using report::Outcome;
using report::Reason;
using resolve::Verdict;

constexpr unsigned kNameUses = 64;  // A thread's name is read again after so many denials: it may execute something.

bool is_denial(Verdict verdict) {
  return verdict.action != Action::kAllow && verdict.action != Action::kLog;
}

std::optional<arch::Abi> abi_of(const bpf::SystemCall& call) {
  const bool x32 =
      call.arch == arch::info(arch::Abi::kX32).audit_arch && call.number >= arch::info(arch::Abi::kX32).first_number;
  if (x32) return arch::Abi::kX32;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch == call.arch) return abi.abi;
  }
  return std::nullopt;
}

/// A program to judge by. Where the filter has a token this one has other bits, with which nothing is ever let through:
/// a call that it allows although it was notified is refused (see decide).
bpf::ValidatedProgram judging_program(const compile::Filter& filter) {
  constexpr compile::Token kNoToken = {0x5bd1e995, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1};
  auto program = bpf::validate(compile::with_token(filter, kNoToken));
  return program ? std::move(*program) : filter.program;
}

kernel::Answer answer_of(Verdict verdict) {
  using Kind = kernel::Answer::Kind;
  switch (verdict.action) {
    case Action::kLog:
      return {Kind::kLetThrough, 0};
    case Action::kErrno:
      return {Kind::kErrno, verdict.data};
    case Action::kKillThread:
      return {Kind::kKillThread, 0};
    case Action::kKillProcess:
      return {Kind::kKillProcess, 0};
    case Action::kAllow:  // It would not have been notified: something is wrong, so nothing is let through.
    case Action::kTrap:
    case Action::kTrace:
      break;
  }
  return {Kind::kErrno, ENOSYS};
}

std::string place(const policy::Policy& policy, SourceRange range) {
  const LineColumn at = policy.source->locate(range.offset);
  return printable(policy.source->name(), 4096) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace

Reporter::Reporter(const Loaded& loaded, const Options& options, const Log& log, std::optional<LineSink> file)
    : loaded_(loaded),
      permissive_(options.permissive),
      quiet_(options.quiet),
      prefix_(log.notice_prefix()),
      policy_names_(loaded.names()),
      errors_(LineSink::to_descriptor(STDERR_FILENO)),
      file_(std::move(file)),
      denied_(std::max<size_t>(loaded.rules.size(), 1)) {
  if (loaded.rules.empty()) program_ = judging_program(*loaded.judge);
}

std::vector<int> Reporter::descriptors() const {
  std::vector<int> all = {errors_.fd()};
  if (file_) all.push_back(file_->fd());
  return all;
}

Reporter::Judged Reporter::judge(const bpf::SystemCall& call) {
  Judged judged;
  if (program_) {
    const uint32_t value = bpf::interpret(*program_, call, arch::info(arch::native_abi()).endian).value;
    judged.verdict = resolve::verdict_of(value);
    return judged;
  }
  for (size_t i = 0; i < loaded_.rules.size(); ++i) {
    const resolve::Judgement one = resolve::evaluate(loaded_.rules[i], call);
    if (resolve::more_restrictive(judged.verdict, one.verdict) != one.verdict) continue;
    judged.verdict = one.verdict;
    judged.policy = i;
    judged.clause = one.clause;
  }
  return judged;
}

/// Every policy that denies the call by itself has to be changed to allow it.
void Reporter::note_denial(size_t policy, const bpf::SystemCall& call) {
  std::set<report::DeniedCall>& calls = denied_[policy];
  if (calls.size() >= report::Tally::kMostKeys) return;
  Reason reason = Reason::kDefault;
  if (!program_) reason = report::reason_of(loaded_.policies[policy], loaded_.rules[policy], call);
  calls.insert({call.arch, call.number, reason});
}

void Reporter::describe_rule(const Judged& judged, report::Event& event) const {
  event.policy = policy_names_;
  if (program_) return;
  const policy::Policy& policy = loaded_.policies[judged.policy];
  switch (report::reason_of(policy, loaded_.rules[judged.policy], event.call)) {
    case Reason::kGroup:
      event.rule_kind = "a group";
      if (judged.clause != nullptr) event.rule = place(policy, judged.clause->origin.range);
      break;
    case Reason::kDefault:
      event.rule_kind = "the default action";
      event.rule = place(policy, policy.default_range);
      break;
    case Reason::kKernel:
      event.rule_kind = "kernel:";
      break;
    case Reason::kFixed:
      event.rule_kind = "a fixed rule";
      break;
  }
}

std::string_view Reporter::name_of(pid_t thread) {
  if (thread != last_thread_ || ++last_thread_uses_ >= kNameUses) {
    last_name_ = kernel::name_of_thread(thread);
    last_thread_ = thread;
    last_thread_uses_ = 0;
  }
  return last_name_;
}

void Reporter::report_call(const kernel::Notification& notification, const Judged& judged) {
  const bpf::SystemCall& call = notification.call;
  report::DenialKey key;
  key.arch = call.arch;
  key.number = call.number;
  key.action = resolve::seccomp_return(judged.verdict);
  key.rule = reinterpret_cast<uintptr_t>(judged.clause);
  const std::string name(name_of(notification.thread));
  key.process = name;
  if (!tally_.wants_details(key)) return;

  report::Event event;
  event.time = std::chrono::system_clock::now();
  event.process = kernel::describe_caller(notification.thread);
  event.call = call;
  if (const auto abi = abi_of(call)) {
    event.arguments = report::decode_arguments(*abi, call, kernel::memory_of(notification.thread));
    event.arguments_known = true;
  }
  event.action = key.action;
  event.outcome = permissive_ ? Outcome::kLetThrough : Outcome::kEnforced;
  describe_rule(judged, event);
  if (is_denial(judged.verdict)) {
    for (size_t i = 0; i < denied_.size(); ++i) {
      if (program_ || is_denial(resolve::evaluate(loaded_.rules[i], call).verdict)) note_denial(i, call);
    }
  }
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
    case report::Tally::Show::kNo:
      break;
  }
}

kernel::Answer Reporter::decide(const kernel::Notification& notification) {
  const Judged judged = judge(notification.call);
  report_call(notification, judged);
  if (permissive_) return {kernel::Answer::Kind::kLetThrough, 0};
  return answer_of(judged.verdict);
}

/// Each line of a text. What is indented belongs to the line before, and can be copied as it is.
void Reporter::say(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string line(text.substr(0, end + 1));
    errors_.write(line.starts_with(' ') ? line : prefix_ + line);
    text.remove_prefix(end + 1);
  }
}

void Reporter::summarize() {
  if (file_) {
    const auto now = std::chrono::system_clock::now();
    for (const report::Total& total : tally_.totals()) {
      file_->write(report::ecs_summary_line(total, now, policy_names_));
    }
  }
  summarized_ = tally_.count();
  if (quiet_) return;
  if (tally_.count() == 0) return say("no call was denied\n");
  say(report::summary_text(tally_, permissive_ ? Outcome::kLetThrough : Outcome::kEnforced));
  std::vector<report::PolicyDenials> denials;
  for (size_t i = 0; i < denied_.size(); ++i) {
    report::PolicyDenials one;
    if (program_) {
      one.kind = report::PolicyDenials::Kind::kFilterFile;
      one.name = loaded_.parts.front().name;
    } else {
      one.policy = &loaded_.policies[i];
      one.name = printable(one.policy->source->name(), 4096);
    }
    one.calls.assign(denied_[i].begin(), denied_[i].end());
    denials.push_back(std::move(one));
  }
  say(report::remedy_text(denials, arch::native_abi()));
}

void Reporter::target_ended(const kernel::Ending& ending) {
  if (!ending.executed) return;
  if (ending.signal == SIGSYS && tally_.count() == 0) {
    say("the program was killed by SIGSYS, and not by a call that is reported: actions trap and trace stay with the "
        "kernel\n");
  }
  summarize();
}

int Reporter::tree_ended(const kernel::Ending& ending) {
  if (ending.executed && tally_.count() > summarized_) summarize();
  const uint64_t dropped = errors_.dropped() + (file_ ? file_->dropped() : 0);
  if (dropped > 0) say(std::to_string(dropped) + " lines of the report could not be written\n");
  return ending.status;
}

int launch_with_report(const Loaded& loaded, const Options& options, const kernel::Target& target, uint32_t flags,
                       const Log& log) {
  std::optional<LineSink> file;
  if (options.report_file) {
    auto opened = LineSink::to_file(*options.report_file);
    if (!opened) {
      log.error(printable(*options.report_file, 4096) + ": cannot be written: " + opened.error());
      return kExitFailed;
    }
    file = std::move(*opened);
  }
  Reporter reporter(loaded, options, log, std::move(file));
  kernel::SuperviseOptions how;
  how.keep = reporter.descriptors();
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
