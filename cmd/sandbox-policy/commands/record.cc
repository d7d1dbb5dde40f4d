// record: runs a program, and writes the policy that it needs.
#include "record/recorder.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/file.h"
#include "base/line_sink.h"
#include "base/text.h"
#include "compile/compile.h"
#include "compile/notify.h"
#include "kernel/probe.h"
#include "kernel/service_environment.h"
#include "kernel/supervise.h"
#include "kernel/target.h"
#include "policy/text_check.h"
#include "record/recorded_policy.h"
#include "resolve/resolve.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/shell_command.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

using arch::Abi;

constexpr int kTickMilliseconds = 500;
constexpr const char* kAside = ".recorded";

/// A line on the terminal that is written over and over. A terminal that takes nothing (Ctrl-S) holds nothing up.
class ProgressLine {
 public:
  void show(const std::string& text) {
    terminal_.write("\r" + text + "\x1b[K");
    shown_ = true;
  }
  void clear() {
    if (shown_) terminal_.write("\r\x1b[K");
    shown_ = false;
  }
  [[nodiscard]] int fd() const { return terminal_.fd(); }

 private:
  LineSink terminal_ = LineSink::to_descriptor(STDERR_FILENO);
  bool shown_ = false;
};

/// The first words of what `record` writes.
constexpr std::string_view kOwnBeginning = "# What a recorded run has called is allowed";

/// What the end of the run is written with.
struct Job {
  record::Run run;
  const policy::Policy* earlier = nullptr;
  std::string name;          ///< The file's, as it was typed.
  const OutputFile* output;  ///< Borrowed.
  /// Where it goes if it cannot be added to `earlier`; none if there is no such policy.
  std::optional<OutputFile> aside;
  bool quiet = false;
  bool to_standard_output = false;
  bool replaces_earlier = false;  ///< The output is the file of `earlier`.
};

/// Lives in the supervisor's process.
class PolicyRecorder : public record::Recorder {
 public:
  PolicyRecorder(const record::CollectorOptions& options, Job job, const Log& log)
      : Recorder(options), job_(std::move(job)), log_(log) {}

  void tick() override {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point now = Clock::now();
    if (now - shown_at_ < std::chrono::milliseconds(kTickMilliseconds)) return;
    shown_at_ = now;
    progress_.show("recording: " + plural(different_calls(), "call") + " by " + processes_text() + ", " +
                   std::to_string(calls_seen()) + " seen");
  }

  /// Descriptors that must stay open.
  [[nodiscard]] std::vector<int> descriptors() const {
    return {progress_.fd(), job_.output->folder(), job_.aside ? job_.aside->folder() : -1};
  }

  int tree_ended(const kernel::Ending& ending) override {
    progress_.clear();
    if (!ending.executed) return ending.status;  // Which has been said; nothing was recorded.
    return write_policy() ? ending.status : kExitFailed;
  }

 private:
  [[nodiscard]] std::string processes_text() const { return plural(processes(), "process"); }

  /// Whether it was written.
  bool write_policy() {
    job_.run.processes = processes();
    const auto policy = record::recorded_policy(recording(), job_.run, job_.earlier, job_.name);
    if (!policy) {
      log_.error(policy.error().message);
      if (job_.aside) write_aside();
      return false;
    }
    if (job_.replaces_earlier && !is_unchanged()) {
      log_.error(printable_path(job_.name) + ": was changed by another program meanwhile, and stays as it is");
      write_aside();
      return false;
    }
    if (const auto failure = job_.output->write(policy->text)) {
      log_.error(*failure);
      return false;
    }
    log_.report(policy->diagnostics);
    if (!job_.quiet) say_what_it_allows(*policy);
    return true;
  }

  [[nodiscard]] bool is_unchanged() const {
    const std::string_view text = job_.earlier->source->text();
    return job_.output->contents(text.size() + 1) == text;
  }

  void say_what_it_allows(const record::RecordedPolicy& policy) {
    std::string line = printable_path(job_.name) + ": " + plural(policy.calls, "system call") + ", " + processes_text();
    if (job_.earlier != nullptr) line += ", " + std::to_string(policy.added) + " added";
    line += "; the policy allows " + std::to_string(policy.allowed);
    if (!policy.for_others.empty()) {
      line += ", among them for other C libraries " + join_with_and(policy.for_others);
    }
    log_.info(line);
    if (!policy.allows_exec) {
      log_.info("execve is not among them: sandbox-run starts a program under this policy by an exec token");
    }
  }

  /// What was recorded, as a policy of its own: it may not come again.
  void write_aside() {
    const std::string name = job_.to_standard_output ? job_.name : job_.name + kAside;
    const auto policy = record::recorded_policy(recording(), job_.run, nullptr, name);
    if (!policy) return;
    if (const auto failure = job_.aside->write(policy->text)) {
      log_.error(*failure);
    } else {
      log_.error("what was recorded is in " + printable_path(name) + ", as a policy of its own");
    }
  }

  Job job_;
  Log log_;
  ProgressLine progress_;
  std::chrono::steady_clock::time_point shown_at_ = std::chrono::steady_clock::now();
};

// ---- Before anything is started ----

/// The policy that is added to; none was asked for if there is none.
Step<std::optional<Input>> load_earlier(const Options& options, const Log& log) {
  if (options.merge.empty()) return std::optional<Input>();
  auto input = load_policy(options.merge, "and cannot be added to", options, log);
  if (!input) return input.error();
  if (const auto unmergeable = record::why_unmergeable(*input->policy)) {
    log.error(unmergeable->message);
    return Unusable{};
  }
  return std::optional(std::move(*input));
}

/// A policy of names that are allowed; all else waits.
policy::Policy policy_of(const std::vector<std::string>& names, const std::vector<Abi>& abis) {
  policy::Policy policy;
  policy.source = std::make_shared<const SourceText>("", "");
  policy.default_action = policy::Action::kErrno;
  for (const Abi abi : abis) policy.architectures.push_back({abi, {}});
  policy::Group& group = policy.groups.emplace_back();
  group.action = policy::Action::kAllow;
  for (const std::string& name : names) group.names.push_back({name, {}});
  return policy;
}

/// The rules for names on these ABIs; an error is said as one of the option.
Step<resolve::PolicyRules> rules_for(const std::vector<std::string>& names, const std::vector<Abi>& abis,
                                     const Log& log) {
  const policy::Policy policy = policy_of(names, abis);
  Diagnostics diagnostics(policy.source);
  auto rules = resolve::resolve(policy, abis.front(), diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    log.error("record: --assume: " + diagnostic.message);
    return Unusable{};
  }
  return rules;
}

/// What is not notified: on the program's own ABI what is assumed, on all what must not wait. On another ABI nothing is
/// assumed, or a child of that ABI might go unnoticed.
Step<resolve::PolicyRules> recording_rules(const std::vector<std::string>& assumed, Abi started_in,
                                           const std::vector<Abi>& abis, const Log& log) {
  const auto everywhere = rules_for(assumed, abis, log);
  if (!everywhere) return everywhere.error();
  resolve::PolicyRules rules;
  for (const Abi abi : abis) {
    std::vector<std::string> names;
    for (const std::string& name : record::always_allowed()) {
      if (arch::number_of(abi, name)) names.push_back(name);
    }
    if (abi == started_in) {
      for (const std::string& name : assumed) {
        if (name.starts_with('@') || arch::number_of(abi, name)) names.push_back(name);
      }
    }
    auto own = rules_for(names, {abi}, log);
    if (!own) return own.error();
    rules.push_back(std::move(own->front()));
  }
  return rules;
}

Step<compile::Filter> recording_filter(const resolve::PolicyRules& rules, const Log& log) {
  const Abi native = arch::native_abi();
  const auto filter = compile::compile({&rules, 1}, {.launcher = native});
  auto notifying = filter ? compile::with_notifications(*filter, compile::Notify::kEverything, native)
                          : Result<compile::Filter, compile::CompileError>(filter.error());
  if (notifying) return std::move(*notifying);
  log.error("record: the filter is too long");
  return Unusable{};
}

/// The earlier policy's rules on all ABIs that are recorded; if it cannot be had on all, on its own.
resolve::PolicyRules earlier_rules(const Input& earlier, const std::vector<Abi>& abis) {
  policy::Policy everywhere = *earlier.policy;
  for (const Abi abi : abis) {
    const auto listed = [&](const policy::ListedAbi& other) { return other.abi == abi; };
    if (std::ranges::none_of(everywhere.architectures, listed)) everywhere.architectures.push_back({abi, {}});
  }
  Diagnostics unused(everywhere.source);
  auto rules = resolve::resolve(everywhere, abis.front(), unused);
  return unused.has_errors() ? earlier.rules : rules;
}

record::Run describe_run(const Options& options, Abi started_in) {
  record::Run run;
  run.command = shell_command(options.arguments);
  run.time = std::chrono::system_clock::now();
  run.release = kernel::kernel_release();
  const arch::KernelVersion version = kernel::running_kernel();
  if (version > arch::KernelVersion{}) run.kernel = version;
  run.native = arch::native_abi();
  run.started_in = started_in;
  run.assumed = options.assumed;
  run.narrowed = options.narrow;
  run.by_default = options.by_default;
  return run;
}

/// The ABI that the program starts in, if this kernel can run it.
Abi abi_of(const kernel::Program& program, const std::vector<Abi>& abis) {
  const auto abi = program.abi;
  return abi && std::ranges::find(abis, *abi) != abis.end() ? *abi : abis.front();
}

}  // namespace

int record(const Options& options, const Log& log, Output&) {
  fill_standard_descriptors();  // No file of ours is to be taken for standard error.
  // Everything that can be wrong is found out before the program is started.
  const auto earlier = load_earlier(options, log);
  if (!earlier) return kExitFailed;
  const bool to_standard_output = options.output == kStandardStream;
  const auto output = OutputFile::prepare(options.output);
  if (!output) {
    log.error(output.error());
    return kExitFailed;
  }
  const std::optional<std::string> before = output->contents(policy::kMaxPolicyBytes + 1);
  const bool replaces_earlier = *earlier && before == (*earlier)->policy->source->text();
  if (before && !before->empty() && !replaces_earlier && !before->starts_with(kOwnBeginning) && !options.force) {
    log.error(printable_path(options.output) +
              ": is there already, and was not written by 'record'; --force replaces it, and --merge " +
              printable_path(options.output) + " adds to it");
    return kExitFailed;
  }
  std::optional<OutputFile> aside;
  if (*earlier) {
    auto prepared = OutputFile::prepare(to_standard_output ? options.output : options.output + kAside);
    if (!prepared) {
      log.error(prepared.error());
      return kExitFailed;
    }
    aside = std::move(*prepared);
  }
  const auto program = kernel::find_target(options.arguments.front(), std::getenv("PATH"));
  if (!program) {
    log.error(program.error().message);
    return program.error().exit_status;
  }
  const std::vector<Abi> abis = arch::abis_of_machine(arch::native_abi());
  const Abi started_in = abi_of(*program, abis);
  std::vector<std::string> assumed = options.assumed;
  if (*earlier) {
    for (std::string& set : record::allowed_sets(*(*earlier)->policy)) assumed.push_back(std::move(set));
  }
  const auto rules = recording_rules(assumed, started_in, abis, log);
  if (!rules) return kExitFailed;
  const auto filter = recording_filter(*rules, log);
  if (!filter) return kExitFailed;
  if (const auto missing = kernel::missing_supervision()) {
    log.error(*missing);
    return kExitFailed;
  }

  resolve::PolicyRules allowed;
  if (*earlier) allowed = earlier_rules(**earlier, abis);
  Log speaking = log;
  if (!options.quiet) speaking.set_level(LogLevel::kInfo);
  Job job = {describe_run(options, started_in),
             *earlier ? &*(*earlier)->policy : nullptr,
             to_standard_output ? "<standard output>" : options.output,
             &*output,
             std::move(aside),
             options.quiet,
             to_standard_output,
             replaces_earlier};
  PolicyRecorder watcher({abis, options.narrow, *earlier ? &allowed : nullptr}, std::move(job), speaking);

  std::vector<char*> arguments;
  for (const std::string& word : options.arguments) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const kernel::Target target = {program->path.c_str(), arguments.data(), environ};
  const bool shows = !options.quiet && isatty(STDERR_FILENO) == 1;
  if (const auto warning = kernel::notify_warning(std::getenv("NOTIFY_SOCKET"))) log.warning(*warning);
  kernel::SuperviseOptions how;
  how.wait_for_tree = true;
  how.tick_milliseconds = shows ? kTickMilliseconds : 0;
  how.keep = watcher.descriptors();
  const auto done = kernel::supervise(*filter, target, {}, log.error_prefix().c_str(), watcher, how);
  if (!done) {
    log.error(done.error());
    return kExitFailed;
  }
  if (!done->message.empty()) log.error(done->message);
  return done->status;
}

}  // namespace sandbox::tool
