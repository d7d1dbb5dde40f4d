// A policy as it was written: names are not resolved, order is kept, and every node knows its place in the text.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/source_text.h"

namespace sandbox::policy {

/// What happens to a call. In the kernel's order, the most restrictive first (seccomp(2), "action values").
enum class Action : uint8_t { kKillProcess, kKillThread, kTrap, kErrno, kTrace, kLog, kAllow };

/// The actions' names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 7> kActionNames = {"kill_process", "kill_thread", "trap", "errno",
                                                                 "trace",        "log",         "allow"};

constexpr std::string_view name_of(Action action) {
  return kActionNames[static_cast<size_t>(action)];
}

/// How an argument is compared with a value. Comparisons are unsigned.
enum class Operation : uint8_t {
  kEqual,
  kNotEqual,
  kGreaterThan,
  kLessThan,
  kGreaterOrEqual,
  kLessOrEqual,
  kBitsSet,      ///< Any bit of the value is set in the argument.
  kBitsNotSet,   ///< No bit of the value is set in the argument.
  kMaskedEqual,  ///< The argument's bits under the mask equal the value.
};

/// The operations' names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 9> kOperationNames = {"Equal",    "NotEqual",       "GreaterThan",
                                                                    "LessThan", "GreaterOrEqual", "LessOrEqual",
                                                                    "BitsSet",  "BitsNotSet",     "MaskedEqual"};

constexpr std::string_view name_of(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)];
}

/// An integer as written. A negative one stands for its two's complement at the width of the argument it meets.
struct Integer {
  uint64_t magnitude = 0;
  bool negative = false;
};

struct Condition {
  uint8_t argument = 0;  ///< 0 to 5.
  Operation operation = Operation::kEqual;
  Integer value;
  Integer mask;  ///< With kMaskedEqual only.
  SourceRange range;
};

struct Name {
  std::string text;
  SourceRange range;
};

/// An entry of `names_with_args`: the call matches when every condition holds.
struct ConditionalName {
  Name name;
  std::vector<Condition> conditions;
};

/// `errno` and `default_errno`: the native number; EPERM where nothing is written.
inline constexpr uint16_t kDefaultErrno = 1;

struct Group {
  Action action = Action::kKillProcess;
  uint16_t errno_number = kDefaultErrno;  ///< With kErrno only.
  std::vector<Name> names;
  std::vector<ConditionalName> names_with_args;
  SourceRange range;
};

struct Policy {
  std::shared_ptr<const SourceText> source;
  bool enabled = true;
  SourceRange enabled_range;  ///< Where `enabled` is written, if it is.
  Action default_action = Action::kKillProcess;
  uint16_t default_errno = kDefaultErrno;
  std::vector<Group> groups;  ///< In order: the first that matches a call decides.
};

}  // namespace sandbox::policy
