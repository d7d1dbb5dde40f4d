// What the completions of the three shells are made of: the option tables of the two programs.
#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/capabilities.h"
#include "base/text.h"
#include "generator/answers.h"
#include "sandbox-policy/options.h"
#include "sandbox-run/options.h"

namespace sandbox::generator {
namespace {

using command_line::OptionRow;
using tool::CommandRow;
using Rows = std::vector<OptionRow>;

/// How an option's value is completed.
enum class Kind : uint8_t { kNothing, kWords, kFile, kProfile, kCall, kSet, kDenied, kCapabilities, kAbi };

Kind kind_of(const OptionRow& row) {
  static const std::map<std::string_view, Kind> kByName = {{"--profile", Kind::kProfile},
                                                           {"--deny", Kind::kDenied},
                                                           {"--call", Kind::kCall},
                                                           {"--assume", Kind::kSet},
                                                           {"--cap", Kind::kCapabilities}};
  static const std::map<std::string_view, Kind> kByType = {
      {"FILE", Kind::kFile}, {"[=FILE]", Kind::kFile}, {"OUT", Kind::kFile}, {"PATH", Kind::kFile},
      {"LIB", Kind::kFile},  {"PROGRAM", Kind::kFile}, {"ABI", Kind::kAbi}};
  if (!row.words.empty()) return Kind::kWords;
  if (const auto found = kByName.find(row.name); found != kByName.end()) return found->second;
  if (const auto found = kByType.find(row.type); found != kByType.end()) return found->second;
  return Kind::kNothing;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// "-p" and "--policy".
std::vector<std::string> spellings(const OptionRow& row) {
  std::vector<std::string> names;
  if (row.letter != 0) names.push_back({'-', row.letter});
  names.emplace_back(row.name);
  return names;
}

/// The options of all commands, each once.
Rows united(const std::vector<CommandRow>& commands) {
  Rows all;
  for (const CommandRow& command : commands) {
    for (const OptionRow& row : command.options) {
      if (std::ranges::find(all, row.name, &OptionRow::name) == all.end()) all.push_back(row);
    }
  }
  return all;
}

/// "-p | --policy | --profile": a pattern of bash.
std::string bash_pattern(const Rows& rows, bool (*wanted)(const OptionRow&), std::string_view separator = " | ") {
  std::vector<std::string> names;
  for (const OptionRow& row : rows) {
    if (wanted(row)) std::ranges::copy(spellings(row), std::back_inserter(names));
  }
  return join(names, separator);
}

bool needs_value(const OptionRow& row) {
  return row.needs_value;
}
bool has_optional_value(const OptionRow& row) {
  return row.takes_value && !row.needs_value;
}

/// "--policy --report --report=": an option with a '=' takes its value in the same word.
std::string bash_options(const Rows& rows) {
  std::vector<std::string> words;
  for (const OptionRow& row : rows) {
    const std::string name(row.name);
    if (row.type != "BOOL") words.push_back(name);
    if (row.type == "BOOL" || has_optional_value(row)) words.push_back(name + "=");
  }
  return join(words, " ");
}

std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {"nothing", "words",  "file",         "profile", "call",
                                         "set",     "denied", "capabilities", "abi"};
  return kNames[static_cast<size_t>(kind)];
}

/// One arm of a case statement, which sets $kind, and $choices for a few words.
std::string bash_arm(const std::string& pattern, const OptionRow& row) {
  std::string arm = "        " + pattern + ") kind=" + std::string(name_of(kind_of(row)));
  if (!row.words.empty()) arm += " choices='" + join(row.words, " ") + "'";
  return arm + " ;;\n";
}

std::string bash_values(const Rows& rows) {
  std::string text;
  for (const OptionRow& row : rows) {
    if (row.takes_value) {
      text += bash_arm(join(spellings(row), " | "), row);
    }
  }
  return text;
}

/// The same by "COMMAND:OPTION": a command can take fewer words than another.
std::string bash_command_values(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    for (const OptionRow& row : command.options) {
      if (!row.takes_value) continue;
      const auto pattern = [&](const std::string& name) { return std::string(command.name) + ":" + name; };
      text += bash_arm(join(spellings(row), " | ", pattern), row);
    }
  }
  return text;
}

std::string bash_command_options(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    text += "        " + std::string(command.name) + ") options='" + bash_options(command.options) + "' ;;\n";
  }
  return text;
}

std::string quoted_for_zsh(std::string_view text) {
  return replaced(std::string(text), "'", "'\\''");
}

std::string zsh_action(const OptionRow& row, std::string_view prefix) {
  switch (kind_of(row)) {
    case Kind::kNothing:
      return " ";
    case Kind::kWords:
      return "(" + join(row.words, " ") + ")";
    case Kind::kFile:
      return "_files";
    default:
      return std::string(prefix) + "_" + std::string(name_of(kind_of(row)));
  }
}

/// One line for each spelling of an option, as _arguments wants it.
std::string zsh_specs(const Rows& rows, std::string_view prefix, std::string_view indent) {
  std::string text;
  for (const OptionRow& row : rows) {
    std::string description = replaced(replaced(std::string(row.description), "[", "\\["), "]", "\\]");
    std::string value;
    if (row.takes_value) {
      std::string type(row.type);
      std::erase_if(type, [](char c) { return c == '[' || c == ']' || c == '='; });
      std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      value = (row.needs_value ? ":" : "::") + type + ":" + zsh_action(row, prefix);
    }
    const std::string before = row.takes_value && row.may_come_again ? "*" : "(" + join(spellings(row), " ") + ")";
    for (const std::string& name : spellings(row)) {
      const bool is_long = name.starts_with("--");
      const std::string attached = !row.takes_value ? "" : !is_long ? "+" : row.needs_value ? "=" : "=-";
      text += std::string(indent) + "'" + before + name + attached + "[" + quoted_for_zsh(description) + "]" +
              quoted_for_zsh(value) + "'\n";
    }
  }
  return text;
}

std::string zsh_commands(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    text += "    '" + std::string(command.name) + ":" +
            quoted_for_zsh(replaced(std::string(command.summary), ":", "\\:")) + "'\n";
  }
  return text;
}

std::string zsh_command_specs(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    text += "    " + std::string(command.name) + ")\n      options=(\n" +
            zsh_specs(command.options, "_sandbox_policy", "        ") + "      )\n      ;;\n";
  }
  return text;
}

std::string quoted_for_fish(std::string_view text) {
  return "'" + replaced(replaced(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_value(const OptionRow& row, std::string_view prefix) {
  if (!row.takes_value) return "";
  if (!row.needs_value) return " -F";
  switch (kind_of(row)) {
    case Kind::kNothing:
      return " -x";
    case Kind::kWords:
      return " -x -a " + quoted_for_fish(join(row.words, " "));
    case Kind::kFile:
      return " -r -F";
    default:
      return " -x -a '(" + std::string(prefix) + "_" + std::string(name_of(kind_of(row))) + ")'";
  }
}

std::string fish_options(const Rows& rows, const std::string& start, std::string_view prefix) {
  std::string text;
  for (const OptionRow& row : rows) {
    text += start;
    if (row.letter != 0) text += " -s " + std::string(1, row.letter);
    text += " -l " + std::string(row.name.substr(2)) + fish_value(row, prefix) + " -d " +
            quoted_for_fish(row.description) + "\n";
  }
  return text;
}

std::string fish_command_options(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    const std::string name(command.name);
    text += fish_options(command.options, "complete -c sandbox-policy -n '__sandbox_policy_is " + name + "'",
                         "__sandbox_policy");
  }
  return text;
}

std::string fish_commands(const std::vector<CommandRow>& commands) {
  std::string text;
  for (const CommandRow& command : commands) {
    text += "complete -c sandbox-policy -n __sandbox_policy_needs_command -a " + std::string(command.name) + " -d " +
            quoted_for_fish(command.summary) + "\n";
  }
  return text;
}

/// "none docker own chown dac_override ...": without CAP_, as people write them.
std::string capabilities() {
  std::string text = "none docker own";
  for (const std::string_view name : arch::capability_names()) {
    std::string lower(name.substr(std::string_view("CAP_").size()));
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    text += " " + lower;
  }
  return text;
}

}  // namespace

Answers completion_answers(std::string_view program) {
  const bool launcher = program == "sandbox-run";
  const std::vector<CommandRow> commands = tool::command_rows();
  const Rows rows = launcher ? launcher::option_rows() : united(commands);
  Answers answers = {
      {"capabilities", capabilities()},
      {"needs_value", bash_pattern(rows, needs_value)},
      {"needs_value_words", bash_pattern(rows, needs_value, " ")},
  };
  if (launcher) {
    answers["has_optional_value"] = bash_pattern(rows, has_optional_value);
    answers["bash_options"] = bash_options(rows);
    answers["bash_values"] = bash_values(rows);
    answers["zsh_options"] = zsh_specs(rows, "_sandbox_run", "    ");
    answers["fish_options"] = fish_options(rows, "complete -c sandbox-run -n __sandbox_run_own", "__sandbox_run");
    return answers;
  }
  answers["tables"] = join(tool::kTableNames, " ");
  answers["bash_commands"] = join(commands, " ", &CommandRow::name);
  answers["bash_values"] = bash_command_values(commands);
  answers["bash_options"] = bash_command_options(commands);
  answers["zsh_commands"] = zsh_commands(commands);
  answers["zsh_options"] = zsh_command_specs(commands);
  answers["fish_commands"] = fish_commands(commands);
  answers["fish_options"] = fish_command_options(commands);
  return answers;
}

}  // namespace sandbox::generator
