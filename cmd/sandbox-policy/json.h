// JSON, written from the front to the back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "resolve/rule_set.h"

namespace sandbox::tool {

/// Whatever opens must be closed; within an object each value has its key before it.
class Json {
 public:
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

  /// A verdict as {"action": "errno", "errno": "EPERM", "number": 1}; trace and trap have their data as "data".
  Json& verdict(resolve::Verdict verdict, arch::Abi abi);

  /// The document, with a newline at its end.
  [[nodiscard]] std::string text() const { return text_ + "\n"; }

 private:
  void begin_value();
  Json& close(char bracket);

  std::string text_;
  std::vector<bool> filled_;  ///< For each open bracket, whether something stands in it.
  bool after_key_ = false;
};

}  // namespace sandbox::tool
