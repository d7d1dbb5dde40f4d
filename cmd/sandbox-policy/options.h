// The command line of sandbox-policy.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "arch/capabilities.h"
#include "base/colour.h"
#include "base/result.h"
#include "command_line/option_table.h"
#include "policy/policy.h"

namespace sandbox::tool {

/// The exit statuses of every command.
inline constexpr int kExitGood = 0;
inline constexpr int kExitFound = 1;      ///< Warnings with --strict, differences, failed expectations.
inline constexpr int kExitFailed = 2;     ///< The command line, an input or the output is at fault.
inline constexpr int kExitUndecided = 3;  ///< diff alone: no difference was found, but not all could be compared.

enum class Command : uint8_t {
  kCheck,
  kShow,
  kExplain,
  kDisasm,
  kDiff,
  kTest,
  kConvert,
  kCompile,
  kRecord,
  kScan,
  kList,
  kAudit
};

enum class OutputFormat : uint8_t { kText, kJson, kTap, kJunit };

/// The differences that `diff` fails for.
enum class FailOn : uint8_t { kAny, kLooser, kStricter };

struct Options {
  Command command = Command::kCheck;
  std::vector<std::string> arguments;  ///< What is not an option: as many as the command takes. record: the program.
  OutputFormat format = OutputFormat::kText;
  bool json = false;                       ///< `format` is kJson.
  bool as_json = false;                    ///< --json, the short way to ask for it.
  bool format_given = false;               ///< By --format.
  std::optional<arch::Abi> arch;           ///< --arch: the calls of this ABI alone.
  arch::Abi machine = arch::native_abi();  ///< --machine: on which policies are read and filters are to be used.
  std::optional<arch::CapabilityList> capabilities;     ///< --cap, for OCI profiles; without it none.
  std::string cap;                                      ///< --cap as it was given.
  arch::KernelVersion kernel = arch::newest_release();  ///< --kernel, for OCI profiles.
  bool kernel_widths = false;
  bool strict = false;
  bool self_installed = false;
  bool all = false;
  bool html = false;     ///< show, diff: a page for a browser.
  bool summary = false;  ///< show: abilities in place of calls.
  bool source = false;   ///< show: the text itself.
  bool path = false;
  bool raw = false;
  bool lossy = false;
  std::vector<std::string> others;  ///< diff: the policies of the second side; empty: both stand in `arguments`.
  FailOn fail_on = FailOn::kAny;    ///< diff: the differences that make the exit status 1.
  std::string to;                   ///< convert, record: the format.
  std::optional<unsigned> systemd_version;             ///< convert: the systemd that the drop-in is for.
  bool runtime_calls = false;                          ///< convert: allow what a container runtime needs.
  std::string output;                                  ///< -o.
  std::optional<pid_t> pid;                            ///< audit: the records of this process alone.
  std::vector<std::string> calls;                      ///< audit: those of these calls alone; empty: of all.
  std::string merge;                                   ///< record: the policy to add to.
  std::vector<std::string> assumed;                    ///< record: names and sets that are not notified.
  bool narrow = false;                                 ///< record: --args.
  bool files = false;                                  ///< record: --files.
  std::optional<unsigned> folder_from;                 ///< record: --folder-from.
  bool force = false;                                  ///< record: replace a file that it has not written.
  policy::Action by_default = policy::Action::kErrno;  ///< record: --default.
  std::vector<std::string> follow;                     ///< scan: programs that it starts, which keep the policy.
  bool scan = false;                                   ///< record: scan the program's code, too.
  std::vector<std::string> with;                       ///< scan: libraries that are loaded at run time.
  bool with_nss = false;                               ///< scan: those of nsswitch.conf, too.
  bool full_loader = false;                            ///< scan: what a loader does beside starting a program, too.
  std::string policy;                                  ///< scan: what is compared with the code.
  std::string program;                                 ///< explain: the program whose code is asked.
  ColourChoice colour = ColourChoice::kAuto;           ///< --color.
  bool quiet = false;
  bool help = false;
};

/// Text that was asked for (--help, --version).
struct Information {
  std::string text;
};

/// A command line that cannot be understood: one line that says why.
struct UsageError {
  std::string message;
  bool json = false;                  ///< As far as it is understood, it asks for JSON.
  Command command = Command::kCheck;  ///< For which command; of one that there is not, check.
};

Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv);

/// The tables that `list` prints.
inline constexpr std::string_view kTableNames[] = {"syscalls", "sets",      "actions", "architectures",
                                                   "profiles", "constants", "paths"};

/// A command, for the completions of the shells.
struct CommandRow {
  std::string_view name;
  std::string_view summary;
  std::vector<command_line::OptionRow> options;
};

/// The commands, in the order of --help.
std::vector<CommandRow> command_rows();

}  // namespace sandbox::tool
