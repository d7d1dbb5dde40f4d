// Messages for people, one line each, on standard error.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/colour.h"
#include "base/diagnostic.h"

namespace sandbox {

/// What is shown. A message of a higher level than the one that was set is dropped.
enum class LogLevel : uint8_t { kError, kWarning, kInfo };

/// An error as it was reported, for programs.
struct KeptError {
  std::string file;     ///< Empty where the message is about no file, or begins with its name.
  LineColumn place;     ///< In the file; line 0: the whole of it.
  std::string message;  ///< Without program and place.
};

/// Writes "PROGRAM: error: TEXT" lines. Under journald (JOURNAL_STREAM names standard error) each starts with the level
/// as "<3>", see sd-daemon(3).
class Log {
 public:
  explicit Log(std::string program);

  /// Whether people will see a warning: standard error is a terminal, or systemd's journal, and the level lets it
  /// through.
  [[nodiscard]] bool shows_warnings_to_people() const;

  void set_level(LogLevel level) { level_ = level; }

  /// Whether messages are coloured: the word for the level, and the marks below a line. Never in the journal.
  void set_colour(ColourChoice choice) { colour_ = choice; }

  /// Whether they are now.
  [[nodiscard]] bool coloured() const;

  /// From now on also keeps every error in `errors`, which is borrowed.
  void keep_errors(std::vector<KeptError>& errors) { kept_ = &errors; }

  /// Those that were kept so far.
  [[nodiscard]] std::span<const KeptError> kept() const {
    return kept_ == nullptr ? std::span<const KeptError>() : std::span<const KeptError>(*kept_);
  }

  void error(std::string_view message) const { report_error({}, message); }
  /// "FILE: MESSAGE". `file` is as in messages: printable.
  void error_in(const std::string& file, std::string_view message) const { report_error(file, message); }
  void warning(std::string_view message) const { write(LogLevel::kWarning, message); }
  void info(std::string_view message) const { write(LogLevel::kInfo, message); }

  /// A warning that is shown at every level, under --quiet too.
  void unsuppressed_warning(std::string_view message) const;

  /// Every diagnostic that the level lets through, in order, with the source line and a caret when standard error is a
  /// terminal.
  void report(const Diagnostics& diagnostics) const;

  /// What stands before the text of an error, for lines that are written without this class.
  [[nodiscard]] std::string error_prefix() const;
  [[nodiscard]] std::string warning_prefix() const;  ///< The same of a warning.

  /// The same for lines that are neither errors nor warnings and bear no word for what they are: "PROGRAM: ".
  [[nodiscard]] std::string notice_prefix() const;

 private:
  void write(LogLevel level, std::string_view message) const;
  void report_error(const std::string& file, std::string_view message) const;

  std::string program_;
  LogLevel level_ = LogLevel::kWarning;
  ColourChoice colour_ = ColourChoice::kAuto;
  bool journal_;
  std::vector<KeptError>* kept_ = nullptr;
};

}  // namespace sandbox
