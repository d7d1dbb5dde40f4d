#include "sandbox-policy/commands/explain_file.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <vector>

#include "base/text.h"
#include "sandbox-policy/file_access.h"
#include "sandbox-policy/json.h"

namespace sandbox::tool {
namespace {

constexpr std::string_view kTcp = "tcp:";
constexpr std::string_view kUdp = "udp:";

/// A line of the policy that has to do with the answer.
struct Reason {
  SourceRange range;
  std::string text;
};

/// The question and the answer.
struct Answer {
  std::string subject;  ///< "/bin/sh (/usr/bin/dash)", "TCP port 443".
  std::string access;   ///< "read", "connect"; empty: all that is allowed is asked for.
  bool allowed = true;
  std::string given;  ///< Without `access`: what is allowed, in words.
  std::vector<Reason> reasons;
  std::string remark;  ///< Where no line says it.
};

std::string or_nothing(const std::string& words) {
  return words.empty() ? "nothing" : words;
}

void quote(const SourceText& source, const Reason& reason, Output& out) {
  const Diagnostic place = {Severity::kWarning, reason.range, reason.text};
  out.line(format_diagnostic(source, place));
  const std::string excerpt = format_excerpt(source, place);
  const size_t end = excerpt.find('\n');
  out.line("  " + excerpt.substr(0, end));
  out.line("  " + out.paint(Colour::kGreen, excerpt.substr(end + 1)));
}

void print_text(const Answer& answer, const Input& input, Output& out) {
  const Colour colour = answer.allowed ? Colour::kGreen : Colour::kRed;
  const std::string verdict = answer.allowed ? "allowed" : "denied";
  if (answer.access.empty()) {
    out.line(out.paint(Colour::kBold, answer.subject) + ": " + answer.given);
  } else {
    out.line(out.paint(Colour::kBold, answer.subject) + ", " + answer.access + ": " + out.paint(colour, verdict));
  }
  for (const Reason& reason : answer.reasons) quote(*input.policy->source, reason, out);
  if (!answer.remark.empty()) out.line(input.name + ": " + answer.remark);
}

void print_json(const Answer& answer, const Input& input, const kernel::FoundFile* file, Output& out) {
  Json json;
  json.open_object().member("file", std::string_view(input.name));
  json.member("subject", std::string_view(answer.subject));
  if (file != nullptr) json.member("resolved_path", std::string_view(file->path)).member("exists", file->exists);
  if (answer.access.empty()) {
    json.member("allowed_access", std::string_view(answer.given));
  } else {
    json.member("access", std::string_view(answer.access)).member("allowed", answer.allowed);
  }
  json.key("reasons").open_array();
  for (const Reason& reason : answer.reasons) {
    const LineColumn place = input.policy->source->locate(reason.range.offset);
    json.open_object().member("line", uint64_t{place.line}).member("column", uint64_t{place.column});
    json.member("text", std::string_view(reason.text)).close_object();
  }
  json.close_array();
  if (!answer.remark.empty()) json.member("remark", std::string_view(answer.remark));
  out.add(json.close_object().text());
}

/// "'@system', with '/usr', gives read, execute".
std::string gives(const RuleAbove& above) {
  const resolve::PathRule& rule = *above.rule;
  const bool set = rule.written.starts_with('@');
  return (set ? in_quotes(rule.written) + ", with " : "") + in_quotes(rule.path, PATH_MAX) + ", gives " +
         or_nothing(describe_rights(*above.file, above.rights));
}

/// The words of the command line as rights.
Step<arch::FileRights> wanted_rights(std::span<const std::string> words, const Log& log) {
  arch::FileRights wanted = 0;
  for (const std::string& word : words) {
    const auto known = arch::find_access(word);
    if (!known) {
      std::vector<std::string_view> names;
      for (const arch::AccessWord& one : arch::access_words()) names.push_back(one.name);
      for (const arch::LandlockBit& right : arch::file_rights()) names.push_back(right.name);
      const auto nearest = nearest_name(word, names);
      log.error("unknown access " + in_quotes(word) +
                (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                         : "; expected read, write, execute, ioctl, device or connect, or a right of Landlock's"));
      return Unusable{};
    }
    wanted |= known->rights;
  }
  return wanted;
}

void answer_for_file(const SectionLayers& layers, const kernel::FoundFile& file, arch::FileRights wanted,
                     Answer& answer) {
  const resolve::Ruleset& ruleset = layers.section(0).ruleset;
  if (!file.ancestry) {
    answer.remark = "Landlock does not restrict pipes, sockets, memory files and the like";
    return;
  }
  if (ruleset.handled_files == 0) {
    answer.remark = "there is no 'files' in the landlock section: it restricts no files";
    return;
  }
  arch::FileRights missing = wanted & ~layers.allowed(file);
  answer.allowed = missing == 0;
  arch::FileRights shown = 0;
  for (const RuleAbove& above : layers.rules_above(file)) {
    const bool helps = (above.rights & wanted & ~shown) != 0;
    if (!helps) continue;
    shown |= above.rights & wanted;
    answer.reasons.push_back({above.rule->range, gives(above)});
  }
  if (missing == 0) return;
  answer.remark = "no rule at it or above it gives " + describe_rights(file, missing);
}

int explain_path(const Input& input, const Options& options, const Log& log, Output& out) {
  auto layers = SectionLayers::place({&input, 1}, log);
  const auto words = wanted_rights(std::span(options.arguments).subspan(2), log);
  if (!layers || !words) return kExitFailed;
  const std::string path = asked_path(options.arguments[1], input.section->environment.working_directory);
  const auto file = layers->find(path);
  if (!file) {
    log.error(file.error());
    return kExitFailed;
  }
  arch::FileRights wanted = *words;
  Answer answer;
  answer.subject = printable_path(path);
  if (file->exists && file->path != path) answer.subject += " (" + printable_path(file->path) + ")";
  if (!file->exists) answer.subject += " (does not exist here)";
  for (size_t i = 2; i < options.arguments.size(); ++i) {
    answer.access += (i > 2 ? ", " : "") + options.arguments[i];
  }
  wanted = askable(*file, wanted);
  if (options.arguments.size() > 2 && wanted == 0) {
    log.error(in_quotes(path, PATH_MAX) + " is no directory, and " + answer.access + " is for directories");
    return kExitFailed;
  }
  if (options.arguments.size() == 2) {
    wanted = layers->allowed(*file) & askable(*file, arch::file_right::kAll);
    answer.given = or_nothing(describe_rights(*file, wanted));
  }
  answer_for_file(*layers, *file, wanted, answer);
  if (options.json) {
    print_json(answer, input, &*file, out);
  } else {
    print_text(answer, input, out);
  }
  return kExitGood;
}

/// A right over ports by the word for it: "connect" and "bind", for the protocol.
std::optional<arch::PortRights> port_right(bool tcp, std::string_view word) {
  using namespace arch::port_right;
  if (word == "connect") return tcp ? kConnectTcp : kConnectSendUdp;
  if (word == "bind") return tcp ? kBindTcp : kBindUdp;
  return std::nullopt;
}

int explain_port(const Input& input, const Options& options, const Log& log, Output& out) {
  const std::string& written = options.arguments[1];
  const bool tcp = written.starts_with(kTcp);
  const std::string_view digits = std::string_view(written).substr(kTcp.size());
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    log.error("expected a port from 0 to 65535 after " + in_quotes(written.substr(0, kTcp.size())) + ", found " +
              in_quotes(digits));
    return kExitFailed;
  }
  const auto right = options.arguments.size() == 3 ? port_right(tcp, options.arguments[2]) : std::nullopt;
  if (!right) {
    log.error("expected connect or bind after " + in_quotes(written));
    return kExitFailed;
  }
  const auto layers = SectionLayers::place({&input, 1}, log);
  if (!layers) return kExitFailed;
  Answer answer;
  answer.subject = std::string(tcp ? "TCP" : "UDP") + " port " + std::to_string(port);
  answer.access = options.arguments[2];
  answer.allowed = !layers->judge(port, *right);
  const resolve::Ruleset& ruleset = layers->section(0).ruleset;
  const auto rule = std::ranges::find(ruleset.ports, port, &resolve::PortRule::port);
  if ((ruleset.handled_ports & *right) == 0) {
    answer.remark = "the landlock section does not restrict it";
  } else if (answer.allowed && rule != ruleset.ports.end()) {
    answer.reasons.push_back({rule->range, "the port is listed"});
  } else {
    answer.remark = "the port is not listed";
  }
  if (options.json) {
    print_json(answer, input, nullptr, out);
  } else {
    print_text(answer, input, out);
  }
  return kExitGood;
}

}  // namespace

bool asks_for_file(std::string_view argument) {
  // No call has a slash or a dot in its name.
  return argument.find_first_of("/.") != std::string_view::npos || argument.starts_with('~') ||
         argument.starts_with(kTcp) || argument.starts_with(kUdp);
}

int explain_file(const Input& input, const Options& options, const Log& log, Output& out) {
  if (input.kind != Input::Kind::kPolicy) {
    log.error(input.name + ": is a compiled filter, which knows nothing of files and ports");
    return kExitFailed;
  }
  if (!input.section) {
    log.error(input.name + ": there is no landlock section: the policy restricts no files and no ports");
    return kExitFailed;
  }
  const std::string& subject = options.arguments[1];
  const bool port = subject.starts_with(kTcp) || subject.starts_with(kUdp);
  return port ? explain_port(input, options, log, out) : explain_path(input, options, log, out);
}

}  // namespace sandbox::tool
