// What there is to say about an input: errors and warnings with their places, collected so that all are shown at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "base/source_text.h"
#include "base/text.h"

namespace sandbox {

enum class Severity : uint8_t { kWarning, kError };

/// One problem, in one sentence: what was found, what was expected, the nearest valid thing.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::optional<SourceRange> range;  ///< Absent when the whole file is meant (it cannot be read, say).
  std::string message;               ///< No newline, no place, no severity word.
  std::string_view id = {};          ///< What kind of problem it is, for programs; static. Empty for most kinds.
};

/// The problems found in one text. Every stage adds to it; the caller stops at a checkpoint of its choice. At
/// most kMaxCount errors and kMaxCount warnings are kept; the last line says that there are more.
class Diagnostics {
 public:
  static constexpr size_t kMaxCount = 10'000;

  explicit Diagnostics(std::shared_ptr<const SourceText> source) : source_(std::move(source)) {}

  void error(SourceRange range, std::string message);
  void error(std::string message);
  void warning(SourceRange range, std::string message, std::string_view id = {});
  void warning(std::string message);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return items_; }
  [[nodiscard]] const SourceText& source() const { return *source_; }

  /// "Did you mean", for the text's problems together: see Suggestions.
  template <typename Candidates>
  std::optional<std::string_view> nearest(std::string_view list, std::string_view name, const Candidates& candidates) {
    return suggestions_.nearest(list, name, candidates);
  }

  /// Orders by place, those without a place first; equal problems at one place are said once.
  void sort();

  /// From now on, problems at or behind `offset` are not taken: a syntax error left the text there half understood.
  void ignore_from(uint32_t offset) { end_ = offset; }

 private:
  void add(Severity severity, std::optional<SourceRange> range, std::string message, std::string_view id = {});

  std::shared_ptr<const SourceText> source_;
  std::vector<Diagnostic> items_;
  size_t errors_ = 0;
  size_t warnings_ = 0;
  std::optional<uint32_t> end_;
  Suggestions suggestions_;
};

/// "beat.yml:12:9: message", or "beat.yml: message" without a place.
std::string format_diagnostic(const SourceText& source, const Diagnostic& diagnostic);

/// The source line and below it a caret with tildes under the range; two lines without a final newline. Empty when the
/// diagnostic has no place. Tabs are kept as tabs above and below; lines over 160 code points are cut around the range.
std::string format_excerpt(const SourceText& source, const Diagnostic& diagnostic);

}  // namespace sandbox
