#include "base/json.h"

#include <array>
#include <cstdio>

#include "base/text.h"
#include "base/utf8.h"

namespace sandbox {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const size_t length = point.length == 0 ? 1 : point.length;
    if (point.length == 0) {
      out += "\\ufffd";  // A file's name may be no UTF-8; JSON must be.
    } else if (point.value == '"' || point.value == '\\') {
      out += '\\';
      out += text[at];
    } else if (point.value == '\n') {
      out += "\\n";
    } else if (is_control(point.value) && point.value <= 0xFFFF) {
      std::array<char, 8> buffer = {};
      std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(point.value));
      out += buffer.data();
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out + '"';
}

void Json::begin_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (filled_.empty()) return;
  if (filled_.back()) text_ += ',';
  filled_.back() = true;
  new_line();
}

void Json::new_line() {
  if (layout_ == Layout::kOneLine) return;
  text_ += '\n';
  text_.append(2 * filled_.size(), ' ');
}

Json& Json::open_object() {
  begin_value();
  text_ += '{';
  filled_.push_back(false);
  return *this;
}

Json& Json::open_array() {
  begin_value();
  text_ += '[';
  filled_.push_back(false);
  return *this;
}

Json& Json::close(char bracket) {
  const bool filled = filled_.back();
  filled_.pop_back();
  if (filled) new_line();
  text_ += bracket;
  return *this;
}

Json& Json::key(std::string_view name) {
  begin_value();
  text_ += json_string(name) + (layout_ == Layout::kOneLine ? ":" : ": ");
  after_key_ = true;
  return *this;
}

Json& Json::value(std::string_view text) {
  begin_value();
  text_ += json_string(text);
  return *this;
}

Json& Json::value(uint64_t number) {
  begin_value();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::value(bool truth) {
  begin_value();
  text_ += truth ? "true" : "false";
  return *this;
}

Json& Json::number(std::string_view digits) {
  begin_value();
  text_ += digits;
  return *this;
}

Json& Json::hex(uint64_t number) {
  return value(std::string_view(sandbox::hex(number)));
}

}  // namespace sandbox
