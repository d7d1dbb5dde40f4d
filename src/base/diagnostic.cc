#include "base/diagnostic.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/utf8.h"

namespace sandbox {
namespace {

constexpr size_t kExcerptWidth = 160;

/// How many bytes are shown as one character: a code point, or a byte that belongs to none.
size_t shown_length(std::string_view text, size_t at) {
  return std::max<size_t>(decode_utf8(text, at).length, 1);
}

size_t count_shown(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += shown_length(text, at)) ++count;
  return count;
}

/// Moves `at` back to the first byte of the code point that it points into, if it points into one.
size_t code_point_start(std::string_view text, size_t at) {
  for (size_t back = 1; back <= 3 && back <= at && at < text.size(); ++back) {
    if (shown_length(text, at - back) > back) return at - back;
  }
  return at;
}

}  // namespace

void Diagnostics::error(SourceRange range, std::string message) {
  add(Severity::kError, range, std::move(message));
}

void Diagnostics::error(std::string message) {
  add(Severity::kError, std::nullopt, std::move(message));
}

void Diagnostics::warning(SourceRange range, std::string message, std::string_view id) {
  add(Severity::kWarning, range, std::move(message), id);
}

void Diagnostics::warning(std::string message) {
  add(Severity::kWarning, std::nullopt, std::move(message));
}

void Diagnostics::add(Severity severity, std::optional<SourceRange> range, std::string message, std::string_view id) {
  if (range && end_ && range->offset >= *end_) return;
  size_t& count = severity == Severity::kError ? errors_ : warnings_;
  if (count > kMaxCount) return;
  if (count++ == kMaxCount) {
    message = "more than " + std::to_string(kMaxCount) + (severity == Severity::kError ? " errors" : " warnings") +
              "; this one and further ones are left out";
    id = {};
  }
  items_.push_back({severity, range, std::move(message), id});
}

void Diagnostics::sort() {
  const auto place = [](const Diagnostic& d) { return std::tuple(d.range.has_value(), d.range ? d.range->offset : 0); };
  std::stable_sort(items_.begin(), items_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  std::set<std::pair<Severity, std::string_view>> said;  // At one place.
  std::vector<bool> repeated(items_.size(), false);
  for (size_t i = 0; i < items_.size(); ++i) {
    if (i > 0 && place(items_[i - 1]) != place(items_[i])) said.clear();
    repeated[i] = !said.emplace(items_[i].severity, items_[i].message).second;
  }
  std::vector<Diagnostic> once;
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!repeated[i]) once.push_back(std::move(items_[i]));
  }
  items_ = std::move(once);
}

std::string format_diagnostic(const SourceText& source, const Diagnostic& diagnostic) {
  std::string out = printable_path(source.name());
  if (diagnostic.range) {
    const LineColumn place = source.locate(diagnostic.range->offset);
    out += ':';
    out += std::to_string(place.line);
    out += ':';
    out += std::to_string(place.column);
  }
  out += ": ";
  out += diagnostic.message;
  return out;
}

std::string format_excerpt(const SourceText& source, const Diagnostic& diagnostic) {
  if (!diagnostic.range) return {};
  const size_t offset = std::min<size_t>(diagnostic.range->offset, source.text().size());
  std::string_view line = source.line_at(offset);
  size_t column = std::min(static_cast<size_t>(source.text().data() + offset - line.data()), line.size());
  if (line.size() > kExcerptWidth && count_shown(line.substr(0, 4 * kExcerptWidth + 4)) >
                                         kExcerptWidth) {  // A minified JSON file, say: show the neighbourhood.
    const size_t begin = code_point_start(line, column > kExcerptWidth / 2 ? column - kExcerptWidth / 2 : 0);
    line = line.substr(begin);
    column -= begin;
    line = line.substr(0, code_point_start(line, std::min(line.size(), kExcerptWidth)));
  }

  std::string text;
  for (size_t at = 0; at < line.size();) {
    const CodePoint point = decode_utf8(line, at);
    const bool visible = !is_control(point.value) && !is_invisible(point.value);
    const bool harmless = point.length != 0 && (point.value == '\t' || visible);
    if (harmless) {
      text += line.substr(at, point.length);
    } else {
      text += '?';
    }
    at += std::max<size_t>(point.length, 1);
  }

  std::string marks;
  for (size_t at = 0; at < column; at += shown_length(line, at)) marks += line[at] == '\t' ? '\t' : ' ';
  marks += '^';
  const size_t width = count_shown(line.substr(column, diagnostic.range->length));
  if (width > 1) marks.append(width - 1, '~');
  return text + "\n" + marks;
}

}  // namespace sandbox
