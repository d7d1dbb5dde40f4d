#include "sandbox-run/foreign_words.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/text.h"

namespace sandbox::launcher {
namespace {

/// An option of another program. The first row that fits is taken.
struct Row {
  std::string_view option;
  std::string_view value;  ///< What the value has to begin with; empty: anything, also none. kNumber: a number.
  std::string_view whose;
  std::string_view answer;  ///< '%' stands for the value behind what it has to begin with.
};

constexpr std::string_view kFiles =
    "files are kept out of reach by naming those that are not: sandbox-run --ro PATH --rw PATH -- PROGRAM";
constexpr std::string_view kReadable = "type: sandbox-run --ro % -- PROGRAM";
constexpr std::string_view kExecutable = "type: sandbox-run --rox % -- PROGRAM";
constexpr std::string_view kWritable = "type: sandbox-run --rw % -- PROGRAM";
constexpr std::string_view kAllOfIt = "type: sandbox-run --rwx % -- PROGRAM";
constexpr std::string_view kMounts =
    "nothing is mounted here, paths stay what they are; to restrict them: sandbox-run --ro PATH --rw PATH -- PROGRAM";
constexpr std::string_view kSetsCome = "that comes with the options about files: sandbox-run --rw PATH -- PROGRAM";
constexpr std::string_view kNoNetwork = "type: sandbox-run --no-network -- PROGRAM";
constexpr std::string_view kNamespaces =
    "namespaces are not made here; run sandbox-run inside of them: bwrap OPTIONS -- sandbox-run -- PROGRAM";
constexpr std::string_view kCapabilities =
    "capabilities are not taken here; type: setpriv --inh-caps=-all --bounding-set=-all sandbox-run -- PROGRAM";
constexpr std::string_view kSetAlready = "no_new_privs is set without an option: sandbox-run -- PROGRAM";
constexpr std::string_view kAround = "type: systemd-run OPTIONS sandbox-run -- PROGRAM";
constexpr std::string_view kBehind = "options of a Beat stand behind it: sandbox-run -p beat.yml -- ./packetbeat -e";

/// For Row::value: digits, of which none is taken away.
constexpr std::string_view kNumber = "0-9";
constexpr std::string_view kDenyMore =
    "a filter is installed without an option; to deny more, type: sandbox-run --deny NAME,... -- PROGRAM";

constexpr Row kRows[] = {
    // bubblewrap takes a descriptor, firejail a list or nothing.
    {"--seccomp", kNumber, "bubblewrap's", "type: sandbox-run --bpf /dev/fd/% -- PROGRAM"},
    {"--seccomp", "", "firejail's", kDenyMore},
    {"--add-seccomp-fd", "", "bubblewrap's", "type: sandbox-run --bpf /dev/fd/% -- PROGRAM"},
    {"--seccomp.drop", "", "firejail's", "type: sandbox-run --deny % -- PROGRAM"},
    {"--seccomp.keep", "", "firejail's",
     "an allow list is a policy; to make one, type: sandbox-policy record -o my.yml -- PROGRAM"},
    {"--seccomp.block-secondary", "", "firejail's",
     "calls of other ABIs are denied unless the policy lists them: sandbox-run -- PROGRAM"},
    {"--net", "none", "firejail's", kNoNetwork},
    {"--net", "", "firejail's", kNamespaces},
    {"--network", "none", "docker's", kNoNetwork},
    {"--network", "", "docker's", kNamespaces},
    {"--protocol", "unix,", "firejail's",
     "the profile 'default' allows unix, inet, inet6 and some of netlink: sandbox-run -- PROGRAM"},
    {"--protocol", "unix", "firejail's", kNoNetwork},
    {"--protocol", "", "firejail's", "type: sandbox-run --no-unix -- PROGRAM"},
    {"--noroot", "", "firejail's", "the profile 'default' denies user namespaces: sandbox-run -- PROGRAM"},
    {"--nonewprivs", "", "firejail's", kSetAlready},
    {"--caps", "", "firejail's", kCapabilities},
    {"--caps.drop", "", "firejail's", kCapabilities},
    {"--caps.keep", "", "firejail's", kCapabilities},
    {"--trace", "", "firejail's", "type: sandbox-run --report --permissive -- PROGRAM"},
    {"--private", "", "firejail's", kFiles},
    {"--private-tmp", "", "firejail's", kFiles},
    {"--private-dev", "", "firejail's", kFiles},
    {"--private-etc", "", "firejail's", kFiles},
    {"--whitelist", "", "firejail's", kWritable},
    {"--blacklist", "", "firejail's", kFiles},
    {"--noexec", "", "firejail's",
     "programs of a folder that is not named so are not started: sandbox-run --rw PATH --rox PATH -- PROGRAM"},
    {"--read-only", "", "firejail's and docker's", kFiles},
    {"--read-write", "", "firejail's", kWritable},

    {"--unshare-net", "", "bubblewrap's", kNoNetwork},
    {"--unshare-all", "", "bubblewrap's", kNamespaces},
    {"--unshare-user", "", "bubblewrap's", kNamespaces},
    {"--unshare-pid", "", "bubblewrap's", kNamespaces},
    {"--unshare-ipc", "", "bubblewrap's", kNamespaces},
    {"--unshare-uts", "", "bubblewrap's", kNamespaces},
    {"--unshare-cgroup", "", "bubblewrap's", kNamespaces},
    {"--share-net", "", "bubblewrap's", "networks stay as they are: sandbox-run -- PROGRAM"},
    {"--ro-bind", "", "bubblewrap's", kExecutable},
    {"--bind", "", "bubblewrap's", kAllOfIt},
    {"--dev-bind", "", "bubblewrap's", kAllOfIt},
    {"--dev", "", "bubblewrap's", kSetsCome},
    {"--proc", "", "bubblewrap's", kSetsCome},
    {"--tmpfs", "", "bubblewrap's and docker's", kMounts},
    {"--symlink", "", "bubblewrap's", kMounts},
    {"--die-with-parent", "", "bubblewrap's", "type: setpriv --pdeathsig KILL sandbox-run -- PROGRAM"},
    {"--new-session", "", "bubblewrap's",
     "the profile 'default' denies typing into the terminal; for a session, type: setsid -w sandbox-run -- PROGRAM"},
    {"--clearenv", "", "bubblewrap's", "type: env -i sandbox-run -- PROGRAM"},
    {"--setenv", "", "bubblewrap's", "type: sandbox-run -- env NAME=VALUE PROGRAM"},
    {"--chdir", "", "bubblewrap's", "type: env -C % sandbox-run -- PROGRAM"},

    {"--add-exec", "", "landrun's",
     "PROGRAM itself may be executed without an option: sandbox-run --ro PATH -- PROGRAM"},
    {"--ldd", "", "landrun's", kSetsCome},
    {"--env", "", "landrun's and docker's",
     "the environment stays; for less of it: env -i NAME=VALUE sandbox-run -- PROGRAM"},
    {"--unrestricted-network", "", "landrun's", "networks stay as they are: sandbox-run -- PROGRAM"},
    {"--unrestricted-filesystem", "", "landrun's", "files stay as they are: sandbox-run -- PROGRAM"},

    {"--security-opt", "seccomp=unconfined", "docker's", "without a filter, PROGRAM is run by itself: PROGRAM"},
    {"--security-opt", "seccomp=", "docker's", "type: sandbox-run --policy % -- PROGRAM"},
    {"--security-opt", "no-new-privileges", "docker's", kSetAlready},
    {"--security-opt", "", "docker's", "a seccomp profile is given by --policy: sandbox-run --policy FILE -- PROGRAM"},
    {"--cap-drop", "", "docker's and bubblewrap's", kCapabilities},
    {"--cap-add", "", "docker's and bubblewrap's",
     "capabilities are not given here; type: setpriv --inh-caps=+NAME --ambient-caps=+NAME sandbox-run -- PROGRAM"},
    {"--privileged", "", "docker's", "without a filter, PROGRAM is run by itself: PROGRAM"},
    {"--volume", "", "docker's", kMounts},
    {"--mount", "", "docker's", kMounts},
    {"--user", "", "docker's and systemd-run's",
     "the user stays the same; type: setpriv --reuid=USER --regid=GROUP --init-groups sandbox-run -- PROGRAM"},
    {"--rm", "", "docker's", "there is no container to remove: sandbox-run -- PROGRAM"},
    {"-i", "", "docker's", "standard input and the terminal stay PROGRAM's: sandbox-run -- PROGRAM"},
    {"-t", "", "docker's", "standard input and the terminal stay PROGRAM's: sandbox-run -- PROGRAM"},

    {"--property", "", "systemd-run's", kAround},
    {"--scope", "", "systemd-run's", kAround},
    {"--unit", "", "systemd-run's", kAround},
    {"--pty", "", "systemd-run's", kAround},

    {"-E", "", "a Beat's",
     "its settings stand in the policy's file; others behind it: sandbox-run -p beat.yml -- ./packetbeat -E ..."},
    {"-c", "", "a Beat's",
     "--policy reads the section 'seccomp' of a whole configuration: sandbox-run -p beat.yml -- ./packetbeat -c "
     "beat.yml"},
    {"-e", "", "a Beat's", kBehind},
    {"-d", "", "a Beat's", kBehind},
    {"--path.config", "", "a Beat's", kBehind},
    {"--path.home", "", "a Beat's", kBehind},
    {"--path.data", "", "a Beat's", kBehind},
    {"--strict.perms", "", "a Beat's", kBehind},
};

/// Settings of units, which `systemd-run -p` takes. The same rules.
constexpr Row kSettings[] = {
    {"SystemCallFilter", "~", "", "type: sandbox-run --deny % -- PROGRAM"},
    {"SystemCallFilter", "", "",
     "an allow list is a policy; to make one, type: sandbox-policy record -o my.yml -- PROGRAM"},
    {"RestrictAddressFamilies", "AF_UNIX", "", kNoNetwork},
    {"RestrictAddressFamilies", "~AF_UNIX", "", "type: sandbox-run --no-unix -- PROGRAM"},
    {"PrivateNetwork", "", "", kNoNetwork},
    {"NoNewPrivileges", "", "", kSetAlready},
    {"NoExecPaths", "", "", "type: sandbox-run --no-exec -- PROGRAM"},
    {"", "", "", kAround},
};

constexpr std::string_view kBuiltins[] = {
    ".",      "alias", "bg",       "bind",     "builtin", "cd",      "declare", "disown", "eval",    "exec",   "exit",
    "export", "fg",    "for",      "function", "hash",    "if",      "jobs",    "let",    "local",   "logout", "popd",
    "pushd",  "read",  "readonly", "return",   "set",     "shift",   "shopt",   "source", "suspend", "time",   "times",
    "trap",   "type",  "typeset",  "ulimit",   "umask",   "unalias", "unset",   "until",  "wait",    "while"};

std::string filled(std::string_view answer, std::string_view value) {
  std::string text;
  for (const char c : answer) {
    if (c == '%') {
      text += printable(value);
    } else {
      text += c;
    }
  }
  return text;
}

/// A list of systemd, with blanks between the names, as --deny has it.
std::string with_commas(std::string_view list) {
  std::string text;
  for (const char c : list) {
    if (c != ' ') {
      text += c;
    } else if (!text.empty() && text.back() != ',') {
      text += ',';
    }
  }
  return text;
}

/// Whether the row is about this value. `rest` is what '%' stands for then.
bool fits(const Row& row, std::string_view value, std::string_view& rest) {
  rest = value;
  if (row.value == kNumber) return !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!value.starts_with(row.value)) return false;
  rest.remove_prefix(row.value.size());
  return true;
}

bool is_word_of_variable(std::string_view text) {
  const auto is_one = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, is_one);
}

}  // namespace

std::optional<std::string> foreign_option(std::string_view option, std::string_view value) {
  std::string_view rest;
  for (const Row& row : kRows) {
    if (row.option != option || !fits(row, value, rest)) continue;
    return " (" + std::string(row.whose) + "); " + filled(row.answer, rest);
  }
  return std::nullopt;
}

std::optional<std::string> foreign_policy(std::string_view value) {
  const size_t equals = value.find('=');
  const std::string_view name = value.substr(0, equals);
  const bool setting = equals != std::string_view::npos && name.find_first_of("./") == std::string_view::npos &&
                       !name.empty() && std::isupper(static_cast<unsigned char>(name.front())) != 0;
  if (!setting) return std::nullopt;
  const std::string_view meant = value.substr(equals + 1);
  std::string_view rest;
  for (const Row& row : kSettings) {
    if (!row.option.empty() && (row.option != name || !fits(row, meant, rest))) continue;
    return "a setting of systemd's; " + filled(row.answer, with_commas(rest));
  }
  return std::nullopt;
}

std::optional<std::string> foreign_program(std::string_view name, bool report) {
  const std::string shown = printable(name);
  if (name == "help") return "sandbox-run --help lists the options";
  if (report && name == "json") return "a report is JSON in a file: --report=FILE";
  if (report && name.ends_with(".json")) return "the file of a report stands behind '=': --report=" + shown;
  if (name.ends_with(".yml") || name.ends_with(".yaml")) return "for a policy, --policy " + shown;
  const size_t equals = name.find('=');
  if (equals != std::string_view::npos && is_word_of_variable(name.substr(0, equals))) {
    return "for a variable, sandbox-run -- env " + shown + " PROGRAM";
  }
  if (std::ranges::find(kBuiltins, name) != std::end(kBuiltins)) {
    return "it is a word of the shell's: sandbox-run -- sh -c '" + shown + " ...'";
  }
  if (name.find_first_of(" \t\n") != std::string_view::npos) {
    return "it is one word; did you mean: sandbox-run -- " + shown;
  }
  return std::nullopt;
}

}  // namespace sandbox::launcher
