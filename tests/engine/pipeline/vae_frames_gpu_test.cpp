#include "rank/engine/pipeline/vae_frames.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "rank/engine/gpu/device_memory.h"
#include "rank/engine/vae/vae_config.h"
#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

constexpr int kBlocks = 6;
constexpr std::int64_t kSide = 16;

VaeConfig narrow_vae() {
  VaeConfig config = published_vae();
  config.dim = 16;
  return config;
}

using Film = std::vector<std::vector<std::uint8_t>>;

/// What a step does to the memory it takes: products that overwrite whatever was there.
void compute_steps(const at::Tensor& factor) {
  for (int product = 0; product < 20; ++product) at::mm(factor, factor);
}

/// Every latent is overwritten and given up once it is added, as an engine's next block may do.
Film film_of(const VaeDecoder& decoder, Decoding decoding, int restart_at) {
  Film film;
  VaeFrames frames(
      decoder, [&](const std::uint8_t* rgb) { film.emplace_back(rgb, rgb + 64 * kSide * kSide * 3); },
      decoding);
  const at::Tensor factor = at::ones({2048, 2048}, at::TensorOptions(at::kCUDA)).to(at::kBFloat16);
  at::manual_seed(9);
  for (int block = 0; block < kBlocks; ++block) {
    at::Tensor latent_CFYX = at::randn({16, 3, kSide, kSide}).cuda();
    compute_steps(factor);
    frames.catch_up();
    if (block == 0 || block == restart_at) {
      frames.restart();
      frames.precede(latent_CFYX);
    }
    frames.add(latent_CFYX);
    latent_CFYX.reset();
    at::full({16, 3, kSide, kSide}, 7.0, at::TensorOptions(at::kCUDA));
  }
  frames.catch_up();
  return film;
}

TEST(VaeFramesOnGpu, AreTheSameBesideTheStepsAsInTurn) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const VaeDecoder decoder(narrow_vae(), random_weights(3, {at::kBFloat16, at::Device(at::kCUDA, 0)}));
  const Film in_turn = film_of(decoder, Decoding::InTurn, 3);
  EXPECT_EQ(in_turn.size(), 12U * kBlocks);
  EXPECT_NE(in_turn.front(), in_turn.back());
  for (int run = 0; run < 3; ++run) EXPECT_EQ(film_of(decoder, Decoding::Beside, 3), in_turn) << run;
}

TEST(VaeFramesOnGpu, ComeInOrderAndTheLatestWhenCaughtUpWith) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const VaeDecoder decoder(narrow_vae(), random_weights(3, {at::kFloat, at::Device(at::kCUDA, 0)}));
  int frames_made = 0;
  VaeFrames frames(decoder, [&](const std::uint8_t*) { ++frames_made; });
  const at::Tensor latent_CFYX = at::zeros({16, 3, kSide, kSide});
  frames.precede(latent_CFYX);
  frames.add(latent_CFYX);
  EXPECT_EQ(frames_made, 0);
  frames.add(latent_CFYX);
  EXPECT_EQ(frames_made, 12);
  frames.catch_up();
  EXPECT_EQ(frames_made, 24);
  frames.catch_up();
  EXPECT_EQ(frames_made, 24);
}

/// An engine decodes one segment after another.
TEST(VaeFramesOnGpu, KeepNoMoreMemoryForManyFilmsThanForOne) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const at::Device device(at::kCUDA, 0);
  const VaeDecoder decoder(narrow_vae(), random_weights(3, {at::kBFloat16, device}));
  film_of(decoder, Decoding::Beside, 3);
  const std::int64_t reserved = device_memory(device).value().reserved;
  for (int film = 0; film < 5; ++film) film_of(decoder, Decoding::Beside, 3);
  constexpr std::int64_t kLessThanAFilm = 32 << 20;
  EXPECT_LT(device_memory(device).value().reserved, reserved + kLessThanAFilm);
}

/// A segment that is given up while its last block is decoded.
TEST(VaeFramesOnGpu, MayBeGivenUpWithABlockUnderWay) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  int frames_made = 0;
  {
    const VaeDecoder decoder(narrow_vae(), random_weights(3, {at::kFloat, at::Device(at::kCUDA, 0)}));
    VaeFrames frames(decoder, [&](const std::uint8_t*) { ++frames_made; });
    frames.precede(at::zeros({16, 3, kSide, kSide}));
    frames.add(at::zeros({16, 3, kSide, kSide}));
  }
  EXPECT_EQ(frames_made, 0);
  EXPECT_EQ(at::ones({8}, at::TensorOptions(at::kCUDA)).sum().item<float>(), 8);
}

}  // namespace
}  // namespace longtake
