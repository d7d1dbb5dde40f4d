#include "subject.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <utility>

#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "bpf/interpret.h"
#include "libseccomp_program.h"
#include "policy/reader.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"

namespace sandbox::differential {
namespace {

using policy::Action;
using resolve::Verdict;

std::string in_words(Verdict verdict) {
  return std::string(policy::name_of(verdict.action)) + " " + std::to_string(verdict.data);
}

std::string difference(const bpf::SystemCall& call, Verdict meant, const char* other, uint32_t value) {
  std::array<char, 16> hex = {};
  std::snprintf(hex.data(), hex.size(), "%#x", value);
  return describe(call) + ": the evaluator says " + in_words(meant) + ", " + other + " returns " + hex.data();
}

/// The program with the token; nothing else of it may have become invalid.
std::optional<bpf::ValidatedProgram> patched(const compile::Filter& filter, const compile::Token& token) {
  auto program = bpf::validate(compile::with_lasting_token(filter, token));
  if (!program) return std::nullopt;
  return std::move(*program);
}

}  // namespace

std::string describe(const bpf::SystemCall& call) {
  std::array<char, 256> text = {};
  std::snprintf(text.data(), text.size(),
                "arch %#x number %d (%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
                ")",
                call.arch, static_cast<int>(call.number), call.args[0], call.args[1], call.args[2], call.args[3],
                call.args[4], call.args[5]);
  return text.data();
}

std::optional<resolve::RuleSet> load(const std::string& text, arch::Abi abi, std::string& errors) {
  auto source = std::make_shared<const SourceText>("policy.yml", text);
  Diagnostics diagnostics(source);
  policy::Environment environment;
  environment.native = abi;
  const auto policy = policy::read_policy(source, environment, diagnostics);
  resolve::PolicyRules rules;
  if (policy) rules = resolve::resolve(*policy, abi, diagnostics);
  if (!diagnostics.has_errors()) {
    for (resolve::RuleSet& set : rules) {
      if (set.abi == abi) return std::move(set);
    }
    errors += "for " + std::string(arch::info(rules.front().abi).name) + "\n";
    return std::nullopt;
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) errors += format_diagnostic(*source, diagnostic) + "\n";
  return std::nullopt;
}

Subject::Subject(resolve::RuleSet rules, bpf::ValidatedProgram plain, bpf::ValidatedProgram launcher,
                 compile::Token token)
    : policy_{std::move(rules)}, plain_(std::move(plain)), launcher_(std::move(launcher)), token_(token) {
  if (this->rules().abi == arch::native_abi()) libseccomp_ = libseccomp_program(this->rules());
}

std::optional<Subject> Subject::make(resolve::RuleSet rules, Random& random) {
  compile::Token token = {};
  for (uint32_t& word : token) word = static_cast<uint32_t>(random.bits());
  const std::vector<resolve::PolicyRules> policies = {{rules}};
  // The best effort takes a while.
  const compile::Effort effort = random.one_in(40) ? compile::Effort::kBest : compile::Effort::kQuick;
  auto plain = compile::compile(policies, {.effort = effort});
  auto launcher = compile::compile(policies, {.launcher = rules.abi, .effort = effort});
  for (const auto* filter : {&plain, &launcher}) {
    if (*filter) continue;
    EXPECT_GT(filter->error().instructions, bpf::kMaxInstructions) << "not compiled, for no reason that there can be";
    return std::nullopt;
  }
  auto program = patched(*launcher, token);
  if (!program) {
    ADD_FAILURE() << "the program is not valid any more with the token in it";
    return std::nullopt;
  }
  return Subject(std::move(rules), std::move(plain->program), std::move(*program), token);
}

std::vector<uint32_t> Subject::launcher_numbers() const {
  std::vector<uint32_t> numbers;
  for (const char* name : {"execve", "write", "exit_group"}) numbers.push_back(*arch::number_of(rules().abi, name));
  return numbers;
}

std::string Subject::disagreement(const bpf::SystemCall& call) const {
  const Verdict verdict = resolve::evaluate(policy_, call).verdict;
  const uint32_t meant = resolve::seccomp_return(verdict);
  const bpf::Endian endian = arch::info(rules().abi).endian;
  const auto check = [&](const bpf::ValidatedProgram& program, const char* name) {
    const uint32_t value = bpf::interpret(program, call, endian).value;
    if (value != meant) return difference(call, verdict, name, value);
    const bool cached = bpf::is_cached_allow(program, call.arch, call.number);
    return cached && verdict.action != Action::kAllow ? describe(call) + ": " + name + " is cached as allowed" : "";
  };
  if (std::string found = check(plain_, "the program"); !found.empty()) return found;
  if (std::string found = check(launcher_, "the launcher's program"); !found.empty()) return found;
  if (libseccomp_ && libseccomp_judges(call)) {
    const uint32_t value = bpf::interpret(*libseccomp_, call, endian).value;
    if (value != meant) return difference(call, verdict, "libseccomp's program", value);
  }
  return "";
}

bpf::SystemCall Subject::token_call(uint32_t number, Random& random) const {
  bpf::SystemCall call = {number, arch::info(rules().abi).audit_arch, {}, random.bits()};
  const bool wide = arch::info(rules().abi).register_bits == 64;
  for (size_t i = 0; i < 3; ++i) {
    call.args[i] = random.bits();
    // The upper half of a 32-bit ABI's argument is not compared, regardless of what stands there.
    const uint64_t high = wide ? token_[2 * i + 1] : random.bits() >> 32U;
    call.args[compile::kTokenArgument + i] = token_[2 * i] | high << 32U;
  }
  return call;
}

std::string Subject::token_refused(uint32_t number, Random& random) const {
  const bpf::SystemCall call = token_call(number, random);
  const uint32_t value = bpf::interpret(launcher_, call, arch::info(rules().abi).endian).value;
  return value == SECCOMP_RET_ALLOW ? "" : describe(call) + ": refused, with the token";
}

std::string Subject::token_misled(Random& random) const {
  const std::vector<uint32_t> own = launcher_numbers();
  for (size_t i = 0; i < 200; ++i) {  // Other calls, through this ABI and through others.
    bpf::SystemCall call = token_call(static_cast<uint32_t>(random.below(1024)), random);
    call.number += arch::info(rules().abi).first_number;
    if (random.one_in(4)) call.number = own[random.below(own.size())] ^ (1U << random.below(32));
    if (random.one_in(4)) call.arch ^= 1U << random.below(32);
    const bool foreign = call.arch != arch::info(rules().abi).audit_arch;
    if (!foreign && std::find(own.begin(), own.end(), call.number) != own.end()) continue;
    if (std::string found = disagreement(call); !found.empty()) return found;
  }
  const unsigned bits = arch::info(rules().abi).register_bits;
  for (const uint32_t number : own) {  // One bit is wrong.
    for (unsigned bit = 0; bit < 3 * bits; ++bit) {
      bpf::SystemCall call = token_call(number, random);
      call.args[compile::kTokenArgument + bit / bits] ^= uint64_t{1} << (bit % bits);
      if (std::string found = disagreement(call); !found.empty()) return found;
    }
  }
  return "";
}

std::string Subject::not_cached(uint32_t number) const {
  const uint32_t arch = arch::info(rules().abi).audit_arch;
  const bpf::SystemCall call = {number, arch, {}, 0};
  if (resolve::evaluate(policy_, call).verdict.action != Action::kAllow) return "";
  for (const resolve::CallRules& rule : rules().calls) {
    if (rule.number != number) continue;
    for (const resolve::Clause& clause : rule.clauses) {
      if (clause.verdict.action != Action::kAllow) return "";
      if (clause.conditions.empty()) break;
    }
    const bool always = std::any_of(rule.clauses.begin(), rule.clauses.end(),
                                    [](const resolve::Clause& clause) { return clause.conditions.empty(); });
    if (!always && rules().default_verdict.action != Action::kAllow) return "";
  }
  for (const auto* program : {&plain_, &launcher_}) {
    if (!bpf::is_cached_allow(*program, arch, number)) {
      return "number " + std::to_string(number) + " is allowed for any arguments, but the kernel cannot cache it";
    }
  }
  return "";
}

}  // namespace sandbox::differential
