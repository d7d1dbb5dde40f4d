#include "options.h"

// The only includer of CLI11, which takes long to compile.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "arch/capabilities.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"

namespace sandbox::launcher {
namespace {

constexpr const char* kUsage =
    "Usage: sandbox-run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "\n"
    "Runs PROGRAM under a system-call policy: the policy is compiled to a seccomp filter, the filter is put in force, "
    "and\n"
    "PROGRAM replaces sandbox-run, with the same pid, files and environment. Without --policy and --profile the "
    "built-in\n"
    "profile 'default' is used.\n"
    "\n"
    "Options:\n";

constexpr const char* kFooter =
    "\n"
    "Exit status: PROGRAM's own, or 125 when sandbox-run failed and nothing was started, 126 when PROGRAM cannot be\n"
    "executed, 127 when it was not found. A process that the filter kills ends with 159 (128 + SIGSYS) in a shell.\n"
    "\n"
    "Example: sandbox-run --policy beat.yml -- ./packetbeat -e\n"
    "Manuals: sandbox-run(1), sandbox-policy(5)\n";

constexpr int kHelpColumn = 30;

class OptionFormatter : public CLI::Formatter {
 public:
  OptionFormatter() { column_width(kHelpColumn); }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    (void)name;
    (void)mode;
    std::string text = kUsage;
    for (const CLI::Option* option : app->get_options()) text += make_option(option, false);
    return text + kFooter;
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    (void)is_positional;
    std::string left = "  ";
    if (!option->get_snames().empty()) {
      left += "-" + option->get_snames().front() + ", ";
    } else {
      left += "    ";
    }
    left += "--" + option->get_lnames().front();
    if (takes_value(option)) left += (option->get_type_name() == "BOOL" ? "=" : " ") + option->get_type_name();
    left.resize(std::max<size_t>(left.size() + 2, kHelpColumn), ' ');
    return left + option->get_description() + "\n";
  }

  static bool takes_value(const CLI::Option* option) { return option->get_expected_min() > 0; }
};

/// The names of all options, for suggestions.
std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

UsageError unknown_option(const CLI::App& app, std::string_view written) {
  const std::vector<std::string> names = long_names(app);
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::string message = "unknown option " + quoted(written);
  if (const auto nearest = nearest_name(written, views)) {
    message += "; did you mean " + quoted(*nearest) + "?";
  } else {
    message += "; --help lists the options, and '--' ends them";
  }
  return {message};
}

/// One argument of ours, taken apart.
struct OwnArgument {
  const CLI::Option* option = nullptr;
  std::string_view name;                  ///< As written: "--policy", "-p", "-vp".
  std::optional<std::string_view> value;  ///< What is written together with the name: "--policy=FILE", "-pFILE".
};

Result<OwnArgument, UsageError> read_long(const CLI::App& app, std::string_view argument) {
  const size_t equals = argument.find('=');
  OwnArgument own;
  own.name = argument.substr(0, equals);
  own.option = app.get_option_no_throw(std::string(own.name));
  if (own.option == nullptr) return unknown_option(app, own.name);
  if (equals != std::string_view::npos) own.value = argument.substr(equals + 1);
  if (own.value && !OptionFormatter::takes_value(own.option)) {
    return UsageError{"option " + quoted(own.name) + " takes no value"};
  }
  return own;
}

/// A cluster such as -v, -vp FILE or -vpFILE: only the last of its options can take a value.
Result<OwnArgument, UsageError> read_cluster(const CLI::App& app, std::string_view argument) {
  OwnArgument own;
  for (size_t i = 1; i < argument.size(); ++i) {
    const std::string name = {'-', argument[i]};
    own.option = app.get_option_no_throw(name);
    if (own.option == nullptr) return unknown_option(app, argument.size() == 2 ? argument : name);
    own.name = argument.substr(0, i + 1);
    if (!OptionFormatter::takes_value(own.option)) continue;
    if (i + 1 < argument.size()) own.value = argument.substr(i + 1);
    break;
  }
  return own;
}

/// The launcher's own part of the command line.
struct OwnLine {
  int count = 0;  ///< How many of the arguments behind argv[0] are the launcher's own.
  /// By option, every value as it was typed. CLI11 would take "[a,b]" for two values.
  std::map<const CLI::Option*, std::vector<std::string>> values;
  std::vector<std::string> for_cli11;  ///< The same line with "value" for each of them.
};

/// Where the launcher's part ends is decided here: CLI11 would take the target's options for ours, or an unknown option
/// of ours for a target.
Result<OwnLine, UsageError> scan(const CLI::App& app, int argc, char** argv) {
  OwnLine line;
  int index = 1;
  while (index < argc) {
    const std::string_view argument = argv[index];
    if (argument == "--" || argument == "-" || !argument.starts_with('-')) break;
    auto own = argument.starts_with("--") ? read_long(app, argument) : read_cluster(app, argument);
    if (!own) return own.error();
    ++index;
    if (!OptionFormatter::takes_value(own->option)) {
      line.for_cli11.emplace_back(argument);
      continue;
    }
    if (!own->value && index < argc) own->value = argv[index++];
    if (!own->value || own->value->empty()) return UsageError{"option " + quoted(own->name) + " needs a value"};
    line.values[own->option].emplace_back(*own->value);
    line.for_cli11.emplace_back(own->name);
    line.for_cli11.emplace_back("value");
  }
  line.count = index - 1;
  return line;
}

Result<bool, UsageError> read_bool(const std::vector<std::string>& values, std::string_view option, bool by_default) {
  constexpr std::string_view kTrue[] = {"true", "yes", "on", "1"};
  constexpr std::string_view kFalse[] = {"false", "no", "off", "0"};
  if (values.empty()) return by_default;
  if (values.size() > 1) return UsageError{"option " + quoted(option) + " is given more than once"};
  const std::string_view value = values.front();
  if (std::find(std::begin(kTrue), std::end(kTrue), value) != std::end(kTrue)) return true;
  if (std::find(std::begin(kFalse), std::end(kFalse), value) != std::end(kFalse)) return false;
  return UsageError{"option " + quoted(option) + " must be true or false, found " + quoted(value)};
}

/// The capability that is meant by "CAP_SYS_ADMIN", "sys_admin" and the like.
std::string full_capability_name(std::string_view written) {
  std::string name(written);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name.starts_with("CAP_") ? name : "CAP_" + name;
}

/// "CAP_SYS_ADMIN,net_raw" or "none".
Result<std::set<std::string>, UsageError> read_capabilities(const std::vector<std::string>& lists) {
  const std::span<const std::string_view> known = arch::capability_names();
  std::set<std::string> names;
  for (const std::string_view list : lists) {
    for (size_t begin = 0; begin <= list.size();) {
      const size_t end = std::min(list.find(',', begin), list.size());
      const std::string_view written = list.substr(begin, end - begin);
      begin = end + 1;
      const std::string name = full_capability_name(written);
      if (name == "CAP_NONE") continue;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        const auto nearest = nearest_name(name, known);
        return UsageError{"unknown capability " + quoted(written) +
                          (nearest && !written.empty() ? "; did you mean " + quoted(*nearest) + "?"
                                                       : "; expected names such as CAP_SYS_ADMIN, or none")};
      }
      names.insert(name);
    }
  }
  return names;
}

}  // namespace

Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv) {
  using Parsed = std::variant<Options, Information>;
  Options options;
  CLI::App app;
  app.formatter(std::make_shared<OptionFormatter>());
  app.set_help_flag();

  bool help = false;
  bool version = false;
  std::vector<std::string> unread;  // Values come from `scan`.
  const auto add_option = [&](const char* names, const char* type, const char* description) {
    return app.add_option(names, unread, description)->type_name(type)->expected(1)->take_all();
  };
  const CLI::Option* policy =
      add_option("-p,--policy", "FILE", "a policy: Elastic Beats' YAML or an OCI profile; of several each must agree");
  const CLI::Option* profile =
      add_option("--profile", "NAME", "a built-in policy, also beside --policy (see --list-profiles)");
  const CLI::Option* no_new_privs =
      add_option("--no-new-privs", "BOOL", "set no_new_privs (default true); false needs CAP_SYS_ADMIN");
  app.add_flag("--token-visible", options.token_visible,
               "launch also where PROGRAM could see the exec token (s390x, riscv64)");
  app.add_flag("--log", options.log_denied, "have the kernel log what is denied");
  const CLI::Option* capabilities =
      add_option("--cap", "NAMES", "OCI profiles: the capabilities to count on (default: those PROGRAM can have)");
  app.add_flag("--kernel-widths", options.kernel_widths,
               "OCI profiles: compare the bits that the kernel reads, not 64");
  app.add_flag("--dry-run", options.dry_run, "check everything, print the filter, start nothing");
  app.add_flag("--list-profiles", options.list_profiles, "print the built-in policies");
  app.add_flag("-v,--verbose", options.verbose, "say what is done");
  app.add_flag("-q,--quiet", options.quiet, "no warnings");
  app.add_flag("--version", version, "print the version");
  app.add_flag("-h,--help", help, "print this help");

  auto own = scan(app, argc, argv);
  if (!own) return own.error();
  try {
    app.parse(std::vector<std::string>(own->for_cli11.rbegin(), own->for_cli11.rend()));
  } catch (const CLI::ParseError& error) {
    return UsageError{printable(error.what(), 400)};
  }

  options.policies = own->values[policy];
  options.profiles = own->values[profile];
  const auto wanted = read_bool(own->values[no_new_privs], "--no-new-privs", true);
  if (!wanted) return wanted.error();
  options.no_new_privs = *wanted;
  if (help) return Parsed(Information{app.help()});
  if (version) return Parsed(Information{"sandbox-run " SANDBOX_RUN_VERSION "\n"});
  if (!own->values[capabilities].empty()) {
    auto names = read_capabilities(own->values[capabilities]);
    if (!names) return names.error();
    options.capabilities = std::move(*names);
  }

  int target = 1 + own->count;
  if (target < argc && std::string_view(argv[target]) == "--") ++target;
  if (target < argc) options.target = argv + target;
  const bool launch = !options.dry_run && !options.list_profiles;
  if (options.target == nullptr && launch) return UsageError{"no program is given; sandbox-run --help shows how"};
  return Parsed(options);
}

}  // namespace sandbox::launcher
