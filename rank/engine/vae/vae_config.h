#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace longtake {

/// The shape of a Wan 2.1 causal video VAE, and the statistics its latents are normalised with.
struct VaeConfig {
  std::int64_t dim = 0;                ///< channels at full resolution
  std::int64_t z_dim = 0;              ///< channels of a latent
  std::vector<std::int64_t> dim_mult;  ///< channels of level i: dim * dim_mult[i]; every level halves H and W
  std::int64_t num_res_blocks = 0;     ///< per level of the encoder; the decoder has one more
  std::vector<bool> temporal_downsample;  ///< whether the step from level i to i + 1 halves time as well
  std::vector<double> latent_mean;        ///< z_dim
  std::vector<double> latent_std;         ///< z_dim

  int levels() const { return static_cast<int>(dim_mult.size()); }
  /// Height and width of a frame over those of its latent: 8 as published.
  std::int64_t spatial_stride() const { return std::int64_t{1} << (levels() - 1); }
  /// Frames that every latent frame but the first stands for: 4 as published.
  std::int64_t temporal_stride() const;
};

/// Wan2.1_VAE.pth as published with Wan 2.1 and used by Wan2.2-S2V-14B.
VaeConfig published_vae();

/// From {"dim", "z_dim", "dim_mult", "num_res_blocks", "temporal_downsample", "latent_mean",
/// "latent_std"}. Without mean and std: those published, when z_dim is theirs. `name` is for messages.
/// Throws Error{InvalidInput} naming the key.
VaeConfig vae_config_from(const nlohmann::json& document, const std::string& name);

}  // namespace longtake
