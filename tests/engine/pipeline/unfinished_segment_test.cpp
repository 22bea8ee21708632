#include "rank/engine/pipeline/unfinished_segment.h"

#include <gtest/gtest.h>

#include "storage/durable_file.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

class UnfinishedFiles : public ::testing::Test {
 protected:
  ~UnfinishedFiles() override { std::filesystem::remove(path_); }

  std::filesystem::path path_ = temp_path("c000000-000004.unfinished.safetensors");
  UnfinishedOwner owner_{"1f2e", {{0, 8}, {0, 4}, 4}, 2, {2, 4, 8, 10}};
};

UnfinishedSegment some_segment() {
  UnfinishedSegment segment;
  segment.passes_done = 17;
  segment.anchor_CFYX = at::randn({4, 1, 8, 10});
  segment.latents_CFYX[{1, -1}] = at::randn({4, 6, 8, 10});  // the lead-in before clip 0
  segment.latents_CFYX[{2, 3}] = at::randn({4, 6, 8, 10});
  return segment;
}

TEST_F(UnfinishedFiles, ComeBackAsTheyWere) {
  const UnfinishedSegment segment = some_segment();
  write_unfinished(path_, segment, owner_);
  const auto read = read_unfinished(path_, owner_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->passes_done, 17);
  EXPECT_TRUE(at::equal(read->anchor_CFYX, segment.anchor_CFYX));
  ASSERT_EQ(read->latents_CFYX.size(), 2U);
  for (const auto& [place, latent_CFYX] : segment.latents_CFYX) {
    EXPECT_TRUE(at::equal(read->latents_CFYX.at(place), latent_CFYX));
  }
}

TEST_F(UnfinishedFiles, NeedNotBeThere) {
  EXPECT_FALSE(read_unfinished(path_, owner_));
  EXPECT_FALSE(read_unfinished("", owner_));
}

TEST_F(UnfinishedFiles, OfAnotherSegmentAreOfNoUse) {
  write_unfinished(path_, some_segment(), owner_);
  UnfinishedOwner other = owner_;
  other.identity = "aa";
  EXPECT_FALSE(read_unfinished(path_, other));
  other = owner_;
  other.chain.clips = {0, 3};
  EXPECT_FALSE(read_unfinished(path_, other));
  other = owner_;
  other.chain.renewal_clips = 2;
  EXPECT_FALSE(read_unfinished(path_, other));
  other = owner_;
  other.steps = 3;
  EXPECT_FALSE(read_unfinished(path_, other));
  other = owner_;
  other.clip.width = 12;
  EXPECT_FALSE(read_unfinished(path_, other));
}

TEST_F(UnfinishedFiles, ThatAreNotWholeAreOfNoUse) {
  write_unfinished(path_, some_segment(), owner_);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_FALSE(read_unfinished(path_, owner_));
  write_durably(path_, "no tensors");
  EXPECT_FALSE(read_unfinished(path_, owner_));
}

}  // namespace
}  // namespace longtake
