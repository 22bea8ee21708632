#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/token_grid.h"

/// Rotary position embedding over frame, row and column (Su et al. 2021; three axes as in Wan 2.1).
// T tokens, J pairs of a head
namespace longtake {

/// The rotation of each token's pairs, complex64 [T, J]. Angles, cosines and sines are computed in
/// float64, so that a position after hours of video is as exact as the first. (The published GPU program
/// rounds cosines and sines to half precision, which moves a velocity by a relative 1e-5.)
at::Tensor rotation_TJ(const GridPositions& positions, std::int64_t head_dim, at::Device device);

/// The runs one after another.
at::Tensor rotation_TJ(const std::vector<GridPositions>& runs, std::int64_t head_dim, at::Device device);

}  // namespace longtake
