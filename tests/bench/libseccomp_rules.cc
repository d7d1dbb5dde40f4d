// libseccomp_rules LETTER=POLICY...: writes the policies as C tables for libseccomp_launcher. Run when the project is
// built. Groups become rules one by one: the policies of the benchmark do not depend on the order of their groups.
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "stages.h"

namespace {

using sandbox::policy::Action;
using sandbox::policy::Condition;
using sandbox::policy::Operation;
using sandbox::policy::Policy;

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "libseccomp_rules: %s\n", message.c_str());
  std::exit(EXIT_FAILURE);
}

std::string action(Action action, const sandbox::policy::ErrnoValue& error) {
  if (action == Action::kAllow) return "SCMP_ACT_ALLOW";
  if (action == Action::kErrno && !error.name.empty()) return "SCMP_ACT_ERRNO(" + error.name + ")";
  fail("the tables know only the actions allow and errno, with a name");
}

uint64_t number(const sandbox::policy::Value& value) {
  uint64_t all = 0;
  for (const sandbox::policy::Term& term : value.terms) {
    if (!term.constant.empty() || term.integer.negative) fail("the tables know only plain numbers as values");
    all |= term.integer.magnitude;
  }
  return all;
}

std::string comparison(const Condition& condition) {
  const uint64_t value = number(condition.value);
  const std::string datum = std::to_string(value) + "U";
  const std::string nothing = ", 0U";
  std::string operation;
  if (condition.operation == Operation::kEqual) operation = "SCMP_CMP_EQ, " + datum + nothing;
  if (condition.operation == Operation::kNotEqual) operation = "SCMP_CMP_NE, " + datum + nothing;
  if (condition.operation == Operation::kBitsNotSet) operation = "SCMP_CMP_MASKED_EQ, " + datum + nothing;
  if (condition.operation == Operation::kBitsSet && std::has_single_bit(value)) {
    operation = "SCMP_CMP_MASKED_EQ, " + datum + ", " + datum;
  }
  if (operation.empty()) fail("the tables do not know the operation " + std::string(name_of(condition.operation)));
  return "{" + std::to_string(condition.argument) + ", " + operation + "}";
}

void print_rule(const std::string& name, const std::string& what, const std::vector<Condition>& conditions) {
  std::printf("    {.name = \"%s\", .action = %s, .count = %zu", name.c_str(), what.c_str(), conditions.size());
  const char* before = ", .comparisons = {";
  for (const Condition& condition : conditions) {
    std::printf("%s%s", before, comparison(condition).c_str());
    before = ", ";
  }
  std::printf("%s},\n", conditions.empty() ? "" : "}");
}

void print_rules(char letter, const Policy& policy) {
  std::printf("static const struct rule kRules_%c[] = {\n", letter);
  for (const sandbox::policy::Group& group : policy.groups) {
    const std::string what = action(group.action, group.error);
    for (const auto& name : group.names) print_rule(name.text, what, {});
    for (const auto& entry : group.names_with_args) print_rule(entry.name.text, what, entry.conditions);
  }
  std::printf("};\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::string table;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.size() < 3 || argument[1] != '=') fail("usage: libseccomp_rules LETTER=POLICY...");
    const Policy policy = sandbox::bench::read(sandbox::bench::open_policy(argument.substr(2)));
    const std::string rules = std::string("kRules_") + argument[0];
    print_rules(argument[0], policy);
    table += std::string("    {'") + argument[0];
    table += "', " + action(policy.default_action, policy.default_error);
    table.append(", ")
        .append(rules)
        .append(", sizeof ")
        .append(rules)
        .append(" / sizeof ")
        .append(rules)
        .append("[0]},\n");
  }
  std::printf("static const struct policy kPolicies[] = {\n%s};\n", table.c_str());
  return EXIT_SUCCESS;
}
