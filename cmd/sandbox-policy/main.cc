// sandbox-policy: writes and judges system-call policies. It restricts no program.
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/log.h"
#include "kernel/probe.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/options.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {
namespace {

int run_command(const Options& options, const Log& log, Output& out) {
  switch (options.command) {
    case Command::kCheck:
      return check(options, log, out);
    case Command::kShow:
      return show(options, log, out);
    case Command::kExplain:
      return explain(options, log, out);
    case Command::kDisasm:
      return disasm(options, log, out);
    case Command::kDiff:
      return diff(options, log, out);
    case Command::kTest:
      return test(options, log, out);
    case Command::kConvert:
      return convert(options, log, out);
    case Command::kCompile:
      return compile(options, log, out);
    case Command::kRecord:
      return record(options, log, out);
    case Command::kScan:
      return scan(options, log, out);
    case Command::kList:
      return list(options, log, out);
    case Command::kAudit:
      return audit(options, log, out);
  }
  return kExitFailed;
}

/// What a command reads, for a message.
std::string inputs_of(const Options& options) {
  if (options.command == Command::kRecord) return printable(options.merge.empty() ? options.output : options.merge);
  std::string names;
  for (const std::string& name : options.arguments) names += (names.empty() ? "" : ", ") + printable(name);
  return names.empty() ? "standard output" : names;
}

/// A program that reads JSON gets JSON when an input is wrong, too: the errors in place of the answer. `check` and
/// `test` have them in their answers.
void answer_with_errors(Command command, const std::vector<KeptError>& errors, Output& out) {
  if ((command == Command::kCheck || command == Command::kTest) && !out.text().empty()) return;
  Json json(command == Command::kAudit ? Json::Layout::kOneLine : Json::Layout::kIndented);
  out = Output();
  out.add(add_errors(json.open_object().key("errors"), errors).close_object().text());
}

int run(int argc, char** argv) {
  Log log("sandbox-policy");
  if (kernel::runs_with_borrowed_privileges()) {
    log.error("refuses to run set-user-ID, set-group-ID or with file capabilities");
    return kExitFailed;
  }
  const auto parsed = parse_options(argc, argv);
  std::vector<KeptError> errors;
  log.keep_errors(errors);
  Output out;
  int status = kExitGood;
  if (!parsed) {
    log.error(parsed.error().message);
    status = kExitFailed;
    if (parsed.error().json) answer_with_errors(parsed.error().command, errors, out);
  } else if (const auto* information = std::get_if<Information>(&*parsed)) {
    out.add(information->text);
  } else {
    const Options& options = std::get<Options>(*parsed);
    log.set_colour(options.colour);
    out = Output(options.colour);
    if (options.quiet) log.set_level(LogLevel::kError);
    try {
      status = run_command(options, log, out);
    } catch (const std::bad_alloc&) {  // What was read is freed by now, so there is memory for a message.
      log.error(inputs_of(options) + ": not enough memory for what is to be done with it");
      status = kExitFailed;
    }
    if (options.json && status == kExitFailed) answer_with_errors(options.command, errors, out);
  }
  if (out.finish()) return status;
  log.error("cannot write to standard output");
  return kExitFailed;
}

}  // namespace
}  // namespace sandbox::tool

int main(int argc, char** argv) {
  try {
    return sandbox::tool::run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "sandbox-policy: error: %s\n", exception.what());
  } catch (...) {
    std::fprintf(stderr, "sandbox-policy: error: an unknown exception\n");
  }
  return 2;
}
