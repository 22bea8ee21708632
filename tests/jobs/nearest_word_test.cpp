#include "jobs/nearest_word.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

const std::vector<std::string> kKeys = {"sample_steps", "sample_guide_scale", "size", "image"};

TEST(NearestWord, FindsAMisspeltWord) {
  EXPECT_EQ(nearest_word("sampel_step", kKeys), "sample_steps");
  EXPECT_EQ(nearest_word("Image", kKeys), "image");
  EXPECT_EQ(nearest_word("sise", kKeys), "size");
}

TEST(NearestWord, SuggestsNothingForAnotherWord) {
  EXPECT_EQ(nearest_word("resolution", kKeys), std::nullopt);
  EXPECT_EQ(nearest_word("x", {"ab"}), std::nullopt);
  EXPECT_EQ(nearest_word("size", {}), std::nullopt);
}

TEST(JoinWords, ReadsLikeASentence) {
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(join_words({"a", "b"}, " and "), "a and b");
}

}  // namespace
}  // namespace longtake
