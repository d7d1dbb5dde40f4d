#include "sandbox-policy/options.h"

// The only includer of CLI11 in this program.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "arch/capabilities.h"
#include "base/diagnostic.h"
#include "base/edit_distance.h"

namespace sandbox::tool {
namespace {

constexpr size_t kAnyNumber = 1000000;

struct CommandSpec {
  Command command;
  std::string_view name;
  std::string_view usage;  ///< What stands behind the name.
  size_t least;            ///< How many arguments it takes.
  size_t most;
  std::string_view summary;
  std::string_view description;
  std::string_view options;  ///< Those it takes beside --help, separated by spaces.
};

constexpr CommandSpec kCommands[] = {
    {Command::kCheck, "check", "FILE...", 1, kAnyNumber, "errors and warnings, with their places",
     "Reads policies and says what is wrong with them, and what may not do what its author thinks.\n",
     "--strict --format --machine --cap --kernel-widths"},
    {Command::kShow, "show", "FILE", 1, 1, "what a policy does with every call, and what its filter costs",
     "Shows what happens to each call, on one page: whole sets of calls by their names (@network-io), and what is\n"
     "left of a set call by call. Calls whose arguments matter are listed with their conditions.\n",
     "--all --arch --format --machine --cap --kernel-widths --quiet"},
    {Command::kExplain, "explain", "FILE CALL [ARGUMENT]...", 2, 8, "what one call gets, and the line that says so",
     "Says what CALL gets, and quotes the line of the policy that decides. CALL is a name or a number; ARGUMENTs are\n"
     "integers or constants such as AF_UNIX or 'O_WRONLY|O_CREAT', missing ones are 0. Without any, a call whose\n"
     "arguments matter is shown with all its cases.\n",
     "--path --arch --format --machine --cap --kernel-widths --quiet"},
    {Command::kDisasm, "disasm", "FILE", 1, 1, "the filter program, annotated",
     "Prints the filter, instruction by instruction, with the names of calls and ABIs and the lines of the policy.\n",
     "--format --machine --cap --kernel-widths --quiet"},
    {Command::kDiff, "diff", "A B", 2, 2, "the calls that two policies or filters treat differently",
     "Compares what A and B do with every call and all arguments. This is a proof, not a sample: \"equal\" holds for\n"
     "all calls. For each difference there is an example. What cannot be decided is said.\n",
     "--arch --format --machine --cap --kernel-widths --quiet"},
    {Command::kTest, "test", "FILE...", 1, kAnyNumber, "runs expectations: what a policy should do with certain calls",
     "Runs files of expectations, see sandbox-policy(1): each names a policy, and calls with what they should get.\n",
     "--format --machine --cap --kernel-widths --quiet"},
    {Command::kConvert, "convert", "--to FORMAT FILE", 1, 1, "writes a policy in another format",
     "Writes the policy as 'beats' (YAML for sandbox-run and Elastic Beats), 'oci' (JSON for Docker, Podman and\n"
     "Kubernetes' Localhost profiles), 'k8s' (a SeccompProfile of the security-profiles-operator), 'systemd' (a\n"
     "drop-in for a service) or 'bpf' (raw BPF). What the format cannot say is an error.\n",
     "--to --lossy --output --machine --cap --kernel-widths --quiet"},
    {Command::kCompile, "compile", "FILE... -o OUT", 1, kAnyNumber, "writes the filter, for 'sandbox-run --bpf'",
     "Compiles policies to a filter file, so that a launch reads and compiles nothing. Each of several policies must\n"
     "let a call through, as with sandbox-run.\n",
     "--output --raw --machine --cap --kernel-widths --quiet"},
    {Command::kRecord, "record", "-o OUT [--] PROGRAM [ARGUMENT]...", 1, kAnyNumber,
     "runs a program, and writes the policy that it needs",
     "Runs PROGRAM with all that it starts, and writes a policy that allows the calls which these have made. Until\n"
     "then nothing is refused. No privileges are needed. The exit status is PROGRAM's.\n",
     "--output --merge --args --assume --quiet"},
    {Command::kList, "list", "TOPIC", 1, 1, "tables of the names that policies are written with",
     "Prints one of the tables: syscalls, sets, actions, architectures, profiles, constants.\n", "--arch --format"},
    {Command::kAudit, "audit", "[LOG]...", 0, kAnyNumber, "what filters have denied, by the kernel's own records",
     "Prints the kernel's seccomp records, with names for the numbers: live until Ctrl-C, or those in LOGs, auditd's\n"
     "or the kernel's ('journalctl -k', dmesg); '-' is standard input. They tell of filters without a supervisor:\n"
     "those of 'sandbox-run --log', of systemd, of containers. Live needs root or CAP_AUDIT_READ.\n",
     "--pid --call --format --quiet"},
};

struct OptionSpec {
  std::string_view name;
  char letter;            ///< 0: none.
  std::string_view type;  ///< What its value is; empty: it takes none.
  std::string_view description;
};

constexpr OptionSpec kOptions[] = {
    {"--strict", 0, "", "warnings too make the exit status 1"},
    {"--all", 0, "", "list every call, with its number"},
    {"--path", 0, "", "print the way through the filter, too"},
    {"--to", 0, "FORMAT", "beats, oci, k8s, systemd or bpf"},
    {"--lossy", 0, "", "write something stricter, with a warning, for what the format cannot say"},
    {"--output", 'o', "OUT", "the file to write"},
    {"--merge", 0, "FILE", "add to this policy instead of beginning a new one; FILE may be OUT"},
    {"--args", 0, "", "tell apart what ioctl, socket, socketpair, prctl, fcntl and clone are called for"},
    {"--assume", 0, "SET", "do not watch, but allow a set (@basic-io) or a call; may be given more than once"},
    {"--raw", 0, "", "raw BPF without a header, for 'bwrap --seccomp' and other launchers"},
    {"--arch", 0, "ABI", "the calls of this ABI (default: of all; explain: the first covered; list: this machine's)"},
    {"--format", 0, "text|json", "text for people (the default), or JSON for programs"},
    {"--pid", 0, "N", "only what this process did"},
    {"--call", 0, "NAME", "only this system call; may be given more than once"},
    {"--machine", 0, "ABI", "read and compile as on a machine of this ABI (default: this one's)"},
    {"--cap", 0, "NAMES", "OCI profiles: the capabilities to count on (default: those of the caller)"},
    {"--kernel-widths", 0, "", "OCI profiles: compare the bits that the kernel reads, not 64"},
    {"--quiet", 'q', "", "say less: no warnings, no remarks"},
    {"--help", 'h', "", "print this help"},
};

constexpr const char* kFileHelp =
    "\n"
    "FILE is a policy (Elastic Beats' YAML or an OCI profile), a filter file, raw BPF of any tool, or profile:NAME "
    "for\n"
    "a built-in policy. It is recognised by what is in it.\n";

constexpr const char* kExitHelp =
    "\n"
    "Exit status: 0 all is well; 1 there are warnings (check --strict), differences or failed expectations; 2 the\n"
    "command line or an input is wrong, or the output cannot be written; 3 diff could not decide.\n";

constexpr const char* kRecordExitHelp =
    "\n"
    "Exit status: PROGRAM's own, 128 and the number of the signal that ended it; 2 when nothing was started or the\n"
    "policy could not be written, 126 when PROGRAM cannot be executed, 127 when it was not found.\n";

constexpr size_t kHelpColumn = 26;

std::string help_row(std::string left, std::string_view right) {
  left.resize(std::max<size_t>(left.size() + 2, kHelpColumn), ' ');
  return left + std::string(right) + "\n";
}

std::string general_help() {
  std::string text =
      "Usage: sandbox-policy COMMAND [OPTION]... [ARGUMENT]...\n"
      "\n"
      "Writes and judges system-call policies for sandbox-run(1). It restricts no program.\n"
      "\n"
      "Commands:\n";
  for (const CommandSpec& spec : kCommands) text += help_row("  " + std::string(spec.name), spec.summary);
  text +=
      "\n"
      "sandbox-policy COMMAND --help has a command's options; --version prints the version.\n";
  return text + kFileHelp + kExitHelp +
         "\n"
         "Example: sandbox-policy explain beat.yml openat\n"
         "Manuals: sandbox-policy(1), sandbox-policy(5)\n";
}

class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(const CommandSpec& spec) : spec_(spec) {}

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    (void)name;
    (void)mode;
    std::string text = "Usage: sandbox-policy " + std::string(spec_.name) + " [OPTION]... " + std::string(spec_.usage) +
                       "\n\n" + std::string(spec_.description) + "\nOptions:\n";
    for (const CLI::Option* option : app->get_options()) {
      if (!option->nonpositional()) continue;
      text += make_option(option, false);
    }
    constexpr Command kWithoutFile[] = {Command::kList, Command::kTest, Command::kAudit, Command::kRecord};
    if (std::find(std::begin(kWithoutFile), std::end(kWithoutFile), spec_.command) == std::end(kWithoutFile)) {
      text += kFileHelp;
    }
    return text + (spec_.command == Command::kRecord ? kRecordExitHelp : kExitHelp);
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    (void)is_positional;
    const std::string letter = option->get_snames().empty() ? "    " : "-" + option->get_snames().front() + ", ";
    std::string left = "  " + letter + "--" + option->get_lnames().front();
    if (option->get_expected_min() > 0) left += " " + option->get_type_name();
    return help_row(std::move(left), option->get_description());
  }

 private:
  const CommandSpec& spec_;
};

/// What stands on the command line, not yet understood.
struct Raw {
  std::vector<std::string> positionals;
  std::vector<std::string> format, arch, machine, cap, to, output, pid, call, merge, assume;
};

UsageError usage_error(const CommandSpec& spec, const std::string& message) {
  return {std::string(spec.name) + ": " + message};
}

std::vector<std::string>* value_of(Raw& raw, std::string_view name) {
  if (name == "--format") return &raw.format;
  if (name == "--arch") return &raw.arch;
  if (name == "--machine") return &raw.machine;
  if (name == "--cap") return &raw.cap;
  if (name == "--to") return &raw.to;
  if (name == "--pid") return &raw.pid;
  if (name == "--call") return &raw.call;
  if (name == "--merge") return &raw.merge;
  if (name == "--assume") return &raw.assume;
  return &raw.output;
}

bool* flag_of(Options& options, std::string_view name) {
  if (name == "--strict") return &options.strict;
  if (name == "--all") return &options.all;
  if (name == "--path") return &options.path;
  if (name == "--lossy") return &options.lossy;
  if (name == "--raw") return &options.raw;
  if (name == "--args") return &options.narrow;
  if (name == "--kernel-widths") return &options.kernel_widths;
  return &options.quiet;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool takes(const CommandSpec& spec, std::string_view option) {
  const auto own = words_of(spec.options);
  return option == "--help" || std::find(own.begin(), own.end(), option) != own.end();
}

void add_options(CLI::App& app, const CommandSpec& spec, Raw& raw, Options& options) {
  for (const OptionSpec& option : kOptions) {
    if (!takes(spec, option.name)) continue;
    const std::string letter = option.letter != 0 ? "-" + std::string(1, option.letter) + "," : "";
    const std::string names = letter + std::string(option.name);
    const std::string description(option.description);
    if (option.name == "--help") {
      app.set_help_flag(names, description);
    } else if (option.type.empty()) {
      app.add_flag(names, *flag_of(options, option.name), description);
    } else {
      // Without extra arguments a value such as [a,b] stays one.
      app.add_option(names, *value_of(raw, option.name), description)
          ->type_name(std::string(option.type))
          ->expected(1)
          ->allow_extra_args(false)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  app.add_option("arguments", raw.positionals)->allow_extra_args(false);
}

UsageError unknown_option(const CommandSpec& spec, std::string_view written) {
  written = written.substr(0, written.find('='));
  std::vector<std::string_view> names;
  for (const OptionSpec& option : kOptions) {
    if (takes(spec, option.name)) names.push_back(option.name);
  }
  const auto nearest = nearest_name(written, names);
  return usage_error(spec,
                     "unknown option " + in_quotes(written) +
                         (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; --help lists the options"));
}

Result<std::optional<std::string>, UsageError> once(const CommandSpec& spec, const std::vector<std::string>& values,
                                                    std::string_view option) {
  if (values.empty()) return std::optional<std::string>();
  if (values.size() > 1) return usage_error(spec, "option " + in_quotes(option) + " is given more than once");
  if (values.front().empty()) return usage_error(spec, "option " + in_quotes(option) + " needs a value");
  return std::optional(values.front());
}

/// One of a few words.
std::optional<UsageError> expect_word(const CommandSpec& spec, std::string_view what, std::string_view written,
                                      std::span<const std::string_view> words) {
  if (std::find(words.begin(), words.end(), written) != words.end()) return std::nullopt;
  std::string message = "unknown " + std::string(what) + " " + in_quotes(written);
  if (const auto nearest = nearest_name(written, words)) {
    return usage_error(spec, message + "; did you mean " + in_quotes(*nearest) + "?");
  }
  message += "; there are ";
  for (size_t i = 0; i < words.size(); ++i) {
    message += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + std::string(words[i]);
  }
  return usage_error(spec, message);
}

Result<std::optional<arch::Abi>, UsageError> read_abi(const CommandSpec& spec, const std::vector<std::string>& values,
                                                      std::string_view option) {
  const auto value = once(spec, values, option);
  if (!value) return value.error();
  if (!*value) return std::optional<arch::Abi>();
  if (const auto abi = arch::find_abi(**value)) return abi;
  const auto names = arch::accepted_abi_names();
  const auto nearest = nearest_name(**value, names);
  return usage_error(spec, "unknown ABI " + in_quotes(std::string_view(**value)) +
                               (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                                        : "; 'sandbox-policy list architectures' shows those there are"));
}

std::optional<pid_t> read_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return std::nullopt;
  return pid;
}

std::optional<UsageError> wrong_arguments(const CommandSpec& spec, const std::vector<std::string>& arguments) {
  if (arguments.size() < spec.least) {
    return usage_error(spec, "expected " + std::string(spec.usage) + "; sandbox-policy " + std::string(spec.name) +
                                 " --help shows how");
  }
  if (arguments.size() > spec.most) {
    return usage_error(spec, "unexpected argument " + in_quotes(std::string_view(arguments[spec.most])));
  }
  return std::nullopt;
}

/// Understands what stands on the command line.
std::optional<UsageError> fill_in(const CommandSpec& spec, const Raw& raw, Options& options) {
  constexpr std::string_view kTexts[] = {"text", "json"};
  constexpr std::string_view kFormats[] = {"beats", "oci", "k8s", "systemd", "bpf"};
  if (auto wrong = wrong_arguments(spec, raw.positionals)) return wrong;
  options.arguments = raw.positionals;
  const auto format = once(spec, raw.format, "--format");
  if (!format) return format.error();
  if (*format) {
    if (auto wrong = expect_word(spec, "format", **format, kTexts)) return wrong;
    options.json = **format == "json";
  }
  const auto abi = read_abi(spec, raw.arch, "--arch");
  if (!abi) return abi.error();
  options.arch = *abi;
  const auto machine = read_abi(spec, raw.machine, "--machine");
  if (!machine) return machine.error();
  options.machine = machine->value_or(arch::native_abi());
  const auto list = once(spec, raw.cap, "--cap");
  if (!list) return list.error();
  if (*list) {
    auto names = arch::read_capabilities(**list);
    if (!names) return usage_error(spec, names.error().message);
    options.capabilities = std::move(*names);
  }
  const auto to = once(spec, raw.to, "--to");
  if (!to) return to.error();
  if (*to) {
    if (auto wrong = expect_word(spec, "format", **to, kFormats)) return wrong;
    options.to = **to;
  } else if (spec.command == Command::kConvert) {
    return usage_error(spec, "expected --to FORMAT: beats, oci, k8s, systemd or bpf");
  }
  const auto pid = once(spec, raw.pid, "--pid");
  if (!pid) return pid.error();
  if (*pid) {
    options.pid = read_pid(**pid);
    if (!options.pid)
      return usage_error(spec, "expected a process's number, found " + in_quotes(std::string_view(**pid)));
  }
  options.calls = raw.call;
  const auto output = once(spec, raw.output, "--output");
  if (!output) return output.error();
  options.output = output->value_or("");
  if (spec.command == Command::kCompile && options.output.empty()) return usage_error(spec, "expected -o OUT");
  if (spec.command == Command::kRecord) {
    if (options.output.empty()) return usage_error(spec, "expected -o OUT");
    const auto merge = once(spec, raw.merge, "--merge");
    if (!merge) return merge.error();
    options.merge = merge->value_or("");
    options.assumed = raw.assume;
  }
  return std::nullopt;
}

/// How many of the words belong to the command when a program's line follows: all up to '--' or to the first that is
/// neither an option nor an option's value.
int own_words(const CommandSpec& spec, int argc, char** argv) {
  int index = 2;
  while (index < argc) {
    const std::string_view word = argv[index];
    if (word == "--" || word == "-" || !word.starts_with('-')) break;
    const bool has_value = std::any_of(std::begin(kOptions), std::end(kOptions), [&](const OptionSpec& option) {
      if (option.type.empty() || !takes(spec, option.name)) return false;
      return word == option.name || (word.size() == 2 && option.letter != 0 && word[1] == option.letter);
    });
    index += has_value ? 2 : 1;
  }
  return std::min(index, argc);
}

using Parsed = std::variant<Options, Information>;

Result<Parsed, UsageError> parse_command(const CommandSpec& spec, int argc, char** argv) {
  // An App for the one command: CLI11's own subcommands would take a file called 'list' for one.
  CLI::App app;
  app.formatter(std::make_shared<HelpFormatter>(spec));
  app.allow_extras();
  Raw raw;
  Options options;
  options.command = spec.command;
  add_options(app, spec, raw, options);
  const int own = spec.command == Command::kRecord ? own_words(spec, argc, argv) : argc;
  const int program = own < argc && std::string_view(argv[own]) == "--" ? own + 1 : own;
  try {
    app.parse(own - 1, argv + 1);
  } catch (const CLI::CallForHelp&) {
    return Parsed(Information{app.help()});
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return usage_error(spec,
                       "option " + in_quotes(std::string_view(text).substr(0, text.find(':'))) + " needs a value");
  } catch (const CLI::ParseError& error) {
    return usage_error(spec, printable(error.what()));
  }
  for (const std::string& extra : app.remaining()) {
    if (extra == "--") continue;
    const bool number = extra.size() > 1 && extra[1] >= '0' && extra[1] <= '9';  // An argument of a call: -100.
    if (extra.starts_with('-') && extra != "-" && !number) return unknown_option(spec, extra);
    raw.positionals.push_back(extra);
  }
  raw.positionals.insert(raw.positionals.end(), argv + program, argv + argc);
  if (auto wrong = fill_in(spec, raw, options)) return std::move(*wrong);
  return Parsed(std::move(options));
}

}  // namespace

Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv) {
  if (argc < 2) return UsageError{"no command is given; sandbox-policy --help lists them"};
  const std::string_view word = argv[1];
  if (word == "--help" || word == "-h" || word == "help") return Parsed(Information{general_help()});
  if (word == "--version") return Parsed(Information{"sandbox-policy " SANDBOX_RUN_VERSION "\n"});
  std::vector<std::string_view> names;
  for (const CommandSpec& spec : kCommands) {
    if (spec.name == word) return parse_command(spec, argc, argv);
    names.push_back(spec.name);
  }
  if (word.starts_with('-')) return UsageError{"expected a command, found " + in_quotes(word) + "; --help lists them"};
  const auto nearest = nearest_name(word, names);
  return UsageError{"unknown command " + in_quotes(word) +
                    (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; --help lists them")};
}

}  // namespace sandbox::tool
