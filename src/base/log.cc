#include "base/log.h"

// The only includer of spdlog, which takes long to compile.
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

namespace sandbox {
namespace {

struct LevelText {
  spdlog::level::level_enum level;
  const char* word;
  const char* journal;  ///< As in sd-daemon(3).
  Colour colour;
};

LevelText text_of(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return {spdlog::level::err, "error", "<3>", Colour::kRed};
    case LogLevel::kWarning:
      return {spdlog::level::warn, "warning", "<4>", Colour::kYellow};
    case LogLevel::kInfo:
      break;
  }
  return {spdlog::level::info, "info", "<6>", Colour::kNone};
}

/// JOURNAL_STREAM is "DEVICE:INODE" of the stream that systemd connected; it is inherited by children whose standard
/// error is another file.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream == nullptr) return false;
  const std::string_view text = stream;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto number = [](std::string_view digits, uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  uint64_t device = 0;
  uint64_t inode = 0;
  if (!number(text.substr(0, colon), device) || !number(text.substr(colon + 1), inode)) return false;
  struct stat info = {};
  return fstat(STDERR_FILENO, &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

/// Made at the first message: most launches have none.
spdlog::logger& logger() {
  static const std::unique_ptr<spdlog::logger> instance = [] {
    auto made = std::make_unique<spdlog::logger>("stderr", std::make_shared<spdlog::sinks::stderr_sink_st>());
    made->set_level(spdlog::level::info);
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    return made;
  }();
  return *instance;
}

std::string prefix(const std::string& program, LogLevel level, bool journal, bool coloured = false) {
  const LevelText text = text_of(level);
  const std::string word = std::string(text.word) + ":";
  return (journal ? text.journal : "") + program + ": " + (coloured ? painted(text.colour, word) : word) + " ";
}

}  // namespace

Log::Log(std::string program) : program_(std::move(program)), journal_(stderr_is_journal()) {}

bool Log::coloured() const {
  return !journal_ && wants_colour(colour_, STDERR_FILENO);
}

void Log::write(LogLevel level, std::string_view message) const {
  if (level > level_) return;
  logger().log(text_of(level).level, prefix(program_, level, journal_, coloured()) + std::string(message));
}

void Log::report_error(const std::string& file, std::string_view message) const {
  if (kept_ != nullptr) kept_->push_back({file, {0, 0}, std::string(message)});
  write(LogLevel::kError, file.empty() ? std::string(message) : file + ": " + std::string(message));
}

void Log::unsuppressed_warning(std::string_view message) const {
  logger().log(spdlog::level::warn, prefix(program_, LogLevel::kWarning, journal_, coloured()) + std::string(message));
}

std::string Log::error_prefix() const {
  return prefix(program_, LogLevel::kError, journal_);
}

std::string Log::warning_prefix() const {
  return prefix(program_, LogLevel::kWarning, journal_);
}

std::string Log::notice_prefix() const {
  return (journal_ ? "<5>" : "") + program_ + ": ";
}

bool Log::shows_warnings_to_people() const {
  return level_ >= LogLevel::kWarning && (journal_ || isatty(STDERR_FILENO) == 1);
}

void Log::report(const Diagnostics& diagnostics) const {
  if (diagnostics.all().empty()) return;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    std::string message = format_diagnostic(diagnostics.source(), diagnostic);
    if (terminal && diagnostic.range) {
      message += '\n';
      const std::string excerpt = format_excerpt(diagnostics.source(), diagnostic);
      message += coloured() ? with_painted_marks(Colour::kGreen, excerpt) : excerpt;
    }
    if (kept_ != nullptr && diagnostic.severity == Severity::kError) {
      const SourceText& source = diagnostics.source();
      const LineColumn place = diagnostic.range ? source.locate(diagnostic.range->offset) : LineColumn{0, 0};
      kept_->push_back({printable_path(source.name()), place, diagnostic.message});
    }
    write(diagnostic.severity == Severity::kError ? LogLevel::kError : LogLevel::kWarning, message);
  }
}

}  // namespace sandbox
