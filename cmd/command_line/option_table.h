// The options of a program as one table, from which its command line is read and its --help is written.
//
// A row names the member that the option is read into:
//
//     constexpr command_line::Option<Options> kOptions[] = {
//         {"--quiet", 'q', "", "say less: no warnings, no remarks", &Options::quiet},
//         {"--output", 'o', "OUT", "the file to write", &Options::output},
//     };
//     static_assert(command_line::is_consistent(kOptions));
//
// So an option that is declared has its place, and two that share one do not compile. The completions of the shells are
// written from the table, too (packaging/completions).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/text.h"

namespace sandbox::command_line {

/// One option of a program whose command line is read into `Options`.
template <typename Options>
struct Option {
  /// Reads one value into the options. The error is a sentence; none when all is well.
  using Read = std::optional<std::string> (*)(std::string_view value, Options& options);

  /// A value that is more than text, and is given once.
  struct Once {
    Read read;
    constexpr bool operator==(const Once& other) const { return same(read, other.read); }
  };
  /// The same, as often as it is given.
  struct Each {
    Read read;
    constexpr bool operator==(const Each& other) const { return same(read, other.read); }
  };
  /// An option that can stand without its value, which is written behind '='.
  struct WithOrWithout {
    bool Options::*given;
    std::optional<std::string> Options::*value;
    bool operator==(const WithOrWithout&) const = default;
  };
  using Flag = bool Options::*;
  using Text = std::string Options::*;
  using OptionalText = std::optional<std::string> Options::*;
  using Texts = std::vector<std::string> Options::*;  ///< One for each time that it is given.

  std::string_view name;  ///< With its dashes: "--output".
  char letter;            ///< 0: none.
  std::string_view type;  ///< What its value is, for --help; empty: it takes none. In brackets: only behind '='.
  std::string_view description;
  std::variant<Flag, Text, OptionalText, Texts, WithOrWithout, Once, Each> target;
  std::span<const std::string_view> words = {};  ///< The values it takes, where these are a few words.

  /// Under the address sanitizer GCC 12 compares no functions in a constant expression: there any two differ.
  static constexpr bool same(Read a, Read b) {
#ifdef __SANITIZE_ADDRESS__
    if (std::is_constant_evaluated()) return false;
#endif
    return a == b;
  }

  [[nodiscard]] constexpr bool takes_value() const {
    return !std::holds_alternative<Flag>(target);
  }
  [[nodiscard]] constexpr bool needs_value() const {
    return takes_value() && !std::holds_alternative<WithOrWithout>(target);
  }
  [[nodiscard]] constexpr bool may_come_again() const {
    return !takes_value() || std::holds_alternative<Texts>(target) || std::holds_alternative<Each>(target);
  }
};

/// What is to be known of an option without its program.
struct OptionRow {
  std::string_view name;
  char letter = 0;
  std::string_view type;
  std::string_view description;
  bool takes_value = false;
  bool needs_value = false;
  bool may_come_again = false;
  std::vector<std::string_view> words;
};

template <typename Options>
OptionRow row_of(const Option<Options>& option) {
  return {option.name,
          option.letter,
          option.type,
          option.description,
          option.takes_value(),
          option.needs_value(),
          option.may_come_again(),
          {option.words.begin(), option.words.end()}};
}

/// Whether each option has a name, a letter and a place of its own, and a type if it takes a value.
template <typename Options, size_t N>
constexpr bool is_consistent(const Option<Options> (&table)[N]) {
  for (size_t i = 0; i < N; ++i) {
    const Option<Options>& option = table[i];
    if (!option.name.starts_with("--") || option.takes_value() == option.type.empty()) return false;
    if (option.takes_value() && option.needs_value() == option.type.starts_with('[')) return false;
    for (size_t j = 0; j < i; ++j) {
      if (option.name == table[j].name || option.target == table[j].target) return false;
      if (option.letter != 0 && option.letter == table[j].letter) return false;
    }
  }
  return true;
}

/// What the command line has of one option.
struct Given {
  size_t times = 0;
  std::vector<std::string> values;
};

/// Puts what was given of an option into its place. The error is a sentence; none when all is well.
template <typename Options>
std::optional<std::string> store(const Option<Options>& option, const Given& given, Options& options) {
  using Row = Option<Options>;
  if (given.times == 0) return std::nullopt;
  const std::string name = "option " + in_quotes(option.name);
  if (given.values.size() > 1 && !option.may_come_again()) return name + " is given more than once";
  for (const std::string& value : given.values) {
    if (value.empty()) return name + " needs a value";
  }
  if (option.needs_value() && given.values.empty()) return name + " needs a value";
  if (const auto* flag = std::get_if<typename Row::Flag>(&option.target)) {
    options.*(*flag) = true;
  } else if (const auto* text = std::get_if<typename Row::Text>(&option.target)) {
    options.*(*text) = given.values.front();
  } else if (const auto* optional = std::get_if<typename Row::OptionalText>(&option.target)) {
    options.*(*optional) = given.values.front();
  } else if (const auto* texts = std::get_if<typename Row::Texts>(&option.target)) {
    options.*(*texts) = given.values;
  } else if (const auto* either = std::get_if<typename Row::WithOrWithout>(&option.target)) {
    options.*(either->given) = true;
    if (!given.values.empty()) options.*(either->value) = given.values.front();
  } else {
    const auto* once = std::get_if<typename Row::Once>(&option.target);
    const auto read = once != nullptr ? once->read : std::get<typename Row::Each>(option.target).read;
    for (const std::string& value : given.values) {
      if (auto error = read(value, options)) return error;
    }
  }
  return std::nullopt;
}

}  // namespace sandbox::command_line
