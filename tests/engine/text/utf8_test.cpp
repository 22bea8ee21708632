#include "rank/engine/text/utf8.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(Utf8, CharactersOfEveryLengthGoThereAndBack) {
  for (const std::uint32_t value :
       {0x41U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0x5979U, 0xFFFFU, 0x1F3ACU, 0x10FFFFU}) {
    const std::string text = utf8_of(value);
    const auto character = code_point_at(text, 0);
    ASSERT_TRUE(character.has_value()) << value;
    EXPECT_EQ(character->value, value);
    EXPECT_EQ(character->length_bytes, text.size());
  }
  EXPECT_EQ(utf8_of(0x1F3AC), "🎬");
}

TEST(Utf8, OtherBytesAreNoCharacter) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xE2\x82", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(code_point_at(text, 0).has_value()) << text;
  }
}

}  // namespace
}  // namespace longtake
