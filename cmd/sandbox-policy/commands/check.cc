// check: errors and warnings of policies, with their places.
#include <optional>
#include <utility>

#include "base/text.h"
#include "resolve/lint/lint.h"
#include "sandbox-policy/commands/code_comparison.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/scan_program.h"
#include "sandbox-policy/commands/scan_report.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/section_check.h"

namespace sandbox::tool {
namespace {

struct Counts {
  size_t errors = 0;
  size_t warnings = 0;
};

void print_text(const Text& text, Output& out) {
  const SourceText& source = *text.source;
  for (const Diagnostic& finding : text.diagnostics.all()) {
    const bool error = finding.severity == Severity::kError;
    const std::string whole = format_diagnostic(source, finding);
    const size_t place = whole.size() - finding.message.size();
    out.line(out.paint(Colour::kBold, whole.substr(0, place)) +
             out.paint(error ? Colour::kRed : Colour::kYellow, error ? "error: " : "warning: ") + finding.message +
             (finding.id.empty() ? "" : out.paint(Colour::kDim, " [" + std::string(finding.id) + "]")));
    if (out.on_terminal() && finding.range) out.excerpt(format_excerpt(source, finding));
  }
}

/// The program whose code is compared, and the policy as far as it can be: with errors it cannot.
struct Code {
  const scan::ScanResult& program;
  CodeComparison comparison;
};

void print_json(const Text& text, size_t excepted, const std::optional<Code>& code, Json& json) {
  json.open_object().member("file", std::string_view(text.source->name()));
  json.key("findings").open_array();
  for (const Diagnostic& finding : text.diagnostics.all()) {
    json.open_object();
    json.member("severity", finding.severity == Severity::kError ? "error" : "warning");
    if (!finding.id.empty()) json.member("id", finding.id);
    if (finding.range) {
      const LineColumn place = text.source->locate(finding.range->offset);
      json.member("line", uint64_t{place.line}).member("column", uint64_t{place.column});
    }
    json.member("message", std::string_view(finding.message)).close_object();
  }
  json.close_array().member("exceptions", uint64_t{excepted});
  if (code) add_code(json, code->comparison, code->program);
  json.close_object();
}

void print_code(const Code& code, Output& out) {
  print_missed(code.comparison, out);
  print_unknown(code.program, out);
  if (misses_calls(code.comparison, code.program)) return;
  out.line(code.comparison.policy + " allows what the code of " + printable_path(code.program.program) + " can call");
}

/// A file that is no text of a policy at all.
void print_unreadable(const std::string& file, std::span<const KeptError> errors, Json& json) {
  json.open_object().member("file", std::string_view(printable_path(file))).key("findings").open_array();
  for (const KeptError& error : errors) {
    json.open_object().member("severity", "error").member("message", std::string_view(error.message)).close_object();
  }
  json.close_array().close_object();
}

Counts count(const Diagnostics& diagnostics) {
  Counts counts;
  for (const Diagnostic& finding : diagnostics.all()) {
    ++(finding.severity == Severity::kError ? counts.errors : counts.warnings);
  }
  return counts;
}

}  // namespace

int check(const Options& options, const Log& log, Output& out) {
  bool readable = true;
  bool misses = false;
  std::optional<scan::ScanResult> program;
  if (!options.program.empty()) {
    auto scanned = scan_for(options.program, options, log);
    if (!scanned) return kExitFailed;
    program = std::move(*scanned);
  }
  Counts total;
  Json json;
  json.open_object().key("files").open_array();
  for (const std::string& file : options.arguments) {
    auto text = load_text(file, environment_of(options), log);
    if (!text) {
      readable = false;
      ++total.errors;
      if (options.json) print_unreadable(file, log.kept().last(1), json);
      continue;
    }
    size_t excepted = 0;
    if (text->policy && !text->diagnostics.has_errors()) {
      Diagnostics section(text->source);
      if (text->section) check_section(*text->section, text->path, section);
      excepted = resolve::lint(*text->policy, text->rules, text->diagnostics,
                               {.self_installed = options.self_installed, .further = &section});
    }
    text->diagnostics.sort();
    const Counts counts = count(text->diagnostics);
    total.errors += counts.errors;
    total.warnings += counts.warnings;
    std::optional<Code> code;
    if (program && text->policy && counts.errors == 0) {
      code.emplace(*program, compare_with_code(*program, text->rules, printable_path(text->source->name())));
      misses = misses || misses_calls(code->comparison, *program);
    }
    if (options.json) {
      print_json(*text, excepted, code, json);
    } else {
      print_text(*text, out);
      out.line(printable_path(text->source->name()) + ": " + plural(counts.errors, "error") + ", " +
               plural(counts.warnings, "warning") + (excepted > 0 ? ", " + plural(excepted, "exception") : ""));
      if (code) print_code(*code, out);
    }
  }
  json.close_array().member("errors", uint64_t{total.errors}).member("warnings", uint64_t{total.warnings});
  if (options.json) out.add(json.close_object().text());
  if (!readable || total.errors > 0) return kExitFailed;
  return misses || (options.strict && total.warnings > 0) ? kExitFound : kExitGood;
}

}  // namespace sandbox::tool
