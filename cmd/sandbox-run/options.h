// The launcher's command line.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/capabilities.h"
#include "base/colour.h"
#include "base/result.h"
#include "command_line/option_table.h"

namespace sandbox::launcher {

struct Options {
  std::vector<std::string> policies;                 ///< The files that --policy names, in order.
  std::vector<std::string> profiles;                 ///< The names that --profile gives, in order.
  std::vector<std::string> denied;                   ///< The lists of --deny, in order.
  std::optional<std::string> bpf;                    ///< The filter file that --bpf names; then no policies.
  std::optional<arch::CapabilityList> capabilities;  ///< What --cap names, for OCI profiles; without it none.
  std::vector<std::string> ro;                       ///< The paths of --ro, in order; and of its kin.
  std::vector<std::string> rox;
  std::vector<std::string> rw;
  std::vector<std::string> rwx;
  bool bare = false;                     ///< Without the path sets that come with them.
  std::vector<std::string> connect_tcp;  ///< The lists of --connect-tcp, in order; and of its kin.
  std::vector<std::string> bind_tcp;
  std::vector<std::string> connect_udp;
  std::vector<std::string> bind_udp;
  bool best_effort = false;
  bool no_network = false;
  bool no_unix = false;
  bool no_exec = false;
  bool kernel_widths = false;
  bool log_denied = false;
  bool report = false;                     ///< --report: supervise, and say what is denied.
  std::optional<std::string> report_file;  ///< Where to; none: standard error.
  bool json = false;                       ///< Of --report, --dry-run and --list-profiles: JSON, to standard output.
  bool permissive = false;                 ///< With --report: allow what would be denied.
  bool no_new_privs = true;
  bool token_visible = false;
  bool dry_run = false;
  bool list_profiles = false;
  ColourChoice colour = ColourChoice::kAuto;  ///< --color.
  bool verbose = false;
  bool quiet = false;
  bool help = false;
  bool version = false;
  char** target = nullptr;  ///< The target's name and arguments, null-terminated, within argv; null without a target.

  [[nodiscard]] bool restricts_files() const { return !ro.empty() || !rox.empty() || !rw.empty() || !rwx.empty(); }
  [[nodiscard]] bool restricts_ports() const {
    return !connect_tcp.empty() || !bind_tcp.empty() || !connect_udp.empty() || !bind_udp.empty();
  }

  /// Whether something is to be laid over the policies.
  [[nodiscard]] bool restricts() const { return no_network || no_unix || no_exec || !denied.empty(); }
};

/// An option that stands for a built-in profile, "--" and its name.
struct Restriction {
  bool asked = false;
  std::string_view profile;
};

/// Each of them.
inline std::array<Restriction, 3> restrictions_of(const Options& options) {
  return {{{options.no_network, "no-network"}, {options.no_unix, "no-unix"}, {options.no_exec, "no-exec"}}};
}

/// Text that was asked for (--help, --version) and is to be printed instead of a launch.
struct Information {
  std::string text;
};

/// A command line that cannot be understood: one line that says why.
struct UsageError {
  std::string message;
};

/// Reads the command line. The launcher's options end at the first argument that is not one (`--` before it is
/// dropped); everything from there on belongs to the target and is not looked at.
Result<std::variant<Options, Information>, UsageError> parse_options(int argc, char** argv);

/// The options, in the order of --help.
std::vector<command_line::OptionRow> option_rows();

}  // namespace sandbox::launcher
