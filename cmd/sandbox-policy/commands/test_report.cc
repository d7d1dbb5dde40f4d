#include "sandbox-policy/commands/test_report.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/xml.h"

namespace sandbox::tool {
namespace {

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t unusable = 0;  ///< Files.
};

Counts count(const std::vector<TestedFile>& files) {
  Counts counts;
  for (const TestedFile& file : files) {
    counts.failed += file.failed();
    counts.passed += file.results.size() - file.failed();
    counts.unusable += file.errors.empty() ? 0 : 1;
  }
  return counts;
}

std::string_view word_for(bool allowed) {
  return allowed ? "allow" : "deny";
}

std::string failure_of(const TestResult& result) {
  if (result.access) {
    return "expected " + std::string(word_for(result.access->expected)) + ", found " +
           std::string(word_for(result.access->allowed)) + " (" + result.access->why + ")";
  }
  return compile::failure_text(result.judged, result.policies->sources);
}

/// "socket(2) on x86_64", "read of /etc/shadow".
std::string call_of(const TestResult& result) {
  if (result.access) return result.access->access + " of " + result.access->subject;
  return call_with_arguments(result.judged.call, result.judged.abi) + " on " +
         std::string(arch::info(result.judged.abi).name);
}

/// What should come, too: "socket(2) on x86_64: errno EPERM".
std::string title_of(const TestResult& result) {
  if (result.access) return call_of(result) + ": " + std::string(word_for(result.access->expected));
  return call_of(result) + ": " + resolve::verdict_text(result.judged.expected, result.judged.abi);
}

/// "a.yml:3:5: message".
std::string error_text(const KeptError& error) {
  std::string text = error.file;
  if (error.place.line != 0) {
    text += ":" + std::to_string(error.place.line) + ":" + std::to_string(error.place.column);
  }
  return text + (text.empty() ? "" : ": ") + error.message;
}

void print_failure(const TestedFile& file, const TestResult& result, Output& out) {
  const Diagnostic finding = {Severity::kError, result.range(), failure_of(result)};
  const std::string whole = format_diagnostic(*file.source, finding);
  const size_t place = whole.size() - finding.message.size();
  out.line(out.paint(Colour::kBold, whole.substr(0, place)) + out.paint(Colour::kRed, "failed: ") + call_of(result) +
           ": " + finding.message);
  if (out.on_terminal()) out.excerpt(format_excerpt(*file.source, finding));
}

// ---- JSON ----

void json_result(const TestedFile& file, const TestResult& result, Json& json) {
  const compile::JudgedExpectation& judged = result.judged;
  const LineColumn place = file.source->locate(result.range().offset);
  json.open_object().member("line", uint64_t{place.line}).member("column", uint64_t{place.column});
  if (result.access) {
    json.member("passed", result.passed()).member("subject", std::string_view(result.access->subject));
    json.member("access", std::string_view(result.access->access));
    json.member("expected", word_for(result.access->expected)).member("found", word_for(result.access->allowed));
    json.close_object();
    return;
  }
  json.member("passed", judged.passed()).member("abi", arch::info(judged.abi).name);
  // In numbers, as ever: programs compare it.
  json.member("call", std::string_view(call_with_arguments(judged.call, judged.abi, 0, ArgumentStyle::kNumbers)));
  add_verdict(json.key("expected"), judged.expected, judged.abi);
  add_verdict(json.key("evaluated"), judged.evaluated, judged.abi);
  add_verdict(json.key("compiled"), judged.compiled, judged.abi);
  if (judged.depends_on_arguments) json.member("depends_on_arguments", true);
  json.close_object();
}

void json_file(const TestedFile& file, Json& json) {
  json.open_object().member("file", std::string_view(file.name));
  if (!file.policies_text.empty()) json.member("policy", std::string_view(file.policies_text));
  if (!file.errors.empty()) add_errors(json.key("errors"), file.errors);
  json.key("results").open_array();
  for (const TestResult& result : file.results) json_result(file, result, json);
  json.close_array().close_object();
}

// ---- TAP ----

/// In a description a '#' would begin a directive.
std::string tap_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '#' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void tap_message(const std::vector<std::string>& messages, Output& out) {
  out.line("  ---");
  out.line("  message: " + json_string(join(messages, "; ")));  // A quoted scalar of YAML, too.
  out.line("  ...");
}

// ---- JUnit ----

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml_text(value) + "\"";
}

std::string attribute(std::string_view name, size_t value) {
  return attribute(name, std::to_string(value));
}

void junit_result(const TestedFile& file, const TestResult& result, Output& out) {
  const uint32_t line = file.source->locate(result.range().offset).line;
  const std::string open = "    <testcase" + attribute("classname", file.name) +
                           attribute("name", "line " + std::to_string(line) + ": " + title_of(result)) +
                           attribute("file", file.name) + attribute("line", line);
  if (result.passed()) return out.line(open + "/>");
  const std::string message = failure_of(result);
  out.line(open + ">");
  out.line("      <failure" + attribute("message", message) + ">" +
           xml_text(file.name + ":" + std::to_string(line) + ": " + call_of(result) + ": " + message) + "</failure>");
  out.line("    </testcase>");
}

void junit_errors(const TestedFile& file, Output& out) {
  out.line("    <testcase" + attribute("classname", file.name) + attribute("name", "the file can be used") +
           attribute("file", file.name) + ">");
  for (const KeptError& error : file.errors) {
    out.line("      <error" + attribute("message", error.message) + ">" + xml_text(error_text(error)) + "</error>");
  }
  out.line("    </testcase>");
}

}  // namespace

size_t TestedFile::failed() const {
  return static_cast<size_t>(std::ranges::count_if(results, [](const TestResult& result) { return !result.passed(); }));
}

void print_test_text(const std::vector<TestedFile>& files, Output& out) {
  for (const TestedFile& file : files) {
    for (const TestResult& result : file.results) {
      if (!result.passed()) print_failure(file, result, out);
    }
  }
  const Counts counts = count(files);
  out.line(std::to_string(counts.passed) + " passed, " + std::to_string(counts.failed) + " failed");
}

void print_test_json(const std::vector<TestedFile>& files, Output& out) {
  Json json;
  json.open_object().key("files").open_array();
  for (const TestedFile& file : files) json_file(file, json);
  const Counts counts = count(files);
  json.close_array().member("passed", uint64_t{counts.passed}).member("failed", uint64_t{counts.failed});
  out.add(json.close_object().text());
}

void print_test_tap(const std::vector<TestedFile>& files, Output& out) {
  const Counts counts = count(files);
  out.line("TAP version 13");
  out.line("1.." + std::to_string(counts.passed + counts.failed + counts.unusable));
  size_t number = 0;
  const auto test = [&](bool passed, const std::string& description) {
    out.line((passed ? "ok " : "not ok ") + std::to_string(++number) + " - " + tap_text(description));
  };
  for (const TestedFile& file : files) {
    if (!file.errors.empty()) {
      test(false, file.name + ": the file can be used");
      std::vector<std::string> messages;
      for (const KeptError& error : file.errors) messages.push_back(error_text(error));
      tap_message(messages, out);
    }
    for (const TestResult& result : file.results) {
      const uint32_t line = file.source->locate(result.range().offset).line;
      test(result.passed(), file.name + ":" + std::to_string(line) + ": " + title_of(result));
      if (!result.passed()) tap_message({failure_of(result)}, out);
    }
  }
}

void print_test_junit(const std::vector<TestedFile>& files, Output& out) {
  const Counts all = count(files);
  const auto counted = [](size_t tests, size_t failures, size_t errors) {
    return attribute("tests", tests) + attribute("failures", failures) + attribute("errors", errors);
  };
  out.line(R"(<?xml version="1.0" encoding="UTF-8"?>)");
  out.line("<testsuites" + attribute("name", "sandbox-policy test") +
           counted(all.passed + all.failed + all.unusable, all.failed, all.unusable) + ">");
  for (const TestedFile& file : files) {
    const size_t unusable = file.errors.empty() ? 0 : 1;
    out.line("  <testsuite" + attribute("name", file.name) +
             counted(file.results.size() + unusable, file.failed(), unusable) + ">");
    if (unusable != 0) junit_errors(file, out);
    for (const TestResult& result : file.results) junit_result(file, result, out);
    out.line("  </testsuite>");
  }
  out.line("</testsuites>");
}

}  // namespace sandbox::tool
