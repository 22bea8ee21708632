#include "rank/engine/text/prompt_text.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(PromptText, WhiteSpaceOfAnyKindBecomesOneSpace) {
  EXPECT_EQ(collapse_whitespace("  she   speaks\tslowly\r\n\n "), "she speaks slowly");
  EXPECT_EQ(collapse_whitespace("a\xC2\xA0\xE3\x80\x80\xE2\x80\xA8z"), "a z");
  EXPECT_EQ(collapse_whitespace(" \t "), "");
  EXPECT_EQ(collapse_whitespace(""), "");
}

TEST(PromptText, OtherCharactersAndBytesStay) {
  EXPECT_EQ(collapse_whitespace("她 🎬 &amp; “q”"), "她 🎬 &amp; “q”");
  EXPECT_EQ(collapse_whitespace("a\xFF b"), "a\xFF b");
}

TEST(PromptText, APromptFromAWebPageReadsAsTyped) {
  EXPECT_EQ(clean_prompt("He says &ldquo;it&rsquo;s&nbsp; fine&#8221; &amp;amp; goes"),
            "He says \"it's fine\" & goes");
  EXPECT_EQ(clean_prompt("‘a’ “b” ʼc"), "'a' \"b\" 'c");
}

TEST(PromptText, TerminalColoursAndControlCharactersGo) {
  EXPECT_EQ(clean_prompt("\x1b[1;31mred\x1b[0m\x07 \xEF\xBB\xBF"
                         "end"),
            "red end");
  EXPECT_EQ(clean_prompt("\x1b[2Jx"), "[2Jx");
}

TEST(PromptText, WhatAModelsOwnNormaliserDoesIsLeftToIt) {
  EXPECT_EQ(clean_prompt("ＦＵＬＬ ½ ﬁ 她"), "ＦＵＬＬ ½ ﬁ 她");
}

}  // namespace
}  // namespace longtake
