#include "policy/oci_reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "arch/capabilities.h"
#include "arch/errno_names.h"
#include "policy/oci_keys.h"
#include "policy/oci_overlap.h"
#include "policy/scalar.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

constexpr std::array<std::string_view, 9> kProfileKeys = {"defaultAction", "defaultErrnoRet", "defaultErrno",
                                                          "architectures", "archMap",         "flags",
                                                          "syscalls",      "listenerPath",    "listenerMetadata"};
/// The same with the keys of the operator's SeccompProfile.
constexpr std::array<std::string_view, 11> kResourceKeys = {
    "defaultAction", "defaultErrnoRet", "defaultErrno",     "architectures",   "archMap", "flags",
    "syscalls",      "listenerPath",    "listenerMetadata", "baseProfileName", "disabled"};
constexpr std::array<std::string_view, 8> kRuleKeys = {"errno",    "names", "name",     "action",
                                                       "errnoRet", "args",  "includes", "excludes"};
constexpr std::array<std::string_view, 4> kArgumentKeys = {"index", "value", "valueTwo", "op"};
constexpr std::array<std::string_view, 3> kFilterKeys = {"caps", "arches", "minKernel"};
constexpr std::array<std::string_view, 2> kArchMapKeys = {"architecture", "subArchitectures"};

template <typename Value>
struct Word {
  std::string_view name;
  Value value;
};

constexpr Word<Action> kActions[] = {
    {"SCMP_ACT_KILL", Action::kKillThread}, {"SCMP_ACT_KILL_THREAD", Action::kKillThread},
    {"SCMP_ACT_TRAP", Action::kTrap},       {"SCMP_ACT_KILL_PROCESS", Action::kKillProcess},
    {"SCMP_ACT_ERRNO", Action::kErrno},     {"SCMP_ACT_TRACE", Action::kTrace},
    {"SCMP_ACT_ALLOW", Action::kAllow},     {"SCMP_ACT_LOG", Action::kLog}};

constexpr Word<Operation> kOperators[] = {
    {"SCMP_CMP_NE", Operation::kNotEqual},          {"SCMP_CMP_LT", Operation::kLessThan},
    {"SCMP_CMP_LE", Operation::kLessOrEqual},       {"SCMP_CMP_EQ", Operation::kEqual},
    {"SCMP_CMP_GE", Operation::kGreaterOrEqual},    {"SCMP_CMP_GT", Operation::kGreaterThan},
    {"SCMP_CMP_MASKED_EQ", Operation::kMaskedEqual}};

constexpr Word<bool Flags::*> kFlags[] = {{"SECCOMP_FILTER_FLAG_LOG", &Flags::log},
                                          {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", &Flags::spec_allow},
                                          {"SECCOMP_FILTER_FLAG_TSYNC", &Flags::tsync}};

/// Flags that only a filter with a listener may have.
constexpr std::string_view kListenerFlags[] = {"SECCOMP_FILTER_FLAG_NEW_LISTENER",
                                               "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

/// Architectures that libseccomp or the OCI's specification have a name for, and this program no table. No machine that
/// it runs on takes a call through one of them, and what comes through an ABI that a policy does not cover is killed.
constexpr Word<bpf::Endian> kOtherArchitectures[] = {{"SCMP_ARCH_LOONGARCH64", bpf::Endian::kLittle},
                                                     {"SCMP_ARCH_M68K", bpf::Endian::kBig},
                                                     {"SCMP_ARCH_SH", bpf::Endian::kLittle},
                                                     {"SCMP_ARCH_SHEB", bpf::Endian::kBig}};

/// Go's names of machines, which `arches` uses, where they are not aliases of ours already.
constexpr Word<arch::Abi> kGoArches[] = {
    {"mipsle", arch::Abi::kMipsel}, {"mips64le", arch::Abi::kMipsel64}, {"ppc64", arch::Abi::kPpc64}};

template <typename Value, size_t size>
std::optional<Value> look_up(const Word<Value> (&words)[size], std::string_view name) {
  for (const Word<Value>& word : words) {
    if (word.name == name) return word.value;
  }
  return std::nullopt;
}

template <typename Value, size_t size>
std::string expected(const Word<Value> (&words)[size], std::string_view written, std::string_view list,
                     Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  for (const Word<Value>& word : words) names.push_back(word.name);
  if (const auto nearest = diagnostics.nearest(list, written, names))
    return "; did you mean " + in_quotes(*nearest) + "?";
  return "; expected " + enumerate(names);
}

/// One entry of `syscalls` that applies here.
struct Rule {
  Group group;
  std::vector<Name> names;
  std::vector<Condition> conditions;
};

/// What `includes` or `excludes` comes to.
struct FilterOutcome {
  bool holds = false;
  bool others_hold = false;  ///< All in it that is not about capabilities.
  Capabilities missing;      ///< Those that it names and that are not counted on.
};

/// Whether a rule applies, and what more capabilities may change in that.
struct Application {
  bool here = false;
  std::vector<Capabilities> changed_by;
};

class OciReader {
 public:
  OciReader(const Environment& environment, Diagnostics& diagnostics)
      : environment_(environment), diagnostics_(diagnostics) {}

  Policy read(const TreeNode& document, Format format);

 private:
  void check_operators_keys(const OciKeys& keys);
  void check_case_of_keys(const TreeNode& node);
  void read_architectures(const OciKeys& keys, Policy& policy);
  void read_arch_map(const TreeNode& node, Policy& policy);
  void add_architecture(const TreeNode& node, Policy& policy);
  void read_flags(const TreeNode& node, Flags& flags);
  void read_rule(const TreeNode& node, Policy& policy);
  bool read_names(const OciKeys& keys, const TreeNode& node, Rule& rule);
  bool read_argument(const TreeNode& node, Condition& condition);
  Application applies(const OciKeys& keys);
  void note_capabilities(const Application& application, const std::vector<Name>& names, Policy& policy) const;
  FilterOutcome read_filter(const TreeNode& node, bool all_needed);
  bool read_verdict(const OciKeys& keys, Group& group);
  bool read_errno_of(const OciKeys& keys, std::string_view name, std::string_view number, ErrnoValue& error);
  [[nodiscard]] std::optional<uint16_t> errno_on_machine(const ErrnoValue& error) const;
  [[nodiscard]] bool is_default(const Group& group, const Policy& policy) const;
  std::optional<bool> read_capability(const TreeNode& node);
  std::optional<Action> read_oci_action(const TreeNode& node, std::string_view what);
  bool expect_list(const TreeNode& node, std::string_view what);
  bool expect_mapping(const TreeNode& node, std::string_view what);
  void warn_of_order();
  void add_groups(Policy& policy);

  const Environment& environment_;
  std::optional<Capabilities> capabilities_;  ///< Once a rule has asked for them.
  Diagnostics& diagnostics_;
  std::vector<Rule> rules_;
  size_t conditions_ = 0;  ///< On all names of all rules.
};

bool OciReader::expect_list(const TreeNode& node, std::string_view what) {
  if (!expect_literal(node, what, diagnostics_)) return false;
  if (node.kind == Kind::kSequence) return true;
  if (node.complete) diagnostics_.error(node.range, std::string(what) + " must be a list, found " + describe(node));
  return false;
}

bool OciReader::expect_mapping(const TreeNode& node, std::string_view what) {
  if (!expect_literal(node, what, diagnostics_)) return false;
  if (node.kind == Kind::kMapping) return true;
  if (node.complete) diagnostics_.error(node.range, std::string(what) + " must be a mapping, found " + describe(node));
  return false;
}

/// Only the operator can find a base profile; and of a profile that is switched off it installs nothing.
void OciReader::check_operators_keys(const OciKeys& keys) {
  if (const TreeNode* base = keys.find_unless_null("baseProfileName")) {
    diagnostics_.error(keys.find_key("baseProfileName")->range,
                       "'baseProfileName' adds the rules of " + describe(*base) +
                           ", which only the operator can read; write them into this profile, and remove the key");
  }
  const TreeNode* disabled = keys.find_unless_null("disabled");
  if (disabled != nullptr && read_bool(*disabled, "'disabled'", diagnostics_).value_or(false)) {
    diagnostics_.error(keys.find_key("disabled")->range,
                       "'disabled' is true: the operator does not install this profile; remove the key to use it");
  }
}

/// Kubernetes prunes a key in another case, as every unknown one, before the operator sees the resource.
void OciReader::check_case_of_keys(const TreeNode& node) {
  constexpr std::array<std::span<const std::string_view>, 5> kAllKeys = {kResourceKeys, kRuleKeys, kArgumentKeys,
                                                                         kFilterKeys, kArchMapKeys};
  for (const auto& [key, value] : node.entries) {
    for (const std::span<const std::string_view> keys : kAllKeys) {
      const std::string_view written = key.text;  // Not captured as `key`, which clang 14 cannot.
      const auto meant = std::ranges::find_if(keys, [&](auto known) { return equal_ignoring_case(known, written); });
      if (meant == keys.end() || *meant == written) continue;
      diagnostics_.error(key.range, "Kubernetes ignores the key " + in_quotes(std::string_view(key.text)) +
                                        " in a SeccompProfile; write " + in_quotes(*meant));
      break;
    }
    check_case_of_keys(value);
  }
  for (const TreeNode& item : node.items) check_case_of_keys(item);
}

Policy OciReader::read(const TreeNode& document, Format format) {
  Policy policy;
  policy.format = format;
  const bool resource = format == Format::kSeccompProfile;
  const OciKeys keys(diagnostics_, "the profile",
                     resource ? std::span<const std::string_view>(kResourceKeys) : kProfileKeys, document);
  if (resource) check_operators_keys(keys);
  if (resource) check_case_of_keys(document);
  for (const std::string_view key : {"listenerPath", "listenerMetadata"}) {
    if (keys.find_unless_null(key) == nullptr) continue;
    diagnostics_.error(keys.find_key(key)->range,
                       in_quotes(key) + " needs a container runtime that answers notifications");
  }
  const TreeNode* by_default = keys.find("defaultAction");  // Absent if the key itself was an error.
  if (by_default == nullptr && keys.lacks("defaultAction") && document.complete) {
    diagnostics_.error(document.range,
                       "'defaultAction' is missing in the profile: what a call gets that no rule matches");
  }
  if (const auto action = by_default != nullptr ? read_oci_action(*by_default, "'defaultAction'") : std::nullopt) {
    policy.default_action = *action;
    policy.default_range = keys.find_key("defaultAction")->range;
  }
  read_errno_of(keys, "defaultErrno", "defaultErrnoRet", policy.default_error);
  // Where the default is ENOSYS, it says the same. Another default with defaultErrnoRet ENOSYS has the rule:
  // generatePatch in runc's patchbpf compares the number with a whole SECCOMP_RET_ERRNO, to which it is never equal.
  const bool enosys = policy.default_action == Action::kErrno &&
                      errno_on_machine(policy.default_error) == arch::errno_number(environment_.native, "ENOSYS");
  policy.enosys_above_named = is_denied(policy.default_action) && !enosys;
  read_architectures(keys, policy);
  if (const TreeNode* node = keys.find("flags")) read_flags(*node, policy.flags);
  if (const TreeNode* node = keys.find_unless_null("syscalls")) {
    if (expect_list(*node, "'syscalls'")) {
      for (const TreeNode& item : node->items) read_rule(item, policy);
    }
  }
  warn_of_order();
  add_groups(policy);
  return policy;
}

void OciReader::read_architectures(const OciKeys& keys, Policy& policy) {
  const TreeNode* list = keys.find_unless_null("architectures");
  const TreeNode* map = keys.find_unless_null("archMap");
  if (list != nullptr && map != nullptr && !list->items.empty() && !map->items.empty()) {
    diagnostics_.error(keys.find_key("archMap")->range, "both 'architectures' and 'archMap'; give one of them");
    return;
  }
  if (list != nullptr && expect_list(*list, "'architectures'")) {
    for (const TreeNode& item : list->items) add_architecture(item, policy);
  }
  if (map != nullptr && expect_list(*map, "'archMap'")) {
    for (const TreeNode& item : map->items) read_arch_map(item, policy);
  }
  // A container runtime's filter always has the machine's own ABI.
  const auto native = [&](const ListedAbi& listed) { return listed.abi == environment_.native; };
  if (policy.architectures.empty() || std::any_of(policy.architectures.begin(), policy.architectures.end(), native))
    return;
  policy.architectures.insert(policy.architectures.begin(), {environment_.native, policy.architectures.front().range});
}

std::optional<arch::Abi> oci_architecture(std::string_view name) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::string lower(name.substr(kPrefix.size()));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return arch::find_abi(lower);
}

/// The native machine's entry counts, with those of its kin.
void OciReader::read_arch_map(const TreeNode& node, Policy& policy) {
  const bool null = node.kind == Kind::kNull;
  if (!null && !expect_mapping(node, "an entry of 'archMap'")) return;
  const OciKeys keys(diagnostics_, "an entry of 'archMap'", kArchMapKeys, node);
  const TreeNode* main = keys.find_unless_null("architecture");
  if (main == nullptr && node.complete && (null || keys.has("architecture") || keys.lacks("architecture"))) {
    diagnostics_.warning(node.range, "an entry of 'archMap' that names no architecture; it does nothing");
  }
  const bool first = policy.architectures.empty();
  if (!first || main == nullptr || oci_architecture(main->text) != environment_.native) return;
  add_architecture(*main, policy);
  const TreeNode* others = keys.find_unless_null("subArchitectures");
  if (others == nullptr || !expect_list(*others, "'subArchitectures'")) return;
  for (const TreeNode& item : others->items) add_architecture(item, policy);
}

void OciReader::add_architecture(const TreeNode& node, Policy& policy) {
  if (!expect_scalar(node, "an architecture", "a name such as SCMP_ARCH_X86_64", diagnostics_)) return;
  const auto abi = oci_architecture(node.text);
  const auto endian = abi ? std::optional(arch::info(*abi).endian) : look_up(kOtherArchitectures, node.text);
  if (!endian) {
    diagnostics_.error(node.range,
                       "unknown architecture " + in_quotes(node.text) + "; expected SCMP_ARCH_X86_64 or the like");
    return;
  }
  // seccomp_arch_add(3): EDOM.
  if (const arch::AbiInfo& native = arch::info(environment_.native); *endian != native.endian) {
    const bool big = *endian == bpf::Endian::kBig;
    diagnostics_.error(node.range, in_quotes(node.text) + " is " + (big ? "big" : "little") +
                                       "-endian, and "
                                       "the machine's own " +
                                       std::string(native.name) + ", which every profile covers, " +
                                       (big ? "little" : "big") +
                                       "-endian: libseccomp cannot put both into one filter, and container runtimes "
                                       "do not start the program");
  }
  if (!abi) return;
  const auto same = [&](const ListedAbi& listed) { return listed.abi == *abi; };
  if (std::any_of(policy.architectures.begin(), policy.architectures.end(), same)) return;
  policy.architectures.push_back({*abi, node.range});
}

void OciReader::read_flags(const TreeNode& node, Flags& flags) {
  if (node.kind == Kind::kNull || !expect_list(node, "'flags'")) return;
  for (const TreeNode& item : node.items) {
    if (!expect_scalar(item, "an entry of 'flags'", "a flag's name", diagnostics_)) continue;
    if (const auto flag = look_up(kFlags, item.text)) {
      flags.*(*flag) = true;
    } else if (std::ranges::find(kListenerFlags, item.text) != std::end(kListenerFlags)) {
      diagnostics_.error(item.range, std::string(item.text) + " needs a container runtime that answers notifications");
    } else {
      diagnostics_.error(item.range, "unknown flag " + in_quotes(item.text) +
                                         expected(kFlags, item.text, "SECCOMP_FILTER_FLAG_", diagnostics_));
    }
  }
}

std::optional<Action> OciReader::read_oci_action(const TreeNode& node, std::string_view what) {
  if (!expect_scalar(node, what, "an action such as SCMP_ACT_ERRNO", diagnostics_)) return std::nullopt;
  if (const auto action = look_up(kActions, node.text)) return action;
  if (node.text == "SCMP_ACT_NOTIFY") {
    diagnostics_.error(node.range, "SCMP_ACT_NOTIFY needs a container runtime that answers notifications");
  } else {
    diagnostics_.error(node.range, "unknown action " + in_quotes(node.text) +
                                       expected(kActions, node.text, "SCMP_ACT_", diagnostics_));
  }
  return std::nullopt;
}

bool OciReader::read_verdict(const OciKeys& keys, Group& group) {
  const TreeNode* node = keys.find("action");
  if (node == nullptr) return false;
  const auto action = read_oci_action(*node, "'action'");
  if (!action) return false;
  group.action = *action;
  return read_errno_of(keys, "errno", "errnoRet", group.error);
}

/// Podman writes the error's name beside its number; the name counts.
bool OciReader::read_errno_of(const OciKeys& keys, std::string_view name, std::string_view number, ErrnoValue& error) {
  for (const std::string_view key : {name, number}) {
    const TreeNode* node = keys.find_unless_null(key);
    if (node == nullptr) continue;
    const auto value = read_errno(*node, in_quotes(key), diagnostics_, ErrnoZero::kAccepted);
    if (value) error = *value;
    return value.has_value();
  }
  return true;
}

void OciReader::read_rule(const TreeNode& node, Policy& policy) {
  if (!expect_mapping(node, "an entry of 'syscalls'")) return;
  const OciKeys keys(diagnostics_, "an entry of 'syscalls'", kRuleKeys, node);
  Rule rule;
  rule.group.range = node.range;
  if (keys.lacks("action") && node.complete) {
    diagnostics_.error(node.range, "'action' is missing in an entry of 'syscalls'");
  }
  bool good = read_verdict(keys, rule.group);
  good = read_names(keys, node, rule) && good;
  if (const TreeNode* args = keys.find_unless_null("args")) {
    if (!expect_list(*args, "'args'")) return;
    rule.conditions.resize(args->items.size());
    for (size_t i = 0; i < args->items.size(); ++i) good = read_argument(args->items[i], rule.conditions[i]) && good;
  }
  const Application application = applies(keys);
  if (good) note_capabilities(application, rule.names, policy);
  if (!good || !application.here || conditions_ > kMaxConditions) return;
  if (is_default(rule.group, policy)) {
    std::ranges::move(rule.names, std::back_inserter(policy.also_named));
    return;
  }
  conditions_ += rule.names.size() * rule.conditions.size();
  if (conditions_ > kMaxConditions) {
    diagnostics_.error(node.range, "with this rule the profile has more than " + std::to_string(kMaxConditions) +
                                       " conditions, counted for each name; the most that a policy may have");
    return;
  }
  rules_.push_back(std::move(rule));
}

std::optional<uint16_t> OciReader::errno_on_machine(const ErrnoValue& error) const {
  return error.name.empty() ? std::optional(error.number) : arch::errno_number(environment_.native, error.name);
}

/// A rule that says what the default says is dropped; it does not override others.
bool OciReader::is_default(const Group& group, const Policy& policy) const {
  if (group.action != policy.default_action) return false;
  return group.action != Action::kErrno || errno_on_machine(group.error) == errno_on_machine(policy.default_error);
}

bool OciReader::read_names(const OciKeys& keys, const TreeNode& node, Rule& rule) {
  const TreeNode* names = keys.find_unless_null("names");
  const TreeNode* name = keys.find_unless_null("name");
  if (names != nullptr && name != nullptr) {
    diagnostics_.error(keys.find_key("name")->range,
                       "both 'names' and 'name' in an entry of 'syscalls'; give one of them");
    return false;
  }
  if (name != nullptr && expect_scalar(*name, "'name'", "a system call's name", diagnostics_)) {
    rule.names.push_back({std::string(name->text), name->range});
  }
  if (names != nullptr && expect_list(*names, "'names'")) {
    rule.names.reserve(names->items.size());
    for (const TreeNode& item : names->items) {
      if (!expect_scalar(item, "an entry of 'names'", "a system call's name", diagnostics_)) continue;
      const bool number = item.plain && item.text.find_first_not_of("0123456789") == std::string::npos;
      if (number || item.text.empty()) {
        diagnostics_.error(item.range, "an entry of 'names' must be a system call's name, found " + describe(item));
        continue;
      }
      rule.names.push_back({std::string(item.text), item.range});
    }
  }
  if (!rule.names.empty()) return true;
  if (names != nullptr || name != nullptr || !node.complete) return false;  // Something is wrong with them.
  if (keys.has("names") || keys.has("name") || (keys.lacks("names") && keys.lacks("name"))) {
    diagnostics_.warning(node.range, "an entry of 'syscalls' that names no call; it does nothing");
  }
  return false;
}

bool OciReader::read_argument(const TreeNode& node, Condition& condition) {
  condition.range = node.range;
  condition.wide = !environment_.kernel_widths;
  if (!expect_mapping(node, "an entry of 'args'")) return false;
  const OciKeys keys(diagnostics_, "an entry of 'args'", kArgumentKeys, node);
  const TreeNode* op = keys.find("op");
  if (op == nullptr && keys.lacks("op") && node.complete) {
    diagnostics_.error(node.range, "'op' is missing in an entry of 'args'");
  }
  const TreeNode* index = keys.find_unless_null("index");
  if (index == nullptr && node.complete && (keys.has("index") || keys.lacks("index"))) {
    diagnostics_.warning(node.range, "an entry of 'args' without 'index' looks at argument 0");
  } else if (index == nullptr) {
    return false;
  }
  const auto argument =
      index == nullptr ? std::optional<uint8_t>(0) : read_argument_index(*index, "'index'", diagnostics_);
  if (op == nullptr || !argument || !expect_scalar(*op, "'op'", "an operator such as SCMP_CMP_EQ", diagnostics_)) {
    return false;
  }
  const auto operation = look_up(kOperators, op->text);
  if (!operation) {
    diagnostics_.error(op->range, "unknown operator " + in_quotes(op->text) +
                                      expected(kOperators, op->text, "SCMP_CMP_", diagnostics_));
    return false;
  }
  condition.argument = *argument;
  condition.operation = *operation;
  Value first;
  Value second;
  if (const TreeNode* value = keys.find_unless_null("value"))
    first = read_value(*value, "'value'", diagnostics_).value_or(Value{});
  if (const TreeNode* value = keys.find_unless_null("valueTwo")) {
    second = read_value(*value, "'valueTwo'", diagnostics_).value_or(Value{});
  }
  condition.value = *operation == Operation::kMaskedEqual ? second : first;
  if (*operation == Operation::kMaskedEqual) condition.mask = first;
  return true;
}

Application OciReader::applies(const OciKeys& keys) {
  const TreeNode* includes = keys.find_unless_null("includes");
  const TreeNode* excludes = keys.find_unless_null("excludes");
  Application application;
  if (excludes != nullptr) {
    const FilterOutcome outcome = read_filter(*excludes, false);
    if (outcome.holds) return application;
    for (const std::string& name : outcome.missing) application.changed_by.push_back({name});
  }
  if (includes == nullptr) {
    application.here = true;
    return application;
  }
  FilterOutcome outcome = read_filter(*includes, true);
  application.here = outcome.holds;
  if (outcome.holds) return application;
  application.changed_by.clear();
  if (outcome.others_hold && !outcome.missing.empty()) application.changed_by.push_back(std::move(outcome.missing));
  return application;
}

void OciReader::note_capabilities(const Application& application, const std::vector<Name>& names,
                                  Policy& policy) const {
  constexpr size_t kMaxSets = 64;  // Of capabilities. There are 41, and rules name one each.
  if (!environment_.note_capabilities) return;
  for (const Capabilities& missing : application.changed_by) {
    if (policy.capability_rules.size() >= kMaxSets && !policy.capability_rules.contains(missing)) continue;
    std::set<std::string>& noted = policy.capability_rules[missing];
    for (const Name& name : names) noted.insert(name.text);
  }
}

std::optional<arch::Abi> go_arch(std::string_view name) {
  if (const auto abi = look_up(kGoArches, name)) return abi;
  return arch::find_abi(name);
}

/// A name that is null or empty: Go takes it for one that nothing has.
bool is_no_name(const TreeNode& node) {
  return node.kind == Kind::kNull || (node.kind == Kind::kScalar && !node.plain && node.text.empty());
}

/// Of `includes` everything must hold, and every capability; of `excludes` one thing suffices.
FilterOutcome OciReader::read_filter(const TreeNode& node, bool all_needed) {
  FilterOutcome outcome;
  if (!expect_mapping(node, "'includes' and 'excludes'")) return outcome;
  const OciKeys keys(diagnostics_, "'includes' or 'excludes'", kFilterKeys, node);
  std::vector<bool> by_capability;
  std::vector<bool> others;
  if (const TreeNode* caps = keys.find_unless_null("caps")) {
    if (!expect_list(*caps, "'caps'")) return outcome;
    for (const TreeNode& cap : caps->items) {
      if (is_no_name(cap)) {
        diagnostics_.warning(cap.range, "an entry of 'caps' that names no capability: no process has it");
        others.push_back(false);  // Not by_capability: no --cap changes it.
        continue;
      }
      const std::optional<bool> counted_on = read_capability(cap);
      by_capability.push_back(counted_on.value_or(false));
      if (counted_on && !*counted_on) outcome.missing.emplace(cap.text);
    }
  }
  if (const TreeNode* arches = keys.find_unless_null("arches")) {
    if (!expect_list(*arches, "'arches'")) return outcome;
    bool named = arches->items.empty();
    for (const TreeNode& item : arches->items) {
      if (is_no_name(item)) {
        diagnostics_.warning(item.range, "an entry of 'arches' that names no machine: none has it");
        continue;
      }
      if (!expect_scalar(item, "an entry of 'arches'", "a machine's name", diagnostics_)) return outcome;
      const auto abi = go_arch(item.text);
      named = named || abi == environment_.native;
      if (abi) continue;  // Else a machine that only Go knows, or a slip of the pen.
      if (const auto nearest = diagnostics_.nearest("ABIs", item.text, arch::accepted_abi_names);
          nearest && item.text != "loong64") {
        diagnostics_.error(
            item.range, "unknown architecture " + in_quotes(item.text) + "; did you mean " + in_quotes(*nearest) + "?");
      }
    }
    if (!arches->items.empty()) others.push_back(named);
  }
  if (const TreeNode* kernel = keys.find_unless_null("minKernel")) {
    const auto version = read_kernel_version(*kernel, "'minKernel'", diagnostics_);
    others.push_back(version && environment_.kernel >= *version);
  } else if (keys.has_empty("minKernel")) {
    others.push_back(true);  // Version 0.0 to Docker.
  }
  const auto yes = [](bool one) { return one; };
  outcome.others_hold = std::ranges::all_of(others, yes);
  outcome.holds = all_needed ? outcome.others_hold && std::ranges::all_of(by_capability, yes)
                             : std::ranges::any_of(others, yes) || std::ranges::any_of(by_capability, yes);
  return outcome;
}

/// Whether a capability is counted on. An unknown one may be younger than this program: no process has
/// it then; but a slip of the pen is an error.
std::optional<bool> OciReader::read_capability(const TreeNode& node) {
  if (!expect_scalar(node, "an entry of 'caps'", "a capability such as CAP_SYS_ADMIN", diagnostics_))
    return std::nullopt;
  const std::span<const std::string_view> known = arch::capability_names();
  if (std::find(known.begin(), known.end(), node.text) != known.end()) {
    if (!capabilities_) capabilities_ = environment_.capabilities ? environment_.capabilities() : Capabilities();
    return capabilities_->contains(std::string(node.text));
  }
  if (const auto nearest = diagnostics_.nearest("capabilities", node.text, known)) {
    diagnostics_.error(node.range,
                       "unknown capability " + in_quotes(node.text) + "; did you mean " + in_quotes(*nearest) + "?");
  } else {
    diagnostics_.warning(node.range, "unknown capability " + in_quotes(node.text) + "; no process has it here");
  }
  return false;
}

bool repeats_an_argument(const std::vector<Condition>& conditions) {
  std::array<bool, 6> seen = {};
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& c) { return std::exchange(seen.at(c.argument), true); });
}

/// libseccomp orders rules with arguments for one call by itself; for rules that agree, or that never hold together, it
/// makes no difference. Said once a call.
void OciReader::warn_of_order() {
  size_t comparisons = 2'000'000;  // As many are made; calls whose rules need more count as clashing.
  struct Earlier {
    std::vector<const Rule*> rules;
    unsigned actions = 0;  ///< A bit for each that they have.
  };
  std::map<std::string_view, Earlier> rules_of;
  std::set<std::string_view> told;
  for (const Rule& rule : rules_) {
    if (rule.conditions.empty()) continue;
    for (const Name& name : rule.names) {
      if (told.contains(name.text)) continue;
      Earlier& known = rules_of[name.text];
      const unsigned own = 1U << static_cast<unsigned>(rule.group.action);
      const bool clash =
          (known.actions & ~own) != 0 && std::any_of(known.rules.begin(), known.rules.end(), [&](const Rule* other) {
            if (other->group.action == rule.group.action) return false;
            return comparisons == 0 || (--comparisons, may_overlap(other->conditions, rule.conditions));
          });
      known.rules.push_back(&rule);
      known.actions |= own;
      if (!clash) continue;
      told.insert(name.text);
      diagnostics_.warning(name.range, "rules with arguments for " + in_quotes(std::string_view(name.text)) +
                                           " have different actions; the first that matches decides here, but "
                                           "container runtimes order them in another way");
    }
  }
}

/// First the rules without arguments, which override the others; then those in order.
void OciReader::add_groups(Policy& policy) {
  for (Rule& rule : rules_) {
    if (!rule.conditions.empty()) continue;
    rule.group.names = std::move(rule.names);
    policy.groups.push_back(std::move(rule.group));
  }
  for (Rule& rule : rules_) {
    if (rule.conditions.empty()) continue;
    Group group = rule.group;
    const bool each = repeats_an_argument(rule.conditions);
    for (const Name& name : rule.names) {
      if (!each) group.names_with_args.push_back({name, rule.conditions});
      for (size_t i = 0; each && i < rule.conditions.size(); ++i) {
        group.names_with_args.push_back({name, {rule.conditions[i]}});
      }
    }
    policy.groups.push_back(std::move(group));
  }
}

}  // namespace

bool is_oci_key(const TreeNode& key) {
  return key.kind == Kind::kScalar && equal_ignoring_case(key.text, "defaultAction");
}

Policy read_oci(const TreeNode& profile, Format format, const Environment& environment, Diagnostics& diagnostics) {
  return OciReader(environment, diagnostics).read(profile, format);
}

}  // namespace sandbox::policy
