#include "base/json.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sandbox {
namespace {

std::string document(Json json) {
  json.open_object().member("text", "a\"b").member("number", uint64_t{18446744073709551615U}).member("truth", false);
  json.key("list").open_array().value("x").number("7.5").hex(31).open_array().close_array().close_array();
  json.key("none").open_object().close_object().hex_member("bits", 255);
  return json.close_object().text();
}

TEST(Json, Indented) {
  EXPECT_EQ(document(Json()), R"({
  "text": "a\"b",
  "number": 18446744073709551615,
  "truth": false,
  "list": [
    "x",
    7.5,
    "0x1f",
    []
  ],
  "none": {},
  "bits": "0xff"
}
)");
}

TEST(Json, OnOneLine) {
  EXPECT_EQ(document(Json(Json::Layout::kOneLine)),
            R"({"text":"a\"b","number":18446744073709551615,"truth":false,"list":["x",7.5,"0x1f",[]],"none":{},)"
            R"("bits":"0xff"})"
            "\n");
}

TEST(JsonString, QuotesWhatMustBe) {
  EXPECT_EQ(json_string("a"), R"("a")");
  EXPECT_EQ(json_string("\"\\\n\t\x01\x7f"), R"("\"\\\n\u0009\u0001\u007f")");
  EXPECT_EQ(json_string("ä\xff."), "\"ä\\ufffd.\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
}

}  // namespace
}  // namespace sandbox
