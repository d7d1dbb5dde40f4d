#include "stages.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "base/file.h"
#include "policy/environment.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "resolve/resolve.h"

namespace sandbox::bench {
namespace {

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(EXIT_FAILURE);
}

void stop_at_errors(const SourceText& source, const Diagnostics& diagnostics) {
  if (diagnostics.has_errors()) fail(source.name() + ": not a good policy");
}

}  // namespace

Source open_policy(const std::string& path) {
  auto contents = read_file(path, policy::kMaxPolicyBytes);
  if (!contents) fail(path + ": " + describe(contents.error(), policy::kMaxPolicyBytes));
  return std::make_shared<const SourceText>(path, std::move(contents->bytes));
}

policy::Policy read(const Source& source) {
  Diagnostics diagnostics(source);
  policy::Environment environment;
  environment.native = arch::native_abi();
  auto policy = policy::read_policy(source, environment, diagnostics);
  stop_at_errors(*source, diagnostics);
  return std::move(*policy);
}

resolve::PolicyRules resolve(const policy::Policy& policy) {
  Diagnostics diagnostics(policy.source);
  resolve::PolicyRules rules = resolve::resolve(policy, arch::native_abi(), diagnostics);
  stop_at_errors(*policy.source, diagnostics);
  return rules;
}

compile::Filter compile(std::span<const resolve::PolicyRules> policies, compile::Effort effort) {
  compile::CompileOptions options;
  options.launcher = arch::native_abi();
  options.effort = effort;
  auto filter = compile::compile(policies, options);
  if (!filter) fail("the program is too long");
  return std::move(*filter);
}

}  // namespace sandbox::bench
