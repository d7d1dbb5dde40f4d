// record: runs a program, and writes the policy that it needs.
#include "record/recorder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/file.h"
#include "base/line_sink.h"
#include "base/shell_command.h"
#include "base/text.h"
#include "compile/compile.h"
#include "compile/notify.h"
#include "kernel/landlock.h"
#include "kernel/probe.h"
#include "kernel/service_environment.h"
#include "kernel/supervise.h"
#include "kernel/target.h"
#include "policy/landlock_writer.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "policy/yaml_text.h"
#include "record/recorded_policy.h"
#include "report/landlock_call.h"
#include "report/landlock_reason.h"
#include "resolve/convert/convert.h"
#include "resolve/resolve.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/scan_program.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/text_formats.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

using arch::Abi;

constexpr int kTickMilliseconds = 500;
constexpr const char* kAside = ".recorded";
constexpr size_t kMaxShownPath = 1000;
constexpr int kPortsAbi = 4;  // Of Landlock.

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

/// Where the section that `record --files` writes begins. It ends the file.
constexpr std::string_view kFilesBeginning =
    "# What a recorded run has reached of the file system is allowed: see sandbox-policy(1), record --files.";

/// A format that the recorded policy is converted to.
struct Format {
  resolve::TextFormat format = resolve::TextFormat::kOci;
  policy::Environment environment;
  std::string name;  ///< Of the resource, or of the service.
};

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
  bool replaces_earlier = false;                 ///< The output is the file of `earlier`.
  std::string earlier_text;                      ///< The whole file, with the section that was recorded before.
  std::optional<record::FileRuleOptions> files;  ///< None: they are not recorded.
  policy::LandlockSection section;               ///< What the earlier section has beside files.
  bool has_section = false;                      ///< There is an earlier one.
  std::optional<Format> format;                  ///< None: that of Beats, as it was recorded.
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
    const auto text = job_.format ? converted(*policy) : std::optional(policy->text + files_text());
    if (!text) return false;
    if (const auto failure = job_.output->write(*text)) {
      log_.error(*failure);
      return false;
    }
    if (!job_.format) log_.report(policy->diagnostics);
    if (!job_.quiet) say_what_it_allows(*policy);
    say_of_files();
    return true;
  }

  /// In the format that was asked for. Places in the policy of Beats, which is written nowhere, are left out of
  /// messages.
  [[nodiscard]] std::optional<std::string> converted(const record::RecordedPolicy& recorded) const {
    const auto source = std::make_shared<const SourceText>(job_.name, recorded.text);
    Diagnostics diagnostics(source);
    const auto policy = policy::read_policy(source, job_.format->environment, diagnostics);
    resolve::ConvertOptions how;
    how.name = job_.format->name;
    how.runtime_calls = true;
    how.systemd.policy_has_no_file = true;
    std::optional<std::string> text;
    if (policy) text = resolve::convert(*policy, job_.format->environment, job_.format->format, how, diagnostics);
    std::set<std::string> said;
    for (const Diagnostics* all : {&recorded.diagnostics, &std::as_const(diagnostics)}) {
      for (const Diagnostic& diagnostic : all->all()) {
        if (!said.insert(diagnostic.message).second) continue;
        const std::string message = printable_path(job_.name) + ": " + diagnostic.message;
        if (diagnostic.severity == Severity::kError) {
          log_.error(message);
        } else {
          log_.warning(message);
        }
      }
    }
    if (text && job_.format->format == resolve::TextFormat::kSystemd) {
      return std::string(record::kRecordBeginning) + ", all else gets ENOSYS.\n" + *text;
    }
    return text;
  }

  [[nodiscard]] bool is_unchanged() const {
    const std::string_view text = job_.earlier_text;
    return job_.output->contents(text.size() + 1) == text;
  }

  /// The section; empty where files are not recorded.
  [[nodiscard]] std::string files_text() const {
    if (!job_.files) return "";
    policy::LandlockSection section = job_.section;
    section.files = files()->uses().rules(*job_.files);
    if (why_no_ports().empty()) section.tcp = files()->ports().lists(job_.has_section ? &job_.section.tcp : nullptr);
    std::string text = "\n" + std::string(kFilesBeginning) + "\n";
    for (const auto& [path, rights] : files()->uses().withheld(*job_.files)) {
      text += "# Not allowed: what the run did in " + printable(path, kMaxShownPath) +
              " itself. It would be allowed in all that is below, too:\n#   " + rule_line(path, rights) + "\n";
    }
    for (const std::string& why : open_ports()) text += "# " + why + ".\n";
    return text + policy::write_landlock(section);
  }

  static std::string rule_line(const std::string& path, arch::FileRights rights) {
    return "- {access: [" + join(report::access_for(rights)) + "], paths: [" +
           policy::yaml_scalar(printable(path, kMaxShownPath)) + "]}";
  }

  /// Why ports are not restricted, although the run used some; empty: they are, or it used none.
  [[nodiscard]] std::string why_no_ports() const {
    if (!files()->ports().any() || job_.section.tcp) return "";
    if (kernel::landlock_abi() < kPortsAbi) return "this kernel has no rules for ports (Linux 6.7)";
    const auto is_uring = [](const record::RecordedCall& call) {
      return arch::name_of(call.abi, call.number) == "io_uring_setup";
    };
    if (std::ranges::any_of(recording().calls, is_uring)) {
      return "the run used io_uring, which is denied where they are restricted";
    }
    return "";
  }

  /// What is left open of the ports that the run used, and why.
  [[nodiscard]] std::vector<std::string> open_ports() const {
    if (const std::string why = why_no_ports(); !why.empty()) return {"TCP ports are not restricted: " + why};
    std::vector<std::string> lines;
    if (const std::string why = files()->ports().why_any_connection(); !why.empty()) {
      lines.push_back("Connections to all TCP ports are allowed: " + why);
    }
    if (const std::string why = files()->ports().why_any_bind(); !why.empty()) {
      lines.push_back("All TCP ports can be bound: " + why);
    }
    return lines;
  }

  void say_of_files() const {
    if (!job_.files) return;
    if (const size_t unknown = files()->unknown(); unknown > 0) {
      log_.warning(printable_path(job_.name) + ": " + plural(unknown, "call") +
                   " could not be followed to a file, and nothing is allowed for " + (unknown == 1 ? "it" : "them"));
    }
    for (const auto& [path, rights] : files()->uses().withheld(*job_.files)) {
      log_.warning(
          printable_path(job_.name) + ": what the run did in " + printable_path(path) +
          " itself is not allowed, since a rule for it would be one for all that is below: let the program use "
          "a directory there that it does not make, or add below 'files': " +
          rule_line(path, rights));
    }
    for (const std::string& why : open_ports()) log_.warning(printable_path(job_.name) + ": " + why);
    if (const size_t left = files()->uses().left_out(); left > 0) {
      log_.warning(printable_path(job_.name) + ": " + plural(left, "path") + " more than " +
                   std::to_string(record::FileUses::kMaxPaths) + " were left out");
    }
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
    if (const auto failure = job_.aside->write(policy->text + files_text())) {
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

/// Why a file may not be replaced without --force; none if it may be: it is not there, is empty, or a recording.
std::optional<std::string> why_kept(const OutputFile& file, const std::string& name) {
  if (file.is_free()) return std::nullopt;
  const auto before = file.contents(policy::kMaxPolicyBytes + 1);
  if (before && (before->empty() || record::is_own_text(*before))) return std::nullopt;
  return printable_path(name) + ": is there already, and " +
         (before ? "was not written by 'record'" : "cannot be read") + "; --force replaces it";
}

/// An earlier policy without the section that `record --files` has written, and that section.
struct SplitPolicy {
  Input input;
  policy::LandlockSection section;
};

Step<SplitPolicy> split_files(Input input, const Log& log) {
  if (!input.policy->landlock) return SplitPolicy{std::move(input), {}};
  SplitPolicy split;
  split.section = *input.policy->landlock;
  const std::string_view text = input.policy->source->text();
  const size_t begin = text.find("\n" + std::string(kFilesBeginning));
  if (begin == std::string_view::npos) {
    log.error(input.name + ": has a 'landlock' section that 'record --files' has not written, and cannot be added to");
    return Unusable{};
  }
  auto rest = std::make_shared<const SourceText>(input.policy->source->name(), std::string(text.substr(0, begin)));
  Diagnostics diagnostics(rest);
  auto policy = policy::read_policy(rest, {}, diagnostics);
  if (!policy || diagnostics.has_errors()) {
    log.error(input.name + ": what stands before the section of 'record --files' is no policy of its own any more");
    return Unusable{};
  }
  split.input = std::move(input);
  split.input.policy = std::move(*policy);
  return split;
}

record::FileRuleOptions file_rule_options(const Options& options) {
  record::FileRuleOptions how;
  if (options.folder_from) how.folder_from = *options.folder_from;
  const char* home = std::getenv("HOME");
  char* real = home != nullptr ? realpath(home, nullptr) : nullptr;
  if (real != nullptr) how.home = real;
  std::free(real);  // NOLINT: as realpath(3) has it.
  how.exists = [](const std::string& path) {
    struct stat status = {};
    return stat(path.c_str(), &status) == 0;
  };
  return how;
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

/// What is not notified: on the program's own ABI what is assumed. On another ABI nothing is, or a child of that ABI
/// might go unnoticed. (Calls that must not wait are compile::with_notifications()'s.)
Step<resolve::PolicyRules> recording_rules(const std::vector<std::string>& assumed, Abi started_in,
                                           const std::vector<Abi>& abis, const Log& log) {
  if (!assumed.empty()) {
    const auto everywhere = rules_for(assumed, abis, log);
    if (!everywhere) return everywhere.error();
  }
  resolve::PolicyRules rules;
  for (const Abi abi : abis) {
    std::vector<std::string> names;
    for (const std::string& name : assumed) {
      if (abi == started_in && (name.starts_with('@') || arch::number_of(abi, name))) names.push_back(name);
    }
    if (names.empty()) {
      rules.push_back({abi, {policy::Action::kErrno, EPERM}, {}});
      continue;
    }
    auto own = rules_for(names, {abi}, log);
    if (!own) return own.error();
    rules.push_back(std::move(own->front()));
  }
  return rules;
}

/// Whether the start of the program need not wait for an answer. A recording keeps nothing from a program, which could
/// hide an execve of its own by the token at most; and where execve clears the registers it never sees it. With files
/// every execve may be notified.
bool token_allows(bool files) {
  return !files && arch::exec_clears_arguments(arch::native_abi());
}

/// `also`: becomes the calls that are notified for their files alone; null: none are.
Step<compile::Filter> recording_filter(const resolve::PolicyRules& rules, std::vector<compile::NotifiedCall>* also,
                                       const Log& log) {
  const Abi native = arch::native_abi();
  auto filter = compile::compile({&rules, 1}, {.launcher = native});
  if (filter && token_allows(also != nullptr)) filter = compile::with_allowing_token(*filter);
  if (filter && also != nullptr) {
    const report::LandlockHandled handled = {.files = arch::file_right::kAll, .ports = arch::port_right::kAll};
    *also = compile::notifiable(*filter, report::landlock_calls(handled), native);
  }
  const std::vector<compile::NotifiedCall> none;
  auto notifying = filter ? compile::with_notifications(*filter, compile::Notify::kEverything, native,
                                                        also != nullptr ? *also : none)
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
  run.for_systemd = options.to == "systemd";
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
  auto earlier = load_earlier(options, log);
  if (!earlier) return kExitFailed;
  const std::string earlier_text = *earlier ? std::string((*earlier)->policy->source->text()) : "";
  policy::LandlockSection section;
  bool has_section = false;
  if (*earlier && options.files) {
    auto split = split_files(std::move(**earlier), log);
    if (!split) return kExitFailed;
    *earlier = std::move(split->input);
    section = std::move(split->section);
    has_section = section.files.has_value();
  }
  const bool to_standard_output = options.output == kStandardStream;
  const auto output = OutputFile::prepare(options.output);
  if (!output) {
    log.error(output.error());
    return kExitFailed;
  }
  const bool is_beats = options.to == "beats";
  const bool replaces_earlier = is_beats && *earlier && output->contents(policy::kMaxPolicyBytes + 1) == earlier_text;
  if (const auto why = why_kept(*output, options.output); why && !replaces_earlier && !options.force) {
    log.error(*why + (is_beats ? ", and --merge " + printable_path(options.output) + " adds to it" : ""));
    return kExitFailed;
  }
  std::optional<OutputFile> aside;
  if (*earlier) {
    const std::string name = to_standard_output ? options.output : options.output + kAside;
    auto prepared = OutputFile::prepare(name, OutputFile::Link::kReplaced);
    if (!prepared) {
      log.error(prepared.error());
      return kExitFailed;
    }
    if (const auto why = why_kept(*prepared, name); why && !options.force) {
      log.error(*why);
      return kExitFailed;
    }
    aside = std::move(*prepared);
  }
  const auto program = kernel::find_target(options.arguments.front(), std::getenv("PATH"));
  if (!program) {
    log.error(program.error().message);
    return program.error().exit_status;
  }
  std::optional<std::vector<std::string>> in_code;
  if (options.scan) {
    const auto scanned = scan_for(program->path, options, log);
    if (!scanned) return kExitFailed;
    in_code.emplace();
    for (const scan::FoundCall& call : scanned->calls) {
      if (const auto name = arch::name_of(call.abi, call.number)) in_code->emplace_back(*name);
    }
    std::ranges::sort(*in_code);
  }
  const std::vector<Abi> abis = arch::abis_of_machine(arch::native_abi());
  const Abi started_in = abi_of(*program, abis);
  std::vector<std::string> assumed = options.assumed;
  if (*earlier) {
    for (std::string& set : record::allowed_sets(*(*earlier)->policy)) assumed.push_back(std::move(set));
  }
  const auto rules = recording_rules(assumed, started_in, abis, log);
  if (!rules) return kExitFailed;
  std::vector<compile::NotifiedCall> for_files;
  const auto filter = recording_filter(*rules, options.files ? &for_files : nullptr, log);
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
             replaces_earlier,
             earlier_text,
             options.files ? std::optional(file_rule_options(options)) : std::nullopt,
             section,
             has_section,
             {}};
  job.run.in_code = std::move(in_code);
  if (!is_beats) job.format = Format{text_format(options.to), environment_of(options), stem_of(options.output)};
  PolicyRecorder watcher({abis, options.narrow, *earlier ? &allowed : nullptr}, std::move(job), speaking);

  if (options.files) {
    watcher.record_files(std::move(for_files));
    watcher.files()->note_program(program->path);
    for (const policy::FileRule& rule : section.files.value_or(std::vector<policy::FileRule>())) {
      watcher.files()->uses().note(rule);
    }
  }

  std::vector<char*> arguments;
  for (const std::string& word : options.arguments) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const kernel::Target target = {program->path.c_str(), arguments.data(), environ};
  const bool shows = !options.quiet && isatty(STDERR_FILENO) == 1;
  if (const auto warning = kernel::notify_warning(std::getenv("NOTIFY_SOCKET"))) log.warning(*warning);
  kernel::SuperviseOptions how;
  how.wait_for_tree = true;
  how.tick_milliseconds = shows ? kTickMilliseconds : 0;
  how.token_allows = token_allows(options.files);
  how.keep = watcher.descriptors();
  const auto done = kernel::supervise(*filter, target, {}, log.error_prefix().c_str(), watcher, how);
  if (!done) {
    log.error(done.error());
    return kExitFailed;
  }
  if (!done->message.empty()) log.error(done->message);
  std::fflush(nullptr);
  _exit(done->status);  // The end of this process is waited for, and nothing is left for destructors to do.
}

}  // namespace sandbox::tool
