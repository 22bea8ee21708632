#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// A patch is one latent frame of two by two latent pixels: the only kind that is published.
inline constexpr std::int64_t kPatch = 2;

/// Sizes of a causal speech-to-video transformer, as the checkpoint's config.json gives them.
struct TransformerConfig {
  std::int64_t dim = 0;
  std::int64_t ffn_dim = 0;
  std::int64_t heads = 0;
  std::int64_t layers = 0;
  std::int64_t freq_dim = 256;   ///< of the sinusoids of a timestep
  std::int64_t text_len = 512;   ///< words are padded with zeros to this many
  std::int64_t text_dim = 4096;  ///< of the text encoder's output
  std::int64_t latent_channels = 16;
  std::int64_t pose_channels = 16;  ///< cond_dim
  std::int64_t audio_dim = 1024;    ///< of the speech features
  std::int64_t audio_layers = 25;   ///< of the speech encoder: all its hidden states are mixed
  std::int64_t audio_heads = 4;     ///< num_audio_token: local tokens per frame, before the padding token
  std::int64_t motion_frames = 73;  ///< video frames that the motion latents stand for
  double eps = 1e-6;
  std::vector<std::int64_t> audio_inject_layers;  ///< rising

  std::int64_t head_dim() const { return dim / heads; }

  /// Which injector follows `layer`; nullopt when none does.
  std::optional<std::int64_t> injector_of(std::int64_t layer) const;
};

/// `json` is the text of a config.json, `file` its name in messages. Throws Error{InvalidInput} naming
/// file and key for what is missing, impossible, or a variant that this model is not.
TransformerConfig parse_transformer_config(const std::string& json, const std::string& file);

/// Throws as parse_transformer_config does, or Error{Io} naming the path.
TransformerConfig read_transformer_config(const std::filesystem::path& path);

}  // namespace longtake
