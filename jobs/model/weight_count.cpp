#include "jobs/model/weight_count.h"

namespace longtake {
namespace {

std::int64_t linear(std::int64_t in, std::int64_t out) { return in * out + out; }

/// Queries, keys, values and output, and the norms of queries and keys.
WeightCount attention(std::int64_t dim) { return {4 * dim * dim, 4 * dim, 4 * dim + 2 * dim}; }

std::int64_t conv3d(std::int64_t in, std::int64_t out, std::int64_t values_of_kernel) {
  return in * out * values_of_kernel + out;
}

std::int64_t vae_residual(std::int64_t in, std::int64_t out) {
  const std::int64_t shortcut = in == out ? 0 : linear(in, out);
  return in + conv3d(in, out, 27) + out + conv3d(out, out, 27) + shortcut;
}

std::int64_t vae_middle(std::int64_t channels) {
  const std::int64_t attention_weights =
      channels + linear(channels, 3 * channels) + linear(channels, channels);
  return 2 * vae_residual(channels, channels) + attention_weights;
}

}  // namespace

WeightCount& WeightCount::operator+=(const WeightCount& other) {
  matrices += other.matrices;
  matrix_rows += other.matrix_rows;
  rest += other.rest;
  return *this;
}

WeightCount layer_weights(const ModelShape& shape, std::int64_t layer) {
  const std::int64_t dim = shape.dim;
  WeightCount count;
  count += attention(dim);                                                       // self_attn
  count += attention(dim);                                                       // cross_attn
  count += {2 * dim * shape.ffn_dim, shape.ffn_dim + dim, shape.ffn_dim + dim};  // ffn.0, ffn.2
  count += {0, 0, 2 * dim + 6 * dim};                                            // norm3, modulation
  if (!shape.hears_audio(layer)) return count;
  count += attention(dim);                   // injector
  count += {0, 0, 2 * dim * dim + 2 * dim};  // its modulation
  return count;
}

std::int64_t input_weights(const ModelShape& shape) {
  const std::int64_t dim = shape.dim;
  const std::int64_t patches = conv3d(shape.latent_channels, dim, 4) + conv3d(shape.pose_channels, dim, 4);
  const std::int64_t motion = conv3d(shape.latent_channels, dim, 1 * 2 * 2) +
                              conv3d(shape.latent_channels, dim, 2 * 4 * 4) +
                              conv3d(shape.latent_channels, dim, 4 * 8 * 8);
  return patches + motion + 3 * dim;
}

std::int64_t audio_encoder_weights(const ModelShape& shape) {
  constexpr std::int64_t kKernel = 3;
  const std::int64_t dim = shape.dim;
  const std::int64_t local = conv3d(shape.audio_dim, dim / 4 * shape.audio_tokens, kKernel);
  const std::int64_t global = conv3d(shape.audio_dim, dim / 4, kKernel);
  const std::int64_t deeper = conv3d(dim / 4, dim / 2, kKernel) + conv3d(dim / 2, dim, kKernel);
  return shape.audio_layers + local + global + deeper + linear(dim, dim) + dim;
}

std::int64_t once_weights(const ModelShape& shape) {
  const std::int64_t dim = shape.dim;
  const std::int64_t time = linear(shape.freq_dim, dim) + linear(dim, dim) + linear(dim, 6 * dim);
  return time + linear(shape.text_dim, dim) + linear(dim, dim);
}

std::int64_t head_weights(const ModelShape& shape) {
  return linear(shape.dim, 4 * shape.latent_channels) + 2 * shape.dim;
}

std::int64_t transformer_weights(const ModelShape& shape) {
  std::int64_t total =
      input_weights(shape) + audio_encoder_weights(shape) + once_weights(shape) + head_weights(shape);
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) total += layer_weights(shape, layer).total();
  return total;
}

std::int64_t vae_decoder_weights(const VaeShape& vae) {
  const int last = vae.levels() - 1;
  std::int64_t channels = vae.channels(last);
  std::int64_t total = linear(vae.z_dim, vae.z_dim) + conv3d(vae.z_dim, channels, 27) + vae_middle(channels);
  for (int level = last; level >= 0; --level) {
    const std::int64_t out = vae.channels(level);
    total += vae_residual(channels, out) + vae.num_res_blocks * vae_residual(out, out);
    if (level == 0) break;
    channels = out / 2;
    total += conv3d(out, channels, 9);
    if (vae.temporal_downsample[static_cast<std::size_t>(level) - 1]) total += conv3d(out, 2 * out, 3);
  }
  const std::int64_t out = vae.channels(0);
  return total + out + conv3d(out, 3, 27);
}

std::int64_t vae_encoder_weights(const VaeShape& vae) {
  std::int64_t channels = vae.dim;
  std::int64_t total = conv3d(3, channels, 27);
  for (int level = 0; level < vae.levels(); ++level) {
    const std::int64_t out = vae.channels(level);
    total += vae_residual(channels, out) + (vae.num_res_blocks - 1) * vae_residual(out, out);
    channels = out;
    if (level + 1 == vae.levels()) break;
    total += conv3d(out, out, 9);
    if (vae.temporal_downsample[static_cast<std::size_t>(level)]) total += conv3d(out, out, 3);
  }
  const std::int64_t latent = 2 * vae.z_dim;
  return total + vae_middle(channels) + channels + conv3d(channels, latent, 27) + linear(latent, latent);
}

std::int64_t umt5_xxl_weights() {
  constexpr std::int64_t kVocabulary = 256384, kDim = 4096, kFfn = 10240, kHeads = 64, kBuckets = 32;
  constexpr std::int64_t kLayers = 24;
  const std::int64_t layer = 4 * kDim * kDim + 3 * kDim * kFfn + 2 * kDim + kBuckets * kHeads;
  return kVocabulary * kDim + kLayers * layer + kDim;
}

std::int64_t wav2vec2_large_weights() {
  constexpr std::int64_t kDim = 1024, kFfn = 4096, kConv = 512, kLayers = 24, kGroups = 16, kReach = 128;
  // Seven convolutions of kernel 10, 3, 3, 3, 3, 2, 2, each with bias and layer norm.
  const std::int64_t convolutions = 10 * kConv + (4 * 3 + 2 * 2) * kConv * kConv + 7 * 3 * kConv;
  const std::int64_t projection = 2 * kConv + linear(kConv, kDim);
  const std::int64_t positions = kDim * (kDim / kGroups) * kReach + kReach + kDim;
  const std::int64_t layer = 4 * linear(kDim, kDim) + linear(kDim, kFfn) + linear(kFfn, kDim) + 4 * kDim;
  return convolutions + projection + positions + kLayers * layer + 2 * kDim + kDim;
}

}  // namespace longtake
