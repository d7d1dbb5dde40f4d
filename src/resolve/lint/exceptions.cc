#include "resolve/lint/exceptions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "policy/mapping_reader.h"
#include "resolve/lint/lint.h"

namespace sandbox::resolve {
namespace {

/// More would have nobody who reads the reasons, and each is compared with each finding.
constexpr size_t kMaxExceptions = 1000;
constexpr std::string_view kWhite = " \t\r";

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhite);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// "# check: allow ID: reason".
std::string form_of(std::string_view ids) {
  return in_quotes("check: allow " + std::string(ids) + ": REASON");
}

/// Collects exceptions; each is open until what it is for has ended.
class Reader {
 public:
  Reader(const policy::Policy& policy, Diagnostics& diagnostics)
      : text_(policy.source->text()), unit_(policy.format == policy::Format::kSystemd), diagnostics_(diagnostics) {}

  std::vector<Exception> read(bool json) {
    if (text_.find("check:") == std::string_view::npos) return {};
    if (json) {
      read_objects();
    } else {
      read_lines();
    }
    return std::move(exceptions_);
  }

 private:
  /// A line, or a JSON object, that exceptions are for.
  struct Scope {
    size_t begin = 0;
    size_t indent = 0;
    bool entry = false;  ///< The line begins with '-'.
    std::vector<size_t> exceptions;
  };

  /// The exceptions that a comment's text has, by index.
  std::vector<size_t> exceptions_of(std::string_view comment) {
    comment = without_blanks(comment);
    for (const std::string_view word : {"check:", "allow"}) {
      if (!comment.starts_with(word)) return {};
      comment = without_blanks(comment.substr(word.size()));
    }
    const size_t colon = comment.find(':');
    const std::string_view ids = comment.substr(0, colon);
    std::vector<size_t> indexes;
    for (size_t at = 0; at < ids.size();) {
      const size_t begin = std::min(ids.find_first_not_of(" \t\r,", at), ids.size());
      at = std::min(ids.find_first_of(" \t\r,", begin), ids.size());
      if (colon == std::string_view::npos && !indexes.empty()) break;  // A reason without a colon before it.
      if (begin < at && !add(ids.substr(begin, at - begin), indexes)) return indexes;
    }
    const bool reason = colon != std::string_view::npos && !without_blanks(comment.substr(colon + 1)).empty();
    const std::string_view id = indexes.empty() ? "ID" : exceptions_[indexes.front()].id;
    if (indexes.empty() || !reason) {
      diagnostics_.error(range_of(comment), "an exception names warnings and gives a reason: " + form_of(id));
    }
    return indexes;
  }

  /// False if the rest of the comment is not worth a look.
  bool add(std::string_view id, std::vector<size_t>& indexes) {
    const auto kinds = lint_kinds();
    const auto kind = std::ranges::find(kinds, id, &LintKind::id);
    if (kind == kinds.end()) {
      const auto near = diagnostics_.nearest("lint", id, [&] {
        std::vector<std::string_view> all;
        for (const LintKind& one : kinds) all.push_back(one.id);
        return all;
      });
      diagnostics_.error(range_of(id),
                         "unknown warning " + in_quotes(id) + (near ? "; did you mean " + in_quotes(*near) + "?" : ""));
      return false;
    }
    if (exceptions_.size() == kMaxExceptions) {
      if (!full_) diagnostics_.error(range_of(id), "more than " + std::to_string(kMaxExceptions) + " exceptions");
      full_ = true;
      return false;
    }
    indexes.push_back(exceptions_.size());
    exceptions_.push_back({kind->id, range_of(id), {}});
    return true;
  }

  /// Of a part of the text that begins in it; at most to the end of the line.
  [[nodiscard]] SourceRange range_of(std::string_view part) const {
    const auto offset = static_cast<size_t>(part.data() - text_.data());
    return {static_cast<uint32_t>(offset), static_cast<uint32_t>(part.size())};
  }

  void end(const Scope& scope, size_t end) {
    for (const size_t index : scope.exceptions) {
      exceptions_[index].scope = {static_cast<uint32_t>(scope.begin), static_cast<uint32_t>(end - scope.begin)};
    }
  }

  /// Where a comment begins in a line of YAML; the line's end without one. A quoted text that goes on over several
  /// lines is not recognised: it would have to contain an exception to be taken for a comment.
  static size_t comment_in(std::string_view line) {
    char quote = 0;
    for (size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      const bool first = at == 0 || std::string_view(" \t[{,:").find(line[at - 1]) != std::string_view::npos;
      if (quote == '"' && c == '\\') {
        ++at;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (first && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == '#' && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t')) {
        return at;
      }
    }
    return line.size();
  }

  /// YAML, and units.
  void read_lines() {
    std::vector<Scope> open;
    std::vector<size_t> above;  ///< Those that wait for what they are for.
    for (size_t begin = 0; begin < text_.size();) {
      const size_t line_end = std::min(text_.find('\n', begin), text_.size());
      read_line(begin, text_.substr(begin, line_end - begin), open, above);
      begin = line_end + 1;
    }
    for (const Scope& scope : open) end(scope, text_.size());
  }

  void read_line(size_t begin, std::string_view line, std::vector<Scope>& open, std::vector<size_t>& above) {
    const size_t indent = line.find_first_not_of(kWhite);
    if (indent == std::string_view::npos) return;
    const bool only_comment = line[indent] == '#' || (unit_ && line[indent] == ';');
    const size_t comment = only_comment ? indent : unit_ ? line.size() : comment_in(line);
    std::vector<size_t> here;
    if (comment < line.size()) here = exceptions_of(line.substr(comment + 1));
    if (only_comment) {
      above.insert(above.end(), here.begin(), here.end());
      return;
    }
    if (line.starts_with("---") || line.starts_with('%')) return;
    const bool entry = line[indent] == '-';
    // A list may stand at its key's own indentation.
    while (!open.empty() &&
           (indent < open.back().indent || (indent == open.back().indent && (open.back().entry || !entry)))) {
      end(open.back(), begin);
      open.pop_back();
    }
    here.insert(here.begin(), above.begin(), above.end());
    above.clear();
    if (!here.empty()) open.push_back({begin, indent, entry, std::move(here)});
  }

  /// JSON without errors.
  void read_objects() {
    std::vector<Scope> open;
    std::string_view key;  ///< The last string.
    for (size_t at = 0; at < text_.size(); ++at) {
      if (text_[at] == '{') {
        open.push_back({at, 0, false, {}});
      } else if (text_[at] == '}' && !open.empty()) {
        end(open.back(), at);
        open.pop_back();
      } else if (text_[at] == '"') {
        const size_t begin = ++at;
        while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
        const std::string_view string = text_.substr(begin, std::min(at, text_.size()) - begin);
        if (!open.empty() && policy::is_comment_key(key) && is_value_of(key, begin - 1)) {
          const auto here = exceptions_of(string);
          open.back().exceptions.insert(open.back().exceptions.end(), here.begin(), here.end());
          key = {};
        } else {
          key = string;
        }
      }
    }
  }

  /// Whether nothing but a colon stands between a string and the offset.
  [[nodiscard]] bool is_value_of(std::string_view key, size_t offset) const {
    const size_t behind = range_of(key).offset + key.size() + 1;
    std::string_view between = text_.substr(behind, offset - behind);
    between = between.substr(std::min(between.find_first_not_of(" \t\r\n"), between.size()));
    return between.starts_with(':') && between.find_first_not_of(" \t\r\n", 1) == std::string_view::npos;
  }

  std::string_view text_;
  bool unit_;
  Diagnostics& diagnostics_;
  std::vector<Exception> exceptions_;
  bool full_ = false;
};

bool is_json(const policy::Policy& policy) {
  const std::string& text = policy.source->text();
  const size_t first = text.find_first_not_of(" \t\r\n");
  return policy::is_container_profile(policy.format) && first != std::string::npos && text[first] == '{';
}

}  // namespace

std::vector<Exception> read_exceptions(const policy::Policy& policy, Diagnostics& diagnostics) {
  return Reader(policy, diagnostics).read(is_json(policy));
}

size_t add_others(const Diagnostics& found, const std::vector<Exception>& exceptions, std::vector<bool>& used,
                  Diagnostics& diagnostics) {
  size_t left_out = 0;
  used.resize(exceptions.size());
  for (const Diagnostic& finding : found.all()) {
    bool excepted = false;
    for (size_t i = 0; i < exceptions.size(); ++i) {
      const SourceRange scope = exceptions[i].scope;
      const uint32_t offset = finding.range ? finding.range->offset : 0;
      if (finding.severity == Severity::kError || exceptions[i].id != finding.id || offset < scope.offset ||
          offset >= scope.offset + scope.length)
        continue;
      used[i] = true;
      excepted = true;
    }
    if (excepted) {
      ++left_out;
    } else if (finding.severity == Severity::kError) {
      diagnostics.error(finding.range.value_or(SourceRange{}), finding.message);
    } else {
      diagnostics.warning(finding.range.value_or(SourceRange{}), finding.message, finding.id);
    }
  }
  return left_out;
}

}  // namespace sandbox::resolve
