#include "rank/engine/transformer/patches.h"

#include "rank/engine/transformer/transformer_config.h"

namespace longtake {

at::Tensor patches_TP(const at::Tensor& latent_CFYX, PatchSize size) {
  const auto [depth, height, width] = size;
  const std::int64_t frames = latent_CFYX.size(1) / depth;
  const std::int64_t rows = latent_CFYX.size(2) / height;
  const std::int64_t columns = latent_CFYX.size(3) / width;
  return latent_CFYX.narrow(1, 0, frames * depth)
      .narrow(2, 0, rows * height)
      .narrow(3, 0, columns * width)
      .reshape({-1, frames, depth, rows, height, columns, width})
      .permute({1, 3, 5, 0, 2, 4, 6})
      .reshape({frames * rows * columns, -1});
}

at::Tensor unpatched_CFYX(const at::Tensor& tokens_TP, const TokenGrid& grid, std::int64_t channels) {
  return tokens_TP.view({grid.frames, grid.height, grid.width, kPatch, kPatch, channels})
      .permute({5, 0, 1, 3, 2, 4})
      .reshape({channels, grid.frames, grid.height * kPatch, grid.width * kPatch});
}

}  // namespace longtake
