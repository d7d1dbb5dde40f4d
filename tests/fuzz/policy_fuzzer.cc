// Any bytes as a policy. What is refused must say why, at a place within the text; what is accepted must compile to a
// program that does what the evaluator says, with the exec token and without.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "fuzzer.h"
#include "policy/landlock_writer.h"
#include "policy/reader.h"
#include "policy/text_check.h"
#include "resolve/evaluate.h"
#include "resolve/landlock/ruleset.h"
#include "resolve/resolve.h"

namespace sandbox::fuzz {
namespace {

constexpr size_t kMaxNumbers = 48;  // Calls that a policy names, tried for each ABI.
constexpr size_t kMaxArguments = 24;
constexpr compile::Token kToken = {0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834, 0x1082276b, 0xf3a27251};

std::vector<uint32_t> telling_numbers(const resolve::RuleSet& rules) {
  std::set<uint32_t> numbers = {0,         1, 511, 512, 547, 548, 0x3fffffff, 0x40000000, 0x40000208, UINT32_MAX - 1,
                                UINT32_MAX};
  for (const char* name : {"execve", "write", "exit_group"}) numbers.insert(*arch::number_of(rules.abi, name));
  const size_t step = rules.calls.size() / kMaxNumbers + 1;
  for (size_t i = 0; i < rules.calls.size(); i += step) {
    const uint32_t number = rules.calls[i].number;
    numbers.insert({number - 1, number, number + 1});
  }
  return {numbers.begin(), numbers.end()};
}

std::vector<uint64_t> telling_arguments(const resolve::RuleSet& rules) {
  std::set<uint64_t> values = {0, 1, UINT32_MAX, UINT64_MAX};
  for (const resolve::CallRules& call : rules.calls) {
    for (const resolve::Clause& clause : call.clauses) {
      for (const resolve::Condition& condition : clause.conditions) {
        if (values.size() >= kMaxArguments) break;
        values.insert({condition.value - 1, condition.value, condition.value + 1, ~condition.value});
      }
    }
  }
  return {values.begin(), values.end()};
}

/// What a policy does on every ABI that it covers, for a launcher of the native one.
class Comparison {
 public:
  Comparison(const resolve::PolicyRules& policy, arch::Abi native) : policy_(policy), native_(native) {}

  void run() {
    const auto plain = compile::compile({&policy_, 1});
    const auto launching = compile::compile({&policy_, 1}, {.launcher = native_});
    if (!plain || !launching) {
      check_error(plain ? launching.error() : plain.error());
      return;
    }
    const auto armed = bpf::validate(compile::with_lasting_token(*launching, kToken));
    if (!armed) fail("the token makes the program invalid");
    for (const resolve::RuleSet& rules : policy_) compare(rules, plain->program, *armed);
    expect_open(*armed);
  }

 private:
  static void check_error(const compile::CompileError& error) {
    if (error.instructions <= bpf::kMaxInstructions && !error.gave_up) fail("refused although it is short enough");
  }

  void compare(const resolve::RuleSet& rules, const bpf::ValidatedProgram& plain,
               const bpf::ValidatedProgram& armed) const {
    const arch::AbiInfo& abi = arch::info(rules.abi);
    for (const uint32_t number : telling_numbers(rules)) {
      for (const uint64_t argument : telling_arguments(rules)) {
        bpf::SystemCall call;
        call.number = number;
        call.arch = abi.audit_arch;
        call.args.fill(argument);
        const resolve::Verdict expected = resolve::evaluate(policy_, call).verdict;
        expect(abi, plain, call, expected, "the program");
        expect(abi, armed, call, expected, "the program with a token");
      }
    }
  }

  static void expect(const arch::AbiInfo& abi, const bpf::ValidatedProgram& program, const bpf::SystemCall& call,
                     resolve::Verdict expected, const char* what) {
    const uint32_t value = interpret(program, call, abi.endian).value;
    if (value == seccomp_return(expected)) return;
    fail(std::string(what) + " says " + std::to_string(value) + " and the evaluator " +
         std::to_string(seccomp_return(expected)) + " for call " + std::to_string(call.number) + " with " +
         std::to_string(call.args[0]) + " on " + std::string(abi.name));
  }

  /// With the token the launcher gets through, regardless of what the policy says.
  void expect_open(const bpf::ValidatedProgram& program) const {
    for (const char* name : {"execve", "write", "exit_group"}) {
      bpf::SystemCall call;
      call.number = *arch::number_of(native_, name);
      call.arch = arch::info(native_).audit_arch;
      for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
      const auto verdict = resolve::verdict_of(interpret(program, call, arch::info(native_).endian).value);
      if (verdict.action != policy::Action::kAllow) fail(std::string(name) + " is shut in spite of the token");
    }
  }

  const resolve::PolicyRules& policy_;
  arch::Abi native_;
};

/// A landlock section comes to paths that are absolute, and is read back as it was written.
void check_section(const policy::Policy& policy, bool has_errors) {
  if (!policy.landlock) return;
  Diagnostics problems(policy.source);
  const auto ruleset = resolve::resolve_landlock(policy, {"/etc", "/srv/work", "/home/user"}, problems);
  check_diagnostics(problems);
  for (const resolve::PathRule& rule : ruleset->paths) {
    if (!rule.path.starts_with('/') || rule.rights == 0) fail("a rule for nothing: " + rule.path);
  }
  if (has_errors) return;
  const std::string text = policy::write_landlock(*policy.landlock);
  const auto source = std::make_shared<const SourceText>("written.yml", text);
  Diagnostics again(source);
  const auto read = policy::read_policy(source, {}, again);
  if (!read || !read->landlock || policy::write_landlock(*read->landlock) != text) fail("not read back: " + text);
}

void read_and_compare(std::string text) {
  const auto source = std::make_shared<const SourceText>("fuzzed.yml", std::move(text));
  for (const arch::Abi native : {arch::Abi::kX86_64, arch::Abi::kX86, arch::Abi::kS390x}) {
    policy::Environment environment;
    environment.native = native;
    environment.capabilities = [] { return policy::Capabilities{"CAP_SYS_PTRACE"}; };
    environment.kernel = {5, 10};
    environment.kernel_widths = native == arch::Abi::kX86;
    Diagnostics diagnostics(source);
    const auto policy = policy::read_policy(source, environment, diagnostics);
    if (!policy && !diagnostics.has_errors()) fail("refused without a reason");
    check_diagnostics(diagnostics);
    if (!policy) return;
    Diagnostics of_abi(source);
    const resolve::PolicyRules rules = resolve::resolve(*policy, native, of_abi);
    check_diagnostics(of_abi);
    check_section(*policy, diagnostics.has_errors());
    if (diagnostics.has_errors() || of_abi.has_errors() || !policy->has_filter) continue;
    Comparison(rules, native).run();
    ++accepted;
  }
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sandbox::policy::kMaxPolicyBytes) return 0;
  sandbox::fuzz::read_and_compare(sandbox::fuzz::text_of(data, size));
  return 0;
}
