#include "sandbox-policy/xml.h"

#include <gtest/gtest.h>

namespace sandbox::tool {
namespace {

TEST(Xml, MarkupIsEscaped) {
  EXPECT_EQ(xml_text("a < b && c > \"d\""), "a &lt; b &amp;&amp; c &gt; &quot;d&quot;");
  EXPECT_EQ(xml_text("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST(Xml, WhatXmlCannotHoldIsWrittenInPrintableCharacters) {
  EXPECT_EQ(xml_text(std::string_view("a\0b\x01\x1b", 5)), "a\\x00b\\x01\\x1b");
  EXPECT_EQ(xml_text("\xff"), "\\xff");
  EXPECT_EQ(xml_text("\xef\xbf\xbe|\xef\xbf\xbf"), "\\ufffe|\\uffff");
}

}  // namespace
}  // namespace sandbox::tool
