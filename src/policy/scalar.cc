#include "policy/scalar.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/constants.h"
#include "arch/errno_names.h"
#include "policy/mapping_reader.h"

namespace sandbox::policy {
namespace {

/// In a value: as many as there are bits.
constexpr size_t kMaxTerms = 64;

/// The index of `text` among `names` in any case.
std::optional<size_t> index_of(std::span<const std::string_view> names, std::string_view text) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](std::string_view name) { return equal_ignoring_case(name, text); });
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

std::string suggestion(std::string_view list, std::string_view text, std::span<const std::string_view> names,
                       Diagnostics& diagnostics) {
  if (const auto nearest = diagnostics.nearest(list, text, names)) return "; did you mean " + in_quotes(*nearest) + "?";
  return "; expected " + enumerate(names);
}

enum class NumberError : uint8_t { kNotANumber, kLeadingZero, kTooLarge };

struct ParsedNumber {
  Integer value;
  std::optional<NumberError> error;
};

ParsedNumber parse_number(std::string_view text) {
  ParsedNumber parsed;
  if (text.starts_with('-')) {
    parsed.value.negative = true;
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
  } else if (text.starts_with("0o") || text.starts_with("0O")) {
    base = 8;
  } else if (text.size() > 1 && text.starts_with('0') &&
             text.find_first_not_of("0123456789") == std::string_view::npos) {
    parsed.error = NumberError::kLeadingZero;
    return parsed;
  }
  if (base != 10) text.remove_prefix(2);
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), parsed.value.magnitude, base);
  if (status == std::errc::invalid_argument || end != text.data() + text.size()) {
    parsed.error = NumberError::kNotANumber;
  } else if (status == std::errc::result_out_of_range ||
             (parsed.value.negative && parsed.value.magnitude > uint64_t{1} << 63U)) {
    parsed.error = NumberError::kTooLarge;
  }
  if (parsed.value.magnitude == 0) parsed.value.negative = false;
  return parsed;
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// Constants begin with a letter or an underscore, numbers do not.
bool looks_like_constant(std::string_view text) {
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text.front())) != 0 || text.front() == '_');
}

/// Whether any ABI has the constant; which ones is for the resolver to know.
bool check_constant(std::string_view name, const TreeNode& node, Diagnostics& diagnostics) {
  if (!arch::abis_with_constant(name).empty()) return true;
  std::string message = "unknown constant " + in_quotes(name);
  if (name.find_first_of(" +&,~") != std::string_view::npos) {
    message += "; constants are joined with '|'";
  } else if (const auto nearest = diagnostics.nearest("constants", name, arch::constant_names)) {
    message += "; did you mean " + in_quotes(*nearest) + "?";
  } else {
    message += "; expected an integer, or a name such as AF_INET or CLONE_NEWUSER";
  }
  diagnostics.error(node.range, std::move(message));
  return false;
}

std::string leading_zero(std::string_view what, const TreeNode& node) {
  const std::string sign = node.text.starts_with('-') ? "-" : "";
  const std::string digits(
      node.text.substr(std::min(node.text.find_first_of("123456789"), node.text.size() - 1)));
  const bool octal = digits.find_first_of("89") == std::string::npos;
  return std::string(what) + " has a leading zero: " + describe(node) + "; write " +
         (octal ? sign + "0o" + digits + " for octal, or " : "") + sign + digits;
}

}  // namespace

bool expect_literal(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (node.kind == TreeNode::Kind::kAlias) {
    diagnostics.error(node.range, "an alias cannot be used for " + std::string(what) + "; write the value out");
    return false;
  }
  if (node.anchored) {
    diagnostics.error(node.range, "an anchor cannot be used in the seccomp section, found one on " + std::string(what));
    return false;
  }
  if (node.tagged) {
    diagnostics.error(node.range, "a tag cannot be used in the seccomp section, found one on " + std::string(what));
    return false;
  }
  return true;
}

std::optional<uint8_t> read_argument_index(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  constexpr std::string_view kExpected = "a number from 0 to 5";
  if (!expect_scalar(node, what, kExpected, diagnostics)) return std::nullopt;
  const ParsedNumber parsed = parse_number(node.text);
  if (!parsed.error && !parsed.value.negative && parsed.value.magnitude <= 5) {
    return static_cast<uint8_t>(parsed.value.magnitude);
  }
  diagnostics.error(node.range, std::string(what) + " must be " + std::string(kExpected) + ", found " + describe(node));
  return std::nullopt;
}

bool expect_scalar(const TreeNode& node, std::string_view what, std::string_view expected, Diagnostics& diagnostics) {
  if (!expect_literal(node, what, diagnostics)) return false;
  if (node.kind == TreeNode::Kind::kScalar) return true;
  if (node.complete) {
    diagnostics.error(node.range,
                      std::string(what) + " must be " + std::string(expected) + ", found " + describe(node));
  }
  return false;
}

std::optional<bool> read_bool(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  constexpr std::string_view kExpected = "true or false";
  if (!expect_scalar(node, what, kExpected, diagnostics)) return std::nullopt;
  constexpr std::array<std::string_view, 3> kTrue = {"true", "yes", "on"};
  constexpr std::array<std::string_view, 3> kFalse = {"false", "no", "off"};
  if (node.plain && index_of(kTrue, node.text)) return true;
  if (node.plain && index_of(kFalse, node.text)) return false;
  diagnostics.error(node.range, std::string(what) + " must be " + std::string(kExpected) + ", found " +
                                    (node.plain ? "" : "the quoted text ") + describe(node));
  return std::nullopt;
}

std::optional<Integer> read_integer(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "an integer", diagnostics)) return std::nullopt;
  const ParsedNumber parsed = parse_number(node.text);
  if (!parsed.error) return parsed.value;
  switch (*parsed.error) {
    case NumberError::kNotANumber:
      diagnostics.error(node.range,
                        std::string(what) + " must be an integer such as 17, 0x11 or 0o21, found " + describe(node));
      break;
    case NumberError::kLeadingZero:
      diagnostics.error(node.range, leading_zero(what, node));
      break;
    case NumberError::kTooLarge:
      diagnostics.error(node.range, std::string(what) + " does not fit in 64 bits: " + describe(node));
      break;
  }
  return std::nullopt;
}

namespace {

/// The action that a word of libseccomp's, of container profiles or of other languages stands for, as a suggestion: for
/// "SCMP_ACT_ERRNO", "SECCOMP_RET_TRAP", "ERRNO(13)". None for other words. `what` is the key.
std::optional<std::string> foreign_action(std::string_view word, std::string_view what) {
  std::string name;
  std::string number;
  const size_t open = word.find('(');
  if (open != std::string_view::npos && word.ends_with(')')) {
    number = word.substr(open + 1, word.size() - open - 2);
    word = word.substr(0, open);
  }
  const bool prefixed = word.starts_with("SCMP_ACT_") || word.starts_with("SECCOMP_RET_");
  if (prefixed) word.remove_prefix(word.starts_with("SCMP_ACT_") ? 9 : 12);
  for (const char c : word) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (name == "kill") name = "kill_thread";  // As libseccomp and the kernel's header have it.
  const bool known = std::ranges::find(kActionNames, std::string_view(name)) != kActionNames.end();
  if (!known || (!prefixed && number.empty())) return std::nullopt;
  if (name != "errno" || number.empty()) return "; here it is " + in_quotes(name);
  const std::string_view key = what == "'default_action'" ? "default_errno" : "errno";
  return "; here it is 'errno', and beside it the key " + in_quotes(std::string(key) + ": " + number);
}

}  // namespace

std::optional<Action> read_action(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "one of " + enumerate(kActionNames), diagnostics)) return std::nullopt;
  if (const auto index = index_of(kActionNames, node.text)) return static_cast<Action>(*index);
  std::string message = "unknown action " + in_quotes(node.text);
  if (equal_ignoring_case(node.text, "kill")) {
    message += "; did you mean 'kill_process' (or 'kill_thread')?";
  } else if (const auto foreign = foreign_action(node.text, what)) {
    message += *foreign;
  } else {
    message += suggestion("actions", node.text, kActionNames, diagnostics);
  }
  diagnostics.error(node.range, std::move(message));
  return std::nullopt;
}

std::optional<Operation> read_operation(const TreeNode& node, Diagnostics& diagnostics) {
  if (!expect_scalar(node, "'operation'", "one of " + enumerate(kOperationNames), diagnostics)) return std::nullopt;
  if (const auto index = index_of(kOperationNames, node.text)) return static_cast<Operation>(*index);
  diagnostics.error(node.range, "unknown operation " + in_quotes(node.text) +
                                    suggestion("operations", node.text, kOperationNames, diagnostics));
  return std::nullopt;
}

std::optional<ErrnoValue> read_errno(const TreeNode& node, std::string_view what, Diagnostics& diagnostics,
                                     ErrnoZero zero) {
  const uint64_t least = zero == ErrnoZero::kAccepted ? 0 : 1;
  const std::string numbers = "a number from " + std::to_string(least) + " to 4095";
  if (!expect_scalar(node, what, "an errno name or a number", diagnostics)) return std::nullopt;
  const std::vector<std::string_view> names = arch::errno_names();
  if (std::find(names.begin(), names.end(), node.text) != names.end()) return ErrnoValue{std::string(node.text), 0, node.range};
  const ParsedNumber parsed = parse_number(node.text);
  if (parsed.error == NumberError::kNotANumber) {
    std::string message = "unknown errno " + in_quotes(node.text);
    if (const auto nearest = diagnostics.nearest("errnos", node.text, names)) {
      message += "; did you mean " + in_quotes(*nearest) + "?";
    } else {
      message += "; expected a name such as EPERM, or " + numbers;
    }
    diagnostics.error(node.range, std::move(message));
    return std::nullopt;
  }
  if (!parsed.error && !parsed.value.negative && parsed.value.magnitude >= least &&
      parsed.value.magnitude <= arch::kMaxErrno) {
    return ErrnoValue{"", static_cast<uint16_t>(parsed.value.magnitude), node.range};
  }
  if (parsed.error == NumberError::kLeadingZero) {
    diagnostics.error(node.range, leading_zero(what, node));
    return std::nullopt;
  }
  std::string message = std::string(what) + " must be a name or " + numbers + ", found " + describe(node);
  if (!parsed.error && parsed.value.magnitude == 0) message += "; 0 would make a denied call look done";
  diagnostics.error(node.range, std::move(message));
  return std::nullopt;
}

std::optional<Value> read_value(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "an integer or a constant's name", diagnostics)) return std::nullopt;
  const std::string_view text = node.text;
  if (text.find('|') == std::string_view::npos && !looks_like_constant(text)) {
    const auto integer = read_integer(node, what, diagnostics);
    if (!integer) return std::nullopt;
    return Value{{{*integer, ""}}, node.range};
  }
  if (static_cast<size_t>(std::count(text.begin(), text.end(), '|')) >= kMaxTerms) {
    diagnostics.error(node.range, std::string(what) + " has more than " + std::to_string(kMaxTerms) +
                                      " parts joined with '|'; no register has so many bits");
    return std::nullopt;
  }
  Value value;
  value.range = node.range;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('|', begin), text.size());
    const std::string_view term = trim(text.substr(begin, end - begin));
    begin = end + 1;
    const ParsedNumber number = parse_number(term);
    if (looks_like_constant(term)) {
      if (!check_constant(term, node, diagnostics)) return std::nullopt;
      value.terms.push_back({{}, std::string(term)});
    } else if (!number.error && !number.value.negative) {
      value.terms.push_back({number.value, ""});
    } else {
      diagnostics.error(node.range, std::string(what) +
                                        " must be integers and names of constants joined with '|', found " +
                                        in_quotes(term) + " in " + describe(node));
      return std::nullopt;
    }
  }
  return value;
}

std::optional<arch::KernelVersion> read_kernel_version(const TreeNode& node, std::string_view what,
                                                       Diagnostics& diagnostics) {
  constexpr std::string_view kExpected = "a Linux version such as \"6.1\"";
  if (!expect_scalar(node, what, kExpected, diagnostics)) return std::nullopt;
  const auto version = arch::parse_kernel_version(node.text);
  if (!version) {
    diagnostics.error(node.range,
                      std::string(what) + " must be " + std::string(kExpected) + ", found " + describe(node));
  }
  return version;
}

std::optional<arch::Abi> read_abi(const TreeNode& node, Diagnostics& diagnostics) {
  if (!expect_scalar(node, "an entry of 'architectures'", "the name of an ABI", diagnostics)) return std::nullopt;
  const auto abi = arch::find_abi(node.text);
  if (!abi) {
    const auto nearest = diagnostics.nearest("ABIs", node.text, arch::accepted_abi_names);
    diagnostics.error(node.range, "unknown ABI " + in_quotes(node.text) +
                                      (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                               : "; expected " + enumerate(arch::abi_names())));
  }
  return abi;
}

}  // namespace sandbox::policy
