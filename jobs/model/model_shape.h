#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// The sizes of the video VAE that its memory follows from; the names are those of the published program.
struct VaeShape {
  std::int64_t dim = 96;
  std::int64_t z_dim = 16;
  std::vector<std::int64_t> dim_mult = {1, 2, 4, 4};
  std::int64_t num_res_blocks = 2;
  std::vector<bool> temporal_downsample = {false, true, true};

  int levels() const { return static_cast<int>(dim_mult.size()); }
  std::int64_t channels(int level) const { return dim * dim_mult[static_cast<std::size_t>(level)]; }
};

/// The sizes of a causal speech-to-video transformer that its memory and time follow from. The engine
/// reads the same config.json for itself: it knows more about it and shares nothing with the planner.
struct ModelShape {
  std::int64_t dim = 0;
  std::int64_t ffn_dim = 0;
  std::int64_t heads = 0;
  std::int64_t layers = 0;
  std::int64_t freq_dim = 256;
  std::int64_t text_len = 512;
  std::int64_t text_dim = 4096;
  std::int64_t latent_channels = 16;
  std::int64_t pose_channels = 16;
  std::int64_t audio_dim = 1024;
  std::int64_t audio_layers = 25;
  std::int64_t audio_tokens = 4;                  ///< local ones per latent frame, without the padding token
  std::vector<std::int64_t> audio_inject_layers;  ///< rising
  VaeShape vae;

  bool hears_audio(std::int64_t layer) const;
};

/// Wan2.2-S2V-14B, as its wan_s2v_14B.py and config.json give it.
ModelShape published_model();

/// From the text of a config.json as published, and an optional object "vae" in it for a VAE that is not
/// the published one. Throws Error{InvalidInput} naming `file` and the key.
ModelShape parse_model_shape(const std::string& json, const std::string& file);

/// From `model`/config.json or `model`/Wan2.2-S2V-14B/config.json. Throws Error{InvalidInput} as above
/// and when there is none, Error{Io}.
ModelShape read_model_shape(const std::filesystem::path& model);

}  // namespace longtake
