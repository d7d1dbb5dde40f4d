#include "policy/expectations.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/landlock.h"
#include "base/text.h"
#include "policy/mapping_reader.h"
#include "policy/scalar.h"
#include "policy/section.h"
#include "policy/text_check.h"
#include "policy/yaml_tree.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

constexpr size_t kMaxArguments = 6;

constexpr std::array<std::string_view, 6> kFileKeys = {"policy", "profile", "arch", "cap", "kernel", "expect"};
constexpr std::array<KeyAlias, 10> kFileAliases = {{{"file", "policy"},
                                                    {"policies", "policy"},
                                                    {"profiles", "profile"},
                                                    {"caps", "cap"},
                                                    {"capabilities", "cap"},
                                                    {"architecture", "arch"},
                                                    {"abi", "arch"},
                                                    {"expectations", "expect"},
                                                    {"expected", "expect"},
                                                    {"tests", "expect"}}};

constexpr std::array<std::string_view, 9> kEntryKeys = {"call", "calls", "path",   "port", "access",
                                                        "arch", "cap",   "action", "errno"};
constexpr std::array<std::string_view, 5> kOfCalls = {"call", "calls", "arch", "cap", "errno"};
constexpr std::array<std::string_view, 2> kAccessActions = {"allow", "deny"};
constexpr std::array<KeyAlias, 11> kEntryAliases = {{{"syscall", "call"},
                                                     {"file", "path"},
                                                     {"rights", "access"},
                                                     {"name", "call"},
                                                     {"syscalls", "calls"},
                                                     {"names", "calls"},
                                                     {"abi", "arch"},
                                                     {"caps", "cap"},
                                                     {"capabilities", "cap"},
                                                     {"verdict", "action"},
                                                     {"error", "errno"}}};
constexpr std::array<std::string_view, 6> kEntryOnlyKeys = {"call", "calls", "path", "port", "access", "action"};

class ExpectationsReader {
 public:
  explicit ExpectationsReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Expectations read(const TreeNode& document);

 private:
  void read_subject(const MappingReader& keys, const TreeNode& document, Expectations& expectations);
  void read_list(const TreeNode& node, Expectations& expectations);
  std::vector<Name> read_names(const TreeNode& node, std::string_view key, std::string_view expected);
  void read_entry(const TreeNode& node, Expectations& expectations);
  void read_access_entry(const TreeNode& node, const MappingReader& keys, Expectations& expectations);
  std::vector<PlacedText> read_access(const TreeNode& node, bool port);
  bool check_access(const TreeNode& node, bool port);
  std::optional<uint16_t> read_port(const TreeNode& node);
  void read_subject_of(const TreeNode& node, const MappingReader& keys, Expectation& expectation,
                       std::vector<Name>& calls);
  void read_call(const TreeNode& node, Expectation& expectation);
  void read_call_name(const TreeNode& node, Expectation& expectation);
  void read_verdict(const TreeNode& node, const MappingReader& keys, Expectation& expectation);
  std::optional<ListedAbi> read_arch(const TreeNode& node);
  std::optional<arch::CapabilityList> read_capabilities(const TreeNode& node);
  std::optional<Name> read_text(const TreeNode& node, std::string_view what, std::string_view expected);
  void missing(const TreeNode& mapping, std::string message);

  Diagnostics& diagnostics_;
};

void ExpectationsReader::missing(const TreeNode& mapping, std::string message) {
  if (mapping.complete) diagnostics_.error(mapping.range, std::move(message));  // Else a syntax error may hide it.
}

std::optional<Name> ExpectationsReader::read_text(const TreeNode& node, std::string_view what,
                                                  std::string_view expected) {
  if (!expect_scalar(node, what, expected, diagnostics_)) return std::nullopt;
  if (!node.text.empty()) return Name{std::string(node.text), node.range};
  diagnostics_.error(node.range, std::string(what) + " must be " + std::string(expected) + ", found " + describe(node));
  return std::nullopt;
}

std::optional<ListedAbi> ExpectationsReader::read_arch(const TreeNode& node) {
  if (!expect_scalar(node, "'arch'", "the name of an ABI", diagnostics_)) return std::nullopt;
  const auto abi = read_abi(node, diagnostics_);
  if (!abi) return std::nullopt;
  return ListedAbi{*abi, node.range};
}

/// One of the words that `--cap` takes, or a list of them.
std::optional<arch::CapabilityList> ExpectationsReader::read_capabilities(const TreeNode& node) {
  arch::CapabilityList capabilities;
  for (const Name& written : read_names(node, "'cap'", "a capability such as CAP_SYS_ADMIN, or none, docker or own")) {
    auto read = arch::read_capabilities(written.text);
    if (!read) {
      diagnostics_.error(written.range, read.error().message);
      continue;
    }
    capabilities.names.merge(read->names);
    capabilities.own = capabilities.own || read->own;
  }
  return capabilities;
}

/// A name, or a list of names with one entry at least.
std::vector<Name> ExpectationsReader::read_names(const TreeNode& node, std::string_view key,
                                                 std::string_view expected) {
  std::vector<Name> names;
  if (node.kind != Kind::kSequence) {
    if (const auto name = read_text(node, key, expected)) names.push_back(*name);
    return names;
  }
  if (!expect_literal(node, key, diagnostics_)) return names;
  if (node.items.empty()) missing(node, std::string(key) + " is an empty list; expected " + std::string(expected));
  for (const TreeNode& item : node.items) {
    if (const auto name = read_text(item, "an entry of " + std::string(key), expected)) names.push_back(*name);
  }
  return names;
}

Expectations ExpectationsReader::read(const TreeNode& document) {
  Expectations expectations;
  MappingReader keys(diagnostics_, "an expectations file", kFileKeys, kFileAliases, kEntryOnlyKeys, "an expectation");
  keys.add_all(document);
  read_subject(keys, document, expectations);
  if (const TreeNode* node = keys.find("arch")) expectations.abi = read_arch(*node);
  if (const TreeNode* node = keys.find("cap")) expectations.capabilities = read_capabilities(*node);
  if (const TreeNode* node = keys.find("kernel")) {
    expectations.kernel = read_kernel_version(*node, "'kernel'", diagnostics_);
  }
  if (const TreeNode* node = keys.find("expect")) {
    read_list(*node, expectations);
  } else if (keys.lacks("expect")) {
    missing(document, "'expect' is missing: the list of expectations");
  }
  return expectations;
}

void ExpectationsReader::read_subject(const MappingReader& keys, const TreeNode& document, Expectations& expectations) {
  const TreeNode* policy = keys.find("policy");
  const TreeNode* profile = keys.find("profile");
  if (policy != nullptr) expectations.policies = read_names(*policy, "'policy'", "the name of a file");
  if (profile != nullptr) expectations.profiles = read_names(*profile, "'profile'", "the name of a built-in policy");
  if (keys.lacks("policy") && keys.lacks("profile")) {
    missing(document, "'policy' is missing: the file with the policy (or 'profile', the name of a built-in one)");
  }
}

void ExpectationsReader::read_list(const TreeNode& node, Expectations& expectations) {
  if (!expect_literal(node, "'expect'", diagnostics_)) return;
  if (node.kind != Kind::kSequence) {
    if (node.complete) {
      diagnostics_.error(node.range, "'expect' must be a list of expectations, found " + describe(node));
    }
    return;
  }
  if (node.items.empty()) missing(node, "'expect' is an empty list; expected at least one expectation");
  for (const TreeNode& item : node.items) read_entry(item, expectations);
}

void ExpectationsReader::read_entry(const TreeNode& node, Expectations& expectations) {
  Expectation expectation;
  expectation.range = node.range;
  if (!expect_literal(node, "an expectation", diagnostics_)) return;
  if (node.kind != Kind::kMapping) {
    if (node.complete) {
      diagnostics_.error(
          node.range,
          "an expectation must be a mapping such as {call: [read, 0], action: allow}, found " + describe(node));
    }
    return;
  }
  MappingReader keys(diagnostics_, "an expectation", kEntryKeys, kEntryAliases);
  keys.add_all(node);
  if (keys.find("path") != nullptr || keys.find("port") != nullptr) return read_access_entry(node, keys, expectations);
  if (const TreeNode* access = keys.find_key("access")) {
    diagnostics_.error(access->range, "'access' goes with 'path' or 'port'");
  }
  std::vector<Name> calls;
  read_subject_of(node, keys, expectation, calls);
  if (const TreeNode* arch = keys.find("arch")) expectation.abi = read_arch(*arch);
  if (const TreeNode* cap = keys.find("cap")) expectation.capabilities = read_capabilities(*cap);
  read_verdict(node, keys, expectation);
  if (calls.empty()) expectations.expect.push_back(expectation);
  for (Name& call : calls) {  // Each for itself, so that each has its place.
    expectation.any_arguments = true;
    expectation.range = call.range;
    expectation.call = std::move(call);
    expectations.expect.push_back(expectation);
  }
}

/// A file or a port.
void ExpectationsReader::read_access_entry(const TreeNode& node, const MappingReader& keys,
                                           Expectations& expectations) {
  AccessExpectation expectation;
  expectation.range = node.range;
  const TreeNode* path = keys.find("path");
  const TreeNode* port = keys.find("port");
  const std::string subject = path != nullptr ? "'path'" : "'port'";
  bool good = true;
  for (const std::string_view key : kOfCalls) {
    const TreeNode* other = keys.find_key(key);
    if (other == nullptr) continue;
    diagnostics_.error(other->range, in_quotes(key) + " is for system calls, and does not go with " + subject);
    good = false;
  }
  if (path != nullptr && port != nullptr) {
    diagnostics_.error(keys.find_key("port")->range, "both 'path' and 'port'; give one of them");
    return;
  }
  if (path != nullptr) {
    const auto name = read_text(*path, "'path'", "the path of a file");
    good = good && name;
    expectation.path = name.value_or(Name());
  } else {
    expectation.port = read_port(*port);
    good = good && expectation.port;
  }
  if (const TreeNode* access = keys.find("access")) {
    expectation.access = read_access(*access, port != nullptr);
    good = good && !expectation.access.empty();
  } else {
    good = false;
    if (keys.lacks("access"))
      missing(node, "'access' is missing in an expectation: what is done with the " +
                        std::string(port != nullptr ? "port" : "file"));
  }
  const TreeNode* action = keys.find("action");
  if (action == nullptr) {
    if (keys.lacks("action")) missing(node, "'action' is missing in an expectation: allow or deny");
    return;
  }
  if (!expect_scalar(*action, "'action'", enumerate(kAccessActions), diagnostics_)) return;
  expectation.allowed = action->text == kAccessActions[0];
  if (!expectation.allowed && action->text != kAccessActions[1]) {
    diagnostics_.error(action->range,
                       "'action' must be allow or deny for a file or a port, found " + describe(*action));
    return;
  }
  if (good) expectations.accesses.push_back(std::move(expectation));
}

std::vector<PlacedText> ExpectationsReader::read_access(const TreeNode& node, bool port) {
  std::vector<PlacedText> access;
  if (node.kind == Kind::kScalar) {
    if (check_access(node, port)) access.push_back({std::string(node.text), node.range});
    return access;
  }
  if (!expect_entries(node, "access", "word", "words", diagnostics_)) return access;
  for (const TreeNode& item : node.items) {
    if (check_access(item, port)) access.push_back({std::string(item.text), item.range});
  }
  return access;
}

bool ExpectationsReader::check_access(const TreeNode& node, bool port) {
  if (!expect_scalar(node, "an entry of 'access'", "a word such as read", diagnostics_)) return false;
  std::vector<std::string_view> names;
  if (port) {
    names = arch::names_of(arch::port_rights(), arch::port_right::kAll);
  } else {
    for (const arch::AccessWord& word : arch::access_words()) names.push_back(word.name);
    for (const arch::LandlockBit& right : arch::file_rights()) names.push_back(right.name);
  }
  if (std::ranges::find(names, node.text) != names.end()) return true;
  const auto nearest = diagnostics_.nearest(port ? "port rights" : "access", node.text, names);
  diagnostics_.error(node.range, "unknown access " + in_quotes(node.text) +
                                     (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                      : port  ? "; expected " + enumerate(names)
                                              : "; expected read, write, execute, ioctl, device or connect, or a right "
                                                "of Landlock's such as read_file"));
  return false;
}

std::optional<uint16_t> ExpectationsReader::read_port(const TreeNode& node) {
  const auto integer = read_integer(node, "'port'", diagnostics_);
  if (!integer) return std::nullopt;
  if (!integer->negative && integer->magnitude <= std::numeric_limits<uint16_t>::max()) {
    return static_cast<uint16_t>(integer->magnitude);
  }
  diagnostics_.error(node.range, "'port' must be from 0 to 65535, found " + describe(node));
  return std::nullopt;
}

/// One call with its arguments, or several without.
void ExpectationsReader::read_subject_of(const TreeNode& node, const MappingReader& keys, Expectation& expectation,
                                         std::vector<Name>& calls) {
  const TreeNode* one = keys.find("call");
  const TreeNode* several = keys.find("calls");
  if (one != nullptr && several != nullptr) {
    diagnostics_.error(keys.find_key("calls")->range, "both 'call' and 'calls'; give one of them");
  } else if (one != nullptr) {
    read_call(*one, expectation);
  } else if (several != nullptr) {
    calls = read_names(*several, "'calls'", "the name of a system call or a set");
  } else if (keys.lacks("call") && keys.lacks("calls")) {
    missing(
        node,
        "'call' is missing in an expectation: a list of the system call and its arguments; for a file 'path', for a "
        "port 'port'");
  }
}

void ExpectationsReader::read_call(const TreeNode& node, Expectation& expectation) {
  if (!expect_literal(node, "'call'", diagnostics_)) return;
  if (node.kind != Kind::kSequence || (node.items.empty() && node.complete)) {
    if (node.complete) {
      diagnostics_.error(node.range,
                         "'call' must be a list of a system call and its arguments, such as [read, 0], found " +
                             (node.kind == Kind::kSequence ? "an empty list" : describe(node)));
    }
    return;
  }
  if (node.items.empty()) return;
  read_call_name(node.items.front(), expectation);
  for (size_t i = 1; i < node.items.size(); ++i) {
    if (i > kMaxArguments) {
      diagnostics_.error(node.items[i].range,
                         "a system call has at most 6 arguments, found " + std::to_string(node.items.size() - 1));
      return;
    }
    expectation.arguments.push_back(read_value(node.items[i], "an argument in 'call'", diagnostics_).value_or(Value{}));
  }
}

/// A call's name, or unquoted a number: also of calls that have no name.
void ExpectationsReader::read_call_name(const TreeNode& node, Expectation& expectation) {
  const auto name = read_text(node, "the first entry of 'call'", "a system call's name or number");
  if (!name) return;
  expectation.call = *name;
  const bool digits =
      node.plain && (std::isdigit(static_cast<unsigned char>(name->text.front())) != 0 || name->text.front() == '-');
  if (!digits) return;
  const auto integer = read_integer(node, "a system call's number", diagnostics_);
  if (!integer) return;
  if (integer->negative || integer->magnitude > std::numeric_limits<uint32_t>::max()) {
    diagnostics_.error(node.range, "a system call's number must be from 0 to 0xffffffff, found " + describe(node));
    return;
  }
  expectation.number = static_cast<uint32_t>(integer->magnitude);
}

void ExpectationsReader::read_verdict(const TreeNode& node, const MappingReader& keys, Expectation& expectation) {
  std::optional<Action> action;
  if (const TreeNode* value = keys.find("action")) {
    action = read_action(*value, "'action'", diagnostics_);
    expectation.action = action.value_or(expectation.action);
  } else if (keys.lacks("action")) {
    missing(node, "'action' is missing in an expectation: what the call should get");
  }
  if (const TreeNode* value = keys.find("errno")) {
    expectation.error = read_errno(*value, "'errno'", diagnostics_, ErrnoZero::kAccepted).value_or(ErrnoValue{});
    if (action && *action != Action::kErrno) {
      diagnostics_.error(keys.find_key("errno")->range, "'errno' goes with 'action: errno' only, found 'action: " +
                                                            std::string(name_of(*action)) + "'");
    }
  } else if (action == Action::kErrno) {
    expectation.error.range = keys.find("action")->range;
  }
}

}  // namespace

std::optional<Expectations> read_expectations(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics) {
  if (!check_text(diagnostics)) return std::nullopt;
  const Tree tree = parse_yaml(diagnostics);
  if (tree.documents.empty()) {
    if (!diagnostics.has_errors()) diagnostics.error("is empty: expected a mapping with the key 'expect'");
    return std::nullopt;
  }
  const TreeNode& document = tree.documents.front();
  if (document.kind != Kind::kMapping) {
    if (document.complete) {
      diagnostics.error(document.range,
                        "no expectations here: expected a mapping with the key 'expect', found " + describe(document));
    }
    return std::nullopt;
  }
  Expectations expectations = ExpectationsReader(diagnostics).read(document);
  expectations.source = std::move(source);
  return expectations;
}

std::string policy_path(const Expectations& expectations, const Name& policy) {
  const std::string& written = policy.text;
  const std::string& own = expectations.source->name();
  const size_t slash = own.rfind('/');
  if (written.starts_with('/') || slash == std::string::npos) return written;
  return own.substr(0, slash + 1) + written;
}

}  // namespace sandbox::policy
