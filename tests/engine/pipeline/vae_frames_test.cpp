#include "rank/engine/pipeline/vae_frames.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/pipeline/small_film.h"

namespace longtake {
namespace {

VaeConfig small_vae() {
  VaeConfig config;
  config.dim = 4;
  config.z_dim = 4;
  config.dim_mult = {1, 1, 2, 2};
  config.num_res_blocks = 1;
  config.temporal_downsample = {false, true, true};
  config.latent_mean = {0, 0.1, 0, -0.1};
  config.latent_std = {1, 1, 2, 1};
  return config;
}

class Frames : public ::testing::Test {
 protected:
  Frames() : decoder_(small_vae(), random_weights(3, {})) {}

  VaeFrames sink() {
    return {decoder_, [this](const std::uint8_t* rgb) { frames_.emplace_back(rgb, rgb + 64 * 64 * 3); }};
  }

  c10::InferenceMode inference_;
  VaeDecoder decoder_;
  std::vector<std::vector<std::uint8_t>> frames_;
};

TEST_F(Frames, AreFourForEveryLatentFrameAndNoneForWhatPrecedes) {
  VaeFrames frames = sink();
  frames.restart();
  frames.precede(at::randn({4, 3, 8, 8}));
  EXPECT_TRUE(frames_.empty());
  frames.add(at::randn({4, 3, 8, 8}));
  EXPECT_EQ(frames_.size(), 12U);
  EXPECT_NE(frames_.front(), frames_.back());
}

TEST_F(Frames, NeedSomethingBeforeThem) {
  VaeFrames frames = sink();
  EXPECT_THROW(frames.add(at::randn({4, 3, 8, 8})), Error);
}

TEST_F(Frames, AreRedGreenBlueFromDarkToBright) {
  VaeFrames frames = sink();
  const at::Tensor latent = at::randn({4, 3, 8, 8});
  frames.precede(latent);
  frames.add(latent);
  VaeStream stream;
  decoder_.decode(stream, latent.unsqueeze(0));
  const at::Tensor expected = decoder_.decode(stream, latent.unsqueeze(0))[0];
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    const float value = expected[channel][5][10][20].item<float>();
    const double byte = (std::min(1.0F, std::max(-1.0F, value)) + 1) * 127.5;
    EXPECT_NEAR(frames_[5][static_cast<std::size_t>((10 * 64 + 20) * 3 + channel)], byte, 0.51);
  }
}

TEST_F(Frames, DoNotDependOnWhereARangeIsCut) {
  SmallFilm film;
  const auto frames_of = [&](const std::vector<Interval>& segments) {
    frames_.clear();
    VaeFrames frames = sink();
    std::optional<Carry> carry;
    for (const Interval clips : segments) {
      const SegmentTask task{{{0, 4}, clips, 2}, kSmallFilmSeed, GenerationOrder::StepMajor, carry};
      carry = generate_segment(film, task, frames, [](std::int64_t, std::int64_t) { return true; });
    }
    return frames_;
  };
  const auto whole = frames_of({{0, 4}});
  EXPECT_EQ(whole.size(), static_cast<std::size_t>(4 * small_clip().frames()));
  EXPECT_EQ(frames_of({{0, 1}, {1, 4}}), whole);
  EXPECT_EQ(frames_of({{0, 2}, {2, 4}}), whole);
}

}  // namespace
}  // namespace longtake
