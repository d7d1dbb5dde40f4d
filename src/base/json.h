// JSON, written from the front to the back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

/// What opens must be closed; within an object each value has its key before it.
class Json {
 public:
  enum class Layout : uint8_t {
    kIndented,  ///< One member a line.
    kOneLine,   ///< The whole document, without a space that is not needed.
  };

  explicit Json(Layout layout = Layout::kIndented) : layout_(layout) {}

  Json& open_object();
  Json& close_object() { return close('}'); }
  Json& open_array();
  Json& close_array() { return close(']'); }
  Json& key(std::string_view name);

  Json& value(std::string_view text);
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(uint64_t number);
  Json& value(bool truth);
  /// A number that is written already, such as "7.5".
  Json& number(std::string_view digits);

  /// 64-bit numbers as text, "0x1f": many readers of JSON would round them.
  Json& hex(uint64_t number);

  template <typename T>
  Json& member(std::string_view name, const T& what) {
    key(name);
    return value(what);
  }

  Json& hex_member(std::string_view name, uint64_t number) { return key(name).hex(number); }

  /// The document, with a newline at its end.
  [[nodiscard]] std::string text() const { return text_ + "\n"; }

 private:
  void begin_value();
  void new_line();
  Json& close(char bracket);

  Layout layout_;
  std::string text_;
  std::vector<bool> filled_;  ///< For each open bracket, whether something stands in it.
  bool after_key_ = false;
};

/// The text as a JSON string, with its quotes. What is not UTF-8 becomes U+FFFD, as JSON must be UTF-8.
std::string json_string(std::string_view text);

}  // namespace sandbox
