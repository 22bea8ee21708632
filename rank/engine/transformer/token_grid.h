#pragma once

#include <cstdint>
#include <vector>

namespace longtake {

/// Positions of a run of tokens in frame, row and column; tokens go row-major over the three axes.
struct GridPositions {
  std::vector<std::int64_t> frames;
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> columns;

  std::int64_t tokens() const {
    return static_cast<std::int64_t>(frames.size() * rows.size() * columns.size());
  }
};

/// The tokens of latents of one size. A token is a patch of two by two latent pixels of one frame.
struct TokenGrid {
  std::int64_t frames = 0;  ///< latent frames of a block
  std::int64_t height = 0;  ///< patches
  std::int64_t width = 0;   ///< patches

  std::int64_t tokens_per_frame() const { return height * width; }
  std::int64_t tokens() const { return frames * tokens_per_frame(); }
};

/// Throws Error{InvalidInput} for a latent that has no even height and width of at least 8.
TokenGrid token_grid(std::int64_t frames, std::int64_t latent_height, std::int64_t latent_width);

/// Of a block whose first frame is the `first_frame`-th of its range.
GridPositions block_positions(const TokenGrid& grid, std::int64_t first_frame);

/// Of the reference image, which stands at one moment `frame`.
GridPositions reference_positions(const TokenGrid& grid, std::int64_t frame);

/// Motion latents are packed: the older, the coarser (Zhang et al. 2025, "Packing Input Frame Context").
/// `frames` latent frames become patches of `depth` frames by 2*`coarseness` latent pixels a side.
struct MotionBucket {
  std::int64_t frames;
  std::int64_t depth;
  std::int64_t coarseness;
};

/// From the newest frames to the oldest, the order of their tokens.
inline constexpr MotionBucket kMotionBuckets[] = {{1, 1, 1}, {2, 2, 2}, {16, 4, 4}};
inline constexpr std::int64_t kMotionLatentFrames = 19;  // the sum of the buckets' frames

/// Of the motion tokens, bucket by bucket: moments before the range's first frame, rows and columns
/// spread over those of the grid.
std::vector<GridPositions> motion_positions(const TokenGrid& grid);

/// Reference and motion tokens together.
std::int64_t sink_tokens(const TokenGrid& grid);

}  // namespace longtake
