#include "rank/engine/transformer/token_grid.h"

#include <string>

#include "jobs/error.h"
#include "rank/engine/transformer/transformer_config.h"

namespace longtake {
namespace {

std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < count; ++i) positions.push_back(first + i);
  return positions;
}

/// `count` whole positions from `first` to `last`, evenly spread and cut to integers as the published
/// model cuts them: in float64, step by step, the last one exact.
std::vector<std::int64_t> spread(std::int64_t first, std::int64_t last, std::int64_t count) {
  const double step = count > 1 ? static_cast<double>(last - first) / static_cast<double>(count - 1) : 0.0;
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool is_end = count > 1 && i == count - 1;
    positions.push_back(
        is_end ? last
               : static_cast<std::int64_t>(static_cast<double>(i) * step + static_cast<double>(first)));
  }
  return positions;
}

/// Moments of a bucket whose oldest frame is `oldest` frames before the range. The published model cuts
/// their distances, not their negatives.
std::vector<std::int64_t> moments(const MotionBucket& bucket, std::int64_t oldest) {
  std::vector<std::int64_t> frames = spread(oldest, oldest - bucket.frames + 1, bucket.frames / bucket.depth);
  for (std::int64_t& frame : frames) frame = -frame;
  return frames;
}

}  // namespace

TokenGrid token_grid(std::int64_t frames, std::int64_t latent_height, std::int64_t latent_width) {
  constexpr std::int64_t kCoarsest = kPatch * kMotionBuckets[2].coarseness;
  if (frames < 1 || latent_height < kCoarsest || latent_width < kCoarsest || latent_height % kPatch != 0 ||
      latent_width % kPatch != 0) {
    throw Error(ErrorKind::InvalidInput,
                "latents of " + std::to_string(frames) + " frames of " + std::to_string(latent_height) +
                    " x " + std::to_string(latent_width) + ": height and width must be even and at least " +
                    std::to_string(kCoarsest));
  }
  return {frames, latent_height / kPatch, latent_width / kPatch};
}

GridPositions block_positions(const TokenGrid& grid, std::int64_t first_frame) {
  return {consecutive(first_frame, grid.frames), consecutive(0, grid.height), consecutive(0, grid.width)};
}

GridPositions reference_positions(const TokenGrid& grid, std::int64_t frame) {
  return {{frame}, consecutive(0, grid.height), consecutive(0, grid.width)};
}

std::vector<GridPositions> motion_positions(const TokenGrid& grid) {
  std::vector<GridPositions> positions;
  std::int64_t oldest = 0;
  for (const MotionBucket& bucket : kMotionBuckets) {
    oldest += bucket.frames;
    positions.push_back({moments(bucket, oldest), spread(0, grid.height - 1, grid.height / bucket.coarseness),
                         spread(0, grid.width - 1, grid.width / bucket.coarseness)});
  }
  return positions;
}

std::int64_t sink_tokens(const TokenGrid& grid) {
  std::int64_t tokens = grid.tokens_per_frame();
  for (const GridPositions& bucket : motion_positions(grid)) tokens += bucket.tokens();
  return tokens;
}

}  // namespace longtake
