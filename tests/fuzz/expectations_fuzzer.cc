// Any bytes as expectations. What is wrong must be said at a place within the text; what is accepted is judged under a
// policy, and evaluator and compiled program agree.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/interpret.h"
#include "compile/expectations.h"
#include "fuzzer.h"
#include "policy/expectations.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "resolve/resolve.h"

namespace sandbox::fuzz {
namespace {

constexpr const char* kPolicies[] = {
    "seccomp: {default_action: errno, syscalls: [{action: allow, names: [read, '@file-system']}, {action: trap, "
    "names_with_args: [{name: socket, arguments: [{argument: 0, operation: Equal, value: AF_INET}]}]}]}",
    "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"ptrace\", \"socket\"], \"action\": "
    "\"SCMP_ACT_ERRNO\", \"errnoRet\": 38}]}"};

void judge(const policy::Expectations& expectations, const std::shared_ptr<const SourceText>& source) {
  const arch::Abi native = arch::Abi::kX86_64;
  std::vector<resolve::PolicyRules> rules;
  std::vector<std::shared_ptr<const SourceText>> texts;
  std::vector<const SourceText*> shown;
  for (const char* text : kPolicies) {
    policy::Environment environment;
    environment.native = expectations.abi ? expectations.abi->abi : native;
    texts.push_back(std::make_shared<const SourceText>("policy.yml", text));
    shown.push_back(texts.back().get());
    Diagnostics problems(texts.back());
    const auto policy = policy::read_policy(texts.back(), environment, problems);
    if (!policy || problems.has_errors()) fail("the fuzzer's own policy is wrong");
    rules.push_back(resolve::resolve(*policy, environment.native, problems));
    if (problems.has_errors()) return;  // An ABI without one of the calls.
  }
  Diagnostics problems(source);
  const auto judged = compile::judge_expectations(expectations, rules, native, problems);
  check_diagnostics(problems);
  if (!judged) fail("two small policies are too long");
  ++accepted;
  for (const compile::JudgedExpectation& one : *judged) {
    if (one.evaluated != one.compiled) fail("evaluator and program differ");
    if (!one.passed()) check_message(compile::failure_text(one, shown));
  }
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox;
  if (size > policy::kMaxPolicyBytes) return 0;
  const auto source = std::make_shared<const SourceText>("fuzzed.yml", fuzz::text_of(data, size));
  Diagnostics diagnostics(source);
  const auto expectations = policy::read_expectations(source, diagnostics);
  if (!expectations && !diagnostics.has_errors()) fuzz::fail("an error without a reason");
  const bool errors = diagnostics.has_errors();
  fuzz::check_diagnostics(diagnostics);
  if (expectations && !errors) fuzz::judge(*expectations, source);
  return 0;
}
