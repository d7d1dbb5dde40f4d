// scan: what a program's machine code can call.
#include "scan/scan.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "arch/syscalls.h"
#include "base/line_sink.h"
#include "base/text.h"
#include "kernel/probe.h"
#include "policy/text_check.h"
#include "record/recorded_policy.h"
#include "record/recording.h"
#include "resolve/resolve.h"
#include "sandbox-policy/commands/code_comparison.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/scan_program.h"
#include "sandbox-policy/commands/scan_report.h"
#include "sandbox-policy/write.h"

namespace sandbox::tool {
namespace {

using arch::Abi;

// ---- -o ----

record::Recording as_recording(const scan::ScanResult& result) {
  record::Recording recording;
  for (const scan::FoundCall& call : result.calls) {
    record::RecordedCall& recorded = recording.calls.emplace_back();
    recorded.abi = call.abi;
    recorded.number = call.number;
    recorded.count.beyond = 1;  // Needed; how often is not known.
    if (!call.arguments || call.arguments->any()) continue;
    recorded.narrowed = true;
    for (const arch::NarrowedValues& values : call.arguments->values) recorded.values[values] = {0, 1};
  }
  return recording;
}

record::Run as_run(const scan::ScanResult& result, const Options& options) {
  record::Run run;
  run.time = std::chrono::system_clock::now();
  run.release = kernel::kernel_release();
  const arch::KernelVersion version = kernel::running_kernel();
  if (version > arch::KernelVersion{}) run.kernel = version;
  run.native = Abi::kX86_64;
  run.assumed = options.assumed;
  run.by_default = options.by_default;
  run.narrowed = options.narrow;
  run.scanned = result.program + " and " + plural(result.libraries.size(), "library file");
  return run;
}

/// Whether it was written.
bool write_policy(const scan::ScanResult& result, const Options& options, const Log& log) {
  const std::string name = options.output == kStandardStream ? "<standard output>" : options.output;
  if (!result.unknown.empty() && options.assumed.empty()) {
    for (const scan::Unknown& unknown : result.unknown) log.error(unknown.place.text() + " " + unknown.what);
    log.error(printable_path(name) +
              ": was not written, since not all calls are known; --assume says what else is to be allowed, or 'record' "
              "shows what a run calls");
    return false;
  }
  const auto output = OutputFile::prepare(options.output);
  if (!output) {
    log.error(output.error());
    return false;
  }
  const std::optional<std::string> before = output->contents(policy::kMaxPolicyBytes + 1);
  const bool replaceable = output->is_free() || (before && (before->empty() || record::is_own_text(*before)));
  if (!replaceable && !options.force) {
    log.error(printable_path(name) + ": is there already, and " +
              (before ? "was not written by 'record' or 'scan'" : "cannot be read") + "; --force replaces it");
    return false;
  }
  const auto policy = record::recorded_policy(as_recording(result), as_run(result, options), nullptr, name);
  if (!policy) {
    log.error(policy.error().message);
    return false;
  }
  if (const auto failure = output->write(policy->text)) {
    log.error(*failure);
    return false;
  }
  log.report(policy->diagnostics);
  return true;
}

}  // namespace

Result<scan::ScanResult, Unusable> scan_for(const std::string& program, const Options& options, const Log& log) {
  scan::ScanOptions how;
  how.with = options.with;
  how.with_nss = options.with_nss;
  how.full_loader = options.full_loader;
  how.arguments = options.narrow || options.command == Command::kCheck;
  LineSink terminal = LineSink::to_descriptor(STDERR_FILENO);
  const bool shows = !options.quiet && isatty(STDERR_FILENO) == 1;
  if (shows) how.progress = [&](const std::string& what) { terminal.write("\r" + what + "\x1b[K"); };
  auto result = scan::scan_program(program, how);
  std::string failed = program;
  for (size_t i = 0; result && i < options.follow.size(); ++i) {
    failed = options.follow[i];
    auto further = scan::scan_program(failed, how);
    if (further) {
      scan::merge(*result, std::move(*further));
    } else {
      result = further.error();
    }
  }
  if (shows) terminal.write("\r\x1b[K");
  if (result) return std::move(*result);
  log.error(printable_path(failed) + ": " + result.error().message);
  return Unusable{};
}

int scan(const Options& options, const Log& log, Output& out) {
  std::optional<Input> policy;
  if (!options.policy.empty()) {
    auto input = load_policy(options.policy, "and is not compared with code", options, log);
    if (!input) return kExitFailed;
    policy = std::move(*input);
  }
  const auto result = scan_for(options.arguments.front(), options, log);
  if (!result) return kExitFailed;
  std::optional<CodeComparison> comparison;
  if (policy) comparison = compare_with_code(*result, policy->rules, policy->name);
  if (!options.output.empty()) {
    if (!write_policy(*result, options, log)) return kExitFailed;
    if (options.output == kStandardStream) return kExitGood;
  }
  if (options.json) {
    out.add(scan_json(*result, comparison));
  } else {
    print_scan(*result, comparison, out);
  }
  if (comparison) return misses_calls(*comparison, *result) ? kExitFound : kExitGood;
  return result->unknown.empty() || !options.assumed.empty() ? kExitGood : kExitFound;
}

int explain_program(const Options& options, const Log& log, Output& out) {
  const std::string& name = options.arguments.front();
  const auto number = arch::number_of(Abi::kX86_64, name);
  if (!number) {
    log.error("unknown system call " + in_quotes(name) + " of x86_64");
    return kExitFailed;
  }
  const auto result = scan_for(options.program, options, log);
  if (!result) return kExitFailed;
  for (const scan::FoundCall& call : result->calls) {
    if (call.abi != Abi::kX86_64 || call.number != *number) continue;
    print_chain(*result, call, options.json, out);
    return kExitGood;
  }
  if (!options.json) {
    out.line(printable_path(result->program) + " has no code that makes " + name +
             (result->unknown.empty() ? "" : ", but for what is not known; 'sandbox-policy scan' shows that"));
  } else {
    scan::FoundCall none;
    none.number = *number;
    print_chain(*result, none, true, out);
  }
  return kExitFound;
}

}  // namespace sandbox::tool
