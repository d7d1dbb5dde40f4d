#include "policy/beats_writer.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "policy/landlock_writer.h"
#include "policy/yaml_text.h"

namespace sandbox::policy {
namespace {

// ---- Scalars

std::string text_of(const ErrnoValue& error) {
  return error.name.empty() ? std::to_string(error.number) : error.name;
}

bool is_eperm(const ErrnoValue& error) {
  return error.name == "EPERM" || (error.name.empty() && error.number == 1);
}

/// In decimal, but for bits, and for what is so large that it is an address, a request of ioctl, or bits after all.
std::string text_of(const Integer& integer, bool bits) {
  const uint64_t small = bits ? 10 : 4096;
  if (integer.negative) return "-" + std::to_string(integer.magnitude);
  return integer.magnitude < small ? std::to_string(integer.magnitude) : hex(integer.magnitude);
}

std::string text_of(const Value& value, bool bits) {
  const bool several = value.terms.size() > 1;
  if (value.terms.empty()) return "0";
  return join(value.terms, "|", [&](const Term& term) {
    return term.constant.empty() ? text_of(term.integer, bits || several) : term.constant;
  });
}

bool compares_bits(Operation operation) {
  return operation == Operation::kBitsSet || operation == Operation::kBitsNotSet ||
         operation == Operation::kMaskedEqual;
}

/// JSON has numbers in decimal only; all else is a string.
std::string json_value(const Value& value, bool bits) {
  if (value.terms.size() != 1 || !value.terms.front().constant.empty()) return json_string(text_of(value, bits));
  const Integer& integer = value.terms.front().integer;
  return (integer.negative ? "-" : "") + std::to_string(integer.magnitude);
}

std::string value_text(const Value& value, bool bits, FlowStyle style) {
  return style == FlowStyle::kJson ? json_value(value, bits) : text_of(value, bits);
}

std::string word(std::string_view text, FlowStyle style) {
  return style == FlowStyle::kJson ? json_string(text) : yaml_scalar(text);
}

// ---- Blocks

/// Lines, each indented by some spaces and two more for every level.
class Block {
 public:
  explicit Block(size_t indent) : indent_(indent) {}

  void line(size_t depth, const std::string& text, const std::string& comment = "", size_t comment_column = 0) {
    std::string line = std::string(indent_ + 2 * depth, ' ') + text;
    if (!comment.empty()) {
      line.resize(std::max(line.size(), comment_column), ' ');
      line += "  # " + comment;
    }
    text_ += line + "\n";
  }
  void add(const std::string& lines) { text_ += lines; }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  size_t indent_;
  std::string text_;
};

std::string comment_at(const std::vector<std::string>& comments, size_t index) {
  return index < comments.size() ? comments[index] : "";
}

/// The comments on names stand below one another.
void write_names(const std::vector<Name>& names, const std::vector<std::string>& comments, size_t indent,
                 Block& block) {
  if (names.empty()) return;
  block.line(1, "names:");
  size_t longest = 0;
  for (const Name& name : names) longest = std::max(longest, yaml_scalar(name.text).size());
  const size_t column = indent + 4 + longest;
  for (size_t i = 0; i < names.size(); ++i) {
    block.line(1, "- " + yaml_scalar(names[i].text), comment_at(comments, i), column);
  }
}

void write_names_with_args(const std::vector<ConditionalName>& entries, const std::vector<std::string>& comments,
                           Block& block) {
  if (!entries.empty()) block.line(1, "names_with_args:");
  for (size_t i = 0; i < entries.size(); ++i) {
    block.line(1, "- name: " + yaml_scalar(entries[i].name.text));
    block.line(2, "arguments:");
    for (const Condition& condition : entries[i].conditions) {
      const bool last = &condition == &entries[i].conditions.back();
      block.line(2, "- " + condition_text(condition), last ? comment_at(comments, i) : "");
    }
  }
}

void write_flags(const Flags& flags, Block& block) {
  if (flags.log || flags.spec_allow || flags.tsync) block.line(1, "flags:");
  if (flags.log) block.line(1, "- log");
  if (flags.spec_allow) block.line(1, "- spec_allow");
  if (flags.tsync) block.line(1, "- tsync");
}

std::string write_seccomp(const Policy& policy) {
  Block block(0);
  block.line(0, "seccomp:");
  if (!policy.enabled) block.line(1, "enabled: false");
  if (!policy.enabled && policy.groups.empty()) return std::move(block).text();
  block.line(1, "default_action: " + std::string(name_of(policy.default_action)));
  if (policy.default_action == Action::kErrno && !is_eperm(policy.default_error)) {
    block.line(1, "default_errno: " + text_of(policy.default_error));
  }
  if (!policy.architectures.empty()) block.line(1, "architectures:");
  for (const ListedAbi& listed : policy.architectures) {
    block.line(1, "- " + yaml_scalar(arch::info(listed.abi).name));
  }
  if (policy.kernel) block.line(1, "kernel: " + version_value(*policy.kernel));
  if (policy.skip_missing_calls) block.line(1, "skip_missing_calls: true");
  write_flags(policy.flags, block);
  block.line(1, "syscalls:");
  for (const Group& group : policy.groups) block.add(block_group(group, 2));
  return std::move(block).text();
}

}  // namespace

std::string write_beats(const Policy& policy) {
  return (policy.has_filter ? write_seccomp(policy) : "") + (policy.landlock ? write_landlock(*policy.landlock) : "");
}

std::string block_group(const Group& group, size_t indent, const GroupComments& comments) {
  Block block(indent);
  for (const std::string& comment : comments.above) block.line(0, comment);
  block.line(0, "- action: " + std::string(name_of(group.action)));
  if (group.action == Action::kErrno && !is_eperm(group.error)) block.line(1, "errno: " + text_of(group.error));
  write_names(group.names, comments.names, indent, block);
  write_names_with_args(group.names_with_args, comments.names_with_args, block);
  return std::move(block).text();
}

std::string flow_group(const Group& group, FlowStyle style) {
  std::vector<std::string> entries = {flow_entry("action", word(name_of(group.action), style), style)};
  if (group.action == Action::kErrno && !is_eperm(group.error)) {
    const bool number = group.error.name.empty();
    entries.push_back(flow_entry("errno", number ? text_of(group.error) : word(group.error.name, style), style));
  }
  if (!group.names.empty()) {
    std::vector<std::string> names;
    for (const Name& name : group.names) names.push_back(name.text);
    entries.push_back(flow_entry("names", flow_list(names, style), style));
  }
  if (!group.names_with_args.empty()) {
    const auto conditional = [&](const ConditionalName& entry) {
      const auto text = [&](const Condition& condition) { return condition_text(condition, style); };
      return "{" + flow_entry("name", word(entry.name.text, style), style) + ", " +
             flow_entry("arguments", "[" + join(entry.conditions, ", ", text) + "]", style) + "}";
    };
    entries.push_back(flow_entry("names_with_args", "[" + join(group.names_with_args, ", ", conditional) + "]", style));
  }
  return "{" + join(entries) + "}";
}

std::string flow_entry(std::string_view key, std::string_view value, FlowStyle style) {
  return word(key, style) + ": " + std::string(value);
}

std::string flow_list(const std::vector<std::string>& words, FlowStyle style) {
  return "[" + join(words, ", ", [&](const std::string& text) { return word(text, style); }) + "]";
}

std::string condition_text(const Condition& condition, FlowStyle style) {
  const bool bits = compares_bits(condition.operation);
  std::vector<std::string> entries = {
      flow_entry("argument", std::to_string(condition.argument), style),
      flow_entry("operation", word(name_of(condition.operation), style), style),
  };
  if (condition.operation == Operation::kMaskedEqual) {
    entries.push_back(flow_entry("mask", value_text(condition.mask, bits, style), style));
  }
  entries.push_back(flow_entry("value", value_text(condition.value, bits, style), style));
  if (condition.wide) entries.push_back(flow_entry("width", "64", style));
  return "{" + join(entries) + "}";
}

std::vector<std::string> names_of(const std::vector<arch::Abi>& abis) {
  std::vector<std::string> names;
  names.reserve(abis.size());
  for (const arch::Abi abi : abis) names.emplace_back(arch::info(abi).name);
  return names;
}

std::string version_value(arch::KernelVersion version) {
  return "\"" + arch::to_string(version) + "\"";
}

}  // namespace sandbox::policy
