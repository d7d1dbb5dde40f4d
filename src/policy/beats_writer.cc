#include "policy/beats_writer.h"

#include "base/text.h"
#include "policy/yaml_text.h"

namespace sandbox::policy {
namespace {

std::string text_of(const ErrnoValue& error) {
  return error.name.empty() ? std::to_string(error.number) : error.name;
}

bool is_eperm(const ErrnoValue& error) {
  return error.name == "EPERM" || (error.name.empty() && error.number == 1);
}

/// Small numbers in decimal; larger ones in hexadecimal, where their bits can be seen.
std::string text_of(const Integer& integer) {
  constexpr uint64_t kSmall = 4096;
  std::string text = integer.negative ? "-" : "";
  if (integer.negative || integer.magnitude < kSmall) return text + std::to_string(integer.magnitude);
  return hex(integer.magnitude);
}

std::string text_of(const Value& value) {
  std::string text;
  for (const Term& term : value.terms) {
    text += (text.empty() ? "" : "|") + (term.constant.empty() ? text_of(term.integer) : term.constant);
  }
  return text.empty() ? "0" : text;
}

class Writer {
 public:
  std::string write(const Policy& policy);

 private:
  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<size_t>(depth) * 2, ' ') + text + "\n";
  }
  void write_flags(const Flags& flags);
  void write_group(const Group& group);
  void write_condition(const Condition& condition);

  std::string out_;
};

std::string Writer::write(const Policy& policy) {
  line(0, "seccomp:");
  if (!policy.enabled) line(1, "enabled: false");
  if (!policy.enabled && policy.groups.empty()) return out_;
  line(1, "default_action: " + std::string(name_of(policy.default_action)));
  if (policy.default_action == Action::kErrno && !is_eperm(policy.default_error)) {
    line(1, "default_errno: " + text_of(policy.default_error));
  }
  if (!policy.architectures.empty()) line(1, "architectures:");
  for (const ListedAbi& listed : policy.architectures) {
    line(1, "- " + yaml_scalar(arch::info(listed.abi).name));
  }
  if (policy.kernel) {
    line(1, "kernel: \"" + std::to_string(policy.kernel->major) + "." + std::to_string(policy.kernel->minor) + "\"");
  }
  write_flags(policy.flags);
  line(1, "syscalls:");
  for (const Group& group : policy.groups) write_group(group);
  return out_;
}

void Writer::write_flags(const Flags& flags) {
  if (flags.log || flags.spec_allow || flags.tsync) line(1, "flags:");
  if (flags.log) line(1, "- log");
  if (flags.spec_allow) line(1, "- spec_allow");
  if (flags.tsync) line(1, "- tsync");
}

void Writer::write_group(const Group& group) {
  line(1, "- action: " + std::string(name_of(group.action)));
  if (group.action == Action::kErrno && !is_eperm(group.error)) line(2, "errno: " + text_of(group.error));
  if (!group.names.empty()) line(2, "names:");
  for (const Name& name : group.names) line(2, "- " + yaml_scalar(name.text));
  if (!group.names_with_args.empty()) line(2, "names_with_args:");
  for (const ConditionalName& entry : group.names_with_args) {
    line(2, "- name: " + yaml_scalar(entry.name.text));
    line(3, "arguments:");
    for (const Condition& condition : entry.conditions) write_condition(condition);
  }
}

void Writer::write_condition(const Condition& condition) {
  std::string text = "- {argument: " + std::to_string(condition.argument);
  text += ", operation: " + std::string(name_of(condition.operation));
  if (condition.operation == Operation::kMaskedEqual) text += ", mask: " + text_of(condition.mask);
  text += ", value: " + text_of(condition.value);
  if (condition.wide) text += ", width: 64";
  line(3, text + "}");
}

}  // namespace

std::string write_beats(const Policy& policy) {
  return Writer().write(policy);
}

}  // namespace sandbox::policy
