#include "policy/beats_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "policy/mapping_reader.h"
#include "policy/scalar.h"
#include "policy/section.h"

namespace sandbox::policy {
namespace {

constexpr std::array<std::string_view, 8> kSectionKeys = {
    "enabled", "default_action", "default_errno", "syscalls", "architectures", "kernel", "flags", "skip_missing_calls"};
constexpr std::array<std::string_view, 3> kFlags = {"log", "spec_allow", "tsync"};
constexpr std::array<KeyAlias, 4> kSectionAliases = {
    {{"default", "default_action"}, {"action", "default_action"}, {"groups", "syscalls"}, {"errno", "default_errno"}}};

constexpr std::array<std::string_view, 4> kGroupKeys = {"action", "errno", "names", "names_with_args"};
constexpr std::array<KeyAlias, 4> kGroupAliases = {{{"name", "names"},
                                                    {"syscalls", "names"},
                                                    {"names_with_arguments", "names_with_args"},
                                                    {"args", "names_with_args"}}};

constexpr std::array<std::string_view, 2> kGroupOnlyKeys = {"names", "names_with_args"};

constexpr std::array<std::string_view, 2> kConditionalKeys = {"name", "arguments"};
constexpr std::array<KeyAlias, 4> kConditionalAliases = {
    {{"args", "arguments"}, {"argument", "arguments"}, {"names", "name"}, {"conditions", "arguments"}}};

constexpr std::array<std::string_view, 6> kConditionKeys = {"argument", "position", "operation",
                                                            "value",    "mask",     "width"};
constexpr std::array<KeyAlias, 6> kConditionAliases = {{{"arg", "argument"},
                                                        {"index", "argument"},
                                                        {"op", "operation"},
                                                        {"operator", "operation"},
                                                        {"val", "value"},
                                                        {"values", "value"}}};

class BeatsReader {
 public:
  explicit BeatsReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Policy read(const TreeNode& document);

 private:
  void read_architectures(const TreeNode& node, Policy& policy);
  void read_flags(const TreeNode& node, Flags& flags);
  void read_group(const TreeNode& node, Group& group);
  void read_names(const TreeNode& node, Group& group);
  void read_conditional_names(const TreeNode& node, Group& group);
  void read_conditional_name(const TreeNode& node, Group& group);
  void read_condition(const TreeNode& node, Condition& condition);
  void read_argument(const MappingReader& keys, Condition& condition);

  bool read_name(const TreeNode& node, std::string_view what, Name& name);
  void read_group_action(const TreeNode& node, const MappingReader& keys, Group& group);
  void missing(const TreeNode& mapping, SourceRange where, std::string message);

  Diagnostics& diagnostics_;
};

void BeatsReader::missing(const TreeNode& mapping, SourceRange where, std::string message) {
  if (mapping.complete) diagnostics_.error(where, std::move(message));  // Else a syntax error may hide it.
}

bool BeatsReader::read_name(const TreeNode& node, std::string_view what, Name& name) {
  if (!expect_scalar(node, what, "a system call's name", diagnostics_)) return false;
  name = {std::string(node.text), node.range};
  return true;
}

Policy BeatsReader::read(const TreeNode& document) {
  Policy policy;
  MappingReader keys(diagnostics_, "the seccomp section", kSectionKeys, kSectionAliases, kGroupOnlyKeys, "a group");
  const auto [place, complete] = collect_section(document, kSectionKey, kSectionKeys, keys, diagnostics_);

  if (const TreeNode* node = keys.find("enabled")) {
    policy.enabled_range = keys.find_key("enabled")->range;
    policy.enabled = read_bool(*node, "'enabled'", diagnostics_).value_or(true);
  }

  std::optional<Action> action;
  if (const TreeNode* node = keys.find("default_action")) {
    action = read_action(*node, "'default_action'", diagnostics_);
    policy.default_action = action.value_or(policy.default_action);
    policy.default_range = keys.find_key("default_action")->range;
  } else if (policy.enabled && complete && keys.lacks("default_action")) {
    diagnostics_.error(place,
                       "'default_action' is missing in the seccomp section: what a call gets that no group matches");
  }
  if (const TreeNode* node = keys.find("default_errno")) {
    policy.default_error = read_errno(*node, "'default_errno'", diagnostics_).value_or(ErrnoValue{});
    if (action && *action != Action::kErrno) {
      diagnostics_.error(keys.find_key("default_errno")->range,
                         "'default_errno' goes with 'default_action: errno' only, found 'default_action: " +
                             std::string(name_of(*action)) + "'");
    }
  }

  if (const TreeNode* node = keys.find("syscalls")) {
    if (expect_entries(*node, "syscalls", "group", "groups", diagnostics_)) {
      policy.groups.resize(node->items.size());
      for (size_t i = 0; i < node->items.size(); ++i) read_group(node->items[i], policy.groups[i]);
    }
  } else if (policy.enabled && complete && keys.lacks("syscalls")) {
    diagnostics_.error(place, "'syscalls' is missing in the seccomp section: the list of groups");
  }
  if (const TreeNode* node = keys.find("architectures")) read_architectures(*node, policy);
  if (const TreeNode* node = keys.find("kernel")) {
    policy.kernel = read_kernel_version(*node, "'kernel'", diagnostics_);
    policy.kernel_range = keys.find_key("kernel")->range;
  }
  if (const TreeNode* node = keys.find("skip_missing_calls")) {
    policy.skip_missing_calls = read_bool(*node, "'skip_missing_calls'", diagnostics_).value_or(false);
  }
  if (const TreeNode* node = keys.find("flags")) read_flags(*node, policy.flags);
  return policy;
}

void BeatsReader::read_architectures(const TreeNode& node, Policy& policy) {
  if (!expect_entries(node, "architectures", "ABI", "ABIs", diagnostics_)) return;
  for (const TreeNode& item : node.items) {
    const std::optional<arch::Abi> abi = read_abi(item, diagnostics_);
    if (!abi) continue;
    const auto same = [&](const ListedAbi& listed) { return listed.abi == *abi; };
    if (std::any_of(policy.architectures.begin(), policy.architectures.end(), same)) {
      diagnostics_.warning(item.range, "ABI " + in_quotes(item.text) + " is listed twice");
      continue;
    }
    policy.architectures.push_back({*abi, item.range});
  }
}

void BeatsReader::read_flags(const TreeNode& node, Flags& flags) {
  if (!expect_entries(node, "flags", "flag", "flags", diagnostics_)) return;
  for (const TreeNode& item : node.items) {
    if (!expect_scalar(item, "an entry of 'flags'", "a flag's name", diagnostics_)) continue;
    if (item.text == kFlags[0]) {
      flags.log = true;
    } else if (item.text == kFlags[1]) {
      flags.spec_allow = true;
    } else if (item.text == kFlags[2]) {
      flags.tsync = true;
    } else {
      const auto nearest = diagnostics_.nearest("flags", item.text, kFlags);
      diagnostics_.error(item.range, "unknown flag " + in_quotes(item.text) +
                                         (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                                  : "; expected " + enumerate(kFlags)));
    }
  }
}

void BeatsReader::read_group(const TreeNode& node, Group& group) {
  group.range = node.range;
  if (!expect_mapping(node, "a group in 'syscalls'", diagnostics_)) return;
  MappingReader keys(diagnostics_, "a group", kGroupKeys, kGroupAliases);
  keys.add_all(node);
  read_group_action(node, keys, group);

  const TreeNode* names = keys.find("names");
  const TreeNode* conditional = keys.find("names_with_args");
  if (names != nullptr) read_names(*names, group);
  if (conditional != nullptr) read_conditional_names(*conditional, group);
  if (keys.lacks("names") && keys.lacks("names_with_args")) {
    missing(node, node.range, "a group needs 'names' or 'names_with_args': the calls that it is about");
  }
}

void BeatsReader::read_group_action(const TreeNode& node, const MappingReader& keys, Group& group) {
  std::optional<Action> action;
  if (const TreeNode* value = keys.find("action")) {
    action = read_action(*value, "'action'", diagnostics_);
    group.action = action.value_or(group.action);
  } else if (keys.lacks("action")) {
    missing(node, node.range, "'action' is missing in a group: what the calls it names get");
  }
  if (const TreeNode* value = keys.find("errno")) {
    group.error = read_errno(*value, "'errno'", diagnostics_).value_or(ErrnoValue{});
    if (action && *action != Action::kErrno) {
      diagnostics_.error(keys.find_key("errno")->range, "'errno' goes with 'action: errno' only, found 'action: " +
                                                            std::string(name_of(*action)) + "'");
    }
  }
}

void BeatsReader::read_names(const TreeNode& node, Group& group) {
  if (!expect_entries(node, "names", "system call", "system calls", diagnostics_)) return;
  group.names.reserve(node.items.size());
  for (const TreeNode& item : node.items) {
    Name name;
    if (read_name(item, "an entry of 'names'", name)) group.names.push_back(std::move(name));
  }
}

void BeatsReader::read_conditional_names(const TreeNode& node, Group& group) {
  if (!expect_entries(node, "names_with_args", "system call with arguments", "system calls with arguments",
                      diagnostics_))
    return;
  for (const TreeNode& item : node.items) read_conditional_name(item, group);
}

void BeatsReader::read_conditional_name(const TreeNode& node, Group& group) {
  if (!expect_mapping(node, "an entry of 'names_with_args'", diagnostics_)) return;
  MappingReader keys(diagnostics_, "an entry of 'names_with_args'", kConditionalKeys, kConditionalAliases);
  keys.add_all(node);

  ConditionalName entry;
  const TreeNode* name = keys.find("name");
  if (keys.lacks("name")) {
    missing(node, node.range, "'name' is missing in an entry of 'names_with_args': the system call");
  }
  const bool named = name != nullptr && read_name(*name, "'name'", entry.name);

  if (const TreeNode* arguments = keys.find("arguments")) {
    if (expect_entries(*arguments, "arguments", "condition", "conditions", diagnostics_)) {
      entry.conditions.resize(arguments->items.size());
      for (size_t i = 0; i < arguments->items.size(); ++i) read_condition(arguments->items[i], entry.conditions[i]);
    }
  } else if (keys.lacks("arguments")) {
    missing(node, node.range,
            "'arguments' is missing in an entry of 'names_with_args': the conditions; a call without any goes into "
            "'names'");
  }
  if (named) group.names_with_args.push_back(std::move(entry));
}

void BeatsReader::read_condition(const TreeNode& node, Condition& condition) {
  condition.range = node.range;
  if (!expect_mapping(node, "a condition in 'arguments'", diagnostics_)) return;
  MappingReader keys(diagnostics_, "a condition", kConditionKeys, kConditionAliases);
  keys.add_all(node);

  read_argument(keys, condition);
  std::optional<Operation> operation;
  if (const TreeNode* value = keys.find("operation")) {
    operation = read_operation(*value, diagnostics_);
    condition.operation = operation.value_or(condition.operation);
  } else if (keys.lacks("operation")) {
    missing(node, node.range, "'operation' is missing in a condition: how the argument is compared with the value");
  }
  if (const TreeNode* value = keys.find("value")) {
    condition.value = read_value(*value, "'value'", diagnostics_).value_or(Value{});
  }
  if (const TreeNode* value = keys.find("mask")) {
    condition.mask = read_value(*value, "'mask'", diagnostics_).value_or(Value{});
    if (operation && *operation != Operation::kMaskedEqual) {
      diagnostics_.error(keys.find_key("mask")->range,
                         "'mask' goes with 'operation: MaskedEqual' only, found 'operation: " +
                             std::string(name_of(*operation)) + "'");
    }
  } else if (operation == Operation::kMaskedEqual && keys.lacks("mask")) {
    missing(node, node.range, "'mask' is missing in a condition with 'operation: MaskedEqual'");
  }
  if (const TreeNode* value = keys.find("width")) {
    const std::optional<Integer> width = read_integer(*value, "'width'", diagnostics_);
    condition.wide = width.has_value();
    if (width && (width->magnitude != 64 || width->negative)) {
      diagnostics_.error(value->range, "'width' must be 64, found " + describe(*value) +
                                           "; without it the bits that the kernel reads are compared");
    }
  }
}

void BeatsReader::read_argument(const MappingReader& keys, Condition& condition) {
  const TreeNode* argument = keys.find("argument");
  const TreeNode* position = keys.find("position");
  if (argument != nullptr && position != nullptr) {
    diagnostics_.error(keys.find_key("position")->range, "'position' is another word for 'argument'; give one of them");
    return;
  }
  const TreeNode* node = argument != nullptr ? argument : position;
  if (node == nullptr) return;  // Argument 0, as in go-seccomp-bpf.
  const std::string_view what = argument != nullptr ? "'argument'" : "'position'";
  condition.argument = read_argument_index(*node, what, diagnostics_).value_or(condition.argument);
}

}  // namespace

bool is_beats_key(const TreeNode& key) {
  return is_section_key(key, kSectionKey);
}

Policy read_beats(const TreeNode& document, Diagnostics& diagnostics) {
  return BeatsReader(diagnostics).read(document);
}

}  // namespace sandbox::policy
