// What the program prints: text for people, aligned and in colour where that helps, or JSON for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/colour.h"
#include "policy/policy.h"

namespace sandbox::tool {

/// The colour of a verdict: green passes, yellow fails, red dies.
Colour colour_of(policy::Action action);

/// A piece of text and its colour, which takes no room.
struct Cell {
  Cell(std::string text_in, Colour colour_in = Colour::kNone)  // NOLINT: implicit, for lists of cells.
      : text(std::move(text_in)), colour(colour_in) {}
  Cell(const char* text_in) : text(text_in) {}  // NOLINT: the same.

  std::string text;
  Colour colour = Colour::kNone;
};

/// Collects what goes to standard output. Nothing is written before finish(), so a command that fails halfway has
/// printed nothing.
class Output {
 public:
  /// Colour and width as standard output has them.
  explicit Output(ColourChoice choice = ColourChoice::kAuto);
  Output(bool colour, size_t width) : colour_(colour), width_(width) {}

  /// What was collected.
  [[nodiscard]] const std::string& text() const { return text_; }

  void add(std::string_view text) { text_ += text; }
  void clear() { text_.clear(); }
  void line(std::string_view text) { (text_ += text) += '\n'; }
  [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;
  /// What format_excerpt() gives: the line, and the marks below it.
  void excerpt(std::string_view text);
  [[nodiscard]] bool on_terminal() const { return terminal_; }

  /// Rows below one another, two spaces between the columns, each indented. The last column is not filled up.
  void table(const std::vector<std::vector<Cell>>& rows, size_t indent = 2);

  /// The same, as wide as the output at most: the cells of the widest column are wrapped, at spaces and behind '|'.
  void wrapped_table(const std::vector<std::vector<Cell>>& rows, size_t indent = 2);

  /// `head`, and beginning in `column` the words, wrapped; `head` may be longer.
  void words(const Cell& head, size_t column, const std::vector<std::string>& words);

  /// The same with the words of a text.
  void text(const Cell& head, size_t column, std::string_view text);

  /// Writes all to standard output; false if it could not be written.
  bool finish();

 private:
  void print_table(const std::vector<std::vector<Cell>>& rows, std::vector<size_t> widths, size_t indent);

  std::string text_;
  bool terminal_ = false;
  bool colour_ = false;
  size_t width_ = 80;
};

}  // namespace sandbox::tool
