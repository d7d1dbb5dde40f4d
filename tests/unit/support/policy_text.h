// From a policy's text to what the layers make of it, and its problems as a user would read them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/diagnostic.h"
#include "policy/policy.h"
#include "policy/reader.h"

namespace sandbox::testing {

/// A text called "p.yml" and what was found wrong with it.
class PolicyText {
 public:
  explicit PolicyText(std::string text)
      : source_(std::make_shared<const SourceText>("p.yml", std::move(text))), diagnostics_(source_) {}

  Diagnostics& diagnostics() { return diagnostics_; }
  [[nodiscard]] const SourceText& source() const { return *source_; }

  std::optional<policy::Policy> read(const policy::Environment& environment = {}) {
    return policy::read_policy(source_, environment, diagnostics_);
  }

  /// Every problem, sorted, as "LINE:COLUMN: error: MESSAGE" lines.
  std::string problems() {
    diagnostics_.sort();
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics_.all()) {
      if (diagnostic.range) {
        const LineColumn place = source_->locate(diagnostic.range->offset);
        text += std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
      }
      text += diagnostic.severity == Severity::kError ? "error: " : "warning: ";
      text += diagnostic.message + "\n";
    }
    return text;
  }

  /// The text that a range covers.
  [[nodiscard]] std::string covered(SourceRange range) const {
    return source_->text().substr(range.offset, range.length);
  }

 private:
  std::shared_ptr<const SourceText> source_;
  Diagnostics diagnostics_;
};

}  // namespace sandbox::testing
