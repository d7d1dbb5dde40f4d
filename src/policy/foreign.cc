#include "policy/foreign.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/enclosed_profile.h"

namespace sandbox::policy {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// Enough of a text to tell what it is.
constexpr size_t kMaxLines = 100;
constexpr size_t kMaxBytes = 65536;

/// The first lines, without blanks around them; empty ones and comments are left out.
using Lines = std::vector<std::string_view>;

Lines first_lines(std::string_view text) {
  text = text.substr(0, kMaxBytes);
  Lines lines;
  while (!text.empty() && lines.size() < kMaxLines) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
    if (!line.empty() && !line.starts_with("# ") && line != "#") lines.push_back(line);
  }
  return lines;
}

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t:[({"));
}

template <typename Holds>
bool all_of(const Lines& lines, const Holds& holds) {
  return !lines.empty() && std::ranges::all_of(lines, holds);
}

bool starts_with_any(std::string_view line, std::span<const std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return line.starts_with(beginning); });
}

bool is_call(std::string_view name) {
  return arch::find_call(name).has_value();
}

/// "read: 1", "socket: arg0 == AF_UNIX; return EPERM", "@include base.policy".
bool is_minijail(const Lines& lines) {
  constexpr std::array<std::string_view, 5> kDirectives = {"@include", "@denylist", "@default", "@frequency",
                                                           "@include_"};
  constexpr std::array<std::string_view, 10> kValues = {"1",     "allow",  "kill", "trap",        "log",
                                                        "trace", "return", "arg",  "user-notify", "{"};
  bool rule = false;
  return all_of(lines,
                [&](std::string_view line) {
                  const std::string_view word = first_word(line);
                  if (std::ranges::find(kDirectives, word) != kDirectives.end()) return true;
                  const size_t colon = line.find(':');
                  if (colon == std::string_view::npos) return rule;  // A rule that goes on.
                  const size_t value = line.find_first_not_of(kBlanks, colon + 1);
                  if (value == std::string_view::npos) return false;
                  rule = is_call(word) && starts_with_any(line.substr(value), kValues);
                  return rule;
                }) &&
         rule;
}

/// "POLICY name { ALLOW { read } } USE name DEFAULT KILL".
bool is_kafel(const Lines& lines) {
  constexpr std::array<std::string_view, 5> kBeginnings = {"POLICY ", "ALLOW {", "USE ", "DEFAULT ", "ERRNO("};
  const auto count = std::ranges::count_if(lines, [&](auto line) { return starts_with_any(line, kBeginnings); });
  return count >= 2 || (count == 1 && starts_with_any(lines.front(), kBeginnings));
}

bool is_firejail(const Lines& lines) {
  constexpr std::array<std::string_view, 40> kWords = {
      "apparmor",    "blacklist",     "caps",          "caps.drop",   "caps.keep",   "dbus-system", "dbus-user",
      "disable-mnt", "include",       "ipc-namespace", "machine-id",  "mkdir",       "mkfile",      "net",
      "netfilter",   "no3d",          "noblacklist",   "nodvd",       "noexec",      "nogroups",    "noinput",
      "nonewprivs",  "noroot",        "nosound",       "notv",        "nou2f",       "novideo",     "nowhitelist",
      "private-bin", "private-cache", "private-dev",   "private-etc", "private-tmp", "protocol",    "quiet",
      "seccomp",     "seccomp.drop",  "shell",         "tracelog",    "whitelist"};
  const auto known = [&](std::string_view line) {
    return std::ranges::find(kWords, line.substr(0, line.find_first_of(kBlanks))) != kWords.end();
  };
  const auto count = static_cast<size_t>(std::ranges::count_if(lines, known));
  return count >= 2 && count * 4 >= lines.size() * 3;
}

bool is_apparmor(const Lines& lines) {
  constexpr std::array<std::string_view, 4> kBeginnings = {"#include <tunables/", "include <tunables/", "abi <abi/",
                                                           "#include <abstractions/"};
  return std::ranges::any_of(lines, [&](auto line) {
    const bool opens = line.ends_with('{') && (line.starts_with("profile ") || line.starts_with('/'));
    return opens || starts_with_any(line, kBeginnings);
  });
}

bool is_options(const Lines& lines) {
  return !lines.empty() && lines.front().size() > 3 && lines.front().starts_with("--") && lines.front()[2] != '-' &&
         lines.front()[2] != ' ';
}

bool is_nsjail(const Lines& lines) {
  return std::ranges::any_of(
      lines, [](auto line) { return line.starts_with("seccomp_string:") || line.starts_with("seccomp_policy_file:"); });
}

bool is_containers_conf(const Lines& lines) {
  return std::ranges::any_of(lines, [](auto line) { return first_word(line) == "seccomp_profile"; });
}

bool is_quadlet(const Lines& lines) {
  return std::ranges::any_of(lines,
                             [](auto line) { return line == "[Container]" || line.starts_with("SeccompProfile="); });
}

bool is_dockerfile(const Lines& lines) {
  constexpr std::array<std::string_view, 5> kOthers = {"RUN ", "COPY ", "CMD ", "ENTRYPOINT ", "WORKDIR "};
  return std::ranges::any_of(lines, [](auto line) { return line.starts_with("FROM "); }) &&
         std::ranges::any_of(lines, [&](auto line) { return starts_with_any(line, kOthers); });
}

bool is_page(const Lines& lines) {
  return !lines.empty() && (equal_ignoring_case(lines.front().substr(0, 9), "<!doctype") ||
                            equal_ignoring_case(lines.front().substr(0, 5), "<html"));
}

bool is_script(const Lines& lines) {
  return !lines.empty() && lines.front().starts_with("#!");
}

/// "openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3", perhaps with a process's number in front.
bool is_strace(const Lines& lines) {
  const auto is_line = [](std::string_view line) {
    const size_t open = std::min(line.find('('), line.size());
    const size_t name = line.substr(0, open).find_last_of(" ]") + 1;  // npos + 1 is 0.
    return open < line.size() && line.find(" = ", open) != std::string_view::npos &&
           is_call(line.substr(name, open - name));
  };
  return static_cast<size_t>(std::ranges::count_if(lines, is_line)) * 2 > lines.size();
}

/// What seccomp-tools, libseccomp, bpf_dbg and 'sandbox-policy disasm' print of a filter.
bool is_listing(const Lines& lines) {
  return std::ranges::any_of(lines, [](auto line) {
    return line.starts_with("line  CODE  JT   JF") || line.starts_with("# pseudo filter code start") ||
           line.starts_with("ld [4]") || line.starts_with("l0:\tld [");
  });
}

bool is_list_of_calls(const Lines& lines) {
  return lines.size() > 1 && all_of(lines, is_call);
}

struct Foreign {
  bool (*is_it)(const Lines& lines);
  std::string_view message;
};

/// In order: the first that holds.
constexpr Foreign kForeign[] = {
    {is_script, "this is a script, expected a policy; 'sandbox-policy record' writes one of what a program calls"},
    {is_page, "this is an HTML page, expected a policy; a download may have given the page around the file"},
    {is_minijail,
     "this is a minijail policy; compile it by minijail's compile_seccomp_policy and give the filter by --bpf, or "
     "write "
     "its calls as 'names' below 'seccomp:'"},
    {is_kafel,
     "this is a kafel policy; compile it by kafel's dump_policy_bpf and give the filter by --bpf, or write its calls "
     "as "
     "'names' below 'seccomp:'"},
    {is_nsjail,
     "this is a configuration of nsjail, with a kafel policy; compile that by kafel's dump_policy_bpf and give the "
     "filter by --bpf"},
    {is_firejail,
     "this is a firejail profile; write the calls of its 'seccomp' lines as 'names' below 'seccomp:', what else it has "
     "is no matter of system calls"},
    {is_apparmor, "this is an AppArmor profile, which is about files; apparmor_parser(8) loads it, beside a policy"},
    {is_quadlet, "this is a Podman quadlet; the profile is the file that its SeccompProfile= names"},
    {is_containers_conf, "this is Podman's containers.conf; the profile is the file that its seccomp_profile names"},
    {is_dockerfile, "this is a Dockerfile, which has no profile; one is given to 'docker run --security-opt seccomp='"},
    {is_listing, "this is a filter in words; give the filter itself, by --bpf, or the policy that it was made from"},
    {is_strace,
     "this is the output of strace; 'sandbox-policy record' runs a program and writes the policy that it needs"},
    {is_list_of_calls,
     "this is a list of system calls, without a word on what to do with them; put it below 'seccomp:', as the 'names' "
     "of a group"},
    {is_options, "this is a file of options, for bubblewrap or the like; the filter for its --seccomp is another file"},
};

// ---- Documents

const TreeNode* find(const TreeNode& mapping, std::string_view key) {
  const auto found = std::ranges::find(mapping.entries, key, [](const TreeEntry& entry) -> std::string_view {
    return entry.key.kind == TreeNode::Kind::kScalar ? std::string_view(entry.key.text) : std::string_view();
  });
  return found == mapping.entries.end() ? nullptr : &found->value;
}

/// {"main": {"mismatch_action": "kill_process", "match_action": "allow", "filter": []}}, for each kind of thread.
bool is_seccompiler(const TreeNode& document) {
  return std::ranges::any_of(document.entries, [](const TreeEntry& entry) {
    return find(entry.value, "filter") != nullptr &&
           (find(entry.value, "match_action") != nullptr || find(entry.value, "filter_action") != nullptr);
  });
}

std::string foreign_resource(const TreeNode& document) {
  constexpr std::array<std::string_view, 7> kRunning = {"Pod", "Deployment", "DaemonSet", "StatefulSet",
                                                        "Job", "ReplicaSet", "CronJob"};
  const std::string kind = kind_of(document);
  if (std::ranges::find(kRunning, kind) != kRunning.end()) {
    return "this is a Kubernetes " + kind + "; the profile is the file that its 'localhostProfile' names";
  }
  return "this is a Kubernetes resource of the kind " + in_quotes(kind, 60) + ", expected a SeccompProfile";
}

}  // namespace

std::optional<std::string> foreign_text(std::string_view text) {
  const Lines lines = first_lines(text);
  if (lines.empty()) return std::nullopt;
  const auto* const found =
      std::ranges::find_if(kForeign, [&](const Foreign& foreign) { return foreign.is_it(lines); });
  if (found == std::end(kForeign)) return std::nullopt;
  return std::string(found->message);
}

std::optional<std::string> foreign_document(const TreeNode& document) {
  if (document.kind != TreeNode::Kind::kMapping) return std::nullopt;
  if (is_resource(document)) return foreign_resource(document);
  const TreeNode* services = find(document, "services");
  if (services != nullptr && services->kind == TreeNode::Kind::kMapping) {
    return "this is a compose file; the profile is the file that 'seccomp:' names in a service's 'security_opt'";
  }
  if (find(document, "seccomp-profile") != nullptr) {
    return "this is Docker's daemon.json; the profile is the file that its 'seccomp-profile' names";
  }
  if (find(document, "expect") != nullptr &&
      (find(document, "policy") != nullptr || find(document, "profile") != nullptr)) {
    return "this is a file of expectations, which 'sandbox-policy test' takes";
  }
  if (find(document, "pathBeneath") != nullptr || find(document, "netPort") != nullptr) {
    return "this is a configuration of landlockconfig; write its paths as 'files' below 'landlock:', and its ports as "
           "'tcp'";
  }
  if (is_seccompiler(document)) {
    return "this is a policy for seccompiler; compile it by seccompiler-bin and give the filter by --bpf, or write its "
           "calls as 'names' below 'seccomp:'";
  }
  return std::nullopt;
}

}  // namespace sandbox::policy
