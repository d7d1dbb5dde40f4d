#include "sandbox-policy/options.h"

// The only includer of CLI11 in this program.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>
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
#include "kernel/probe.h"
#include "sandbox-policy/text_formats.h"

namespace sandbox::tool {
namespace {

constexpr size_t kAnyNumber = 1000000;

/// What FILE is, on the command line of a command.
enum class Reads : uint8_t { kOther, kPolicies, kPoliciesAndFilters };

struct CommandSpec {
  Command command;
  std::string_view name;
  std::string_view usage;  ///< What stands behind the name.
  size_t least;            ///< How many arguments it takes.
  size_t most;
  std::string_view summary;
  std::string_view description;
  std::string_view options;  ///< Those it takes beside --help, separated by spaces.
  Reads reads;
  std::string_view exits;  ///< The exit statuses, but for kExitFailed; all of them where it is record's.
};

constexpr CommandSpec kCommands[] = {
    {Command::kCheck, "check", "FILE...", 1, kAnyNumber, "errors and warnings, with their places",
     "Reads policies and says what is wrong with them, and what may not do what its author thinks.\n",
     "--strict --self-installed --program --with --follow --with-nss --loader --format --json --machine --cap --kernel "
     "--kernel-widths",
     Reads::kPolicies,
     "0 no errors, and no warnings with --strict; 1 warnings with --strict, or with --program calls that are denied or "
     "not known"},
    {Command::kShow, "show", "FILE", 1, 1, "what a policy does with every call, and what its filter costs",
     "Shows what happens to each call, on one page: whole sets of calls by their names (@network-io), and what is\n"
     "left of a set call by call. Calls whose arguments matter are listed with their conditions.\n",
     "--all --summary --html --source --arch --format --json --machine --cap --kernel --kernel-widths --quiet",
     Reads::kPoliciesAndFilters, "0 the policy is printed"},
    {Command::kExplain, "explain", "FILE CALL [ARGUMENT]... | FILE PATH [ACCESS]...", 1, 8,
     "what one call or access gets, and the line that says so",
     "Says what CALL gets, and quotes the line of the policy that decides. CALL is a name or a number; ARGUMENTs are\n"
     "integers or constants such as AF_UNIX or 'O_WRONLY|O_CREAT', missing ones are 0. Without any, a call whose\n"
     "arguments matter is shown with all its cases. PATH is a file, or a port such as tcp:443; ACCESS is read, write\n"
     "and the like, or connect and bind. Without any, all that is allowed is shown.\n",
     "--program --path --arch --format --json --machine --cap --kernel --kernel-widths --quiet",
     Reads::kPoliciesAndFilters, "0 the answer is printed; 1 with --program, no code was found that makes the call"},
    {Command::kDisasm, "disasm", "FILE", 1, 1, "the filter program, annotated",
     "Prints the filter, instruction by instruction, with the names of calls and ABIs and the lines of the policy.\n",
     "--format --json --machine --cap --kernel --kernel-widths --quiet", Reads::kPoliciesAndFilters,
     "0 the filter is printed"},
    {Command::kDiff, "diff", "A B | A... -- B...", 2, kAnyNumber,
     "the calls that two policies or filters treat differently",
     "Compares what A and B do with every call and all arguments. This is a proof, not a sample: \"equal\" holds for\n"
     "all calls. For each difference there is an example, and whether B is looser or stricter there. Calls that\n"
     "cannot be decided are listed. Several policies on one side apply together, as in a launch. Landlock sections\n"
     "are compared as their paths are here.\n",
     "--fail-on --html --arch --format --json --machine --cap --kernel --kernel-widths --quiet",
     Reads::kPoliciesAndFilters,
     "0 they are equal, or differ only in what --fail-on leaves out; 1 they differ; 3 no difference was found, but "
     "some calls are undecided"},
    {Command::kTest, "test", "FILE...", 1, kAnyNumber, "runs expectations: what a policy should do with certain calls",
     "Runs files of expectations, see sandbox-policy-test(1): each names a policy, and calls, files and ports with\n"
     "what they should get.\n",
     "--format --json --machine --cap --kernel --kernel-widths --quiet", Reads::kOther,
     "0 all expectations are met; 1 some are not"},
    {Command::kConvert, "convert", "--to FORMAT FILE", 1, 1, "writes a policy in another format",
     "Writes the policy as 'beats' (YAML for sandbox-run and Elastic Beats), 'oci' (JSON for Docker, Podman and\n"
     "Kubernetes' Localhost profiles), 'k8s' (a SeccompProfile of the security-profiles-operator), 'systemd' (a\n"
     "drop-in for a service) or 'bpf' (raw BPF). What the format cannot say is an error; for systemd the drop-in then\n"
     "lets sandbox-run start the service.\n",
     "--to --runtime-calls --systemd-version --lossy --output --machine --cap --kernel --kernel-widths --quiet",
     Reads::kPolicies, "0 the policy is written"},
    {Command::kCompile, "compile", "FILE... -o OUT", 1, kAnyNumber, "writes the filter, for 'sandbox-run --bpf'",
     "Compiles policies to a filter file, so that a launch reads and compiles nothing. Each of several policies must\n"
     "let a call through, as with sandbox-run.\n",
     "--output --raw --machine --cap --kernel --kernel-widths --quiet", Reads::kPolicies, "0 the filter is written"},
    {Command::kRecord, "record", "-o OUT [--] PROGRAM [ARGUMENT]...", 1, kAnyNumber,
     "runs a program, and writes the policy that it needs",
     "Runs PROGRAM with all that it starts, and writes a policy that allows the calls which these have made. Until\n"
     "then nothing is denied. No privileges are needed. OUT is a container profile if its name ends in .json, a\n"
     "drop-in for systemd if it ends in .conf or .service, else a policy in the format of Beats.\n",
     "--to --output --merge --args --files --folder-from --scan --default --force --assume --quiet", Reads::kOther,
     "PROGRAM's own, or 128 and the number of the signal that ended it; 2 nothing was started, or the policy could not "
     "be written; 126 PROGRAM cannot be executed; 127 it was not found."},
    {Command::kScan, "scan", "PROGRAM", 1, 1, "what a program's machine code can call",
     "Reads the machine code of PROGRAM, of its libraries and of their loader, and prints the system calls that they\n"
     "can make. Nothing is executed. What cannot be known from the code is printed, too: libraries that are loaded\n"
     "while it runs, programs that it starts. x86_64 alone.\n",
     "--policy --args --with --follow --with-nss --loader --output --assume --default --force --format --json --quiet",
     Reads::kOther,
     "0 the calls are printed; 1 the number of a call is not known, or the policy of --policy denies one"},
    {Command::kList, "list", "TOPIC", 1, 1, "tables of the names that policies are written with",
     "Prints one of the tables: syscalls, sets, actions, architectures, profiles, constants, paths.\n",
     "--arch --format --json", Reads::kOther, "0 the table is printed"},
    {Command::kAudit, "audit", "[LOG]...", 0, kAnyNumber, "what filters have denied, by the kernel's own records",
     "Prints the kernel's seccomp records, with names for the numbers: live until Ctrl-C, or those in LOGs, auditd's\n"
     "(also by 'ausearch -i'), the kernel's (dmesg) or the journal's (journalctl, also with '-o json'); '-' is "
     "standard\n"
     "input. They tell of filters without a supervisor: those of 'sandbox-run --log', of systemd, of containers. Live\n"
     "needs root or CAP_AUDIT_READ.\n",
     "--pid --call --format --json --quiet", Reads::kOther,
     "0 the records are printed; 1 there are lines, but no seccomp record among them that can be read"},
};

using Option = command_line::Option<Options>;

constexpr std::string_view kFormats[] = {"text", "json", "tap", "junit"};  // As in OutputFormat.
constexpr std::string_view kTargetFormats[] = {"beats", "oci",  "k8s",    "systemd", "bpf",
                                               "yaml",  "json", "docker", "podman",  "kubernetes"};
constexpr std::string_view kLoaderExtents[] = {"start", "full"};
constexpr std::string_view kDifferences[] = {"any", "looser", "stricter"};  // As in FailOn.
constexpr std::string_view kRunning[] = {"running"};
constexpr std::string_view kDefaultActions[] = {"errno", "kill_process", "kill_thread", "trap"};

/// The formats that a command can answer in: `test` has all.
std::span<const std::string_view> formats_of(Command command) {
  return {kFormats, command == Command::kTest ? std::size(kFormats) : 2};
}

/// One of a few words. The error is a sentence.
std::optional<std::string> expect_word(std::string_view what, std::string_view written,
                                       std::span<const std::string_view> words) {
  if (std::find(words.begin(), words.end(), written) != words.end()) return std::nullopt;
  std::string message = "unknown " + std::string(what) + " " + in_quotes(written);
  if (const auto nearest = nearest_name(written, words)) return message + "; did you mean " + in_quotes(*nearest) + "?";
  return message + "; there are " + join_with_and(words);
}

std::optional<std::string> read_format(std::string_view value, Options& options) {
  const std::span<const std::string_view> known = formats_of(options.command);
  const auto found = std::ranges::find(known, value);
  if (found == known.end()) return expect_word("format", value, known);
  options.format = static_cast<OutputFormat>(found - known.begin());
  options.format_given = true;
  options.json = options.format == OutputFormat::kJson;
  return std::nullopt;
}

/// The format that a word of --to stands for.
std::string_view format_meant(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
      {"yaml", "beats"}, {"json", "oci"}, {"docker", "oci"}, {"podman", "oci"}, {"kubernetes", "k8s"}};
  const auto alias = std::ranges::find(kAliases, word, [](const auto& entry) { return entry.first; });
  return alias == std::end(kAliases) ? word : alias->second;
}

/// Whether `record` writes it: a SeccompProfile cannot tell ENOSYS from EPERM for the rest.
bool is_record_format(std::string_view word) {
  const std::string_view format = format_meant(word);
  return format != "bpf" && format != "k8s";
}

std::optional<std::string> read_target_format(std::string_view value, Options& options) {
  options.to = format_meant(value);
  return expect_word("format", value, kTargetFormats);
}

std::optional<std::string> read_systemd_version(std::string_view text, Options& options) {
  unsigned version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version == 0) {
    return "expected a version of systemd such as 252, found " + in_quotes(text);
  }
  options.systemd_version = version;
  return std::nullopt;
}

std::optional<std::string> read_folder_from(std::string_view text, Options& options) {
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    return "expected a number of files, or 0 for no directories at all, found " + in_quotes(text);
  }
  options.folder_from = count;
  return std::nullopt;
}

template <auto Member>
std::optional<std::string> read_abi(std::string_view value, Options& options) {
  if (const auto abi = arch::find_abi(value)) {
    options.*Member = *abi;
    return std::nullopt;
  }
  const auto names = arch::accepted_abi_names();
  const auto nearest = nearest_name(value, names);
  return "unknown ABI " + in_quotes(value) +
         (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                  : "; 'sandbox-policy list architectures' shows those there are");
}

std::optional<std::string> read_capabilities(std::string_view list, Options& options) {
  auto read = arch::read_capabilities(list);
  if (!read) return read.error().message;
  options.capabilities = std::move(*read);
  options.cap = list;
  return std::nullopt;
}

std::optional<std::string> read_kernel(std::string_view text, Options& options) {
  if (text == "running") {
    options.kernel = kernel::running_kernel();
    return std::nullopt;
  }
  const auto version = arch::parse_kernel_version(text);
  if (!version) return "expected a Linux version such as 6.1, or running, found " + in_quotes(text);
  options.kernel = *version;
  return std::nullopt;
}

std::optional<std::string> read_loader(std::string_view value, Options& options) {
  options.full_loader = value == "full";
  return expect_word("extent of the loader", value, kLoaderExtents);
}

std::optional<std::string> read_fail_on(std::string_view value, Options& options) {
  const auto found = std::ranges::find(kDifferences, value);
  if (found == std::end(kDifferences)) return expect_word("kind of difference", value, kDifferences);
  options.fail_on = static_cast<FailOn>(found - std::begin(kDifferences));
  return std::nullopt;
}

/// One that denies: a recorded policy lists what is allowed.
std::optional<std::string> read_default_action(std::string_view value, Options& options) {
  using policy::Action;
  constexpr Action kDenials[] = {Action::kErrno, Action::kKillProcess, Action::kKillThread, Action::kTrap};
  static_assert(std::size(kDenials) == std::size(kDefaultActions));
  const auto* const found = std::ranges::find(kDefaultActions, value);
  if (found == std::end(kDefaultActions)) return expect_word("action", value, kDefaultActions);
  options.by_default = kDenials[found - std::begin(kDefaultActions)];
  return std::nullopt;
}

std::optional<std::string> read_colour(std::string_view value, Options& options) {
  const auto found = std::ranges::find(kColourWords, value);
  if (found == std::end(kColourWords)) return expect_word("colour", value, kColourWords);
  options.colour = static_cast<ColourChoice>(found - std::begin(kColourWords));
  return std::nullopt;
}

std::optional<std::string> read_pid(std::string_view text, Options& options) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) {
    return "expected a process's number, found " + in_quotes(text);
  }
  options.pid = pid;
  return std::nullopt;
}

/// In the order of --help.
constexpr Option kOptions[] = {
    {"--strict", 0, "", "warnings too make the exit status 1", &Options::strict},
    {"--self-installed", 0, "", "for a program that installs the policy itself: its start is over",
     &Options::self_installed},
    {"--all", 0, "", "list every call, with its number", &Options::all},
    {"--html", 0, "", "one page for a browser, complete in itself", &Options::html},
    {"--summary", 0, "", "what a program can do under it, in ten lines", &Options::summary},
    {"--source", 0, "", "print the text itself, with its comments: a profile to read or to change", &Options::source},
    {"--path", 0, "", "print the way through the filter, too", &Options::path},
    {"--to", 0, "FORMAT", "beats (yaml), oci (json, docker, podman), k8s (kubernetes), systemd or bpf",
     Option::Once{read_target_format}, kTargetFormats},
    {"--runtime-calls", 0, "", "oci, k8s: allow what a container runtime needs to start a program",
     &Options::runtime_calls},
    {"--systemd-version", 0, "N", "systemd: leave out the names of calls that this version does not know",
     Option::Once{read_systemd_version}},
    {"--lossy", 0, "", "write something stricter, with a warning, for what the format cannot say", &Options::lossy},
    {"--output", 'o', "OUT", "the file to write; - is standard output", &Options::output},
    {"--merge", 0, "FILE", "add to this policy instead of beginning a new one; FILE may be OUT", &Options::merge},
    {"--args", 0, "", "tell apart what ioctl, socket, prctl, fcntl, clone and the like are called for",
     &Options::narrow},
    {"--files", 0, "", "also write a landlock section that allows the files and TCP ports that were reached",
     &Options::files},
    {"--folder-from", 0, "N", "files: name a directory in place of N of its files used alike (10; 0: never)",
     Option::Once{read_folder_from}},
    {"--default", 0, "ACTION", "what a new policy does with other calls: errno (the default), kill_process ...",
     Option::Once{read_default_action}, kDefaultActions},
    {"--force", 0, "", "replace a file that 'record' or 'scan' has not written", &Options::force},
    {"--assume", 0, "SET", "do not look for it, but allow a set (@basic-io) or a call; may be given more than once",
     &Options::assumed},
    {"--policy", 0, "FILE", "compare the code with a policy: what that denies, and what it allows without need",
     &Options::policy},
    {"--with", 0, "LIB", "a library that the program loads while it runs; may be given more than once", &Options::with},
    {"--follow", 0, "PROGRAM", "a program that it starts, scanned as well; may be given more than once",
     &Options::follow},
    {"--with-nss", 0, "", "the libraries of /etc/nsswitch.conf, too", &Options::with_nss},
    {"--loader", 0, "WHAT", "the loader's calls: start (the default), or full, as with LD_PROFILE or as a command",
     Option::Once{read_loader}, kLoaderExtents},
    {"--program", 0, "PROGRAM",
     "a program's code: why it can make CALL (explain, without FILE), what is denied (check)", &Options::program},
    {"--scan", 0, "", "read PROGRAM's machine code, too, and note which calls it can make that were not seen",
     &Options::scan},
    {"--raw", 0, "", "raw BPF without a header, for 'bwrap --seccomp' and other launchers", &Options::raw},
    {"--fail-on", 0, "WHICH", "the differences for which the exit status is 1: any (the default), looser or stricter",
     Option::Once{read_fail_on}, kDifferences},
    {"--arch", 0, "ABI", "the calls of this ABI (default: of all; explain: the first covered; list: this machine's)",
     Option::Once{read_abi<&Options::arch>}},
    {"--format", 0, "FORMAT", "text for people (the default), or json; with test also tap and junit",
     Option::Once{read_format}, kFormats},
    {"--json", 0, "", "the same as --format json", &Options::as_json},
    {"--pid", 0, "N", "only what this process did", Option::Once{read_pid}},
    {"--call", 0, "NAME", "only this system call; may be given more than once", &Options::calls},
    {"--machine", 0, "ABI", "read and compile as on a machine of this ABI (default: this one's)",
     Option::Once{read_abi<&Options::machine>}},
    {"--cap", 0, "NAMES", "container profiles: the capabilities to count on, or docker, own, none (the default)",
     Option::Once{read_capabilities}},
    {"--kernel", 0, "VERSION",
     "container profiles: the Linux version for 'minKernel', or running (default: the newest)",
     Option::Once{read_kernel}, kRunning},
    {"--kernel-widths", 0, "", "container profiles: compare the bits that the kernel reads, not 64",
     &Options::kernel_widths},
    {"--color", 0, "WHEN", "auto (the default: on a terminal, without NO_COLOR), always or never",
     Option::Once{read_colour}, kColourWords},
    {"--quiet", 'q', "", "print no warnings and no remarks", &Options::quiet},
    {"--help", 'h', "", "print this help", &Options::help},
};
static_assert(command_line::is_consistent(kOptions));

constexpr std::string_view take_word(std::string_view& words) {
  const size_t end = words.find(' ');
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  return word;
}

constexpr bool takes(const CommandSpec& spec, std::string_view option) {
  std::string_view own = spec.options;
  while (!own.empty()) {
    if (take_word(own) == option) return true;
  }
  return option == "--color" || option == "--help";
}

/// Whether every option is one of some command's, and every word of a command's list an option.
constexpr bool all_options_are_taken() {
  for (const Option& option : kOptions) {
    if (std::ranges::none_of(kCommands, [&](const CommandSpec& spec) { return takes(spec, option.name); }))
      return false;
  }
  for (const CommandSpec& spec : kCommands) {
    std::string_view own = spec.options;
    while (!own.empty()) {
      if (std::ranges::find(kOptions, take_word(own), &Option::name) == std::end(kOptions)) return false;
    }
  }
  return true;
}
static_assert(all_options_are_taken());

constexpr std::string_view kFilterHelp =
    "FILE is a policy, a filter file, raw BPF of any tool, profile:NAME for a policy by its name, or - for standard "
    "input. ";
constexpr std::string_view kPolicyHelp =
    "FILE is a policy, profile:NAME for a policy by its name, or - for standard input. ";
constexpr std::string_view kFormatHelp =
    "A policy is Elastic Beats' YAML, a container profile (also in a bundle's config.json or a SeccompProfile), or a "
    "systemd unit. It is recognised by what is in it. FILE#NAME is one of several SeccompProfiles in a file.";

constexpr std::string_view kExitHelp =
    "Exit status: 0 all is well; 1 the command has found what it looks for (its own help says what); 2 the command "
    "line or an input is wrong, or the output cannot be written; 3 diff could not decide. That of record is the "
    "program's.";
constexpr std::string_view kFailedHelp = "2 the command line or an input is wrong, or the output cannot be written.";

constexpr size_t kHelpColumn = 26;

std::string general_help() {
  using command_line::wrapped;
  const size_t width = command_line::terminal_width();
  std::string text =
      "Usage: sandbox-policy COMMAND [OPTION]... [ARGUMENT]...\n\n" +
      wrapped("Writes and judges system-call policies for sandbox-run(1). It restricts no program.", width) +
      "\nCommands:\n";
  for (const CommandSpec& spec : kCommands) {
    text += command_line::help_row("  " + std::string(spec.name), spec.summary, kHelpColumn, width);
  }
  text += "\n" + wrapped(
                     "sandbox-policy help COMMAND, or COMMAND --help, prints the options of a command; --version "
                     "prints the version.",
                     width);
  return text + "\n" + wrapped(std::string(kFilterHelp).append(kFormatHelp), width) + "\n" + wrapped(kExitHelp, width) +
         "\n"
         "Example: sandbox-policy explain beat.yml openat\n"
         "Manuals: sandbox-policy(1), sandbox-policy(5)\n";
}

/// "Exit status: 0 ...; 1 ...; 2 ...", in the order of the numbers. record has its own 2.
std::string exits_text(const CommandSpec& spec) {
  std::string exits(spec.exits);
  if (spec.command == Command::kRecord) return "Exit status: " + exits;
  const size_t three = exits.find("; 3 ");
  const std::string behind = three == std::string::npos ? "" : "; " + exits.substr(three + 2) + ".";
  std::string failed(kFailedHelp);
  if (!behind.empty()) failed.pop_back();
  return "Exit status: " + exits.substr(0, three) + "; " + failed + behind;
}

/// As the table has it: "  -o, --output OUT".
std::string option_row(const Option& option, size_t width) {
  std::string left = option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
  left += option.name;
  if (option.takes_value()) (left += ' ') += option.type;
  return command_line::help_row(std::move(left), option.description, kHelpColumn, width);
}

std::string command_help(const CommandSpec& spec) {
  using command_line::wrapped;
  constexpr std::string_view kUsage = "Usage: ";
  const size_t width = command_line::terminal_width();
  const std::string name(spec.name);
  std::string text(kUsage);
  text += wrapped("sandbox-policy " + name + " [OPTION]... " + std::string(spec.usage), width, kUsage.size(),
                  kUsage.size());
  text += "\n" + wrapped(spec.description, width) + "\nOptions:\n";
  for (const Option& option : kOptions) {
    if (takes(spec, option.name)) text += option_row(option, width);
  }
  if (spec.reads != Reads::kOther) {
    const std::string_view file = spec.reads == Reads::kPolicies ? kPolicyHelp : kFilterHelp;
    text += "\n" + wrapped(std::string(file).append(kFormatHelp), width);
  }
  return text + "\n" + wrapped(exits_text(spec), width) + "\nManual: sandbox-policy-" + name + "(1)\n";
}

/// What stands on the command line, not yet understood.
struct Line {
  std::vector<std::string> arguments;
  std::optional<size_t> first_side;  ///< diff: how many of the arguments stand before '--'.
  std::array<bool, std::size(kOptions)> flags = {};
  std::array<std::vector<std::string>, std::size(kOptions)> values;
};

UsageError usage_error(const CommandSpec& spec, const std::string& message) {
  return {std::string(spec.name) + ": " + message};
}

void add_options(CLI::App& app, const CommandSpec& spec, Line& line) {
  for (size_t i = 0; i < std::size(kOptions); ++i) {
    const Option& option = kOptions[i];
    if (!takes(spec, option.name)) continue;
    const std::string letter = option.letter != 0 ? "-" + std::string(1, option.letter) + "," : "";
    const std::string names = letter + std::string(option.name);
    const std::string description(option.description);
    if (option.name == "--help") {
      app.set_help_flag(names, description);
    } else if (!option.takes_value()) {
      app.add_flag(names, line.flags[i], description);
    } else {
      // Without extra arguments a value such as [a,b] stays one.
      app.add_option(names, line.values[i], description)
          ->type_name(std::string(option.type))
          ->expected(1)
          ->allow_extra_args(false)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  app.add_option("arguments", line.arguments)->allow_extra_args(false);
}

UsageError unknown_option(const CommandSpec& spec, std::string_view written) {
  written = written.substr(0, written.find('='));
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) {
    if (takes(spec, option.name)) names.push_back(option.name);
  }
  const auto nearest = nearest_name(written, names);
  return usage_error(spec,
                     "unknown option " + in_quotes(written) +
                         (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; --help lists the options"));
}

UsageError too_few_arguments(const CommandSpec& spec) {
  return usage_error(
      spec, "expected " + std::string(spec.usage) + "; sandbox-policy " + std::string(spec.name) + " --help shows how");
}

std::optional<UsageError> wrong_arguments(const CommandSpec& spec, const std::vector<std::string>& arguments) {
  if (arguments.size() < spec.least) return too_few_arguments(spec);
  if (arguments.size() > spec.most) {
    return usage_error(spec, "unexpected argument " + in_quotes(std::string_view(arguments[spec.most])));
  }
  return std::nullopt;
}

/// How many of the inputs are standard input.
size_t standard_inputs(const Options& options) {
  size_t files = options.arguments.size();
  if (options.command == Command::kExplain) files = options.program.empty() ? 1 : 0;
  const bool reads_none =
      options.command == Command::kRecord || options.command == Command::kList || options.command == Command::kScan;
  if (reads_none) files = 0;
  const auto count = std::count_if(options.arguments.begin(), options.arguments.begin() + static_cast<ptrdiff_t>(files),
                                   command_line::is_standard_input);
  const auto also = [](const std::string& name) {
    return command_line::is_standard_input(name) ? size_t{1} : size_t{0};
  };
  return static_cast<size_t>(count) + also(options.merge) + also(options.policy);
}

/// systemd has one answer for all that is not allowed, and no conditions.
std::optional<UsageError> wrong_record_format(const CommandSpec& spec, const Options& options) {
  if (!is_record_format(options.to)) {
    return usage_error(spec, "--to is beats, oci or systemd here, and not " + options.to);
  }
  if (options.files && options.to != "beats") return usage_error(spec, "--files writes a policy of Beats alone");
  if (options.to != "systemd") return std::nullopt;
  const std::string cannot = "a unit of systemd cannot have what ";
  if (options.narrow) return usage_error(spec, cannot + "--args tells apart; leave it out, or record a policy");
  if (!options.merge.empty()) {
    return usage_error(spec, cannot + "--merge adds to; record a policy, and convert it by 'sandbox-policy convert'");
  }
  if (options.by_default != policy::Action::kErrno) {
    return usage_error(spec, cannot + "--default says: ENOSYS for newer calls, and the action for the others");
  }
  return std::nullopt;
}

/// What the command cannot do without.
std::optional<UsageError> missing_option(const CommandSpec& spec, const Options& options) {
  const bool writes = spec.command == Command::kCompile || spec.command == Command::kRecord;
  if (spec.command == Command::kExplain) {  // A FILE and a CALL, or a CALL alone of a program's code.
    if (options.program.empty() && options.arguments.size() < 2) return too_few_arguments(spec);
    if (!options.program.empty() && options.arguments.size() > 1) {
      return usage_error(spec,
                         "unexpected argument " + in_quotes(options.arguments[1]) + "; --program takes a CALL alone");
    }
  }
  if (spec.command == Command::kCheck && options.program.empty()) {
    const bool of_scan = !options.with.empty() || !options.follow.empty() || options.with_nss || options.full_loader;
    if (of_scan) return usage_error(spec, "--with, --follow, --with-nss and --loader go with --program");
  }
  if (writes && options.output.empty()) return usage_error(spec, "expected -o OUT");
  if (spec.command == Command::kConvert && options.to.empty()) {
    return usage_error(spec, "expected --to FORMAT: beats, oci, k8s, systemd or bpf");
  }
  if (spec.command == Command::kRecord) return wrong_record_format(spec, options);
  const bool for_runtime = options.to == "oci" || options.to == "k8s";
  if (options.runtime_calls && !for_runtime)
    return usage_error(spec, "--runtime-calls goes with --to oci and --to k8s");
  if (options.systemd_version && options.to != "systemd") {
    return usage_error(spec, "--systemd-version goes with --to systemd");
  }
  return std::nullopt;
}

/// Understands what stands on the command line.
Result<Options, UsageError> read_line(const CommandSpec& spec, const Line& line) {
  if (auto wrong = wrong_arguments(spec, line.arguments)) return std::move(*wrong);
  Options options;
  options.command = spec.command;
  options.arguments = line.arguments;
  if (line.first_side && *line.first_side < line.arguments.size()) {
    const auto second = options.arguments.begin() + static_cast<std::ptrdiff_t>(*line.first_side);
    options.others.assign(second, options.arguments.end());
    options.arguments.erase(second, options.arguments.end());
  } else if (spec.command == Command::kDiff && options.arguments.size() > 2) {
    return usage_error(spec, "unexpected argument " + in_quotes(std::string_view(options.arguments[2])) +
                                 "; between several policies of each side stands '--'");
  }
  for (size_t i = 0; i < std::size(kOptions); ++i) {
    const size_t times = line.flags[i] ? 1 : line.values[i].size();
    if (const auto error = command_line::store(kOptions[i], {times, line.values[i]}, options)) {
      return usage_error(spec, *error);
    }
  }
  if (options.as_json) {
    if (options.format_given && !options.json) return usage_error(spec, "--json and --format exclude each other");
    options.format = OutputFormat::kJson;
    options.json = true;
  }
  if (spec.command == Command::kRecord && options.to.empty()) options.to = format_of_ending(options.output);
  if (auto missing = missing_option(spec, options)) return std::move(*missing);
  if (standard_inputs(options) > 1) return usage_error(spec, std::string(command_line::kOneStandardInput));
  return options;
}

/// How many of the words belong to the command when a program's line follows: all up to '--' or to the first that is
/// neither an option nor an option's value.
int own_words(const CommandSpec& spec, int argc, char** argv) {
  int index = 2;
  while (index < argc) {
    const std::string_view word = argv[index];
    if (word == "--" || word == "-" || !word.starts_with('-')) break;
    const bool has_value = std::any_of(std::begin(kOptions), std::end(kOptions), [&](const Option& option) {
      if (!option.takes_value() || !takes(spec, option.name)) return false;
      return word == option.name || (word.size() == 2 && option.letter != 0 && word[1] == option.letter);
    });
    index += has_value ? 2 : 1;
  }
  return std::min(index, argc);
}

/// "-#NAME" is an input, and no options for CLI11 to take apart: it is hidden from it.
constexpr std::string_view kMark = "\x1f";

std::vector<std::string> marked(char** begin, char** end) {
  std::vector<std::string> words(begin, end);
  for (std::string& word : words) {
    if (word.starts_with("-#")) word.insert(0, kMark);
  }
  return words;
}

std::string unmarked(const std::string& word) {
  return word.starts_with(std::string(kMark) + "-#") ? word.substr(kMark.size()) : word;
}

/// diff: how many of the words stand before the '--' between its sides.
int words_of_first_side(int argc, char** argv) {
  int index = 2;
  while (index < argc && std::string_view(argv[index]) != "--") ++index;
  return std::min(index, argc);
}

/// Reads words that are options alone, each by its whole name or letter and its value a word of its own: CLI11 needs
/// longer than all else before a recording starts. False: one of them is another; `line` is as it was.
bool read_plain_options(const CommandSpec& spec, std::span<char*> words, Line& line) {
  Line plain;
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    const auto* const option = std::ranges::find_if(kOptions, [&](const Option& one) {
      return one.name == word || (one.letter != 0 && word.size() == 2 && word[0] == '-' && word[1] == one.letter);
    });
    if (option == std::end(kOptions) || option->name == "--help" || !takes(spec, option->name)) return false;
    const auto index = static_cast<size_t>(option - std::begin(kOptions));
    if (!option->takes_value()) {
      plain.flags.at(index) = true;
      continue;
    }
    const std::string_view value = ++at < words.size() ? std::string_view(words[at]) : std::string_view();
    if (value.empty() || value.starts_with('-')) return false;
    plain.values.at(index).emplace_back(value);
  }
  line = std::move(plain);
  return true;
}

using Parsed = std::variant<Options, Information>;

Result<Parsed, UsageError> parse_command(const CommandSpec& spec, int argc, char** argv) {
  if (spec.command == Command::kRecord) {
    const int own = own_words(spec, argc, argv);
    Line line;
    if (read_plain_options(spec, {argv + 2, static_cast<size_t>(own - 2)}, line)) {
      const int program = own < argc && std::string_view(argv[own]) == "--" ? own + 1 : own;
      line.arguments.assign(argv + program, argv + argc);
      auto options = read_line(spec, line);
      if (!options) return options.error();
      return Parsed(std::in_place_type<Options>, std::move(*options));
    }
  }
  // An App for the one command: CLI11's own subcommands would take a file called 'list' for one.
  CLI::App app;
  app.allow_extras();
  Line line;
  add_options(app, spec, line);
  const int own = spec.command == Command::kRecord ? own_words(spec, argc, argv)
                  : spec.command == Command::kDiff ? words_of_first_side(argc, argv)
                                                   : argc;
  const int program = own < argc && std::string_view(argv[own]) == "--" ? own + 1 : own;
  std::vector<std::string> words = marked(argv + 1, argv + own);
  std::vector<char*> own_line;
  own_line.reserve(words.size());
  for (std::string& word : words) own_line.push_back(word.data());
  try {
    app.parse(own - 1, own_line.data());
  } catch (const CLI::CallForHelp&) {
    std::string help = command_help(spec);
    return Parsed(std::in_place_type<Information>, Information{std::move(help)});
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return usage_error(spec,
                       "option " + in_quotes(std::string_view(text).substr(0, text.find(':'))) + " needs a value");
  } catch (const CLI::ParseError& error) {
    return usage_error(spec, printable(error.what()));
  }
  for (std::string& argument : line.arguments) argument = unmarked(argument);
  for (std::vector<std::string>& values : line.values) {
    for (std::string& value : values) value = unmarked(value);
  }
  for (const std::string& left : app.remaining()) {
    const std::string extra = unmarked(left);
    if (extra == "--") continue;
    const bool number = extra.size() > 1 && extra[1] >= '0' && extra[1] <= '9';  // An argument of a call: -100.
    if (extra.starts_with('-') && !command_line::is_standard_input(extra) && !number)
      return unknown_option(spec, extra);
    line.arguments.push_back(extra);
  }
  if (spec.command == Command::kDiff && !line.arguments.empty()) line.first_side = line.arguments.size();
  line.arguments.insert(line.arguments.end(), argv + program, argv + argc);
  auto options = read_line(spec, line);
  if (!options) return options.error();
  return Parsed(std::in_place_type<Options>, std::move(*options));
}

/// Whether "--json" or "--format json" stands on a command line that is not understood. Behind '--' and for record,
/// which takes no format, it is another program's.
bool asks_for_json(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "record") return false;
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json" || word == "--format=json") return true;
    if (word == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
  }
  return false;
}

const CommandSpec* find_command(std::string_view name) {
  const auto* const found = std::ranges::find(kCommands, name, &CommandSpec::name);
  return found == std::end(kCommands) ? nullptr : found;
}

UsageError unknown_command(std::string_view word) {
  std::vector<std::string_view> names = {"help"};
  for (const CommandSpec& spec : kCommands) names.push_back(spec.name);
  const auto nearest = nearest_name(word, names);
  return {"unknown command " + in_quotes(word) +
          (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; --help lists them")};
}

/// "help", and "help COMMAND".
Result<Parsed, UsageError> help_for(std::span<char*> words) {
  if (words.size() > 1) return UsageError{"help: unexpected argument " + in_quotes(std::string_view(words[1]))};
  if (words.empty() || std::string_view(words[0]) == "help" || std::string_view(words[0]) == "--help") {
    return Parsed(Information{general_help()});
  }
  const CommandSpec* const spec = find_command(words[0]);
  if (spec == nullptr) return unknown_command(words[0]);
  return Parsed(Information{command_help(*spec)});
}

Result<Parsed, UsageError> parse_words(int argc, char** argv) {
  if (argc < 2) return UsageError{"no command is given; sandbox-policy --help lists them"};
  const std::string_view word = argv[1];
  if (word == "--help" || word == "-h") return Parsed(Information{general_help()});
  if (word == "help") return help_for({argv + 2, static_cast<size_t>(argc - 2)});
  if (word == "--version") return Parsed(Information{command_line::version_text("sandbox-policy")});
  if (const CommandSpec* const spec = find_command(word)) return parse_command(*spec, argc, argv);
  if (word.starts_with('-')) return UsageError{"expected a command, found " + in_quotes(word) + "; --help lists them"};
  return unknown_command(word);
}

}  // namespace

Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv) {
  auto parsed = parse_words(argc, argv);
  if (parsed) return parsed;
  UsageError error = parsed.error();
  error.json = asks_for_json(argc, argv);
  for (const CommandSpec& spec : kCommands) {
    if (argc > 1 && spec.name == argv[1]) error.command = spec.command;
  }
  return error;
}

std::vector<CommandRow> command_rows() {
  std::vector<CommandRow> rows;
  for (const CommandSpec& spec : kCommands) {
    CommandRow row = {spec.name, spec.summary, {}};
    for (const Option& option : kOptions) {
      if (!takes(spec, option.name)) continue;
      row.options.push_back(command_line::row_of(option));
      std::vector<std::string_view>& words = row.options.back().words;
      if (option.name == "--format") words.assign(formats_of(spec.command).begin(), formats_of(spec.command).end());
      if (option.name == "--to" && spec.command == Command::kRecord) {
        std::erase_if(words, [](std::string_view word) { return !is_record_format(word); });
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace sandbox::tool
