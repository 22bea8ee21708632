#pragma once

#include <ATen/ATen.h>

#include <array>

#include "rank/engine/transformer/token_grid.h"

// C channels, F frames, Y latent rows, X latent columns, T patches, P values of a patch
namespace longtake {

/// Frames, rows and columns of one patch.
using PatchSize = std::array<std::int64_t, 3>;

/// The patches of a latent, row-major over frames, rows and columns; each holds its values in the order
/// of a convolution's weight: channel, frame, row, column. What does not fill a patch is left out.
at::Tensor patches_TP(const at::Tensor& latent_CFYX, PatchSize size);

/// The latent of tokens that hold their values in the order row, column, channel (the head's).
at::Tensor unpatched_CFYX(const at::Tensor& tokens_TP, const TokenGrid& grid, std::int64_t channels);

}  // namespace longtake
