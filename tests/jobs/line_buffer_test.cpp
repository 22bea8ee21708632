#include "jobs/line_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longtake {
namespace {

using testing::Optional;

TEST(LineBuffer, PutsLinesTogetherHoweverTheyArrive) {
  LineBuffer buffer;
  for (const char byte : std::string("one\n\ntwo\nthr")) buffer.add({&byte, 1});
  EXPECT_THAT(buffer.next(), Optional(std::string("one")));
  EXPECT_THAT(buffer.next(), Optional(std::string()));
  EXPECT_THAT(buffer.next(), Optional(std::string("two")));
  EXPECT_EQ(buffer.next(), std::nullopt);
  buffer.add("ee\n");
  EXPECT_THAT(buffer.next(), Optional(std::string("three")));
  EXPECT_EQ(buffer.next(), std::nullopt);
}

TEST(LineBuffer, RefusesALineWithoutEnd) {
  LineBuffer buffer;
  buffer.add(std::string(kLongestLine_bytes, 'x'));
  EXPECT_EQ(buffer.next(), std::nullopt);
  buffer.add("x");
  EXPECT_THROW(buffer.next(), Error);
}

TEST(LineBuffer, DeliversTheLongestLineAllowed) {
  LineBuffer buffer;
  buffer.add(std::string(kLongestLine_bytes, 'x') + "\n");
  EXPECT_EQ(buffer.next()->size(), kLongestLine_bytes);
}

}  // namespace
}  // namespace longtake
