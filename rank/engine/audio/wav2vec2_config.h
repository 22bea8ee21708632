#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake {

/// The sizes of a wav2vec 2.0 encoder (Baevski et al. 2020) in its "large" form: layer norm in the feature
/// extractor, norm before each sub-layer of the transformer, GELU.
struct Wav2Vec2Config {
  std::vector<std::int64_t> conv_channels;
  std::vector<std::int64_t> conv_strides;
  std::vector<std::int64_t> conv_kernels;
  bool conv_bias = false;
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t ffn_width = 0;
  std::int64_t position_kernel = 0;
  std::int64_t position_groups = 0;
  double norm_epsilon = 1e-5;
  /// Whether the last hidden state is given after the encoder's final norm. It is in transformers 4, which
  /// the published code pins; transformers 5 gives it before the norm.
  bool last_state_normed = true;

  /// Samples from one feature frame to the next: 320 in the published models, 20 ms.
  std::int64_t hop_samples() const;
  /// Samples that one feature frame looks at: 400.
  std::int64_t field_samples() const;
  /// Feature frames of so many samples; 0 when there are too few for one.
  std::int64_t frames_of(std::int64_t samples) const;
};

/// Reads a Hugging Face config.json; its transformers_version, 4 when there is none, decides on
/// last_state_normed (docs/decisions/0016-last-hidden-state.md). Throws Error{InvalidInput} naming file and
/// key for what is missing or is another form of the model than this one, Error{Io} for the disk.
Wav2Vec2Config read_wav2vec2_config(const std::filesystem::path& file);

}  // namespace longtake
