// What `test` prints, in each of its formats.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/source_text.h"
#include "compile/expectations.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// The policies that expectations are about, which apply together, as they are read with certain capabilities.
struct TestedPolicies {
  std::vector<Input> inputs;                ///< The enabled ones, in order.
  std::vector<resolve::PolicyRules> rules;  ///< Theirs.
  std::vector<const SourceText*> sources;   ///< Theirs.
  std::string names;                        ///< "a.yml and profile default".
};

/// An expectation about a file or a port, and what came.
struct JudgedAccess {
  SourceRange range;    ///< Of the expectation, in its own text.
  std::string subject;  ///< "/etc/shadow", "port 443".
  std::string access;   ///< "read, write".
  bool expected = false;
  bool allowed = false;
  std::string why;  ///< "app.yml:4", or what no rule gives.
};

struct TestResult {
  const TestedPolicies* policies = nullptr;
  compile::JudgedExpectation judged;   ///< For a call.
  std::optional<JudgedAccess> access;  ///< For a file or a port.

  [[nodiscard]] bool passed() const { return access ? access->expected == access->allowed : judged.passed(); }
  [[nodiscard]] SourceRange range() const { return access ? access->range : judged.range; }
};

/// A file of expectations. One that cannot be used has errors and no results.
struct TestedFile {
  std::string name;  ///< As in messages: printable.
  std::shared_ptr<const SourceText> source;
  std::string policies_text;  ///< The policies' names.
  std::vector<std::unique_ptr<TestedPolicies>> policies;
  std::vector<TestResult> results;  ///< In the order of the file.
  std::vector<KeptError> errors;

  [[nodiscard]] size_t failed() const;
};

/// The failures, a line each, and "N passed, N failed".
void print_test_text(const std::vector<TestedFile>& files, Output& out);

void print_test_json(const std::vector<TestedFile>& files, Output& out);

/// The Test Anything Protocol, version 13 (testanything.org). A file that cannot be used is one test that fails.
void print_test_tap(const std::vector<TestedFile>& files, Output& out);

/// The XML that JUnit's task of Ant writes, and that CI servers read. A file that cannot be used has an error.
void print_test_junit(const std::vector<TestedFile>& files, Output& out);

}  // namespace sandbox::tool
