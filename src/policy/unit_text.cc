#include "policy/unit_text.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace sandbox::policy {
namespace {

constexpr std::string_view kBlanks = " \t\r";

UnitPiece trimmed(UnitPiece piece) {
  const size_t begin = std::min(piece.text.find_first_not_of(kBlanks), piece.text.size());
  const size_t end = piece.text.find_last_not_of(kBlanks) + 1;  // npos + 1 is 0.
  const size_t length = end > begin ? end - begin : 0;
  return {piece.text.substr(begin, length),
          {piece.range.offset + static_cast<uint32_t>(begin), static_cast<uint32_t>(length)}};
}

bool is_comment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';');
}

/// "[Service]".
bool is_header(std::string_view line) {
  return line.size() > 2 && line.starts_with('[') && line.ends_with(']');
}

/// Whether the line ends in a backslash that no other one stands before.
bool goes_on(std::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  return (line.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
}

/// Takes a line, without its end, from the text behind `at`.
UnitPiece take_line(std::string_view text, size_t& at) {
  const size_t end = std::min(text.find('\n', at), text.size());
  std::string_view line = text.substr(at, end - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const UnitPiece piece = {line, {static_cast<uint32_t>(at), static_cast<uint32_t>(line.size())}};
  at = end + 1;
  return piece;
}

class UnitText {
 public:
  UnitText(Diagnostics& diagnostics, const std::function<void(const UnitAssignment&)>& take)
      : diagnostics_(diagnostics), take_(take) {}

  void read() {
    const std::string_view text = diagnostics_.source().text();
    for (size_t at = 0; at < text.size();) {
      UnitPiece line = take_line(text, at);
      if (is_comment(trimmed(line).text)) continue;  // Also between two lines of one value.
      const bool more = goes_on(line.text);
      if (more) line.text.remove_suffix(1);
      lines_.push_back(line);
      if (!more) finish();
    }
    finish();
  }

 private:
  /// Everything up to a line that does not go on.
  void finish() {
    std::vector<UnitPiece> lines = std::exchange(lines_, {});
    const auto blank = [](const UnitPiece& line) { return trimmed(line).text.empty(); };
    lines.erase(lines.begin(), std::ranges::find_if_not(lines, blank));
    if (lines.empty()) return;
    const UnitPiece first = trimmed(lines.front());
    if (first.text.starts_with('[')) return read_header(first);
    const size_t equals = lines.front().text.find('=');
    if (equals == std::string_view::npos) {
      diagnostics_.error(first.range, "expected KEY=VALUE, found " + in_quotes(first.text, 40) +
                                          "; does the line before it end in '\\'?");
      return;
    }
    UnitAssignment assignment;
    assignment.section = section_;
    assignment.key = trimmed({lines.front().text.substr(0, equals), lines.front().range});
    lines.front().text.remove_prefix(equals + 1);
    lines.front().range.offset += static_cast<uint32_t>(equals + 1);
    assignment.lines = std::move(lines);
    take_(assignment);
  }

  void read_header(const UnitPiece& line) {
    if (!is_header(line.text)) {
      diagnostics_.error(line.range, "expected a section such as [Service], found " + in_quotes(line.text, 40));
    }
    section_ = {line.text.substr(1, line.text.size() - (line.text.ends_with(']') ? 2 : 1)), line.range};
  }

  Diagnostics& diagnostics_;
  const std::function<void(const UnitAssignment&)>& take_;
  std::vector<UnitPiece> lines_;
  UnitPiece section_;
};

}  // namespace

bool looks_like_unit(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const UnitPiece line = trimmed(take_line(text, at));
    if (line.text.empty() || is_comment(line.text)) continue;
    if (!is_header(line.text)) return false;
    const std::string_view name = line.text.substr(1, line.text.size() - 2);
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'; };
    return std::ranges::all_of(name, is_letter) && name.front() >= 'A' && name.front() <= 'Z';
  }
  return false;
}

void read_assignments(Diagnostics& diagnostics, const std::function<void(const UnitAssignment&)>& take) {
  UnitText(diagnostics, take).read();
}

std::vector<UnitPiece> words_of(const UnitAssignment& assignment) {
  std::vector<UnitPiece> words;
  for (const UnitPiece& line : assignment.lines) {
    size_t begin = line.text.find_first_not_of(kBlanks);
    while (begin != std::string_view::npos) {
      const size_t end = std::min(line.text.find_first_of(kBlanks, begin), line.text.size());
      words.push_back({line.text.substr(begin, end - begin),
                       {line.range.offset + static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)}});
      begin = line.text.find_first_not_of(kBlanks, end);
    }
  }
  return words;
}

}  // namespace sandbox::policy
