#include "sandbox-run/options.h"

// The only includer of CLI11, which takes long to compile. It writes --help.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "arch/capabilities.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"
#include "base/text.h"
#include "command_line/help_text.h"
#include "command_line/option_table.h"
#include "command_line/policy_name.h"
#include "command_line/version.h"
#include "sandbox-run/foreign_words.h"
#include "sandbox-run/landlock_options.h"

namespace sandbox::launcher {
namespace {

using Option = command_line::Option<Options>;

constexpr std::string_view kBooleans[] = {"true", "false"};  // Those that are suggested.
constexpr std::string_view kNoPorts[] = {"none"};

std::optional<std::string> read_no_new_privs(std::string_view value, Options& options) {
  constexpr std::string_view kTrue[] = {"true", "yes", "on", "1"};
  constexpr std::string_view kFalse[] = {"false", "no", "off", "0"};
  const bool yes = std::find(std::begin(kTrue), std::end(kTrue), value) != std::end(kTrue);
  const bool no = std::find(std::begin(kFalse), std::end(kFalse), value) != std::end(kFalse);
  if (!yes && !no) return "option '--no-new-privs' must be true or false, found " + in_quotes(value);
  options.no_new_privs = yes;
  return std::nullopt;
}

std::optional<std::string> read_colour(std::string_view value, Options& options) {
  const auto found = std::ranges::find(kColourWords, value);
  if (found == std::end(kColourWords)) {
    return "option '--color' must be auto, always or never, found " + in_quotes(value);
  }
  options.colour = static_cast<ColourChoice>(found - std::begin(kColourWords));
  return std::nullopt;
}

/// A file that was given to an option which takes names.
std::optional<std::string> refuse_path(std::string_view option, std::string_view value) {
  if (value.find('/') == std::string_view::npos && !value.ends_with(".yml") && !value.ends_with(".yaml")) {
    return std::nullopt;
  }
  return "option " + in_quotes(option) + " takes names, found " + in_quotes(value) + "; for a file, --policy " +
         printable(value);
}

std::optional<std::string> add_capabilities(std::string_view list, Options& options) {
  if (auto error = refuse_path("--cap", list)) return error;
  auto read = arch::read_capabilities(list);
  if (!read) return read.error().message;
  if (!options.capabilities) options.capabilities.emplace();
  options.capabilities->names.merge(read->names);
  options.capabilities->own = options.capabilities->own || read->own;
  return std::nullopt;
}

std::optional<std::string> add_denied(std::string_view list, Options& options) {
  if (list.find_first_not_of(", \t\n") == std::string_view::npos) return "option '--deny' needs a value";
  if (auto error = refuse_path("--deny", list)) return error;
  options.denied.emplace_back(list);
  return std::nullopt;
}

std::optional<std::string> add_ports(std::string_view option, std::string_view list, std::vector<std::string>& lists) {
  if (const auto error = port_list_error(list)) return "option " + in_quotes(option) + " " + *error;
  lists.emplace_back(list);
  return std::nullopt;
}

/// In the order of --help.
constexpr Option kOptions[] = {
    {"--policy", 'p', "FILE", "a policy: Elastic Beats', a container's, a systemd unit; several apply together",
     &Options::policies},
    {"--profile", 0, "NAME", "a policy by its name, also beside --policy (see --list-profiles)", &Options::profiles},
    {"--deny", 0, "NAMES", "one more policy: these calls and sets, and what does the same, get EPERM",
     Option::Each{add_denied}},
    {"--ro", 0, "PATH", "files below PATH may be read; what no such option names is out of reach", &Options::ro},
    {"--rox", 0, "PATH", "the same: read and execute", &Options::rox},
    {"--rw", 0, "PATH", "the same: read and write", &Options::rw},
    {"--rwx", 0, "PATH", "the same: read, write and execute", &Options::rwx},
    {"--bare", 0, "", "with these: without @system, @devices and @proc (see sandbox-policy list paths)",
     &Options::bare},
    {"--connect-tcp", 0, "PORTS", "TCP ports to which PROGRAM may connect, and to no others: 80,443, or none",
     Option::Each{
         [](std::string_view list, Options& options) { return add_ports("--connect-tcp", list, options.connect_tcp); }},
     kNoPorts},
    {"--bind-tcp", 0, "PORTS", "the same: TCP ports that it may bind",
     Option::Each{
         [](std::string_view list, Options& options) { return add_ports("--bind-tcp", list, options.bind_tcp); }},
     kNoPorts},
    {"--connect-udp", 0, "PORTS", "the same: UDP ports to which it may send",
     Option::Each{
         [](std::string_view list, Options& options) { return add_ports("--connect-udp", list, options.connect_udp); }},
     kNoPorts},
    {"--bind-udp", 0, "PORTS", "the same: UDP ports that it may bind",
     Option::Each{
         [](std::string_view list, Options& options) { return add_ports("--bind-udp", list, options.bind_udp); }},
     kNoPorts},
    {"--best-effort", 0, "", "warn of what this kernel cannot restrict of files and ports, and start PROGRAM",
     &Options::best_effort},
    {"--no-network", 0, "", "one more policy: no sockets but local ones", &Options::no_network},
    {"--no-unix", 0, "", "one more policy: no local sockets (AF_UNIX)", &Options::no_unix},
    {"--no-exec", 0, "", "one more policy: PROGRAM starts no other program", &Options::no_exec},
    {"--bpf", 0, "FILE", "a compiled filter, or raw BPF of any tool, instead of policies", &Options::bpf},
    {"--no-new-privs", 0, "BOOL", "set no_new_privs (default true); false needs CAP_SYS_ADMIN",
     Option::Once{read_no_new_privs}, kBooleans},
    {"--token-visible", 0, "", "launch also where PROGRAM could see the exec token (s390x, riscv64)",
     &Options::token_visible},
    {"--log", 0, "", "have the kernel log what is denied", &Options::log_denied},
    {"--report", 0, "[=FILE]", "stay beside PROGRAM and report what is denied; to FILE as JSON (ECS) lines",
     Option::WithOrWithout{&Options::report, &Options::report_file}},
    {"--json", 0, "", "JSON to standard output: with --report as by --report=-, --dry-run and --list-profiles",
     &Options::json},
    {"--permissive", 0, "", "with --report: report what would be denied, and allow it", &Options::permissive},
    {"--cap", 0, "NAMES", "container profiles: the capabilities to count on, or docker, own, none (the default)",
     Option::Each{add_capabilities}},
    {"--kernel-widths", 0, "", "container profiles: compare the bits that the kernel reads, not 64",
     &Options::kernel_widths},
    {"--dry-run", 0, "", "check everything, print the filter, start nothing", &Options::dry_run},
    {"--list-profiles", 0, "", "print the policies that have names, and what each is for", &Options::list_profiles},
    {"--color", 0, "WHEN", "auto (the default: on a terminal, without NO_COLOR), always or never",
     Option::Once{read_colour}, kColourWords},
    {"--verbose", 'v', "", "print what is started, and how large the filter is", &Options::verbose},
    {"--quiet", 'q', "", "print no warnings and no summaries", &Options::quiet},
    {"--version", 0, "", "print the version", &Options::version},
    {"--help", 'h', "", "print this help", &Options::help},
};
static_assert(command_line::is_consistent(kOptions));

const Option* find_option(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option& option) { return option.name == name; });
  return found == std::end(kOptions) ? nullptr : found;
}

const Option* find_option(char letter) {
  const auto found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                  [&](const Option& option) { return option.letter == letter; });
  return found == std::end(kOptions) ? nullptr : found;
}

/// `value` is what would be its value.
UsageError unknown_option(std::string_view written, std::string_view value) {
  if (const auto answer = foreign_option(written, value)) {
    return {"unknown option " + in_quotes(written) + *answer};
  }
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) names.push_back(option.name);
  std::string message = "unknown option " + in_quotes(written);
  if (const auto nearest = nearest_name(written, names)) {
    message += "; did you mean " + in_quotes(*nearest) + "?";
  } else {
    message += "; --help lists the options, and '--' ends them";
  }
  return {message};
}

/// One argument of ours, taken apart.
struct OwnArgument {
  const Option* option = nullptr;
  std::string_view name;                  ///< As written: "--policy", "-p", "-vp".
  std::optional<std::string_view> value;  ///< What is written together with the name: "--policy=FILE", "-pFILE".
};

/// `next` is the argument behind it.
Result<OwnArgument, UsageError> read_long(std::string_view argument, std::string_view next) {
  const size_t equals = argument.find('=');
  OwnArgument own;
  own.name = argument.substr(0, equals);
  own.option = find_option(own.name);
  if (own.option == nullptr) {
    return unknown_option(own.name, equals == std::string_view::npos ? next : argument.substr(equals + 1));
  }
  if (equals != std::string_view::npos) own.value = argument.substr(equals + 1);
  if (own.value && !own.option->takes_value()) {
    return UsageError{"option " + in_quotes(own.name) + " takes no value"};
  }
  return own;
}

/// The launcher's own part of the command line.
struct OwnLine {
  int count = 0;  ///< How many of the arguments behind argv[0] are the launcher's own.
  std::array<command_line::Given, std::size(kOptions)> given;

  command_line::Given& operator[](const Option* option) {
    return given[static_cast<size_t>(option - std::begin(kOptions))];
  }
};

/// A cluster such as -v, -vp FILE or -vpFILE: only the last of its options can take a value. Those before it are noted.
Result<OwnArgument, UsageError> read_cluster(std::string_view argument, OwnLine& line) {
  OwnArgument own;
  for (size_t i = 1; i < argument.size(); ++i) {
    own.option = find_option(argument[i]);
    if (own.option == nullptr) {
      const std::string name = {'-', argument[i]};
      return unknown_option(argument.size() == 2 ? argument : name, argument.substr(i + 1));
    }
    own.name = argument.substr(0, i + 1);
    if (own.option->takes_value()) {
      if (i + 1 < argument.size()) own.value = argument.substr(i + 1);
      break;
    }
    if (i + 1 < argument.size()) ++line[own.option].times;
  }
  return own;
}

/// Our own reading, not CLI11's: that would take the target's options for ours, an unknown option of ours for a target
/// and "[a,b]" for two values, and it needs longer than all else that a launch under a compiled filter does.
Result<OwnLine, UsageError> scan(int argc, char** argv) {
  OwnLine line;
  int index = 1;
  while (index < argc) {
    const std::string_view argument = argv[index];
    if (argument == "--" || argument == "-" || !argument.starts_with('-')) break;
    const std::string_view next = index + 1 < argc ? argv[index + 1] : "";
    auto own = argument.starts_with("--") ? read_long(argument, next) : read_cluster(argument, line);
    if (!own) return own.error();
    ++index;
    ++line[own->option].times;
    if (!own->option->takes_value()) continue;
    if (!own->value && !own->option->needs_value()) continue;
    if (!own->value && index < argc) own->value = argv[index++];
    if (!own->value || own->value->empty()) return UsageError{"option " + in_quotes(own->name) + " needs a value"};
    line[own->option].values.emplace_back(*own->value);
  }
  line.count = index - 1;
  return line;
}

constexpr const char* kUsage = "Usage: sandbox-run [OPTION]... [--] PROGRAM [ARGUMENT]...\n\n";

constexpr const char* kDescription =
    "Runs PROGRAM under a system-call policy: the policy is compiled to a seccomp filter, the filter is installed, and "
    "PROGRAM replaces sandbox-run, with the same pid, files and environment (with --report it is a child). Without "
    "--policy and --profile the profile 'default' is used. Of several policies the strictest decides on each call.";

constexpr const char* kExitStatus =
    "Exit status: PROGRAM's own, or 125 when sandbox-run failed and nothing was started, 126 when PROGRAM cannot be "
    "executed, 127 when it was not found. A process that the filter kills ends with 159 (128 + SIGSYS) in a shell.";

constexpr const char* kNames =
    "FILE is - for standard input, or output. FILE#NAME is one of several SeccompProfiles in a file.";

constexpr const char* kFooter =
    "Example: sandbox-run --policy beat.yml -- ./packetbeat -e\n"
    "Manuals: sandbox-run(1), sandbox-policy(5)\n";

constexpr size_t kHelpColumn = 30;

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    (void)name;
    (void)mode;
    std::string text = kUsage + command_line::wrapped(kDescription, width_) + "\nOptions:\n";
    for (const CLI::Option* option : app->get_options()) text += make_option(option, false);
    return text + "\n" + command_line::wrapped(kExitStatus, width_) + "\n" + command_line::wrapped(kNames, width_) +
           "\n" + kFooter;
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
    const bool takes_value = option->get_expected_min() > 0;
    const std::string& type = option->get_type_name();
    if (takes_value) left += (type == "BOOL" ? "=" : type.starts_with('[') ? "" : " ") + type;
    return command_line::help_row(std::move(left), option->get_description(), kHelpColumn, width_);
  }

 private:
  size_t width_ = command_line::terminal_width();
};

std::string help_text() {
  CLI::App app;
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag();
  std::vector<std::string> values;
  for (const Option& option : kOptions) {
    const std::string letter = option.letter != 0 ? "-" + std::string(1, option.letter) + "," : "";
    const std::string names = letter + std::string(option.name);
    const std::string description(option.description);
    if (option.takes_value()) {
      app.add_option(names, values, description)->type_name(std::string(option.type))->expected(1);
    } else {
      app.add_flag(names, description);
    }
  }
  return app.help();
}

}  // namespace

Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv) {
  using Parsed = std::variant<Options, Information>;
  auto own = scan(argc, argv);
  if (!own) return own.error();

  Options options;
  for (const Option& option : kOptions) {
    if (const auto error = command_line::store(option, (*own)[&option], options)) return UsageError{*error};
  }
  if (options.bpf && (!options.policies.empty() || !options.profiles.empty())) {
    return UsageError{"'--bpf' cannot be used together with '--policy' and '--profile': a filter is complete"};
  }
  const auto inputs = static_cast<size_t>(std::ranges::count_if(options.policies, command_line::is_standard_input));
  if (inputs + (options.bpf == kStandardStream ? 1 : 0) > 1) {
    return UsageError{std::string(command_line::kOneStandardInput)};
  }
  if (options.bpf && options.restricts()) {
    return UsageError{
        "'--bpf' cannot be used together with '--deny', '--no-network', '--no-unix' and '--no-exec': a filter is "
        "complete"};
  }
  if (options.help) return Parsed(Information{help_text()});
  if (options.version) return Parsed(Information{command_line::version_text("sandbox-run")});
  if (options.bare && !options.restricts_files()) {
    return UsageError{"'--bare' needs '--ro', '--rox', '--rw' or '--rwx', from which it takes the path sets"};
  }
  if (options.permissive && !options.report) {
    return UsageError{"'--permissive' needs '--report', which shows what it allows"};
  }

  if (options.json && !options.report && !options.dry_run && !options.list_profiles) {
    return UsageError{"'--json' needs '--report', '--dry-run' or '--list-profiles', whose output it makes JSON"};
  }
  if (options.json && options.report && !options.report_file) options.report_file = kStandardStream;

  int target = 1 + own->count;
  if (target < argc && std::string_view(argv[target]) == "--") ++target;
  if (target < argc) options.target = argv + target;
  const bool launch = !options.dry_run && !options.list_profiles;
  if (options.target == nullptr && launch) return UsageError{"no program is given; sandbox-run --help shows how"};
  return Parsed(std::move(options));
}

std::vector<command_line::OptionRow> option_rows() {
  std::vector<command_line::OptionRow> rows;
  for (const Option& option : kOptions) rows.push_back(command_line::row_of(option));
  return rows;
}

}  // namespace sandbox::launcher
