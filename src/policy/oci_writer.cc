#include "policy/oci_writer.h"

#include <array>
#include <cctype>
#include <string_view>

#include "base/json.h"
#include "policy/yaml_text.h"

namespace sandbox::policy {
namespace {

constexpr uint16_t kEperm = 1;  // On every ABI.

/// In the order of the enumeration.
constexpr std::array<std::string_view, 7> kActionWords = {
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
    "SCMP_ACT_TRACE",        "SCMP_ACT_LOG",         "SCMP_ACT_ALLOW"};

std::string_view word_of(Action action) {
  return kActionWords.at(static_cast<size_t>(action));
}

std::string_view word_of(Operation operation) {
  switch (operation) {
    case Operation::kEqual:
      return "SCMP_CMP_EQ";
    case Operation::kNotEqual:
      return "SCMP_CMP_NE";
    case Operation::kGreaterThan:
      return "SCMP_CMP_GT";
    case Operation::kLessThan:
      return "SCMP_CMP_LT";
    case Operation::kGreaterOrEqual:
      return "SCMP_CMP_GE";
    case Operation::kLessOrEqual:
      return "SCMP_CMP_LE";
    case Operation::kMaskedEqual:
    case Operation::kBitsSet:  // Never come here.
    case Operation::kBitsNotSet:
      break;
  }
  return "SCMP_CMP_MASKED_EQ";
}

std::string word_of(arch::Abi abi) {
  std::string word = "SCMP_ARCH_";
  for (const char c : arch::info(abi).name) word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

std::vector<std::string> words_of(const Flags& flags) {
  std::vector<std::string> words;
  if (flags.log) words.emplace_back("SECCOMP_FILTER_FLAG_LOG");
  if (flags.spec_allow) words.emplace_back("SECCOMP_FILTER_FLAG_SPEC_ALLOW");
  if (flags.tsync) words.emplace_back("SECCOMP_FILTER_FLAG_TSYNC");
  return words;
}

std::vector<std::string> words_of(const std::vector<arch::Abi>& abis) {
  std::vector<std::string> words;
  words.reserve(abis.size());
  for (const arch::Abi abi : abis) words.push_back(word_of(abi));
  return words;
}

// ---- JSON

/// One string a line.
std::string json_list(const std::vector<std::string>& items, const std::string& indent) {
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "\n" : ",\n") + indent + "\t" + json_string(items[i]);
  return out + (items.empty() ? "]" : "\n" + indent + "]");
}

std::string json_rule(const OciRule& rule) {
  std::string out = "\t\t{\n\t\t\t\"names\": " + json_list(rule.names, "\t\t\t");
  out += ",\n\t\t\t\"action\": " + json_string(word_of(rule.action));
  if (rule.action == Action::kErrno) out += ",\n\t\t\t\"errnoRet\": " + std::to_string(rule.error);
  if (!rule.arguments.empty()) out += ",\n\t\t\t\"args\": [";
  for (size_t i = 0; i < rule.arguments.size(); ++i) {
    const OciArgument& argument = rule.arguments[i];
    out += i == 0 ? "\n" : ",\n";
    out += "\t\t\t\t{\"index\": " + std::to_string(argument.index) + ", \"value\": " + std::to_string(argument.value);
    out += ", \"valueTwo\": " + std::to_string(argument.value_two);
    out += ", \"op\": " + json_string(word_of(argument.operation)) + "}";
  }
  if (!rule.arguments.empty()) out += "\n\t\t\t]";
  return out + "\n\t\t}";
}

// ---- YAML

void yaml_list(std::string& out, const std::string& indent, std::string_view key,
               const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += indent + std::string(key) + ":\n";
  for (const std::string& item : items) out += indent + "- " + yaml_scalar(item) + "\n";
}

void yaml_rule(std::string& out, const OciRule& rule) {
  out += "  - action: " + std::string(word_of(rule.action)) + "\n";
  // A string in the resource's schema; EPERM is what runtimes take without it.
  if (rule.action == Action::kErrno && rule.error != kEperm) {
    out += "    errnoRet: \"" + std::to_string(rule.error) + "\"\n";
  }
  yaml_list(out, "    ", "names", rule.names);
  if (!rule.arguments.empty()) out += "    args:\n";
  for (const OciArgument& argument : rule.arguments) {
    out += "    - index: " + std::to_string(argument.index) + "\n";
    out += "      op: " + std::string(word_of(argument.operation)) + "\n";
    out += "      value: " + std::to_string(argument.value) + "\n";
    if (argument.operation == Operation::kMaskedEqual) {
      out += "      valueTwo: " + std::to_string(argument.value_two) + "\n";
    }
  }
}

/// A DNS subdomain name (RFC 1123), which is what Kubernetes takes.
std::string resource_name(std::string_view name) {
  constexpr size_t kMaxLength = 253;
  std::string out;
  for (const char c : name.substr(0, kMaxLength)) {
    const int lower = std::tolower(static_cast<unsigned char>(c));
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain) {
      out += static_cast<char>(lower);
    } else if (!out.empty() && out.back() != '-' && out.back() != '.') {
      out += c == '.' ? '.' : '-';
    }
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out.empty() ? "profile" : out;
}

}  // namespace

std::string write_oci(const OciProfile& profile) {
  std::string out = "{\n\t\"defaultAction\": " + json_string(word_of(profile.default_action));
  if (profile.default_action == Action::kErrno) {
    out += ",\n\t\"defaultErrnoRet\": " + std::to_string(profile.default_error);
  }
  out += ",\n\t\"architectures\": " + json_list(words_of(profile.architectures), "\t");
  const std::vector<std::string> flags = words_of(profile.flags);
  if (!flags.empty()) out += ",\n\t\"flags\": " + json_list(flags, "\t");
  out += ",\n\t\"syscalls\": [";
  for (size_t i = 0; i < profile.rules.size(); ++i) out += (i == 0 ? "\n" : ",\n") + json_rule(profile.rules[i]);
  return out + (profile.rules.empty() ? "]\n}\n" : "\n\t]\n}\n");
}

std::string write_seccomp_profile(const OciProfile& profile, std::string_view name) {
  std::string out = "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\n";
  out += "metadata:\n  name: " + yaml_scalar(resource_name(name)) + "\nspec:\n";
  out += "  defaultAction: " + std::string(word_of(profile.default_action)) + "\n";
  yaml_list(out, "  ", "architectures", words_of(profile.architectures));
  yaml_list(out, "  ", "flags", words_of(profile.flags));
  if (!profile.rules.empty()) out += "  syscalls:\n";
  for (const OciRule& rule : profile.rules) yaml_rule(out, rule);
  return out;
}

}  // namespace sandbox::policy
