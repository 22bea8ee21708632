#include "rank/engine/pipeline/unfinished_segment.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
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

/// Gives the one engine what the other has sent.
struct Handover : Transport {
  void send(int, Lane, const std::string& tag, const at::Tensor& tensor) override { sent[tag] = tensor; }
  at::Tensor receive(int, Lane, const std::string& tag, at::IntArrayRef) override { return sent.at(tag); }
  void leave() override {}

  std::map<std::string, at::Tensor> sent;
};

std::optional<UnfinishedSegment> found(std::int64_t passes) {
  if (passes == 0) return std::nullopt;
  UnfinishedSegment segment;
  segment.passes_done = passes;
  return segment;
}

/// How many passes the first engine of two skips when both have found segments of so many.
std::int64_t skipped_by_first(std::int64_t found_by_first, std::int64_t found_by_writer) {
  const StageRoutes routes(layers_layout(2, 2, 2), 2, 2);
  Handover handover;
  agreed_unfinished({routes, 1, &handover}, found(found_by_writer));
  const auto agreed = agreed_unfinished({routes, 0, &handover}, found(found_by_first));
  return agreed ? agreed->passes_done : 0;
}

TEST(AgreedUnfinished, IsWhatTheWriterHasFound) {
  EXPECT_EQ(skipped_by_first(17, 17), 17);
  EXPECT_EQ(skipped_by_first(0, 0), 0);
  EXPECT_EQ(skipped_by_first(17, 0), 0);
}

TEST(AgreedUnfinished, OfAnotherPassIsTriedAgainLater) {
  for (const std::int64_t found_by_first : {0, 16}) {
    try {
      skipped_by_first(found_by_first, 17);
      FAIL() << "found " << found_by_first;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Io);
    }
  }
}

TEST(AgreedUnfinished, OfAnEngineThatIsAloneIsItsOwn) {
  const StageRoutes routes(layers_layout(2, 2, 1), 2, 2);
  EXPECT_EQ(agreed_unfinished({routes}, found(17)).value().passes_done, 17);
  EXPECT_FALSE(agreed_unfinished({routes}, found(0)));
}

}  // namespace
}  // namespace longtake
