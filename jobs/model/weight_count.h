#pragma once

#include <cstdint>

#include "jobs/model/model_shape.h"

/// How many numbers the weights are, part by part, as the published checkpoint has them. Tests compare
/// the sums with real checkpoints.
namespace longtake {

/// Matrices of linear layers may be stored in 8 bits, with a scale for each row; the rest (biases, norms,
/// modulation) is not worth it.
struct WeightCount {
  std::int64_t matrices = 0;
  std::int64_t matrix_rows = 0;
  std::int64_t rest = 0;

  std::int64_t total() const { return matrices + rest; }
  WeightCount& operator+=(const WeightCount& other);
};

/// blocks.`layer`, with its audio injector if it has one.
WeightCount layer_weights(const ModelShape& shape, std::int64_t layer);

/// patch_embedding, cond_encoder, frame_packer, trainable_cond_mask: what makes tokens.
std::int64_t input_weights(const ModelShape& shape);
/// casual_audio_encoder.
std::int64_t audio_encoder_weights(const ModelShape& shape);
/// time_embedding, time_projection, text_embedding: needed once, then dropped.
std::int64_t once_weights(const ModelShape& shape);
/// head.
std::int64_t head_weights(const ModelShape& shape);
/// The whole transformer: 16.29e9 for the published one.
std::int64_t transformer_weights(const ModelShape& shape);

/// decoder.* and conv2, encoder.* and conv1 of the VAE.
std::int64_t vae_decoder_weights(const VaeShape& vae);
std::int64_t vae_encoder_weights(const VaeShape& vae);

/// models_t5_umt5-xxl-enc-bf16.pth: 5.68e9.
std::int64_t umt5_xxl_weights();
/// wav2vec2-large-xlsr-53-english without its letters: 315e6.
std::int64_t wav2vec2_large_weights();

}  // namespace longtake
