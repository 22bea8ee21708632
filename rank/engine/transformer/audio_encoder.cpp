#include "rank/engine/transformer/audio_encoder.h"

namespace longtake {
namespace {

constexpr std::int64_t kKernel = 3;
constexpr double kNormEps = 1e-6;

/// Video frames before a latent frame's four that its tokens still depend on. Three causal convolutions of
/// kernel 3 reach 2 + 2 + 2 * 2 frames back from the newest of the four: five before the oldest.
constexpr std::int64_t kReach = 5;

/// Norm over channels, then SiLU. B C V -> B C V.
at::Tensor normed_silu(const at::Tensor& x_BCV) {
  const at::Tensor x_BVC = x_BCV.transpose(1, 2);
  return at::silu(at::layer_norm(x_BVC, {x_BVC.size(-1)}, {}, {}, kNormEps)).transpose(1, 2);
}

}  // namespace

AudioEncoder::Convolution AudioEncoder::take_convolution(const Weights& weights, const std::string& name,
                                                         std::int64_t inputs, std::int64_t outputs,
                                                         std::int64_t stride) {
  return {weights.take(name + ".conv.weight", {outputs, inputs, kKernel}).to(at::kFloat),
          weights.take(name + ".conv.bias", {outputs}).to(at::kFloat), stride};
}

AudioEncoder::AudioEncoder(const TransformerConfig& config, const Weights& weights)
    : heads_(config.audio_heads) {
  const Weights own = weights.select("casual_audio_encoder.");
  const Weights encoder = own.select("encoder.");
  const std::int64_t dim = config.dim;
  first_local_ = take_convolution(encoder, "conv1_local", config.audio_dim, dim / 4 * heads_, 1);
  first_global_ = take_convolution(encoder, "conv1_global", config.audio_dim, dim / 4, 1);
  second_ = take_convolution(encoder, "conv2", dim / 4, dim / 2, 2);
  third_ = take_convolution(encoder, "conv3", dim / 2, dim, 2);
  final_ = take_linear(encoder, "final_linear", dim, dim).in_float32();
  padding_D_ = encoder.take("padding_tokens", {1, 1, 1, dim}).to(at::kFloat).view({dim});
  layer_weights_Z_ = own.take("weights", {1, config.audio_layers, 1, 1}).to(at::kFloat).view({-1});
}

at::Tensor AudioEncoder::causal(const Convolution& convolution, const at::Tensor& x_BCV) {
  const at::Tensor padded = at::replication_pad1d(x_BCV, {kKernel - 1, 0});
  return at::conv1d(padded, convolution.weight, convolution.bias, convolution.stride);
}

at::Tensor AudioEncoder::mixed_1EV(const at::Tensor& features_ZEV) const {
  const at::Tensor weights_Z = at::silu(layer_weights_Z_);
  const at::Tensor weighted = features_ZEV.to(at::kFloat) * weights_Z.view({-1, 1, 1}) / weights_Z.sum();
  return weighted.sum(0, /*keepdim=*/true);
}

/// The part that local and global tokens share.
at::Tensor AudioEncoder::downsampled_BFD(const at::Tensor& x_BCV) const {
  const at::Tensor second = normed_silu(causal(second_, normed_silu(x_BCV)));
  return normed_silu(causal(third_, second)).transpose(1, 2);
}

AudioTokens AudioEncoder::encode(const at::Tensor& features_ZEV) const {
  const at::Tensor mixed = mixed_1EV(features_ZEV);
  const std::int64_t frames = mixed.size(2);
  // Heads are a batch: the later convolutions treat each alike.
  const at::Tensor local_HFD = downsampled_BFD(causal(first_local_, mixed).view({heads_, -1, frames}));
  const at::Tensor local_FHD = local_HFD.transpose(0, 1);
  const at::Tensor padding = padding_D_.expand({local_FHD.size(0), 1, padding_D_.size(0)});
  const at::Tensor global_FD = downsampled_BFD(causal(first_global_, mixed)).squeeze(0);
  return {final_(global_FD), at::cat({local_FHD, padding}, 1)};
}

AudioTokens AudioEncoder::block(const at::Tensor& features_ZEV) const {
  const std::int64_t latent_frames = features_ZEV.size(2) / 4;
  const at::Tensor before = features_ZEV.narrow(2, 0, 1).expand({-1, -1, kReach});
  const AudioTokens all = encode(at::cat({before, features_ZEV}, 2));
  const std::int64_t first = all.global_FD.size(0) - latent_frames;
  return {all.global_FD.narrow(0, first, latent_frames), all.local_FND.narrow(0, first, latent_frames)};
}

std::int64_t AudioEncoder::bytes() const {
  std::size_t bytes = padding_D_.nbytes() + layer_weights_Z_.nbytes();
  for (const Convolution* convolution : {&first_local_, &first_global_, &second_, &third_}) {
    bytes += convolution->weight.nbytes() + convolution->bias.nbytes();
  }
  return static_cast<std::int64_t>(bytes) + final_.bytes();
}

}  // namespace longtake
